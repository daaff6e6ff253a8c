"""Messages that were read before: frameworks tell the whole history again with every call of a model.

What is known is known of one trace, while its spans tell: so it takes no more than what they hold.
"""

import marshal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sentric_analyzer.dialects.parts import NOTHING, Parts

LISTS = 4
"""Latest lists of which a longer one may be the continuation: as many as there are agents that take turns."""


class Known:
    """What was read of the messages of a trace.

    Only what is the same to the last character is the same: nobody hides a message behind another.
    """

    def __init__(self) -> None:
        self._messages: dict[bytes, Parts] = {}
        self._lists: list[tuple[str, Parts]] = []

    def message(self, message: Any, read: Callable[[Any], Parts]) -> Parts:
        """The parts of a message, which is read where it is not known."""
        try:
            key = marshal.dumps(message, 2)  # in this version there are no references in it
        except ValueError:  # nested too deeply
            return read(message)
        if (parts := self._messages.get(key)) is None:
            parts = self._messages[key] = read(message)
        return parts

    def begun(self, text: str) -> tuple[Parts, str]:
        """The parts of a list that a longer one begins with, both in JSON, and the rest as JSON of a list."""
        for beginning, parts in self._lists:
            if text.startswith(beginning):
                rest = text[len(beginning) :]
                if rest == "]":
                    return parts, "[]"
                if rest[:1] == "," and rest[1:].lstrip()[:1] != "]":
                    return parts, f"[{rest[1:]}"
        return NOTHING, text

    def keep(self, text: str, parts: Parts) -> None:
        """Remember the parts of a list in JSON, which has something in it."""
        beginning = text.rstrip()[:-1]
        others = [one for one in self._lists if not beginning.startswith(one[0])]
        self._lists = [(beginning, parts), *others[: LISTS - 1]]


_KNOWN: ContextVar[tuple[Known, Known] | None] = ContextVar("known", default=None)


@contextmanager
def remembered() -> Generator[None]:
    """While one trace is read: what it tells again is not read again."""
    token = _KNOWN.set((Known(), Known()))
    try:
        yield
    finally:
        _KNOWN.reset(token)


def known(*, encoded: bool) -> Known:
    """What is known of the trace that is being read; nothing where none is.

    Args:
        encoded: as messages are read.
    """
    of_trace = _KNOWN.get()
    return of_trace[encoded] if of_trace else Known()
