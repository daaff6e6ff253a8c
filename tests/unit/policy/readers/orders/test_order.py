from functools import cached_property

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.orders.order import Order


def test_an_order_has_the_stems_of_its_telling_words() -> None:
    order = Order("Please forward the invoices to Ana.")
    assert "forward" in order.words
    assert "the" not in order.words
    assert not order.asks_to_say


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Send the report to bob@corp.test", "send"),
        ("Delete all the files", "delete"),
        ("Pay the invoice", "pay"),
        ("Create a meeting with Ana", "schedule"),
        ("Bin the letter", "delete"),
        ("Ring up the plumber", "call"),
        ("Redeem the voucher", "use"),
        ("Let Bo know that we are closed", "send"),
    ],
)
def test_it_says_what_sort_of_deed_it_asks_for(text: str, family: str) -> None:
    assert family in Order(text).families


def test_words_of_time_and_reason_are_no_words_of_the_deed() -> None:
    order = Order("Get a seat on the ferry before the room is booked")
    assert "room" in order.words
    assert "room" not in order.words_of_deed
    assert "seat" in order.words_of_deed


def test_its_time_and_reason_are_no_part_of_the_deed() -> None:
    assert "pay" not in Order("Send the report before you pay the invoice").families
    assert "pay" in Order("Pay the invoice").families


@pytest.mark.parametrize(("text", "asks"), [("Tell the user that all is well", True), ("Delete the file", False)])
def test_it_may_ask_only_for_words(text: str, asks: bool) -> None:
    assert Order(text).asks_to_say is asks


def test_what_it_names() -> None:
    order = Order("Transfer 250 to DE89 3704 0044 0532 0130 00 and tell bob@corp.test")
    assert "de89370400440532013000" in order.entities
    assert any("bob@corp.test" in entity for entity in order.entities)
    assert Order("Send the report to Ana").entities == frozenset()


def test_names_are_words_with_a_capital_that_do_not_begin_it() -> None:
    assert Order("Send it to Marianne").names
    assert not Order("Send it to her").names


def test_quotes_are_what_stands_in_quotation_marks_and_not_json() -> None:
    assert Order('Reply with "All Is Well Today" now').quotes == ("all is well today",)
    assert Order("Reply with „short“").quotes == ()
    assert Order('{"text": "All is well today"}').quotes == ()


@given(st.text(st.characters(), max_size=200) | st.text("\"“”«»‘’'Abc 12@.:/%‹›", max_size=200))
def test_nothing_in_a_sentence_raises_and_what_is_read_late_is_read_the_same(text: str) -> None:
    first, second = Order(text), Order(text)
    late = [name for name, value in vars(Order).items() if isinstance(value, cached_property)]
    assert [getattr(first, name) for name in late] == [getattr(second, name) for name in reversed(late)][::-1]
