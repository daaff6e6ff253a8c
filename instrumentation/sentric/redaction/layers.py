"""A text and the texts that it holds in encodings, and in those again.

The first layer is always read whole. Deeper ones are read as long as there is room for them, so that a text made to be
decoded without end costs time in proportion to its size.
"""

import codecs
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from sentric.redaction.escapes import ESCAPINGS
from sentric.redaction.places import Decoded, Place, joined_parts, within
from sentric.redaction.runs import from_base32, from_base64, from_hex, from_runs, spaced_hex, unpacked
from sentric.redaction.scan import FINDERS, Finder, Sign, present
from sentric.redaction.spans import Found
from sentric.redaction.tracked import Tracked

DEEPEST_ENCODING = 4
"""Encodings around each other that are undone. Packed data comes in base64, so that is three of anything else."""
_RUNS_TOGETHER = 1 << 15
"""Bytes of texts of which the runs are decoded together."""
ROOM = 1 << 16
"""Bytes of texts inside encoded texts that are read, besides as many as the text itself has."""


class Layer(NamedTuple):
    """A text as it is read: the given one, or one that it holds encoded."""

    data: bytes
    finders: list[int]
    """Rows of the detectors that may find something."""
    place: Place | None = None
    """None for the given text itself."""

    def secrets(self, others: Sequence[Finder] = ()) -> list[Found]:
        """The secrets in it that are known by their form or what stands beside them, where they stand in the text.

        Args:
            others: finds what else is to be replaced.
        """
        found = [item for row in self.finders for item in FINDERS[row](self.data)]
        for find in others:
            found += find(self.data)
        return self._placed(found)

    def known(self, tracked: Tracked) -> list[Found]:
        """The secrets in it that were seen before, where they stand in the text."""
        return self._placed(tracked.find(self.data))

    def _placed(self, found: list[Found]) -> list[Found]:
        if self.place is None or not found:
            return found
        spans = [self.place(item.start, item.end) for item in found]
        return [item._replace(start=span[0], end=span[1]) for item, span in zip(found, spans, strict=True)]


def layers(data: bytes, *, backwards: bool = True) -> list[Layer]:
    """A text, and what it holds in encodings, outer ones first.

    Args:
        data: the text as UTF-8.
        backwards: whether encodings are also read from their end: only a secret that was seen is known from there.
    """
    finders, signs = present(data)
    out = [Layer(data, finders)]
    if not signs:
        return out
    room = ROOM + len(data)
    around: list[tuple[bytes, list[int], Place | None]] = [(data, signs, None)]
    for depth in range(DEEPEST_ENCODING):
        inside: list[tuple[bytes, list[int], Place | None]] = []
        for text, found, place in around:
            for decoded in _decoded(text, found, backwards=backwards and not depth):
                room -= len(decoded.data) if depth else 0
                if room < 0:
                    return out
                where = decoded.place if place is None else within(decoded.place, place)
                finders, signs = present(decoded.data)
                out.append(Layer(_readable(decoded.data), finders, where))
                if signs:
                    inside.append((decoded.data, signs, where))
        around = inside
    return out


def hidden(texts: Sequence[bytes], signs: Sequence[Sequence[int]], *, backwards: bool) -> Iterator[tuple[int, bytes]]:
    """What some texts hold in encodings, with the number of the text each: outer encodings only.

    Runs of letters and digits are decoded together over all texts: a few calls for all. Of packed data in them only
    the mark is given.

    Args:
        texts: the texts.
        signs: what `encodings` says of each.
        backwards: whether runs are read from their end too.
    """
    with_runs: list[int] = []
    size = 0
    for number, (text, told) in enumerate(zip(texts, signs, strict=True)):
        for sign in told:
            if sign < len(ESCAPINGS):
                yield number, ESCAPINGS[sign].decode(text).data
            elif sign == Sign.BASE64:
                with_runs.append(number)
                size += len(text)
            else:
                for decoded in _decoded(text, [sign], backwards=backwards):
                    yield number, decoded.data
        if size > _RUNS_TOGETHER:
            yield from _hidden_in_runs(texts, with_runs, backwards=backwards)
            with_runs, size = [], 0
    yield from _hidden_in_runs(texts, with_runs, backwards=backwards)


def _hidden_in_runs(texts: Sequence[bytes], some: Sequence[int], *, backwards: bool) -> Iterator[tuple[int, bytes]]:
    starts = list(accumulate((len(texts[number]) + 1 for number in some), initial=0))
    together = b"\n".join(texts[number] for number in some)
    for place, data in from_runs(together, backwards=backwards):
        yield some[bisect_right(starts, place) - 1], data


def _readable(data: bytes) -> bytes:
    """Bytes as UTF-8 of the same length: those that are none become question marks."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors=_MARKED).encode()
    return data


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "?" * (error.end - error.start), error.end


_MARKED = "sentric.marked"
codecs.register_error(_MARKED, _marked)


def _decoded(data: bytes, signs: list[int], *, backwards: bool) -> Iterator[Decoded]:
    parts: list[Decoded] = []
    for sign in signs:
        if sign < len(ESCAPINGS):
            yield ESCAPINGS[sign].decode(data)
            continue
        match Sign(sign):
            case Sign.BASE64:
                parts += from_base64(data, backwards=backwards)
            case Sign.HEX:
                parts += from_hex(data, backwards=backwards)
            case Sign.BASE32:
                parts += from_base32(data, backwards=backwards)
            case Sign.SPACED_HEX:
                parts += spaced_hex(data)
            case Sign.PACKED:
                parts += unpacked(data)
    if parts:
        yield joined_parts(parts)
