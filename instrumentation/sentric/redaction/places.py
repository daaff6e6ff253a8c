"""Where something that stands in a decoded text stands in the text it was decoded from."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

Place: TypeAlias = Callable[[int, int], tuple[int, int]]
"""Takes the start and end of a stretch of the decoded text to those of the least stretch that holds it encoded."""


class Decoded(NamedTuple):
    """A text that another text holds in an encoding."""

    data: bytes
    place: Place


class Rewritten:
    """The places of a text in which every match of a pattern was replaced; built only where they are asked for."""

    def __init__(self, data: bytes, escape: "re.Pattern[bytes]", stands_for: "Callable[[re.Match[bytes]], bytes]"):
        self._data, self._escape, self._stands_for = data, escape, stands_for

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the rewritten text stands in the original."""
        first = self._pieces[max(0, bisect_right(self._starts, start) - 1)]
        last = self._pieces[max(0, bisect_right(self._starts, max(start, end - 1)) - 1)]
        begin = first[1] if first[3] else first[1] + start - first[0]
        return begin, last[2] if last[3] else last[1] + end - last[0]

    @cached_property
    def _pieces(self) -> list[tuple[int, int, int, bool]]:
        """Start in the rewritten text, start and end in the original, and whether it was replaced; none is empty."""
        pieces = [(0, 0, 0, False)]
        written = read = 0
        for match in self._escape.finditer(self._data):
            if match.start() > read:
                pieces.append((written, read, match.start(), False))
                written += match.start() - read
            if replaced := self._stands_for(match):
                pieces.append((written, match.start(), match.end(), True))
                written += len(replaced)
            read = match.end()
        return [*pieces, (written, read, len(self._data), False)]

    @cached_property
    def _starts(self) -> list[int]:
        return [piece[0] for piece in self._pieces]


class Joined:
    """The places of several decoded texts that were put behind each other with one byte between them."""

    def __init__(self, parts: Sequence[Decoded]) -> None:
        self._parts = parts

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch stands; what reaches beyond the part it begins in is cut off."""
        index = max(0, bisect_right(self._starts, start) - 1)
        begin, part = self._starts[index], self._parts[index]
        here = min(start - begin, len(part.data))
        return part.place(here, max(here, min(end - begin, len(part.data))))

    @cached_property
    def _starts(self) -> list[int]:
        starts, position = [], 0
        for part in self._parts:
            starts.append(position)
            position += len(part.data) + 1
        return starts


def joined_parts(parts: Sequence[Decoded]) -> Decoded:
    """Several decoded texts as one, each on a line of its own."""
    return Decoded(b"\n".join(part.data for part in parts), Joined(parts))


def within(inner: Place, outer: Place) -> Place:
    """The places of a text that was decoded from a decoded text."""

    def place(start: int, end: int) -> tuple[int, int]:
        return outer(*inner(start, end))

    return place
