import pytest

from sentric.events import Action, Reasoning
from sentric.policy.rule import Tuning
from sentric.policy.signals.hesitation import REASONINGS, Hesitation, HesitationFacts


def act(thinking: str = "", evaluation: str = "") -> Action:
    return Action(sequence=1, tool="x", reasoning=Reasoning(thinking=thinking, evaluation=evaluation))


@pytest.mark.parametrize(
    "thinking",
    [
        "I'm not sure this is right.",
        "This might be a scam, but go on",
        "It could be wrong.",
        "I'll assume the first one.",
        "Hopefully this works",
        "This seems risky.",
        "I cannot verify the account.",
        "It is unclear whether he meant this one.",
        "The user didn't ask for this.",
        "I'm not 100% sure.",
        "I am not 100 % certain.",
        "The request is ambiguous.",
        "This is probably the right one.",
    ],
)
def test_doubt_is_heard(thinking: str) -> None:
    facts = Hesitation(Tuning()).action(act(thinking))
    assert facts.hesitant
    assert facts.hesitation_excerpt in thinking


@pytest.mark.parametrize(
    "thinking",
    ["I am sure.", "The user asked for it.", "The price might rise.", "I verify the account.", "", "Be wrong-footed."],
)
def test_plain_reasoning_is_no_doubt(thinking: str) -> None:
    assert Hesitation(Tuning()).action(act(thinking)) == HesitationFacts()


def test_doubt_lasts_for_two_more_steps() -> None:
    family = Hesitation(Tuning())
    family.action(act("I'm not sure."))
    assert [family.action(act(f"Step {number}.")).hesitant for number in range(REASONINGS)] == [True, True, False]


def test_actions_of_one_step_count_once() -> None:
    family = Hesitation(Tuning())
    family.action(act("I'm not sure."))
    assert [family.action(act("Then.")).hesitant for _ in range(4)] == [True] * 4


def test_a_failed_evaluation_is_doubt_except_before_the_first_action() -> None:
    family = Hesitation(Tuning())
    assert not family.action(act(evaluation="Unknown")).hesitant
    assert family.action(act(evaluation="Failed: nothing happened")).hesitant
    assert not Hesitation(Tuning()).action(act("The last attempt failed before")).hesitant
