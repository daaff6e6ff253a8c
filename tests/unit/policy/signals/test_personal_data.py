"""Personal data is told by its checksums and forms, and counted when it leaves."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.events import Action, Effect, Kind, Observation, Source
from sentric.policy.readers.values.personal_data import numbers, personal_data
from sentric.policy.rule import Tuning
from sentric.policy.signals.personal_data import Personal, PersonalFacts
from support.linear import assert_linear, repeated

SEND = frozenset({Effect.SEND})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("card 4111 1111 1111 1111.", ("card", "4111111111111111")),
        ("card 4111-1111-1111-1111", ("card", "4111111111111111")),
        ("pay to DE89 3704 0044 0532 0130 00 with a note", ("iban", "DE89370400440532013000")),
        ("GB82WEST12345698765432", ("iban", "GB82WEST12345698765432")),
        ("iban gb82 west 1234 5698 7654 32", ("iban", "GB82WEST12345698765432")),
        ("NO93 8601 1117 947", ("iban", "NO9386011117947")),
        ("his SSN 219-09-9999", ("ssn", "219099999")),
        ("write to jo.doe@corp.example", ("email", "jo.doe@corp.example")),
        ("call +49 (170) 123-4567", ("phone", "491701234567")),
        ("call (415) 555-0132 now", ("phone", "4155550132")),
        ("Tel. 030/1234567", ("phone", "0301234567")),
        ("card ‹secret:card:aa11bb22›", ("card", "aa11bb22")),
        ("card ４１１１ １１１１ １１１１ １１１１", ("card", "4111111111111111")),
    ],
)
def test_personal_data_is_found_without_its_separators(text: str, found: tuple[str, str]) -> None:
    assert personal_data(text) == (found,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "card 4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "ZZ89 3704 0044 0532 0130 00",
        "000-12-3456 and 666-12-3456 and 123-00-4567 and 123-45-0000 and 900-12-3456",
        "order 884201997735512 of 2024-01-02 03:04:05 at 10.0.0.1",
        "token ‹secret:token:aa11bb22›",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert personal_data(text) == ()


def test_two_accounts_on_one_line_are_two() -> None:
    assert len(personal_data("DE89 3704 0044 0532 0130 00 GB82 WEST 1234 5698 7654 32")) == 2


def test_numbers_are_the_same_in_every_spacing_and_leave_fingerprints_out() -> None:
    assert numbers("DE89 3704 0044 0532 0130 00") == numbers("de89370400440532013000") == ("de89370400440532013000",)
    assert numbers("+49 170 1234567") == numbers("0170 1234567") == ("tel:701234567",)
    assert numbers("‹secret:card:aa11bb22› jo@corp.example") == ()


def send(body: Any, kind: Kind = Kind.HTTP, **arguments: Any) -> Action:
    return Action(sequence=1, tool="t", kind=kind, effects=SEND, arguments={"body": body, **arguments})


def test_different_items_in_one_call_are_counted() -> None:
    family = Personal(Tuning(personal_data_limit=3))
    body = ["a@b.example", {"x": "A@b.example, card 4111 1111 1111 1111"}]
    assert family.action(send(body)) == PersonalFacts(2, ("email", "card"), personal_over_limit=False)
    assert family.action(send([*body, "219-09-9999"])) == PersonalFacts(
        3, ("email", "card", "ssn"), personal_over_limit=True
    )


def test_the_recipients_of_a_message_are_not_what_it_sends() -> None:
    family = Personal(Tuning(personal_data_limit=1))
    assert family.action(send("hello", Kind.MESSAGE, to=["a@b.example", "c@d.example"])) == PersonalFacts()
    assert family.action(send("hello x@y.example", Kind.MESSAGE, to=["a@b.example"])).personal_sent == 1


def test_what_stays_with_the_agent_is_not_counted() -> None:
    family = Personal(Tuning(personal_data_limit=1))
    family.observation(Observation(sequence=0, source=Source.PAGE, origin="https://a.example", text="a@b.example"))
    kept = Action(sequence=1, tool="write_file", kind=Kind.FILE_WRITE, arguments={"text": "a@b.example"})
    assert family.action(kept) == PersonalFacts()


@pytest.mark.parametrize("bait", ["4", "4 ", "de89 ", "123-45-", "+1 ", "0123 ", "+1 (", "de89abcd", "a@b.co "])
def test_bait_costs_linear_time(bait: str) -> None:
    assert_linear(lambda size: partial(personal_data, repeated(bait, size)), 8_000)


@given(st.text(st.characters()) | st.from_regex(r"[0-9a-zA-Z +().-]{0,80}"))
def test_nothing_raises(text: str) -> None:
    personal_data(text)
