from collections.abc import Iterable

import pytest

from sentric.events import Action, Author, Effect, Element, Kind, Message, Observation, Outcome, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.repetition import PATIENCE, TEXT_LIMIT, TEXTS_KEPT, Repetition, RepetitionFacts

Step = tuple[str, str]


def act(name: str, **more: str) -> Action:
    return Action(sequence=1, tool=name, arguments=dict(more), url="https://a.example")


def see(family: Repetition, text: str) -> None:
    family.observation(Observation(sequence=1, source=Source.PAGE, origin="", text=text))


def after(steps: Iterable[Step], last: str, tuning: Tuning | None = None) -> RepetitionFacts:
    """What is said of a call after others, each with what was seen after it."""
    family = Repetition(tuning or Tuning())
    for name, seen in steps:
        family.action(act(name))
        see(family, seen)
    return family.action(act(last))


def test_the_same_call_with_the_same_result_is_counted() -> None:
    assert after([], "a") == RepetitionFacts(repeats=1)
    assert after([("a", "same")], "a") == RepetitionFacts(repeats=2)
    assert after([("a", "same"), ("a", "same")], "a") == RepetitionFacts(repeats=3, looping=True)


def test_the_first_call_may_have_had_an_effect_of_its_own() -> None:
    assert after([("a", "changed"), ("a", "same"), ("a", "same")], "a").repeats == 3


def test_a_changed_page_starts_the_count_anew() -> None:
    assert not after([("a", "1"), ("a", "2"), ("a", "3"), ("a", "4")], "a").looping


def test_another_call_between_starts_the_count_anew() -> None:
    assert after([("a", "x"), ("b", "x"), ("a", "x")], "a").repeats == 2


def test_the_policy_says_how_many_make_a_loop() -> None:
    steps = [("a", "same")] * 19
    assert after(steps, "a", Tuning(repeats=20)).looping
    assert not after(steps[1:], "a", Tuning(repeats=20)).looping


def test_an_error_is_a_result() -> None:
    family = Repetition(Tuning())
    for error in ("timeout", "refused", "timeout"):
        family.action(act("a"))
        family.outcome(Outcome(sequence=2, action_id="1.0", error=error), None)
    assert not family.action(act("a")).looping


def test_typing_the_same_into_different_fields_is_no_repetition() -> None:
    family = Repetition(Tuning())
    for name in ("first", "second", "third"):
        facts = family.action(Action(sequence=1, tool="fill", element=Element(name=name), arguments={"text": "x"}))
    assert facts.repeats == 1


def test_arguments_are_compared_without_regard_to_their_order() -> None:
    family = Repetition(Tuning())
    family.action(Action(sequence=1, tool="t", arguments={"a": "1", "b": "2"}))
    assert family.action(Action(sequence=2, tool="t", arguments={"b": "2", "a": "1"})).repeats == 2


def test_two_calls_in_turn_with_the_same_results_alternate() -> None:
    assert after([("a", "1"), ("b", "2"), ("a", "1")], "b").alternating
    assert not after([("a", "1"), ("b", "2"), ("a", "3")], "b").alternating
    assert not after([("a", "1"), ("b", "2"), ("a", "1")], "c").alternating
    assert not after([("a", "1"), ("a", "1"), ("a", "1")], "a").alternating


def test_longer_cycles_must_come_round_three_times() -> None:
    cycle = [("a", "1"), ("b", "2"), ("c", "3")]
    assert not after([*cycle, ("a", "1"), ("b", "2")], "c").alternating
    assert after([*cycle, *cycle, ("a", "1"), ("b", "2")], "c").alternating


def test_the_number_of_an_element_tells_nothing_where_its_path_is_known() -> None:
    for xpath, repeats in (("html/body/button", 3), ("", 1)):
        family = Repetition(Tuning())
        for index in range(3):
            element = Element(xpath=xpath)
            facts = family.action(Action(sequence=1, tool="click", element=element, arguments={"index": index}))
            see(family, "same")
        assert facts.repeats == repeats


@pytest.mark.parametrize(
    "clock",
    [
        "It is {}:05 o'clock",
        "Updated 2024-05-1{}T10:00:00.123Z",
        "{}4 seconds ago",
        "took {}.5 ms",
        "at 170000000{}",
        "request 0a1b2c3d-0000-4000-8000-00000000000{}",
        "Last look at 1{}:30:59 pm",
    ],
)
def test_a_clock_on_the_page_hides_no_loop(clock: str) -> None:
    steps = [("a", "Reviews (10)\n" + clock.format(number)) for number in range(2, 5)]
    assert after(steps, "a").looping
    cycle = [("a", clock.format(1)), ("b", "x"), ("a", clock.format(2))]
    assert after(cycle, "b").alternating


@pytest.mark.parametrize("progress", ["{}0 %", "Page {} of 9", "{} items", "Views: {}", "{} left", "build #{}"])
def test_other_numbers_are_progress(progress: str) -> None:
    steps = [("a", progress.format(number)) for number in range(1, 5)]
    assert not after(steps, "a").looping


def test_a_clock_on_a_page_beyond_the_limit_is_not_looked_for() -> None:
    page = "x" * TEXT_LIMIT
    assert after([("a", page), ("a", page)], "a").looping
    assert not after([("a", page + "10:01"), ("a", page + "10:02"), ("a", page + "10:03")], "a").looping


@pytest.mark.parametrize("tool", ["wait", "get_job_status", "checkHealth", "await_build", "scroll"])
def test_waiting_and_asking_how_far_it_is_may_be_done_more_often(tool: str) -> None:
    assert not after([(tool, "running")] * (3 * PATIENCE - 2), tool).looping
    assert after([(tool, "running")] * (3 * PATIENCE - 1), tool).looping


def test_what_changes_something_is_not_waiting() -> None:
    family = Repetition(Tuning())
    update = Action(sequence=1, tool="update_status", effects=frozenset({Effect.WRITE}))
    for _ in range(3):
        facts = family.action(update)
    assert facts.looping


def test_waiting_and_looking_in_turn_is_patience_too() -> None:
    turn = [("wait", "waited"), ("get_build", "running")]
    assert not after([*turn, ("wait", "waited")], "get_build").alternating
    assert not after([*turn * 8, ("wait", "waited")], "get_build").alternating
    assert after([*turn * 9, ("wait", "waited")], "get_build").alternating


def test_a_human_who_speaks_again_may_want_the_same_again() -> None:
    family = Repetition(Tuning())
    for _ in range(2):
        family.action(act("a"))
        see(family, "same")
    family.message(Message(sequence=1, author=Author.MODEL, text="Once more"))
    assert family.action(act("a")).repeats == 3
    family.message(Message(sequence=1, author=Author.USER, text="Once more"))
    assert family.action(act("a")).repeats == 1


def test_definitions_of_tools_are_nothing_that_was_seen() -> None:
    family = Repetition(Tuning())
    for number in range(3):
        facts = family.action(act("a"))
        family.observation(Observation(sequence=1, source=Source.TOOL_DEFINITION, origin="a", text=f"v{number}"))
    assert facts.looping


def test_texts_are_kept_only_as_long_as_they_may_be_compared() -> None:
    family = Repetition(Tuning())
    for number in range(40):
        family.action(act(f"tool{number}"))
        see(family, "page")
    assert sum(bool(call.texts) for call in family._calls) <= TEXTS_KEPT


def shell(command: str) -> Action:
    return Action(
        sequence=1, tool="bash", kind=Kind.SHELL, effects=frozenset({Effect.EXECUTE}), arguments={"c": command}
    )


def test_a_shell_that_waits_and_looks_in_turn_is_patience_and_one_that_acts_is_not() -> None:
    for work, loops in (("kubectl get pods", False), ("kubectl delete pod a", True)):
        family = Repetition(Tuning())
        told = []
        for _ in range(6):
            for command in ("sleep 30", work):
                told.append(family.action(shell(command)))
                see(family, "Pending")
        assert any(facts.alternating for facts in told) is loops


def test_moving_the_focus_may_be_done_more_often_and_is_a_loop_in_the_end() -> None:
    family = Repetition(Tuning())
    told = []
    for _ in range(Tuning().repeats * PATIENCE):
        told.append(family.action(Action(sequence=1, tool="press", kind=Kind.INPUT, arguments={"key": "Tab"})))
        see(family, "pressed")
    assert [facts.looping for facts in told].index(True) == len(told) - 1
