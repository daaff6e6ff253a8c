"""What is known of an agent may become certain after its action was judged: then the same is said as if it had been."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.events import Action, AgentState, Author, Effect, Kind, Message, Outcome, Run
from sentric.policy.engine import Engine
from sentric.policy.loader import load_policy
from sentric.policy.risk import BUDGET_RULE, SHUT_DOWN_RULE, STOPPED_RULE
from sentric.policy.rule import Decision, Policy, Rule, Severity
from sentric.policy.verdict import Score, Verdict


def rule(name: str, when: str, decision: Decision = Decision.WARN, **other: Any) -> Rule:
    fields: dict[str, Any] = {"severity": Severity.MEDIUM, "risk": 10, "title": name, "category": "test"}
    return Rule(id=name, when=when, decision=decision, on=("action",), **fields | other)


MADE = Policy(
    (
        rule("many-strikes", "run.strikes >= 2", Decision.ASK, risk=30),
        rule("clicks", "action.kind == 'click'", risk=25, score=True),
        rule("over", "run . projected_risk > 60", risk=70, evidence=("run.projected_risk",)),
        rule("pays", "action.kind == 'payment'", Decision.BLOCK, risk=5),
        rule("shows", "true", risk=1, evidence=("run.risk", "run.stopped")),
        rule("risky", "run.risk > 50 && action.tool != ''", risk=40, score=True),
        rule("stopped", "run.stopped.contains('evil')", risk=0),
    )
)
SHIPPED = load_policy()
_STATES = st.builds(
    AgentState,
    st.integers(0, 110),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from(("", "", "it did evil things", "looked at")),
)
_SCORES = st.none() | st.builds(Score, st.integers(0, 100), st.sampled_from(tuple(Decision)))
_ACTIONS = st.builds(
    Action,
    sequence=st.just(9),
    time=st.just(9),
    tool=st.sampled_from(("click", "send_email", "pay", "")),
    kind=st.sampled_from((Kind.CLICK, Kind.PAYMENT, Kind.MESSAGE, Kind.INPUT)),
    effects=st.sets(st.sampled_from(tuple(Effect)), max_size=2).map(frozenset),
    url=st.sampled_from(("", "http://shop.example/pay")),
    arguments=st.dictionaries(st.sampled_from(("to", "text")), st.just("‹secret:card_number:0a1b2c3d›"), max_size=2),
)


def heard(policy: Policy, state: AgentState, before: list[Action]) -> Engine:
    """An engine that has heard some of a run in silence."""
    engine = Engine(policy, project="p", run_id="r", agent="a", state=state)
    task = Message(sequence=0, author=Author.USER, text="Pay the bill")
    engine.warm(Run(project="p", run_id="0", events=(task, *before)))
    return engine


@settings(max_examples=60, deadline=None)
@given(
    policy=st.sampled_from((MADE, SHIPPED)),
    before=st.lists(_ACTIONS, max_size=2),
    action=_ACTIONS,
    guessed=_STATES,
    certain=_STATES,
    score=_SCORES,
    score_first=st.booleans(),
    ended=st.sampled_from((None, False, True)),
)
def test_what_is_certain_later_says_the_same_as_what_was_known(
    policy: Policy,
    before: list[Action],
    action: Action,
    guessed: AgentState,
    certain: AgentState,
    score: Score | None,
    score_first: bool,
    ended: bool | None,
) -> None:
    fresh, asked = heard(policy, certain, before), heard(policy, guessed, before)
    expected = fresh.check(action)
    asked.check(action)
    if score is not None:
        expected = fresh.rescore(action, score)
        if score_first:
            asked.rescore(action, score)
    said = asked.restate(action, certain)
    if score is not None and not score_first:
        said = asked.rescore(action, score)
    assert said == expected
    assert asked.findings(said, action) == fresh.findings(expected, action)
    for engine in (fresh, asked) if ended is not None else ():
        engine.observe(Outcome(sequence=10, action_id=action.event_id, refused=bool(ended)))
    assert (asked.state, asked.risk.taken) == (fresh.state, fresh.risk.taken)
    later = replace(action, sequence=11)
    assert asked.check(later) == fresh.check(later)


def ids(verdict: Verdict) -> list[str]:
    return [match.rule.id for match in verdict.matches]


def click(sequence: int = 1) -> Action:
    return Action(sequence=sequence, tool="click", kind=Kind.CLICK)


def test_rules_that_speak_of_sums_are_judged_by_the_certain_ones_and_keep_their_places() -> None:
    engine = heard(MADE, AgentState(), [])
    assert ids(engine.check(click())) == ["clicks", "shows"]
    certain = AgentState(risk=60, strikes=2, enforced=True, stopped="evil")
    verdict = engine.restate(click(), certain)
    assert ids(verdict) == [
        "many-strikes",
        "clicks",
        "over",
        "shows",
        "risky",
        "stopped",
        STOPPED_RULE.id,
    ]
    shown = {evidence.name: evidence.value for match in verdict.matches for evidence in match.evidence}
    assert shown == {"run.projected_risk": "100", "run.risk": "60", "run.stopped": "evil"}
    assert engine.state == certain
    assert engine.restate(click(), replace(certain, risk=61)).decision is Decision.BLOCK
    assert BUDGET_RULE.id in ids(engine.restate(click(), replace(certain, risk=61)))
    assert ids(engine.restate(click(), AgentState())) == ["clicks", "shows"]


def test_the_risk_of_a_rule_that_speaks_of_sums_counts_for_the_budget() -> None:
    policy = Policy((rule("struck", "run.strikes > 0", risk=60),))
    engine = Engine(policy, project="p", run_id="r", state=AgentState(risk=50, strikes=1, enforced=True))
    assert ids(engine.check(click())) == ["struck", BUDGET_RULE.id]


def test_an_action_that_was_not_checked_is_never_allowed() -> None:
    engine = heard(MADE, AgentState(), [])
    engine.check(click(1))
    engine.observe(Outcome(sequence=2, action_id=click(1).event_id))
    for action in (click(1), click(7)):
        with pytest.raises(LookupError, match="is not under way: check it first"):
            engine.restate(action, AgentState())


def test_a_stopped_agent_is_refused_everything_and_that_is_no_strike() -> None:
    state = AgentState(strikes=1, enforced=True, stopped="it bought a second duck")
    engine = Engine(
        Policy((rule("asks", "action.tool == 'click'", Decision.ASK),)), project="p", run_id="r", state=state
    )
    for sequence in range(4):
        verdict = engine.check(click(sequence))
        assert (verdict.decision, ids(verdict)) == (Decision.BLOCK, ["asks", STOPPED_RULE.id])
        (evidence,) = verdict.matches[-1].evidence
        assert (evidence.name, evidence.value) == ("run.stopped", "it bought a second duck")
        engine.observe(Outcome(sequence=sequence, action_id=click(sequence).event_id, refused=True))
    assert engine.state == state


def test_what_is_refused_for_more_than_the_stop_is_a_strike() -> None:
    blocks = Policy((rule("blocks", "action.tool == 'click'", Decision.BLOCK),))
    engine = Engine(blocks, project="p", run_id="r", state=AgentState(enforced=True, stopped="why"))
    for sequence in range(3):
        assert SHUT_DOWN_RULE.id not in ids(engine.check(click(sequence)))
    assert engine.state.strikes == 3
    assert ids(engine.check(Action(sequence=9, tool="look"))) == [SHUT_DOWN_RULE.id, STOPPED_RULE.id]


def test_in_a_run_that_is_only_observed_a_stop_is_found_once() -> None:
    engine = Engine(Policy((rule("never", "false"),)), project="p", run_id="r", state=AgentState(stopped="why"))
    told: list[list[str]] = []
    for sequence in range(3):
        verdict = engine.check(click(sequence))
        assert verdict.decision is Decision.BLOCK
        told.append([found.rule_id for found in engine.findings(verdict, click(sequence))])
        engine.observe(Outcome(sequence=sequence, action_id=click(sequence).event_id))
    assert told == [[STOPPED_RULE.id], [], []]
    assert (engine.state.risk, engine.state.strikes) == (0, 0)
