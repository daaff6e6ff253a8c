"""The form of a record on disk: a line of its CRC-32 in hex, a blank, and its JSON. A torn one is known."""

import json
import os
import zlib
from collections.abc import Mapping

from sentric.guard.link.errors import SpoolError

RECORD_LIMIT = 1 << 20
"""Most bytes of a record's JSON."""
_HEAD = 9
_LONGEST = _HEAD + RECORD_LIMIT + 1
_PIECE = 65_536


def framed(record: Mapping[str, object]) -> bytes:
    """A record as it stands in a file.

    Raises:
        SpoolError: it cannot.
    """
    try:
        told = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SpoolError(f"the decision cannot be written as JSON ({type(error).__name__})") from None
    if len(told) > RECORD_LIMIT:
        raise SpoolError(f"the decision has more than {RECORD_LIMIT} bytes: it cannot be kept")
    return b"%08x %s\n" % (zlib.crc32(told), told)


def unframed(line: bytes) -> bytes | None:
    """The JSON in a line; None: it is no whole record."""
    crc, told = line[: _HEAD - 1], line[_HEAD:-1]
    whole = line.endswith(b"\n") and line[_HEAD - 1 : _HEAD] == b" " and crc == b"%08x" % zlib.crc32(told)
    return told if whole else None


def line_at(file: int, position: int, size: int) -> bytes:
    """The line at a position of a file of a size; empty at the end; of one that is too long, the beginning."""
    line = b""
    while len(line) < _LONGEST and position + len(line) < size:
        piece = os.pread(file, min(_PIECE, size - position - len(line)), position + len(line))
        end = piece.find(b"\n") + 1
        if end or not piece:
            return line + piece[:end]
        line += piece
    return line
