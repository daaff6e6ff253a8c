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
    "credential-over-http-inside": (Severity.LOW, Decision.WARN),
    "data-sent-outside-task": (Severity.HIGH, Decision.BLOCK),
    "data-sent-to-unnamed-contact": (Severity.MEDIUM, Decision.ASK),
    "secret-sent-as-content-told": (Severity.HIGH, Decision.ASK),
    "secret-sent-outside-task": (Severity.CRITICAL, Decision.BLOCK),
    "secret-sent-in-pieces": (Severity.HIGH, Decision.BLOCK),
    "long-text-carried-outside-task": (Severity.MEDIUM, Decision.ASK),
    "token-in-url": (Severity.HIGH, Decision.BLOCK),
    "data-in-fetched-url": (Severity.HIGH, Decision.BLOCK),
    "data-in-link": (Severity.MEDIUM, Decision.WARN),
    "personal-data-outside-task": (Severity.HIGH, Decision.BLOCK),
    "personal-data-volume": (Severity.MEDIUM, Decision.ASK),
    "one-time-code-cross-use": (Severity.CRITICAL, Decision.BLOCK),
    "injected-instructions-shown": (Severity.MEDIUM, Decision.WARN),
    "unasked-order-shown": (Severity.LOW, Decision.WARN),
    "injected-instructions-obeyed": (Severity.HIGH, Decision.BLOCK),
    "hidden-instructions-shown": (Severity.MEDIUM, Decision.WARN),
    "unasked-order-followed": (Severity.MEDIUM, Decision.WARN),
    "agent-memory-poisoned": (Severity.HIGH, Decision.BLOCK),
    "unexpected-recipient": (Severity.LOW, Decision.WARN),
    "off-task-site": (Severity.LOW, Decision.WARN),
    "invisible-text-shown": (Severity.MEDIUM, Decision.WARN),
    "hesitation-before-irreversible": (Severity.MEDIUM, Decision.ASK),
    "consent-or-captcha-ignored": (Severity.MEDIUM, Decision.WARN),
    "lookalike-domain": (Severity.HIGH, Decision.BLOCK),
    "near-domain": (Severity.MEDIUM, Decision.ASK),
    "suspicious-domain": (Severity.LOW, Decision.WARN),
    "confusable-domain": (Severity.HIGH, Decision.BLOCK),
    "internal-address": (Severity.MEDIUM, Decision.ASK),
    "disguised-internal-address": (Severity.HIGH, Decision.BLOCK),
    "metadata-address": (Severity.CRITICAL, Decision.BLOCK),
    "dangerous-scheme": (Severity.HIGH, Decision.BLOCK),
    "local-scheme": (Severity.MEDIUM, Decision.ASK),
    "disguised-url": (Severity.HIGH, Decision.BLOCK),
    "redirected-elsewhere": (Severity.MEDIUM, Decision.ASK),
    "crafted-link": (Severity.MEDIUM, Decision.WARN),
    "credential-wrong-origin": (Severity.CRITICAL, Decision.BLOCK),
    "credential-form-elsewhere": (Severity.HIGH, Decision.BLOCK),
    "secret-handed-over": (Severity.MEDIUM, Decision.ASK),
    "autofilled-credential-submitted": (Severity.MEDIUM, Decision.ASK),
    "oauth-grant": (Severity.MEDIUM, Decision.ASK),
    "browser-permission-grant": (Severity.LOW, Decision.ASK),
    "action-loop": (Severity.MEDIUM, Decision.WARN),
    "alternating-loop": (Severity.MEDIUM, Decision.WARN),
    "retry-storm": (Severity.MEDIUM, Decision.WARN),
    "budget-exceeded": (Severity.MEDIUM, Decision.ASK),
    "repeated-output": (Severity.LOW, Decision.WARN),
    "telemetry-gap": (Severity.LOW, Decision.WARN),
    "tool-changed": (Severity.MEDIUM, Decision.ASK),
    "tool-shadowed": (Severity.LOW, Decision.WARN),
    "tool-description-steers": (Severity.MEDIUM, Decision.WARN),
    "tool-poisoned": (Severity.HIGH, Decision.BLOCK),
    "lethal-trifecta": (Severity.LOW, Decision.WARN),
    "approval-reused": (Severity.MEDIUM, Decision.ASK),
    "arguments-cut": (Severity.MEDIUM, Decision.ASK),
    "tool-not-allowed": (Severity.LOW, Decision.ASK),
    "domain-not-allowed": (Severity.LOW, Decision.ASK),
    "recipient-not-allowed": (Severity.MEDIUM, Decision.ASK),
    "destructive-command": (Severity.HIGH, Decision.BLOCK),
    "destruction-to-confirm": (Severity.MEDIUM, Decision.ASK),
    "download-and-execute": (Severity.HIGH, Decision.BLOCK),
    "unread-program-to-confirm": (Severity.MEDIUM, Decision.ASK),
    "credential-file-read": (Severity.HIGH, Decision.BLOCK),
    "secret-file-read": (Severity.MEDIUM, Decision.WARN),
    "persistence-or-config-change": (Severity.HIGH, Decision.BLOCK),
    "profile-changed": (Severity.MEDIUM, Decision.WARN),
    "payment-without-approval": (Severity.LOW, Decision.ASK),
    "permission-change": (Severity.LOW, Decision.ASK),
    "irreversible-action": (Severity.LOW, Decision.ASK),
    "payment-to-unknown-vendor": (Severity.MEDIUM, Decision.ASK),
    "payment-over-limit": (Severity.MEDIUM, Decision.ASK),
    "payment-not-spelled-out": (Severity.LOW, Decision.WARN),
    "export-of-unclear-data": (Severity.LOW, Decision.WARN),
    "operation-of-unclear-place": (Severity.LOW, Decision.WARN),
    "personal-data-query": (Severity.LOW, Decision.ASK),
    "ssn-query": (Severity.MEDIUM, Decision.ASK),
    "many-records": (Severity.LOW, Decision.ASK),
    "sensitive-export": (Severity.MEDIUM, Decision.ASK),
    "schema-destruction": (Severity.MEDIUM, Decision.BLOCK),
    "user-deletion-in-production": (Severity.MEDIUM, Decision.ASK),
    "restart-in-production": (Severity.LOW, Decision.ASK),
    "permission-change-blocked": (Severity.MEDIUM, Decision.BLOCK),
    "approval-notice-without-documents": (Severity.MEDIUM, Decision.BLOCK),
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
    # A tool's definition is no content that strangers may write: who puts such words there means them.
    if OBSERVATION in rule.on and rule.id != "tool-poisoned":
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
