"""Text that would act on a reader's terminal, or hide from the reader, is named instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.visible import one_line, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äöü 日本 👩‍🚀\tand\nlines\r\n", "plain äöü 日本 👩‍🚀\tand\nlines\n"),
        ("\x1b[2J", "‹U+001B›[2J"),
        ("safe\rhidden", "safe‹U+000D›hidden"),
        ("user\u202etxt.exe", "user‹U+202E›txt.exe"),
        ("".join(chr(0xE0000 + ord(letter)) for letter in "obey"), "‹4 invisible characters›"),
        ("\x9b31m", "‹U+009B›31m"),
        ("lone \ud83d surrogate", "lone ‹U+D83D› surrogate"),
        ("blank\u3164\U000e0100", "blank‹2 invisible characters›"),
    ],
)
def test_what_cannot_be_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_no_control_character_but_line_breaks_and_tabs_is_left(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not any(
        ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in shown.replace("\n", "").replace("\t", "")
    )
    assert "\n" not in one_line(text)


def test_what_is_left_out_is_counted() -> None:
    assert shortened("a" * 1_300, 100) == "a" * 100 + " … (1,200 more characters)"
    assert shortened("short", 100) == "short"
