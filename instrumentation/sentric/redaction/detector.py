"""What a detector is: one form of secret, as a row of a table."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sentric.redaction.spans import Certainty

_COUNT = re.compile(r"\[[^\]]*\]\{\d\d")
"""A gate counts nothing: each count is a state of the set of all patterns, and states multiply."""


def anything(_: bytes) -> bool:
    """Accepts every match: the form alone tells the secret."""
    return True


@dataclass(frozen=True, slots=True)
class Detector:
    """One form of secret."""

    kind: str
    pattern: str
    """RE2, on UTF-8 bytes taken as Latin-1. Group 1 is the secret where there is a group, the match otherwise."""
    accept: Callable[[bytes], bool] = anything
    clean: Callable[[str], str] = str
    """Takes out what is not part of the secret itself: line breaks, separators, escapes."""
    certainty: Certainty = Certainty.FORM
    gate: str = ""
    """A pattern that is in every text with a match, and needs fewer states; the pattern itself where it is empty."""


def gate_of(form: str) -> str:
    """The beginning of a form, up to the class that its first long count is of: in every text that holds the form."""
    count = _COUNT.search(form)
    return form[: count.start()] if count else form
