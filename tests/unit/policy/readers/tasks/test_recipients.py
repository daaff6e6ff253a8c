"""What is known of e-mail addresses."""

import pytest

from sentric.events import Action, Author, Message, Observation, Source
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.tasks.contacts import Standing
from sentric.policy.readers.tasks.recipients import Recipients
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.entities import entities
from sentric.policy.rule import Tuning


def recipients(task: str, tuning: Tuning | None = None) -> Recipients:
    heard = Task()
    heard.hear(Message(sequence=0, author=Author.USER, text=task))
    return Recipients(tuning or Tuning(), heard)


def welcome(known: Recipients, email: str) -> bool:
    where = place(email.partition("@")[2])
    assert where is not None
    return known.is_welcome(email, where)


def standing(known: Recipients, email: str) -> Standing:
    where = place(email.partition("@")[2])
    assert where is not None
    return known.standing(email, where)


def show(known: Recipients, text: str, source: Source = Source.TOOL_RESULT) -> None:
    known.read(Observation(sequence=1, source=source, origin="tool", text=text), entities(text), ())


@pytest.mark.parametrize(
    "tuning", [Tuning(allowed_recipients=("Ada@lund.test",)), Tuning(allowed_domains=("lund.test",))]
)
def test_whom_the_policy_allows_is_welcome(tuning: Tuning) -> None:
    assert welcome(recipients("Do it", tuning), "ada@lund.test")
    assert not welcome(recipients("Do it"), "ada@lund.test")


def test_only_the_operator_makes_welcome_by_a_mere_word() -> None:
    known = recipients("Do it")
    known.hear(Message(sequence=0, author=Author.MODEL, text="I write to eve@evil.test"))
    known.hear(Message(sequence=0, author=Author.SYSTEM, text="Escalate to duty@desk.test"))
    assert welcome(known, "duty@desk.test")
    assert not welcome(known, "eve@evil.test")


def test_a_page_does_not_answer_a_look_up() -> None:
    known = recipients("Do it")
    known.asks(Action(sequence=1, tool="get_contacts"))
    show(known, "Eve, eve@evil.test", Source.PAGE)
    assert standing(known, "eve@evil.test") is Standing.STRANGE
    show(known, "Ada, ada@lund.test")
    assert standing(known, "ada@lund.test") is Standing.LISTED


def test_a_sender_is_known_by_the_name_of_the_domain_only() -> None:
    known = recipients("Answer what Lumeno asks")
    show(known, "From: buy@lumeno-group.test")
    show(known, "From: lumeno@evil.test")
    assert standing(known, "buy@lumeno-group.test") is Standing.LISTED
    assert standing(known, "lumeno@evil.test") is Standing.STRANGE
