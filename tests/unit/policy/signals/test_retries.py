import pytest

from sentric.events import Action, Author, Message, Outcome
from sentric.policy.rule import Tuning
from sentric.policy.signals.retries import CALLS, Retries, RetryFacts

SECOND = 1_000_000_000


def fails(
    family: Retries, error: str, tool: str = "search", time: int = 0, *, result: str = "", refused: bool = False
) -> None:
    family.outcome(
        Outcome(sequence=1, action_id="1.0", error=error, result=result, time=time, refused=refused),
        Action(sequence=1, tool=tool),
    )


def next_call(family: Retries, tool: str = "search", time: int = 0) -> RetryFacts:
    return family.action(Action(sequence=9, tool=tool, time=time))


def test_five_times_the_same_error_is_a_storm() -> None:
    family = Retries(Tuning())
    seen = []
    for number in range(6):
        seen.append(next_call(family))
        fails(family, f"429: retry in {30 - number} s")
    assert [facts.same_errors for facts in seen] == [0, 1, 2, 3, 4, 5]
    assert [facts.retry_storm for facts in seen] == [False] * 5 + [True]
    assert seen[-1].latest_error == "429: retry in 26 s"


def test_another_tool_is_no_part_of_it() -> None:
    family = Retries(Tuning())
    for _ in range(5):
        fails(family, "429")
    assert next_call(family, "read") == RetryFacts()


def test_a_success_ends_it() -> None:
    family = Retries(Tuning())
    for _ in range(5):
        fails(family, "429")
    fails(family, "", result="found")
    assert next_call(family) == RetryFacts()


def test_other_errors_do_not_add_up() -> None:
    family = Retries(Tuning())
    for error in ("a", "b", "c", "d", "e"):
        fails(family, f"{error} undeclared")
    assert next_call(family).same_errors == 1


@pytest.mark.parametrize(("pause", "storm"), [(10, True), (15, True), (16, False), (100, False)])
def test_only_the_last_minute_counts(pause: int, storm: bool) -> None:
    family = Retries(Tuning())
    start = 1_700_000_000 * SECOND
    for number in range(5):
        fails(family, "429", time=start + number * pause * SECOND)
    assert next_call(family, time=start + 4 * pause * SECOND).retry_storm is storm


def test_more_than_half_of_twenty_failing_is_a_storm_too() -> None:
    family = Retries(Tuning())
    for number in range(CALLS):
        fails(family, f"{chr(97 + number)} broke" if number % 2 or number == 0 else "", result="fine")
    facts = next_call(family)
    assert (facts.error_rate, facts.retry_storm, facts.same_errors) == (0.55, True, 1)


def test_half_of_twenty_is_not() -> None:
    family = Retries(Tuning())
    for number in range(CALLS):
        fails(family, f"{chr(97 + number)} broke" if number % 2 else "", result="fine")
    assert next_call(family) == RetryFacts(1, 0.5, retry_storm=False, latest_error="t broke")


@pytest.mark.parametrize(
    ("result", "counts"),
    [
        ("Error: connection refused", 1),
        ('{"error": "no such table"}', 1),
        ("Traceback (most recent call last):", 1),
        ("[ERROR] no", 1),
        ("Errors found: 0", 0),
        ("The error of the measurement is 2 mm", 0),
        ("", 0),
    ],
)
def test_a_result_may_be_an_error(result: str, counts: int) -> None:
    family = Retries(Tuning())
    fails(family, "", result=result)
    assert next_call(family).same_errors == counts


def test_a_refusal_and_an_end_without_its_action_are_no_failures() -> None:
    family = Retries(Tuning())
    fails(family, "blocked", refused=True)
    family.outcome(Outcome(sequence=1, action_id="x", error="429"), None)
    assert next_call(family) == RetryFacts()


def test_a_human_who_speaks_again_has_seen_it() -> None:
    family = Retries(Tuning())
    for _ in range(5):
        fails(family, "429")
    family.message(Message(sequence=3, author=Author.MODEL, text="Again."))
    assert next_call(family).retry_storm
    family.message(Message(sequence=3, author=Author.USER, text="Again."))
    assert next_call(family) == RetryFacts()
