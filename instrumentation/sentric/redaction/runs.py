r"""Runs of letters and digits that may be an encoding: base64, base32, hex, forwards or backwards, and what is packed.

A run says neither where in it an encoding begins nor which one it is. So all runs of a text are put behind each other,
and decoded together from each offset an encoding can have: a few calls for a text, however many runs it has. Of the
base64 of text nearly all characters are letters or digits; so a long row of them is the sign, and words with hyphens,
paths and UUIDs are none.
"""

import binascii
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sentric.redaction.places import Decoded, Place

BASE64_SIGN = r"[A-Za-z0-9]{16}|77u[/_]|77iP|8J2[Q-Za-f]|[+-][89][A-Za-z0-9+/_-]{2}[+-][89]"
"""What is in every text that is worth a look, as RE2: a row of letters and digits, or what byte order marks, variation
selectors, mathematical and full-width letters among others are in base64, whose other characters break such rows."""
HEX_SIGN = r"[0-9A-Fa-f]{16}"
BASE32_SIGN = r"[A-Z2-7]{16}|[a-z2-7]{16}"
SPACED_SIGN = r"[0-9A-Fa-f]{2}(?:(?:, ?0x|[ :,-]|\\x|0x)[0-9A-Fa-f]{2}){6}"
"""The same for pairs of hex digits with something between them."""
PACKED_SIGN = r"\x1f\x8b\x08|x[\x01\x5e\x9c\xda]"
"""How gzip (RFC 1952) and zlib (RFC 1950) data begins."""
UNPACKED_LIMIT = 1 << 16
"""Bytes that one packed stretch is unpacked to at most."""
PACKED_TRIED = 16
"""Places in a text where packed data may begin that are tried."""

_SPACED = re.compile(rb"[0-9A-Fa-f]{2}(?:(?:, ?0x|[ :,-]|\\x|0x)[0-9A-Fa-f]{2}){5,}")
_PAIR = re.compile(rb"[0-9A-Fa-f]{2}(?:, ?0x|[ :,-]|\\x|0x|$)")
_PACKED = re.compile(PACKED_SIGN.encode())
_UNIT = r"(?:[\t\n\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
_TEXT = re.compile(f"{_UNIT}{{5,}}+".encode("latin-1"))  # without a way back: one costs memory for each character
"""Text in UTF-8: what is not an encoding decodes to stretches of it that are rare and short."""
_MARKS = (b"\x1f\x8b\x08", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_STEP = 64
"""Bytes that are unpacked at a time: of damaged data all but the last of them count."""
_DOUBTFUL = 24
"""Shorter runs without a digit are words put together; of encoded texts that long nearly all have one."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_DIGITS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")
_GROUP = 8
"""Runs begin at multiples of this many characters, which is a whole number of bytes in each of the encodings."""


class _Reading(NamedTuple):
    """The runs of a text that may be in one encoding."""

    runs: list[tuple[int, bytes]]
    """Where each begins, and what it is."""
    fill: bytes
    decode: "Callable[[_Strip], list[Decoded]]"

    def decoded(self, *, backwards: bool) -> list[Decoded]:
        """What they decode to, also from their end where that is wanted."""
        if not self.runs:
            return []
        out = self.decode(_Strip(self.runs, self.fill, 1))
        return out + self.decode(_Strip(self.runs, self.fill, -1)) if backwards else out

    def texts(self, *, backwards: bool) -> list[Decoded]:
        """That of it which is text, or may hold packed data."""
        return [text for decoded in self.decoded(backwards=backwards) for text in _texts(decoded)]


def from_base64(data: bytes, *, backwards: bool) -> list[Decoded]:
    """What the runs of a text with small and capital letters decode to as base64, standard or for URLs."""
    return _in_base64(data).texts(backwards=backwards)


def from_hex(data: bytes, *, backwards: bool) -> list[Decoded]:
    """What the runs of hex digits in a text decode to."""
    return _in_hex(data).texts(backwards=backwards)


def from_base32(data: bytes, *, backwards: bool) -> list[Decoded]:
    """What the runs of one case in a text decode to as base32 (RFC 4648)."""
    return _in_base32(data).texts(backwards=backwards)


def from_runs(data: bytes, *, backwards: bool) -> Iterator[tuple[int, bytes]]:
    """What all these find in a text, with the place in it: of packed data only the mark that it begins with."""
    for read in (_in_base64, _in_hex, _in_base32):
        for decoded, place in read(data).decoded(backwards=backwards):
            for form in (_TEXT, _PACKED):
                for match in form.finditer(decoded):
                    yield place(match.start(), match.start() + 1)[0], match[0]


def _in_base64(data: bytes) -> _Reading:
    runs = [(start, run) for start, run in _found(_RUN, data) if _may_be_base64(run)]
    return _Reading(runs, b"A", _base64)


def _in_hex(data: bytes) -> _Reading:
    return _Reading(_found(_HEX, data), b"0", _hex)


def _in_base32(data: bytes) -> _Reading:
    return _Reading([(start, run.upper()) for start, run in _found(_BASE32, data)], b"A", _base32)


def _texts(decoded: Decoded) -> list[Decoded]:
    """The stretches of text in decoded bytes; all of them as they are where packed data may be among them."""
    data, place = decoded
    if any(mark in data for mark in _MARKS):
        return [decoded]
    return [Decoded(match[0], _Part(place, match.start())) for match in _TEXT.finditer(data)]


def _may_be_base64(run: bytes) -> bool:
    mixed = run != run.lower() and run != run.upper()
    return mixed and (len(run) >= _DOUBTFUL or not run.isalpha()) and bool(_SIGN.search(run))


def spaced_hex(data: bytes) -> list[Decoded]:
    r"""What pairs of hex digits with something between them (`68:75`, `68 75`, `\x68\x75`) decode to."""
    out: list[Decoded] = []
    for match in _SPACED.finditer(data):
        pairs = [match.start() + pair.start() for pair in _PAIR.finditer(match[0])]
        decoded = binascii.unhexlify(b"".join(data[at : at + 2] for at in pairs))
        out += _texts(Decoded(decoded, _Pairs(pairs)))
    return out


def unpacked(data: bytes) -> list[Decoded]:
    """What the packed stretches of binary data hold, up to a limit each; damaged ones as far as they go."""
    out: list[Decoded] = []
    for tried, match in enumerate(_PACKED.finditer(data)):
        if tried == PACKED_TRIED:
            break
        packed = data[match.start() : match.start() + UNPACKED_LIMIT]
        content, used = _unpacked(packed)
        if content:
            out.append(Decoded(content, _Whole(match.start(), match.start() + used)))
    return out


def _unpacked(packed: bytes) -> tuple[bytes, int]:
    """What packed data holds, up to the limit, and how much of the data it took; until it is damaged."""
    unpacker = zlib.decompressobj(47)  # gzip or zlib, by its header
    content = bytearray()
    for start in range(0, len(packed), _STEP):
        try:
            content += unpacker.decompress(packed[start : start + _STEP], UNPACKED_LIMIT - len(content))
        except zlib.error:
            return bytes(content), min(len(packed), start + _STEP)
        if unpacker.eof or len(content) >= UNPACKED_LIMIT:
            return bytes(content), min(len(packed), start + _STEP) - len(unpacker.unused_data)
    return bytes(content), len(packed)


def _found(form: "re.Pattern[bytes]", data: bytes) -> list[tuple[int, bytes]]:
    return [(match.start(), match[0]) for match in form.finditer(data)]


# Simple enough to take linear time without RE2, whose calls from Python cost more than these searches.
_SIGN = re.compile(BASE64_SIGN.encode())
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{4,}")
_HEX = re.compile(rb"[0-9A-Fa-f]{12,}")
_BASE32 = re.compile(rb"[A-Z2-7]{16,}|[a-z2-7]{16,}")


class _Strip:
    """Runs behind each other, each filled up to a multiple of the group and one group more, to keep them apart."""

    def __init__(self, runs: list[tuple[int, bytes]], fill: bytes, direction: int) -> None:
        self._runs, self._backwards = runs, direction < 0
        self._starts: list[int] = []
        parts = [fill * _GROUP]
        size = _GROUP
        for _, run in runs:
            padded = (len(run) // _GROUP + 2) * _GROUP
            self._starts.append(size)
            parts.append(run.ljust(padded, fill))
            size += padded
        self.size = size
        self.text = b"".join(parts)[::direction]

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the strip stands in the text the runs were taken from; it is cut to its run."""
        if self._backwards:
            start, end = self.size - end, self.size - start
        index = max(0, bisect_right(self._starts, max(0, end - 1)) - 1)
        first, (place, run) = self._starts[index], self._runs[index]
        begin = min(max(0, start - first), len(run))
        return place + begin, place + max(begin, min(end - first, len(run)))


class _Scaled:
    """The characters of so many bits each that hold some bytes, of a strip whose reading begins at a bit."""

    def __init__(self, strip: _Strip, first_bit: int, width: int) -> None:
        self._strip, self._first, self._width = strip, first_bit, width

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        first, last = self._first + 8 * start, self._first + 8 * end
        return self._strip.source(max(0, first // self._width), -(-last // self._width))


class _Part:
    """A part of a decoded text that begins somewhere in it."""

    def __init__(self, whole: Place, begins: int) -> None:
        self._whole, self._begins = whole, begins

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        return self._whole(start + self._begins, end + self._begins)


class _Pairs:
    """The places of pairs of hex digits."""

    def __init__(self, pairs: list[int]) -> None:
        self._pairs = pairs

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        return self._pairs[min(start, len(self._pairs) - 1)], self._pairs[max(0, end - 1)] + 2


class _Whole:
    """One place for everything: what is packed has no places within."""

    def __init__(self, start: int, end: int) -> None:
        self._place = start, end

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        return self._place


def _base64(strip: _Strip) -> list[Decoded]:
    standard = strip.text.translate(_STANDARD)
    return [
        Decoded(binascii.a2b_base64(standard[offset : len(standard) - (4 - offset) % 4]), _Scaled(strip, offset * 6, 6))
        for offset in range(4)
    ]


def _hex(strip: _Strip) -> list[Decoded]:
    return [
        Decoded(binascii.unhexlify(strip.text[offset : strip.size - offset]), _Scaled(strip, offset * 4, 4))
        for offset in range(2)
    ]


def _base32(strip: _Strip) -> list[Decoded]:
    number = int(strip.text.translate(_DIGITS), 32)  # linear: the base is a power of two
    size = strip.size * 5 // 8
    return [Decoded((number >> shift).to_bytes(size, "big"), _Scaled(strip, -shift, 5)) for shift in range(8)]
