"""A verdict that is claimed stands, with the engine's own rules as they hold by the sums that are certain."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.events import Action, AgentState, Kind
from sentric.policy.claimed import with_certain_sums
from sentric.policy.engine import Engine
from sentric.policy.risk import BUDGET_RULE, BUILT_IN, SHUT_DOWN_RULE, STOPPED_RULE, standing
from sentric.policy.rule import Decision, Policy, Rule, Severity
from sentric.policy.verdict import Match, Score, Verdict

ACTION = Action(sequence=1, tool="click", kind=Kind.CLICK)


def rule(name: str, decision: Decision, risk: int) -> Rule:
    return Rule(
        id=name,
        title=name,
        severity=Severity.LOW,
        decision=decision,
        risk=risk,
        category="c",
        when="true",
        on=("action",),
    )


@given(
    st.builds(Score, st.integers(0, 100), st.sampled_from((Decision.ALLOW, Decision.ASK))),
    st.sampled_from(tuple(Decision)),
    st.integers(0, 100),
    st.integers(0, 120),
)
def test_a_score_says_the_same_as_in_an_engine_and_lowers_nothing(
    score: Score, decision: Decision, risk: int, before: int
) -> None:
    one, state = replace(rule("r", decision, risk), score=True), AgentState(before, enforced=True)
    engine = Engine(Policy((one,)), project="p", run_id="r")
    unscored = engine.check(ACTION)
    said = with_certain_sums([Match(one)], ACTION, state, score)
    assert said == engine.restate(ACTION, state, score)
    assert said.decision.rank() >= unscored.decision.rank()
    assert said.risk >= unscored.risk
    assert unscored.wants_score == (decision.rank() < Decision.ASK.rank())
    assert not said.wants_score


@given(
    st.builds(AgentState, st.integers(0, 120), st.integers(0, 4), st.just(True), st.sampled_from(("", "enough"))),
    st.lists(st.tuples(st.sampled_from(tuple(Decision)), st.integers(0, 100)), max_size=3),
)
def test_the_same_is_said_as_by_an_engine_whose_rules_have_matched(
    state: AgentState, matched: list[tuple[Decision, int]]
) -> None:
    rules = tuple(rule(f"r{number}", *each) for number, each in enumerate(matched))
    engine = Engine(Policy(rules), project="p", run_id="r", state=state)
    expected = engine.check(ACTION)
    said = with_certain_sums([Match(each) for each in rules], ACTION, state)
    assert said == expected
    assert (engine.risk.strikes > state.strikes) == said.is_strike


def test_the_engines_own_rules_are_not_for_others_to_claim() -> None:
    assert with_certain_sums(map(Match, BUILT_IN), ACTION, AgentState()) == Verdict()
    certain = with_certain_sums(map(Match, BUILT_IN), ACTION, AgentState(strikes=3))
    assert [match.rule for match in certain.matches] == [SHUT_DOWN_RULE]


@pytest.mark.parametrize(
    ("state", "risk", "rules"),
    [
        (AgentState(), 100, ()),
        (AgentState(1), 100, (BUDGET_RULE,)),
        (AgentState(strikes=3), 0, (SHUT_DOWN_RULE,)),
        (AgentState(stopped="x"), 0, (STOPPED_RULE,)),
        (AgentState(200, 4, stopped="x"), 0, BUILT_IN),
    ],
)
def test_which_of_the_engines_own_rules_hold(state: AgentState, risk: int, rules: tuple[Rule, ...]) -> None:
    assert standing(state, risk) == rules


def test_what_an_operators_word_alone_refuses_is_no_strike() -> None:
    blocks = Match(rule("b", Decision.BLOCK, 1))
    asks = Match(rule("a", Decision.ASK, 1))
    assert not Verdict((asks,)).is_strike
    assert not Verdict((asks, Match(STOPPED_RULE))).is_strike
    assert Verdict((blocks, Match(STOPPED_RULE))).is_strike
    assert Verdict((Match(SHUT_DOWN_RULE),)).is_strike
