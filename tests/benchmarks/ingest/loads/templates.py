"""Requests that are encoded once and sent many times, each time with ids, times and names that are new.

While a load is built, every field that is to change holds a mark of its final width. The marks are looked for once in
the encoded bytes; before each sending new values are put in their places, which costs far less than encoding anew.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate, pairwise
from operator import itemgetter
from struct import pack, unpack

START = 0x18F5F6 << 40
"""Unix time in nanoseconds at which every template begins; its 3 highest bytes mark a time."""
LONGEST = 1 << 37
"""Nanoseconds within which the times of a template lie, so that they share these bytes: 137 s."""
SUSPECT = bytes.fromhex("a77ac4eda77ac4ed")
"""The first half of the trace id of a run in which something must be found."""

_SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstvwz" for vowel in "aeio"]
_NAMES_LENGTH = 1 << 18


class Marks:
    """Hands out the marks of one template."""

    def __init__(self) -> None:
        self._ids = self._names = 0

    def id(self) -> bytes:
        """An id of 8 bytes. Its `.hex()` in a text becomes the hex form of the same id."""
        self._ids += 1
        return b"\xf5\xf6\xf7" + (self._ids - 1).to_bytes(5, "big")

    def trace_id(self, *, suspect: bool = False) -> bytes:
        """An id of 16 bytes."""
        return (SUSPECT if suspect else self.id()) + self.id()

    def name(self) -> str:
        """A made-up name of 8 letters, the same wherever it is put."""
        self._names += 1
        number, letters = self._names - 1, ""
        for _ in range(4):
            number, letter = divmod(number, 26)
            letters = chr(97 + letter) + letters
        return "zqxj" + letters


class Fresh:
    """New values for marks, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._names = "".join(self._random.choices(_SYLLABLES, k=_NAMES_LENGTH // 2)).encode()

    def ids(self, count: int) -> bytes:
        """Ids of 8 bytes, one after the other."""
        return self._random.randbytes(8 * count)

    def names(self, count: int) -> bytes:
        """Names of 8 letters, one after the other."""
        start = 2 * self._random.randrange(_NAMES_LENGTH // 2 - 4 * count)
        return self._names[start : start + 8 * count]


@dataclass(slots=True)
class Template:
    """One or more requests that belong together, because traces are spread over them.

    Attributes:
        bodies: the requests, with marks.
        spans: how many all of them hold.
        runs: how many runs of agents.
        findings: what must be found of severity high or critical, by rule.
    """

    bodies: Sequence[bytes]
    spans: int
    runs: int = 0
    findings: Mapping[str, int] = field(default_factory=Counter[str])
    _pieces: list[list[bytes]] = field(init=False)
    """Of each body: what stays, and in every second place what is new."""
    _choose: list[Callable[[Sequence[bytes]], Sequence[bytes]]] = field(init=False)
    """Takes what is new, in the order of its places, out of all new values."""
    _ids: int = field(init=False)
    _names: int = field(init=False)
    _times: list[int] = field(init=False)

    def __post_init__(self) -> None:
        found = [_marks(body) for body in self.bodies]
        largest = {kind: max((n for of in found for _, _, k, n in of if k is kind), default=0) for kind in _Kind}
        self._ids = 1 + max(largest[_Kind.ID], largest[_Kind.HEX])
        self._names = 1 + largest[_Kind.NAME]
        times = {number for of in found for _, _, kind, number in of if kind in (_Kind.TIME, _Kind.DECIMAL)}
        self._times = sorted(times)
        place = {time: index for index, time in enumerate(self._times)}
        first = dict(zip(_Kind, accumulate((0, self._ids, self._ids, self._names, len(times))), strict=True))

        def index(kind: _Kind, number: int) -> int:
            return first[kind] + (place[number] if kind in (_Kind.TIME, _Kind.DECIMAL) else number)

        self._pieces, self._choose = [], []
        for body, of in zip(self.bodies, found, strict=True):
            edges = [0, *(edge for start, end, _, _ in of for edge in (start, end)), len(body)]
            self._pieces.append([body[start:end] for start, end in pairwise(edges)])
            self._choose.append(itemgetter(*(index(kind, number) for _, _, kind, number in of)))

    def render(self, fresh: Fresh, ended: int) -> list[bytes]:
        """The requests with new values; the last span ends at `ended`, a Unix time in nanoseconds."""
        ids, names = fresh.ids(self._ids), fresh.names(self._names)
        began = ended - self._times[-1]
        times = [began + after for after in self._times]
        new = (
            *unpack("8s" * self._ids, ids),
            *unpack("16s" * self._ids, ids.hex().encode()),
            *unpack("8s" * self._names, names),
            *unpack("8s" * len(times), pack(f"<{len(times)}Q", *times)),
            *(b"%d" % time for time in times),
        )
        bodies: list[bytes] = []
        for pieces, choose in zip(self._pieces, self._choose, strict=True):
            pieces[1::2] = choose(new)
            bodies.append(b"".join(pieces))
        return bodies


class _Kind(Enum):
    """Of a mark, in the order in which the new values stand."""

    ID = re.compile(rb"\xf5\xf6\xf7(.{5})", re.DOTALL)  # no UTF-8 text has these bytes
    HEX = re.compile(rb"f5f6f7([0-9a-f]{10})")
    NAME = re.compile(rb"zqxj([a-z]{4})")
    TIME = re.compile(rb"(.{5}\xf6\xf5\x18)", re.DOTALL)
    DECIMAL = re.compile(rb"(?<!\d)(%s\d{12})(?!\d)" % str(START)[:7].encode())

    def number(self, text: bytes) -> int:
        """What a mark stands for: the number of its value, or nanoseconds after the beginning."""
        match self:
            case _Kind.ID:
                return int.from_bytes(text, "big")
            case _Kind.HEX:
                return int(text, 16)
            case _Kind.NAME:
                return _number(text)
            case _Kind.TIME:
                return int.from_bytes(text, "little") - START
            case _Kind.DECIMAL:
                return int(text) - START


def _marks(body: bytes) -> list[tuple[int, int, _Kind, int]]:
    """Start, end, kind and number of each mark, in their order."""
    return sorted(
        ((at.start(), at.end(), kind, kind.number(at[1])) for kind in _Kind for at in kind.value.finditer(body)),
        key=lambda mark: mark[0],
    )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 97
    return number
