"""Which of very many texts may hold a secret: in one pass over all of them, so that few are looked at one by one.

Nothing that `scan` would find in a text is let through. Each text lies with a line break behind it: every pattern takes
that for the end of a text, and for the beginning of the next.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from sentric.redaction.patterns import searched
from sentric.redaction.scan import GATES, SIGNS

SEPARATOR = b"\n"
_CHUNK = 1 << 12
"""Bytes of texts that are searched together: a search goes on to the end of these, however early it could know."""
_TRIES = 16
"""Searches of one chunk before what is left of it is searched text by text: so the whole is linear."""

Bytes: TypeAlias = bytes | memoryview
Starts: TypeAlias = Sequence[int]
"""Where each text begins, and in the end where one more would."""


class Sieve:
    """Finds texts by patterns of which one is in each text that matters."""

    def __init__(self, patterns: Iterable[bytes]) -> None:
        """Take RE2 patterns over bytes."""
        self._pattern: Any = searched(patterns)

    def hits(self, data: Bytes, starts: Starts) -> Iterator[int]:
        """The numbers of the texts in which a pattern matches, in order; a few others may be among them.

        Args:
            data: the texts, with a `SEPARATOR` behind each.
            starts: where they begin in it, and where one more would.
        """
        search = self._pattern.search
        count = len(starts) - 1
        first = 0
        while first < count:
            after = max(first + 1, bisect_right(starts, starts[first] + _CHUNK, first, count))
            end = starts[after]
            tries = _TRIES
            while first < after:
                stop = end if tries > 0 else starts[first + 1]
                tries -= 1
                # Patterns want the separators on both sides of a text: it begins after one, and its last byte is one.
                if match := search(data, max(0, starts[first] - 1), stop):
                    hit = max(first, bisect_right(starts, match.start() + 1, first, count) - 1)
                    yield hit
                    first = hit + 1
                else:
                    first = after if stop == end else first + 1
            first = after


CLEAR = Sieve(GATES)
"""What tells that a text may hold a secret."""
ENCODED = Sieve(SIGNS)
"""What tells that it may hold another text in an encoding."""


def laid_out(texts: Sequence[bytes]) -> tuple[bytes, Starts]:
    """Texts as a sieve takes them."""
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    return b"".join(text + SEPARATOR for text in texts), starts
