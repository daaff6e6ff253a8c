"""Hostile text made fit to be shown: nothing in it can act on a terminal or hide from a reader."""

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\u034f\u115f\u1160\u3164\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef]+|[\u200c\u200d]{2,}"
)
"""What controls a terminal, reorders text or shows nothing. One joiner alone belongs to a script or an emoji."""


def visible(text: str) -> str:
    """Text in which control and invisible characters are named instead of obeyed.

    Escape sequences, overwriting, bidirectional tricks and text hidden in Unicode tags come out as plain
    characters; line breaks and tabs stay.
    """
    return _UNSEEN.sub(_named, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Visible text with each stretch of white space as one space."""
    return " ".join(visible(text).split())


def shortened(text: str, limit: int) -> str:
    """The first `limit` characters of a text, and how many are left out."""
    left_out = len(text) - limit
    return text if left_out <= 0 else f"{text[:limit].rstrip()} … ({left_out:,} more characters)"


def _named(found: re.Match[str]) -> str:
    unseen = found[0]
    return f"‹U+{ord(unseen):04X}›" if len(unseen) == 1 else f"‹{len(unseen)} invisible characters›"


def plural(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
