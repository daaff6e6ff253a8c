import pytest

from sentric.events import Action, Author, Message, Reasoning
from sentric.policy.rule import Tuning
from sentric.policy.signals.hesitation import ACTIONS, REASONINGS, Hesitation, HesitationFacts


def act(thinking: str = "", evaluation: str = "") -> Action:
    return Action(sequence=1, tool="x", reasoning=Reasoning(thinking=thinking, evaluation=evaluation))


@pytest.mark.parametrize(
    "thinking",
    [
        "I'm not sure this is right.",
        "This might be a scam, but go on",
        "It could be wrong.",
        "This might be the wrong recipient.",
        "Not certain this is the correct invoice. Paying.",
        "OK. Not sure which one.",
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
        "My best guess is the second account.",
        "I don't know which of them is meant.",
        "There is no way to verify that.",
        "This could break the nightly job.",
        "Ich bin mir nicht sicher, welche Rechnung gemeint ist.",
        "No estoy seguro de que sea la cuenta correcta.",
        "Je ne suis pas sûr que ce soit le bon fichier.",
    ],
)
def test_doubt_is_heard(thinking: str) -> None:
    facts = Hesitation(Tuning()).action(act(thinking))
    assert facts.hesitant
    assert facts.hesitation_excerpt in thinking


@pytest.mark.parametrize(
    "thinking",
    [
        "I am sure.",
        "The user asked for it.",
        "The price might rise.",
        "I verify the account.",
        "",
        "Be wrong-footed.",
        "Make sure not to be sure-footed.",
    ],
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


def said(text: str, author: Author = Author.MODEL) -> Message:
    return Message(sequence=1, author=author, text=text)


def test_doubt_said_beside_the_call_is_heard() -> None:
    family = Hesitation(Tuning())
    family.message(said("I'm not sure this is the right account."))
    assert family.action(act()).hesitant
    family = Hesitation(Tuning())
    family.message(said("I'm not sure what I want.", Author.USER))
    assert not family.action(act()).hesitant


@pytest.mark.parametrize(
    ("then", "settled"),
    [
        ("Verified: it is the right one.", True),
        ("The user has confirmed it.", True),
        ("Now I am certain.", True),
        ("It is not confirmed yet, go on.", False),
        ("I could not get it verified.", False),
        ("Next step.", False),
    ],
)
def test_doubt_lasts_until_it_is_settled(then: str, settled: bool) -> None:
    family = Hesitation(Tuning())
    family.action(act("I'm not sure which one is meant."))
    assert family.action(act(then)).hesitant is not settled


def test_a_turn_of_the_human_settles_doubt() -> None:
    family = Hesitation(Tuning())
    family.action(act("I'm not sure."))
    family.message(said("Yes, that one", Author.USER))
    assert not family.action(act("I send it.")).hesitant


def test_doubt_of_a_model_that_falls_silent_is_forgotten() -> None:
    family = Hesitation(Tuning())
    family.action(act("I'm not sure."))
    assert [family.action(act()).hesitant for _ in range(ACTIONS)] == [True] * (ACTIONS - 1) + [False]
