"""Which of very many texts may hold a secret: in one pass over all of them, so that few are looked at one by one.

Nothing that `scan` would find in a text is let through. Each text lies with a line break behind it: every pattern takes
that for the end of a text, and for the beginning of the next.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from sentric.redaction.patterns import searched
from sentric.redaction.scan import GATES, RUN_GATES, SIGNS, encodings

SEPARATOR = b"\n"
_CHUNK = 1 << 12
_LARGEST_CHUNK = 1 << 16
"""Bytes of texts that are searched together, where something was found lately and where nothing was: a search goes on
to the end of these, however early it could know."""
_TRIES = 16
"""Searches of one chunk before what is left of it is searched text by text: so the whole is linear."""

Bytes: TypeAlias = bytes | memoryview
Starts: TypeAlias = Sequence[int]
"""Where each text begins, and in the end where one more would."""
Signs: TypeAlias = Callable[[Bytes, Starts], Mapping[int, Sequence[int]]]
"""Takes texts, as a sieve does, to the signs of encodings in them: indexes into `SIGNS` by the number of the text."""


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
        first, chunk = 0, _CHUNK
        while first < count:
            after = max(first + 1, bisect_right(starts, starts[first] + chunk, first, count))
            end = starts[after]
            tries = _TRIES
            chunk = min(2 * chunk, _LARGEST_CHUNK)
            while first < after:
                stop = end if tries > 0 else starts[first + 1]
                tries -= 1
                # Patterns want the separators on both sides of a text: it begins after one, and its last byte is one.
                if match := search(data, max(0, starts[first] - 1), stop):
                    hit = max(first, bisect_right(starts, match.start() + 1, first, count) - 1)
                    yield hit
                    first, chunk = hit + 1, _CHUNK
                else:
                    first = after if stop == end else first + 1
            first = after


CLEAR = Sieve(GATES)
"""What tells that a text may hold a secret, other than a run of letters and digits."""
RUNS = Sieve(RUN_GATES)
"""What tells that it may be in one of its runs, of a text that has a sign of base64."""
ENCODED = Sieve(SIGNS)
"""What tells that it may hold another text in an encoding."""


def signs_of(data: Bytes, starts: Starts) -> Mapping[int, Sequence[int]]:
    """The signs of encodings in texts, by the number of the text."""
    return {
        number: encodings(bytes(data[starts[number] : starts[number + 1] - 1])) for number in ENCODED.hits(data, starts)
    }


def laid_out(texts: Sequence[bytes]) -> tuple[bytes, Starts]:
    """Texts as a sieve takes them."""
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    return b"".join(text + SEPARATOR for text in texts), starts
