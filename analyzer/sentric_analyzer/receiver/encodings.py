"""Content encodings of a body, undone within a bound."""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sentric_analyzer.receiver.refusal import Reason, Refusal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_MEMBERS = 16
"""Members of one gzip or zstd body. Real senders write one."""
_PIECE = 64 << 10
"""Bytes that are decompressed at once."""
_PART = 256 << 10
"""Bytes that are made at once: a decompressor holds them twice for a moment."""
_ZSTD_WINDOW = 23
"""Log 2 of the largest window a zstd body may ask memory for: 8 MiB, as RFC 8878 recommends."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes: ...


def _zstd() -> Any:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})


_DECOMPRESSORS: dict[str, Callable[[], _Decompressor]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "x-gzip": lambda: zlib.decompressobj(wbits=31),
    "deflate": lambda: zlib.decompressobj(wbits=15),
    "zstd": _zstd,
}
IDENTITY = ""
ENCODINGS = (IDENTITY, *_DECOMPRESSORS)


def parse_encoding(header: str) -> str:
    """The one encoding that a Content-Encoding header names.

    Raises:
        Refusal: it is not one that is read here.
    """
    encoding = header.strip().lower()
    encoding = IDENTITY if encoding == "identity" else encoding
    if encoding not in ENCODINGS:
        known = ", ".join(_DECOMPRESSORS)
        raise Refusal(Reason.ENCODING, f"this content encoding is not read here: use {known} or none")
    return encoding


def decompress(body: bytes, encoding: str, most: int) -> bytes:
    """A body without its encoding; hardly more than `most` bytes are made of it.

    Raises:
        Refusal: it is not in that encoding, or larger than that.
    """
    if encoding == IDENTITY:
        return body
    try:
        return _decompress(body, _DECOMPRESSORS[encoding], most)
    except (zlib.error, zstd.ZstdError, EOFError):
        raise Refusal(Reason.MALFORMED, f"the body is not valid {encoding}") from None


def _decompress(body: bytes, decompressor: Callable[[], _Decompressor], most: int) -> bytes:
    parts: list[bytes] = []
    room, rest = most, memoryview(body)
    for _ in range(_MOST_MEMBERS):
        member = decompressor()
        while not member.eof:
            if not rest:
                raise EOFError
            piece, rest = rest[:_PIECE], rest[_PIECE:]
            for part in _made_of(piece, member):
                if (room := room - len(part)) < 0:
                    raise Refusal(Reason.TOO_LARGE, f"the body is larger than {most} bytes when decompressed")
                parts.append(part)
        rest = memoryview(body)[len(body) - len(rest) - len(member.unused_data) :]
        if not rest:
            return b"".join(parts)
    raise EOFError


def _made_of(piece: bytes | memoryview, member: _Decompressor) -> Iterator[bytes]:
    """What a decompressor makes of a piece."""
    while not member.eof:
        part = member.decompress(piece, _PART)
        yield part
        if len(part) < _PART:  # it has taken in all of the piece
            return
        piece = getattr(member, "unconsumed_tail", b"")  # zlib gives back what it did not take in, zstd keeps it
