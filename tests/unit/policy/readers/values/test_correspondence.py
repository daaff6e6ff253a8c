"""Who wrote, and what they know."""

import pytest

from sentric.policy.readers.values.correspondence import KEPT, Correspondence, parties, senders
from sentric.policy.readers.values.entities import entities


@pytest.mark.parametrize(
    "text",
    [
        "From: lee@partner.test\nTo: me@corp.example\nHello",
        "From: Lee Smith <lee@partner.test>",
        '{"sender": "lee@partner.test", "recipients": ["me@corp.example"]}',
        '{"from": {"name": "Lee", "email": "lee@partner.test"}, "to": "me@corp.example"}',
        "**Von**: lee@partner.test",
    ],
)
def test_who_stands_behind_a_word_for_the_sender_wrote(text: str) -> None:
    assert senders(text.lower(), entities(text)) == ("lee@partner.test",)


@pytest.mark.parametrize(
    "text",
    [
        "To: lee@partner.test",
        "Please send it to lee@partner.test",
        "Greetings from the office. Write to: lee@partner.test",
        '{"from": "x", "to": "lee@partner.test"}',
        "From: me\nlee@partner.test",
        "lee@partner.test",
        "",
    ],
)
def test_who_is_merely_named_did_not(text: str) -> None:
    assert senders(text.lower(), entities(text)) == ()


def test_an_answer_needs_a_letter_and_a_task_that_asks_for_it() -> None:
    letters = Correspondence()
    text = "From: lee@partner.test\nWhere is it? Ask mia@other.test"
    letters.read(text.lower(), entities(text), ("mia@other.test",))
    assert letters.is_answered("lee@partner.test", {"answer", "my", "mail"})
    assert not letters.is_answered("lee@partner.test", {"read", "my", "mail"})
    assert not letters.is_answered("mia@other.test", {"answer", "my", "mail"})
    assert letters.known_to("lee@partner.test") == {"mia@other.test"}
    assert letters.known_to("mia@other.test") == frozenset()
    assert letters.known_to("nobody@other.test") == frozenset()


@pytest.mark.parametrize(
    "text", ["Jo, lee@partner.test, 12", '{"mail": "lee@partner.test"}', "<lee@partner.test>", "cc: lee@partner.test"]
)
def test_an_address_in_a_place_of_its_own_is_a_partys(text: str) -> None:
    assert parties(text.lower(), entities(text)) == ("lee@partner.test",)


@pytest.mark.parametrize("text", ["send it to lee@partner.test", "for lee%40partner.test", "nobody"])
def test_an_address_in_a_sentence_is_nobodys(text: str) -> None:
    assert parties(text.lower(), entities(text)) == ()


def test_who_was_read_of_longest_ago_is_forgotten_first() -> None:
    letters = Correspondence()
    for number in range(KEPT + 1):
        text = f"From: p{number}@a.test"
        letters.read(text.lower(), entities(text), ("x",))
    assert letters.known_to("p0@a.test") == frozenset()
    assert letters.known_to(f"p{KEPT}@a.test") == {"x"}
    assert not letters.is_answered("p0@a.test", {"reply"})
