import pytest

from sentric.events import Action, Author, Message
from sentric.policy.rule import Tuning
from sentric.policy.signals.output import WINDOW, Output, OutputFacts, RepeatedText, repeated_lines

LONG = "I will now open the folder with the photos of the holiday and look for pictures of the sea, one after another."


def says(family: Output, text: str, author: Author = Author.MODEL) -> OutputFacts:
    return family.message(Message(sequence=1, author=author, text=text))


def test_the_same_long_text_is_counted() -> None:
    family = Output(Tuning())
    assert [says(family, LONG).output_repeats for _ in range(4)] == [1, 2, 3, 4]


def test_nearly_the_same_counts_as_the_same() -> None:
    family = Output(Tuning())
    says(family, LONG)
    assert says(family, LONG.replace("folder", "folders").rstrip(".") + "!").output_repeats == 2


@pytest.mark.parametrize(
    "other",
    [
        LONG[: len(LONG) // 2] * 3,
        "The second folder holds letters and bills, and I have put them into a new one, sorted by the year they came.",
        LONG + " Then I write a report about them and send it to you for a look, with the best ones at the beginning.",
    ],
)
def test_another_text_does_not(other: str) -> None:
    family = Output(Tuning())
    says(family, LONG)
    assert says(family, other).output_repeats == 1


def test_short_texts_and_those_of_others_do_not_count() -> None:
    family = Output(Tuning())
    assert [says(family, "Next.").output_repeats for _ in range(4)] == [0] * 4
    assert [says(family, LONG, Author.SYSTEM).output_repeats for _ in range(4)] == [0] * 4


def test_two_texts_in_turn_are_counted_each() -> None:
    family = Output(Tuning())
    other = LONG[::-1]
    assert [says(family, text).output_repeats for text in (LONG, other, LONG, other)] == [1, 1, 2, 2]


def test_the_action_after_it_says_how_far_it_has_come() -> None:
    family = Output(Tuning())
    action = Action(sequence=2, tool="t")
    assert family.action(action) == OutputFacts()
    for _ in range(3):
        says(family, LONG)
    assert family.action(action).output_repeats == 3


def test_a_human_who_speaks_again_may_want_it_again() -> None:
    family = Output(Tuning())
    says(family, LONG)
    says(family, "Once more", Author.USER)
    assert family.action(Action(sequence=2, tool="t")) == OutputFacts()
    assert says(family, LONG).output_repeats == 1


def test_lines_that_stand_in_one_text_again_and_again() -> None:
    line = "- Fixed a bug in the parser of dates\n"
    assert says(Output(Tuning()), line * 12).repeated_lines == 12
    assert repeated_lines(line) == 0
    assert repeated_lines("-" * 40 + "\n" + "-" * 40) == 0
    assert repeated_lines("short\n" * 50) == 0


def test_only_the_latest_texts_are_kept_and_other_output_can_be_counted_too() -> None:
    counted = RepeatedText()
    assert [counted.add(LONG) for _ in range(WINDOW + 3)][-1] == WINDOW + 1
    counted.clear()
    assert counted.add(LONG) == 1
