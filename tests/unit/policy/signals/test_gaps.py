from hypothesis import given
from hypothesis import strategies as st

from sentric.events import Action, Author, Message, Observation, Outcome, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.gaps import LOST, MISSING_KEPT, REORDERED, GapFacts, Gaps

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


def act(sequence: int, time: int = 0) -> Action:
    return Action(sequence=sequence, tool="t", time=time)


def told(*numbers: int) -> list[GapFacts]:
    family = Gaps(Tuning())
    return [family.action(act(number)) for number in numbers]


def test_a_run_without_holes_has_none() -> None:
    assert told(*range(50)) == [GapFacts()] * 50


def test_a_run_may_begin_with_any_number() -> None:
    assert told(7, 8, 9) == [GapFacts()] * 3


def test_missing_numbers_are_told_once_they_are_far_enough_behind() -> None:
    facts = told(0, 1, 2, 4, 5, 6, 7, 8, 9)
    assert [fact.missing_events for fact in facts] == [0] * 7 + [1] * 2
    assert [bool(fact.telemetry_gaps) for fact in facts] == [False] * 7 + [True, False]
    assert facts[7].telemetry_gaps == ("events are missing",)


def test_calls_that_overtake_each_other_leave_no_hole() -> None:
    assert told(0, 2, 1, 4, 3, 8, 5, 6, 7, 9, 10, 11, 12, 13, 14) == [GapFacts()] * 15


def test_a_huge_hole_costs_bounded_memory() -> None:
    family = Gaps(Tuning())
    family.action(act(0))
    family.action(act(2**31 - 1))
    assert len(family._waiting) <= MISSING_KEPT
    assert family.action(act(2**31 - 1)).missing_events == 2**31 - 2 - REORDERED


def test_a_number_that_was_lost_is_no_hole() -> None:
    assert told(0, 1, LOST, LOST) == [GapFacts()] * 4


def test_an_outcome_needs_its_action() -> None:
    family = Gaps(Tuning())
    family.outcome(Outcome(sequence=0, action_id="x"), None)
    assert family.action(act(1)).telemetry_gaps == ("an outcome without its action",)
    family.outcome(Outcome(sequence=2, action_id="1.0"), act(1))
    assert family.action(act(3)) == GapFacts()


def test_a_clock_may_go_back_a_minute_and_no_more() -> None:
    family = Gaps(Tuning())
    family.action(act(0, START))
    assert family.action(act(1, START - 60 * SECOND)) == GapFacts()
    family.action(act(2, START))
    assert family.action(act(3, 0)) == GapFacts()
    assert family.action(act(4, START - 61 * SECOND)).telemetry_gaps == ("the clock went back by more than 60 s",)
    assert family.action(act(5, START - 61 * SECOND)) == GapFacts()


def test_what_comes_to_light_waits_for_an_event_that_is_judged() -> None:
    family = Gaps(Tuning())
    family.outcome(Outcome(sequence=0, action_id="x"), None)
    assert family.message(Message(sequence=1, author=Author.USER, text="Go on")) is None
    seen = Observation(sequence=2, source=Source.PAGE, origin="", text="")
    assert family.observation(seen).telemetry_gaps == ("an outcome without its action",)
    family.outcome(Outcome(sequence=3, action_id="x"), None)
    facts = family.message(Message(sequence=4, author=Author.MODEL, text="Done"))
    assert facts is not None
    assert facts.telemetry_gaps == ("an outcome without its action",)


def test_every_run_of_a_conversation_counts_from_its_own_beginning() -> None:
    family = Gaps(Tuning())
    for number in (0, 5, 20):
        family.action(act(number, START))
    family.begin()
    assert [family.action(act(number, SECOND)) for number in range(8)] == [GapFacts()] * 8


@given(st.lists(st.integers(0, 40), min_size=1))
def test_what_never_came_is_missing(numbers: list[int]) -> None:
    family = Gaps(Tuning())
    for number in numbers:
        family.action(act(number))
    highest = max(numbers)
    missing = family.action(act(highest + REORDERED + 1)).missing_events
    never = set(range(numbers[0], highest + 1)) - set(numbers)
    assert len(never) <= missing <= highest
