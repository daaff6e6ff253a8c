"""Long texts that were read at one place, found again word for word in what goes to another."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from sentric.policy.readers.words.text import readable

LENGTH = 160
"""Characters, white space aside, that make a passage: about 200 of an ordinary text. A quotation is shorter."""
QUOTE = 32
"""Characters, white space aside, by which a short text is known again as a whole."""
KEPT = 262_144
"""Characters of texts that are remembered; the oldest text is forgotten first."""
TEXT_LIMIT = 65_536
"""Characters of one text that are remembered, and of one argument that are looked through."""

# Of what is remembered, the first characters at every sixteenth place are noted. A passage holds so many of these
# places that it is enough to look for sixteen neighbouring places out of each period of an argument.
_STRIDE = 16
_SLICE = 24
_PERIOD = ((LENGTH - _SLICE - _STRIDE + 1) // _STRIDE + 1) * _STRIDE

_BLANKS = " \n\t\r\v\f"

Places = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of an argument that stood in a text."""

    length: int
    """Characters, white space aside."""
    places: Places
    """Where the text was read."""
    start: str
    """Its first characters, without white space."""
    source: str
    """The text."""


class Passages:
    """The texts that were read. They are noted only once somebody asks: most runs never carry a passage anywhere."""

    def __init__(self) -> None:
        self.evicted = False
        """Whether a text had to be forgotten."""
        self._texts: OrderedDict[str, Places] = OrderedDict()
        self._size = 0
        self._waiting: dict[str, None] = {}
        self._plain: dict[str, str] = {}
        self._slices: dict[str, tuple[str, int]] = {}

    def remember(self, text: str, places: Places) -> None:
        """Remember a text with the places it came from; one that was known keeps its first ones."""
        text = text[:TEXT_LIMIT]
        if len(text) < QUOTE or text in self._texts:
            return
        self._texts[text] = places
        self._waiting[text] = None
        self._size += len(text)
        while self._size > KEPT:
            self.evicted = True
            self._forget(self._texts.popitem(last=False)[0])

    def carried(self, argument: str) -> Iterator[Passage]:
        """The passages in an argument, in order. Each stretch is told of once, with the text it was first read in."""
        if len(argument) < LENGTH:
            return
        wanted = _squeezed(argument[:TEXT_LIMIT])
        self._note()
        position = 0
        while (position := self._next(wanted, position)) >= 0:
            text, offset = self._slices[wanted[position : position + _SLICE]]
            plain = self._plain[text]
            before = _alike_before(wanted, position, plain, offset)
            length = before + _alike(wanted, position, plain, offset)
            if length >= LENGTH:
                start = position - before
                yield Passage(length, self._texts[text], wanted[start : start + QUOTE], text)
            position += max(length - before, 1)

    def quoted(self, text: str) -> Places:
        """Where a short text was read as it stands; nothing for one that was not, or that is shorter than `QUOTE`."""
        wanted = _squeezed(text[:TEXT_LIMIT])
        if len(wanted) < QUOTE:
            return ()
        self._note()
        return next((self._texts[known] for known, plain in self._plain.items() if wanted in plain), ())

    def _next(self, wanted: str, position: int) -> int:
        """The next place to look at whose characters are noted; -1 for none."""
        known = self._slices.keys()
        last = len(wanted) - _SLICE
        while position <= last:
            block = position // _PERIOD * _PERIOD
            places = range(position, min(block + _STRIDE, last + 1))
            if not known.isdisjoint([wanted[place : place + _SLICE] for place in places]):
                return next(place for place in places if wanted[place : place + _SLICE] in known)
            position = block + _PERIOD
        return -1

    def _note(self) -> None:
        for text in self._waiting:
            plain = self._plain[text] = _squeezed(text)
            for offset in range(0, len(plain) - _SLICE + 1, _STRIDE):
                self._slices.setdefault(plain[offset : offset + _SLICE], (text, offset))
        self._waiting.clear()

    def _forget(self, text: str) -> None:
        self._size -= len(text)
        self._waiting.pop(text, None)
        plain = self._plain.pop(text, "")
        for offset in range(0, len(plain) - _SLICE + 1, _STRIDE):
            piece = plain[offset : offset + _SLICE]
            if self._slices.get(piece, ("", 0))[0] == text:
                del self._slices[piece]


def _squeezed(text: str) -> str:
    """A text without what changes when it is copied: white space, also escaped, case and disguises."""
    plain = readable(text).replace("\\n", "").lower()
    for blank in _BLANKS:  # far faster than splitting and joining
        plain = plain.replace(blank, "")
    return plain


def _alike(one: str, start: int, other: str, offset: int) -> int:
    """How many characters are the same from two places on."""
    longest = min(len(one) - start, len(other) - offset)
    count, step = 0, longest
    while step and count < longest:
        if one[start + count : start + count + step] == other[offset + count : offset + count + step]:
            count += step
        else:
            step //= 2
    return min(count, longest)


def _alike_before(one: str, start: int, other: str, offset: int) -> int:
    """How many characters are the same before two places, up to a period: what is further back was looked at."""
    limit = min(start, offset, _PERIOD)
    return next((count for count in range(limit) if one[start - count - 1] != other[offset - count - 1]), limit)
