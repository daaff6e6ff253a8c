"""How a record lies in a segment.

A frame, little-endian: the segment's marker, payload length, CRC-32 over that length and the payload; the payload:
time of receipt, signal, digest, length of the projects, projects (one a line), body. The CRC is zlib's: 4 GB/s, and
no dependency.

Behind damage the next frame is looked for by the marker. It is random and told to nobody, so that no sender can put
into a body what would be taken for a frame there: a request of another project, or a million of lengths to follow.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from sentric_analyzer.log.record import DIGEST_BYTES, Record, Signal

_FRAME = Struct("<II")
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


def encode(record: Record, digest: bytes, marker: bytes) -> tuple[bytes, bytes]:
    """The frame of a record, in two parts, so that the body is not copied."""
    projects = record.joined_projects.encode()
    known = _KNOWN.pack(record.received, _CODES[record.signal], digest, len(projects)) + projects
    length = len(known) + len(record.body)
    crc = zlib.crc32(record.body, zlib.crc32(known, zlib.crc32(_LENGTH.pack(length))))
    return marker + _FRAME.pack(length, crc) + known, record.body


def read_frame(file: int, offset: int, stop: int, marker: bytes) -> Frame | None:
    """The frame at an offset of an open file; None where there is no whole, undamaged one before `stop`."""
    start = offset + len(marker) + _FRAME.size
    head = os.pread(file, start - offset, offset)
    if (length := _payload_length(head, stop - start, marker)) is None:
        return None
    payload = os.pread(file, length, start)
    if zlib.crc32(payload, zlib.crc32(_LENGTH.pack(length))) != _FRAME.unpack_from(head, len(marker))[1]:
        return None
    received, code, digest, projects_length = _KNOWN.unpack_from(payload)
    body = _KNOWN.size + projects_length
    try:
        projects, signal = payload[_KNOWN.size : body].decode().split("\n"), _SIGNALS[code]
    except (UnicodeDecodeError, KeyError):  # whoever wrote it was not us
        return None
    return Frame(Record(tuple(filter(None, projects)), signal, payload[body:], received), digest, start + length)


def whole_frames(file: int, offset: int, stop: int, marker: bytes) -> Iterator[tuple[int, Frame]]:
    """The whole, undamaged frames from an offset on, with their offsets, whatever lies between them."""
    found: int | None = offset
    while found is not None and found < stop:
        if frame := read_frame(file, found, stop, marker):
            yield found, frame
            found = frame.end
        else:
            found = find_frame(file, found, stop, marker)


def find_frame(file: int, offset: int, stop: int, marker: bytes) -> int | None:
    """Offset of the first whole, undamaged frame at or after an offset; None where there is none."""
    while offset < stop:
        chunk = os.pread(file, min(_CHUNK, stop - offset), offset)
        if len(chunk) < len(marker):  # the file is shorter than it should be
            return None
        found = chunk.find(marker)
        while found >= 0:
            if read_frame(file, offset + found, stop, marker):
                return offset + found
            found = chunk.find(marker, found + 1)
        offset += len(chunk) - len(marker) + 1
    return None


def _payload_length(head: bytes, room: int, marker: bytes) -> int | None:
    if len(head) < len(marker) + _FRAME.size or not head.startswith(marker):
        return None
    length: int = _FRAME.unpack_from(head, len(marker))[0]
    return length if _KNOWN.size <= length <= room else None
