"""RE2 patterns over UTF-8 bytes, each byte taken as a Latin-1 character, so that any text can be searched."""

from collections.abc import Iterable
from typing import Any

import re2

START = r"(?:\b|\\[nrt])"
"""The beginning of a word, also behind a line break or tab that JSON has escaped."""
_SET_MEMORY = 64 << 20
_CANARY = rb"\z"


def pattern(text: str) -> Any:
    """A pattern for bytes. Its character classes must be ASCII: of others they would match single bytes."""
    return re2.compile(text.encode(), _options())


def searched(patterns: Iterable[bytes]) -> Any:
    """One pattern for where any of some matches, in text of any length."""
    options = _options()
    options.max_mem = _SET_MEMORY
    options.never_capture = True
    return re2.compile(b"|".join(b"(?:%b)" % text for text in patterns), options)


def any_of(literals: Iterable[bytes]) -> bytes:
    """The pattern of texts that stand for themselves."""
    return b"|".join(re2.escape(literal) for literal in literals)


def also_escaped(form: str) -> str:
    """A pattern whose characters beyond ASCII may also stand as JSON escapes them, at any depth."""
    return "".join(char if char.isascii() else rf"(?:{char}|\\+u{ord(char):04x})" for char in form)


class PatternSet:
    """Patterns looked for in one pass."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        options = _options()
        options.max_mem = _SET_MEMORY
        options.never_capture = True
        options.log_errors = False
        self._set: Any = re2.Set.SearchSet(options)
        self._indexes = [self._set.Add(text) for text in patterns]
        self._canary = self._set.Add(_CANARY)
        self._set.Compile()

    def present(self, data: bytes) -> list[int]:
        """Indexes of the patterns that match somewhere, in order; all of them where RE2 ran out of memory.

        That otherwise looks like a text in which nothing matches, so the end of the text is one of the patterns.
        """
        matched: list[int] = self._set.Match(data) or []
        if len(matched) == 1 and matched[0] == self._canary:
            return []
        if self._canary not in matched:
            return self._indexes
        return sorted(index for index in matched if index != self._canary)


def _options() -> Any:
    options: Any = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return options
