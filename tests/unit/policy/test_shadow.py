"""Rules in shadow: they warn at most, add nothing to the sums, and say what they would have decided."""

from dataclasses import replace
from typing import Any

import pytest

from sentric import semconv
from sentric.errors import PolicyError
from sentric.events import Action, AgentState, Kind, Outcome, Run
from sentric.policy.difference import Change, difference
from sentric.policy.engine import Engine, replay
from sentric.policy.loader import load_bundle, load_bundle_states
from sentric.policy.rollout import ErrorBudget
from sentric.policy.rule import Decision, Policy, Rule, Severity
from sentric.policy.verdict import Match, Score
from sentric.tracing import attributes


def rule(name: str, decision: Decision, **other: Any) -> Rule:
    fields: dict[str, Any] = {"severity": Severity.HIGH, "risk": 60, "title": name, "category": "test", "shadow": True}
    return Rule(id=name, when="action.kind == 'payment'", decision=decision, on=("action",), **fields | other)


def paying(sequence: int) -> Action:
    return Action(sequence=sequence, time=sequence, tool="pay", kind=Kind.PAYMENT)


def loaded(text: str) -> Policy:
    return load_bundle({"policy.yaml": f"policy: test\n{text}\n"})


def problems_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        loaded(text)
    return [problem.removeprefix("policy.yaml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("own", "counted", "would"),
    [
        (Decision.ALLOW, Decision.ALLOW, None),
        (Decision.WARN, Decision.WARN, None),
        (Decision.ASK, Decision.WARN, Decision.ASK),
        (Decision.BLOCK, Decision.WARN, Decision.BLOCK),
    ],
)
def test_a_rule_in_shadow_warns_at_most_and_says_what_it_would_have_decided(
    own: Decision, counted: Decision, would: Decision | None
) -> None:
    match = Match(rule("pays", own))
    assert (match.decision, match.would, match.risk) == (counted, would, 0)
    promoted = Match(rule("pays", own, shadow=False))
    assert (promoted.decision, promoted.would, promoted.risk) == (own, None, 60)


def test_what_a_language_model_says_of_a_rule_in_shadow_is_held_too() -> None:
    match = Match(rule("pays", Decision.WARN, score=True), score=Score(95, Decision.BLOCK))
    assert (match.decision, match.would, match.risk) == (Decision.WARN, Decision.BLOCK, 0)


def test_rules_in_shadow_never_add_up_to_a_refusal() -> None:
    engine = Engine(Policy((rule("pays", Decision.BLOCK),)), project="p", run_id="r", state=AgentState(enforced=True))
    for number in range(1, 21, 2):
        action = paying(number)
        assert engine.check(action).decision is Decision.WARN
        engine.observe(Outcome(sequence=number + 1, action_id=action.event_id))
    assert (engine.state.risk, engine.state.strikes) == (0, 0)


def test_a_rule_that_is_promoted_decides_beside_one_that_is_not() -> None:
    policy = Policy((rule("held", Decision.BLOCK), rule("promoted", Decision.ASK, shadow=False, risk=10)))
    judged = replay(policy, Run(project="p", run_id="r", events=(paying(1),)))
    verdict = judged.steps[0].verdict
    assert (verdict.decision, verdict.risk, verdict.shadow) == (Decision.ASK, 10, ("held",))
    assert [(found.rule_id, found.decision, found.would) for found in judged.findings] == [
        ("held", Decision.WARN, Decision.BLOCK),
        ("promoted", Decision.ASK, None),
    ]
    said = attributes.verdict(verdict, policy.digest, "enforce")
    assert said[semconv.SENTRIC_VERDICT_SHADOW] == ("held",)
    assert semconv.SENTRIC_VERDICT_SHADOW not in attributes.verdict(
        replay(Policy(policy.rules[1:]), judged.run).steps[0].verdict, "", "enforce"
    )


def test_a_rule_in_shadow_that_cannot_be_evaluated_warns() -> None:
    broken = replace(rule("broken", Decision.BLOCK), when="action.arguments.size() / 0 == 1")
    (match,) = Engine(Policy((broken,)), project="p", run_id="r").check(paying(1)).matches
    assert (match.decision, match.would, bool(match.error)) == (Decision.WARN, Decision.BLOCK, True)


def test_a_policy_holds_rules_and_lets_single_ones_out() -> None:
    plain = loaded("")
    held = loaded("shadow: all")
    assert all(one.shadow for one in held.rules)
    assert held.digest != plain.digest
    assert "shadow" in held.loosened()
    assert "shadow" not in plain.loosened()
    promoted = loaded("shadow: all\noverride: {credential-over-http: {shadow: false}}")
    assert [one.id for one in promoted.rules if not one.shadow] == ["credential-over-http"]
    (change,) = difference(held, promoted).changes
    assert change == Change("credential-over-http", "shadow", True, False)
    budgeted = loaded("shadow: all\nerror_budget: {'*': {agents: 5}}")
    assert difference(held, budgeted).changes == (Change("error_budget", "*", None, {"agents": 5, "window": 3600}),)
    assert difference(held, budgeted).decides_alike
    some = loaded("shadow: [credential-*, lookalike-domain]")
    ids = {one.id for one in some.rules if one.shadow}
    assert {"credential-over-http", "lookalike-domain"} <= ids
    assert all(name.startswith("credential-") or name == "lookalike-domain" for name in ids)


def test_what_is_said_for_some_runs_stands_over_what_is_said_for_all() -> None:
    policy = loaded(
        "shadow: all\nagents:\n  pilot-*: {override: {credential-over-http: {shadow: false}}}\n"
        "projects:\n  old: {shadow: [lookalike-domain]}"
    )
    pilot = {one.id: one.shadow for one in policy.for_run("p", "pilot-1").rules}
    assert (pilot["credential-over-http"], pilot["lookalike-domain"]) == (False, True)
    apart = loaded("projects:\n  old: {shadow: [lookalike-domain]}")
    assert [one.id for one in apart.for_run("old", "a").rules if one.shadow] == ["lookalike-domain"]
    assert not any(one.shadow for one in apart.for_run("new", "a").rules)


def test_an_upper_policy_holds_what_a_lower_one_states_and_the_last_budget_stands() -> None:
    documents = {
        "policy.yaml": "policy: team\nextends: [base.yaml]\nshadow: all\nerror_budget: {'*': {agents: 2}}\n",
        "base.yaml": (
            "policy: base\noverride: {credential-over-http: {shadow: false}}\n"
            "error_budget: {'*': {agents: 9}, credential-over-http: {agents: 1, window: 60}}\n"
        ),
    }
    assert all(state.rule.shadow for state in load_bundle_states(documents))
    assert dict(load_bundle(documents).error_budgets) == {
        "*": ErrorBudget(2),
        "credential-over-http": ErrorBudget(1, 60),
    }


def test_a_severe_rule_has_a_budget_only_where_it_is_named_whole() -> None:
    policy = loaded("error_budget: {'*': {agents: 5}, 'lookalike-*': {agents: 2}, credential-over-http: {agents: 3}}")
    by_id = {one.id: one for one in policy.rules}
    assert policy.error_budget(by_id["credential-over-http"]) == ErrorBudget(3, 3600)
    for one in policy.rules:
        if one.id == "credential-over-http":
            continue
        if one.severity in (Severity.HIGH, Severity.CRITICAL):
            assert policy.error_budget(one) is None
        else:
            assert policy.error_budget(one) == ErrorBudget(2 if one.id.startswith("lookalike-") else 5)
    assert policy.digest == loaded("").digest  # a budget changes no verdict


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("shadow: al", "2: shadow: 'al' is neither 'all' nor a list of ids of rules"),
        ("shadow: {a: b}", "2: shadow: must be a list"),
        ("shadow: [agent-stopped]", "2: shadow[0]: 'agent-stopped' is the engine's own rule: no policy changes it"),
        ("shadow: [zzz-*]", "2: shadow[0]: no rule in the packs of this policy fits 'zzz-*'"),
        (
            "shadow: [lookalike-domian]",
            "2: shadow[0]: no rule 'lookalike-domian' in the packs of this policy: did you mean 'lookalike-domain'?",
        ),
        ("error_budget: {'*': {}}", "2: error_budget.*: needs 'agents'"),
        ("error_budget: {'*': {agents: 0}}", "2: error_budget.*.agents: 0 is not between 1 and 10000"),
        (
            "error_budget: {'*': {agents: 1, window: 5}}",
            "2: error_budget.*.window: 5 is not between 60 and 2592000",
        ),
        (
            "error_budget: {'zzz-*': {agents: 1}}",
            "2: error_budget.zzz-*: no rule in the packs of this policy fits 'zzz-*'",
        ),
        (
            "override: {lookalike-domain: {shadow: maybe}}",
            "2: override.lookalike-domain.shadow: must be true or false, not text",
        ),
    ],
)
def test_what_is_wrong_with_a_rollout_is_told(text: str, problem: str) -> None:
    assert problems_of(text) == [problem]
