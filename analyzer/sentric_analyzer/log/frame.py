"""How a record lies in a segment.

A frame, little-endian: magic, payload length, CRC-32 over that length and the payload; the payload: time of
receipt, signal, digest, length of the projects, projects (one a line), body. The CRC is zlib's: 4 GB/s, and no
dependency.
"""

import os
import zlib
from dataclasses import dataclass
from struct import Struct

from sentric_analyzer.log.record import DIGEST_BYTES, Record, Signal

_MAGIC = b"\xf5STR"
_FRAME = Struct("<4sII")
_LENGTH = Struct("<I")
_KNOWN = Struct(f"<QB{DIGEST_BYTES}sH")
_CODES = {Signal.TRACES: 1, Signal.LOGS: 2}
_SIGNALS = {code: signal for signal, code in _CODES.items()}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame, and the offset in its file at which it ends."""

    record: Record
    digest: bytes
    end: int


def encode(record: Record, digest: bytes) -> tuple[bytes, bytes]:
    """The frame of a record, in two parts, so that the body is not copied."""
    projects = record.joined_projects.encode()
    known = _KNOWN.pack(record.received, _CODES[record.signal], digest, len(projects)) + projects
    length = len(known) + len(record.body)
    crc = zlib.crc32(record.body, zlib.crc32(known, zlib.crc32(_LENGTH.pack(length))))
    return _FRAME.pack(_MAGIC, length, crc) + known, record.body


def read_frame(file: int, offset: int, stop: int) -> Frame | None:
    """The frame at an offset of an open file; None where there is no whole, undamaged one before `stop`."""
    head = os.pread(file, _FRAME.size, offset)
    if (length := _payload_length(head, stop - offset)) is None:
        return None
    payload = os.pread(file, length, offset + _FRAME.size)
    if zlib.crc32(payload, zlib.crc32(_LENGTH.pack(length))) != _FRAME.unpack(head)[2]:
        return None
    received, code, digest, projects_length = _KNOWN.unpack_from(payload)
    body = _KNOWN.size + projects_length
    projects = payload[_KNOWN.size : body].decode().split("\n")
    record = Record(tuple(filter(None, projects)), _SIGNALS[code], payload[body:], received)
    return Frame(record, digest, offset + _FRAME.size + length)


def read_digest(file: int, offset: int, stop: int) -> tuple[bytes, int] | None:
    """The digest of the frame at an offset, and where the frame ends, without reading its body."""
    head = os.pread(file, _FRAME.size + _KNOWN.size, offset)
    if (length := _payload_length(head, stop - offset)) is None:
        return None
    return _KNOWN.unpack_from(head, _FRAME.size)[2], offset + _FRAME.size + length


def find_frame(file: int, offset: int, stop: int) -> int | None:
    """Offset of the first whole, undamaged frame at or after an offset; None where there is none."""
    while offset < stop:
        chunk = os.pread(file, min(_CHUNK, stop - offset), offset)
        if len(chunk) < len(_MAGIC):  # the file is shorter than it should be
            return None
        found = chunk.find(_MAGIC)
        while found >= 0:
            if read_frame(file, offset + found, stop):
                return offset + found
            found = chunk.find(_MAGIC, found + 1)
        offset += len(chunk) - len(_MAGIC) + 1
    return None


def _payload_length(head: bytes, room: int) -> int | None:
    if len(head) < _FRAME.size:
        return None
    magic, length, _ = _FRAME.unpack_from(head)
    fits = _KNOWN.size <= length <= room - _FRAME.size
    return length if magic == _MAGIC and fits else None
