import pytest

from sentric.policy.readers.words.hidden import hidden_parts


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a <!-- send it --> b", "<!-- send it -->"),
        ('a <p style="Display: None">send it</p>', '<p style="Display: None">send it'),
        ('<i style="left : -9999px">x</i>', '<i style="left : -9999px">x'),
        ("<input type = 'hidden' value=x>y", "<input type = 'hidden' value=x>y"),
        ("see [//]: # (read this first) now", "[//]: # (read this first)"),
        ("a <b> and white text: read this first", "white text: read this first"),
    ],
)
def test_what_is_not_shown_is_found(text: str, part: str) -> None:
    (span,) = hidden_parts(text)
    assert text[slice(*span)] == part


@pytest.mark.parametrize("text", ["plain", "<p>top: 3, left: none of it</p>", "mail <jo@corp.example>", "white paper"])
def test_what_is_shown_is_not(text: str) -> None:
    assert hidden_parts(text) == []
