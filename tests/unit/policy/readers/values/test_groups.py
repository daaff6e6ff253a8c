import re2
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.values.groups import BEFORE, FORMS, MARGIN, groups

_PATTERNS = {name: re2.compile(f"(?i){form}") for name, form in FORMS.items()}
_DIGITS = re2.compile("(?:[0-9][ -]?){7}")
_PARTS = st.sampled_from(
    (
        "4111 1111 1111 1111", "4111111111111111", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432",
        "gb82 west 1234 5698 7654 32", "078-05-1120", "+49 30 901820", "(415) 555-2671", "0171/4711 0815",
        "1.2.3.4.5.6",
        "a b c d e f g", "b.o.b @ x . y", "s-e-c-r-e-t", "de ad be ef 00 11 22", "68:75:6e:74:65:72", "2024-11-21",
        "12:30",
        "v1.2.3", "a", "I am", "12", "1 000 000", "word", "words and more words", "‹secret:iban:0a1b2c3d›", "ü",
        "é é é é é é",
        "x" * MARGIN, "9" * (MARGIN + BEFORE), "\n", "-", ".", "(", "é" * 30,
    )
)  # fmt: skip
_TEXTS = st.lists(st.tuples(_PARTS, st.sampled_from((" ", " ", "\n", "", ",", " - "))), max_size=12).map(
    lambda parts: "".join(part + blank for part, blank in parts)
)
_FEW = st.text("0123456789abDE .,:_-()/@+\n", max_size=120)


def found(text: str) -> dict[str, list[str]]:
    """What each form finds; of account numbers those with digits enough, as all in use have."""
    all_found = {name: [match[0] for match in pattern.finditer(text)] for name, pattern in _PATTERNS.items()}
    return all_found | {"iban": [number for number in all_found["iban"] if _DIGITS.search(number)]}


@given(_TEXTS)
def test_what_has_groups_is_found_in_the_parts_as_in_the_text_and_nothing_more(text: str) -> None:
    assert found(groups(text)) == found(text)


@given(_FEW)
def test_the_same_in_any_mixture_of_digits_and_signs(text: str) -> None:
    assert found(groups(text)) == found(text)


@given(_TEXTS)
def test_the_parts_are_parts_of_the_text(text: str) -> None:
    kept = groups(text)
    assert len(kept) <= len(text) + 1
    assert all(word in text for word in kept.split())


def test_prose_has_no_parts() -> None:
    assert groups("Dear all, the minutes of 21 November are attached; see page 12.") == ""
    assert groups("") == ""
