"""The shipped rules, seen as their readers see them."""

import json
import os
import subprocess
import sys

import pytest

from sentric.policy.examples import failures
from sentric.policy.loader import load_rules
from sentric.policy.rule import OBSERVATION, Decision, Rule, Severity

RULES = load_rules()
EXPECTED = {
    "credential-over-http": (Severity.HIGH, Decision.BLOCK),
    "data-sent-outside-task": (Severity.HIGH, Decision.BLOCK),
    "secret-sent-outside-task": (Severity.CRITICAL, Decision.BLOCK),
    "injected-instructions-shown": (Severity.MEDIUM, Decision.WARN),
    "injected-instructions-obeyed": (Severity.HIGH, Decision.BLOCK),
    "invisible-text-shown": (Severity.MEDIUM, Decision.WARN),
    "hesitation-before-irreversible": (Severity.MEDIUM, Decision.ASK),
    "consent-or-captcha-ignored": (Severity.MEDIUM, Decision.WARN),
    "lookalike-domain": (Severity.HIGH, Decision.BLOCK),
    "suspicious-domain": (Severity.LOW, Decision.WARN),
    "action-loop": (Severity.MEDIUM, Decision.WARN),
    "alternating-loop": (Severity.MEDIUM, Decision.WARN),
}
REPLAY = """
import json
from sentric.events import Run
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy, load_rules
policy = load_policy()
shown = []
for rule in load_rules():
    for example in (*rule.match, *rule.no_match):
        run = Run(project="p", run_id=example.name, events=example.events)
        shown += [(f.finding_id, [(e.name, e.value) for e in f.evidence]) for f in replay(policy, run).findings]
print(json.dumps(shown))
"""

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def test_the_shipped_rules_have_the_weight_they_are_meant_to_have() -> None:
    assert {rule.id: (rule.severity, rule.decision) for rule in RULES} == EXPECTED


@every_rule
def test_every_example_holds(rule: Rule) -> None:
    assert list(failures([rule])) == []


@every_rule
def test_every_rule_explains_itself(rule: Rule) -> None:
    assert rule.title
    assert rule.description
    assert rule.remediation
    assert rule.evidence
    assert any(reference.startswith("OWASP") for reference in rule.references)
    assert any(reference.startswith("ATLAS") for reference in rule.references)


@every_rule
def test_every_rule_has_two_examples_of_each_sort(rule: Rule) -> None:
    assert len(rule.match) >= 2
    assert len(rule.no_match) >= 2


@every_rule
def test_content_that_was_merely_shown_is_medium_at_most(rule: Rule) -> None:
    if OBSERVATION in rule.on:
        assert rule.severity.rank() <= Severity.MEDIUM.rank()


def test_findings_do_not_depend_on_the_seed_of_hashes() -> None:
    shown = [
        subprocess.run(
            [sys.executable, "-c", REPLAY],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert json.loads(shown[0])
    assert shown[0] == shown[1]
