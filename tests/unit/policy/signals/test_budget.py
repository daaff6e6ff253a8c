import pytest

from sentric.events import Action, Author, Message, Observation, Run, Source
from sentric.policy.engine import replay
from sentric.policy.rule import Decision, Policy, Rule, Severity, Tuning
from sentric.policy.signals.budget import Budget, BudgetFacts

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def answered(read: int = 0, written: int = 0, time: int = 0) -> Message:
    return Message(sequence=1, author=Author.MODEL, text="", input_tokens=read, output_tokens=written, time=time)


def act(time: int = 0) -> Action:
    return Action(sequence=1, tool="t", time=time)


def test_steps_tokens_and_time_are_added_up() -> None:
    family = Budget(Tuning())
    family.message(answered(100, 20, START))
    family.action(act(START + SECOND))
    family.message(answered(150, 10, START + 2 * SECOND))
    assert family.action(act(START + 3 * SECOND)) == BudgetFacts(steps=2, tokens=280, seconds=3.0)


def test_tokens_cost_what_the_policy_says() -> None:
    family = Budget(Tuning(input_token_price=2.0, output_token_price=10.0))
    assert family.message(answered(1_000_000, 500_000)).cost == 7.0


@pytest.mark.parametrize(
    ("tuning", "over"),
    [
        (Tuning(max_steps=1), ("steps",)),
        (Tuning(max_steps=2), ()),
        (Tuning(max_tokens=99), ("tokens",)),
        (Tuning(max_tokens=100), ()),
        (Tuning(max_seconds=9), ("seconds",)),
        (Tuning(max_seconds=10), ()),
        (Tuning(max_cost=0.5, input_token_price=10_000.0), ("cost",)),
        (Tuning(max_cost=0.5), ()),
        (Tuning(max_steps=0, max_tokens=0, max_seconds=0), ()),
        (Tuning(max_steps=1, max_tokens=1, max_seconds=1), ("steps", "tokens", "seconds")),
    ],
)
def test_a_limit_is_exceeded_by_more_than_it(tuning: Tuning, over: tuple[str, ...]) -> None:
    family = Budget(tuning)
    family.message(answered(60, 40, START))
    family.action(act())
    assert family.action(act(START + 10 * SECOND)).over_budget == over


def test_the_shipped_limits_stop_only_what_runs_away() -> None:
    family = Budget(Tuning())
    family.message(answered(10_000_000, 1_000_000, START))
    for _ in range(4999):
        family.action(act(START + 8 * 3600 * SECOND))
    assert family.action(act()).over_budget == ()
    assert family.action(act()).over_budget == ("steps",)


def test_unknown_times_and_clocks_that_go_back_shorten_nothing() -> None:
    family = Budget(Tuning())
    family.observation(Observation(sequence=0, source=Source.PAGE, origin="", text="", time=START))
    family.action(act(START + 5 * SECOND))
    family.action(act(0))
    assert family.action(act(START + 2 * SECOND)).seconds == 5.0


def test_damaged_counts_take_nothing_away() -> None:
    assert Budget(Tuning()).message(answered(-5, 3)).tokens == 3


def test_each_run_of_a_conversation_has_its_own_budget() -> None:
    family = Budget(Tuning())
    family.message(answered(100, 20, START))
    family.action(act(START + SECOND))
    family.begin()
    assert family.action(act(START + 9 * SECOND)) == BudgetFacts(steps=1)


def test_earlier_runs_of_the_conversation_use_up_nothing() -> None:
    rule = Rule(
        id="over",
        title="Over",
        severity=Severity.LOW,
        decision=Decision.WARN,
        risk=0,
        category="runaway",
        on=("action",),
        when="size(signals.over_budget) > 0",
    )
    run = Run(project="p", run_id="r", events=(act(), act(), act()))
    policy = Policy((rule,), Tuning(max_steps=3))
    assert replay(policy, run, earlier=(run, run)).findings == ()
