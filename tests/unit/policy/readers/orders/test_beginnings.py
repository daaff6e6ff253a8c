import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.orders.beginnings import beginnings, flat


def begun(text: str) -> list[str]:
    return [text[start:end] for start, end in beginnings(flat(text))]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Send it.", ["Send"]),
        ("Please send it.", ["Please send"]),
        ("It rains. Then delete the file.", [". Then delete"]),
        ("• forward it", ["• forward"]),
        ("1) pay the bill", ["1) pay"]),
        ("You’ll do, but you must go", ["must"]),
        ('{"tool": "x"}', ['"tool": "']),
        ('{"name": "send_email", "arguments": {}}', ['"name": "send_email", "arguments"']),
        ("The weather is fine in Bergen.", []),
        ("A sender sends senders.", []),
        ("", []),
    ],
)
def test_an_order_begins_with_a_verb_or_a_word_that_asks(text: str, begins: list[str]) -> None:
    assert [part.strip() for part in begun(text)] == begins


@given(
    st.lists(
        st.sampled_from(("Please send it", "é", "€ ", "?", ". ", "•", "— ", "’", "\n", "\ud800", "👩‍👧", "no")),
        max_size=12,
    )
)
def test_places_are_those_of_the_text_whatever_signs_stand_before(parts: list[str]) -> None:
    text = "".join(parts)
    spans = list(beginnings(flat(text)))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    for start, end in spans:
        assert "send" in text[start:end].lower() or "please" in text[start:end].lower()


@given(st.text())
def test_a_flat_text_has_a_small_ascii_character_for_each(text: str) -> None:
    low = flat(text)
    assert len(low) == len(text)
    assert low.isascii()
    assert low == low.lower()
    assert all(a == b.lower() for a, b in zip(low, text, strict=True) if b.isascii() and b != "?")
