from collections.abc import Iterable

from sentric.events import Action, Element, Observation, Outcome, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.repetition import Repetition, RepetitionFacts

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
