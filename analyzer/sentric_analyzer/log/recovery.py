"""What a start finds in the directory of a log."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sentric_analyzer.log.frame import find_frame, read_digest, read_frame
from sentric_analyzer.log.segment import HEADER_BYTES, Segment, segments_in


@dataclass(frozen=True, slots=True)
class Recovery:
    """The state in which a start found the log."""

    segments: tuple[Segment, ...]
    end: int
    """Position after the last whole record."""
    torn_bytes: int
    """Bytes at the end that a write cut short had left, and that were cut off. They were never acknowledged."""
    damage: tuple[str, ...]
    """Damage before the last whole record, a line each: reading will meet it too."""
    digests: tuple[tuple[bytes, int], ...]
    """Digests and positions of the newest records, oldest first."""


def recover(directory: Path, *, most_digests: int) -> Recovery:
    """Find the end of the log and cut off what lies behind it.

    Raises:
        LogError: a segment was written by another version.
        OSError: the directory or a file of it cannot be read, or not be cut.
    """
    segments = segments_in(directory)
    for segment in segments:
        segment.check()
    if not segments:
        return Recovery((), 0, 0, (), ())
    size, torn_bytes, damage = _mend(segments[-1])
    end = segments[-1].base + size
    if not size:
        segments.pop().path.unlink()
    stops = [segment.base for segment in segments[1:]] + [end]
    digests = _newest_digests(list(zip(segments, stops, strict=False)), most_digests)
    return Recovery(tuple(segments), end, torn_bytes, tuple(damage), digests)


def _mend(segment: Segment) -> tuple[int, int, list[str]]:
    """Cut a segment's torn tail: its size then (none without a record), the bytes cut, the damage before."""
    damage: list[str] = []
    file = os.open(segment.path, os.O_RDWR)
    try:
        stop = os.fstat(file).st_size
        end = min(HEADER_BYTES, stop)
        while (found := find_frame(file, end, stop, segment.marker)) is not None:
            if found > end:
                damage.append(describe_damage(segment.path, end, found))
            while frame := read_frame(file, found, stop, segment.marker):
                found = frame.end
            end = found
        if end < stop:
            os.ftruncate(file, end)
            os.fsync(file)
        return (end if end > HEADER_BYTES else 0), stop - end, damage
    finally:
        os.close(file)


def describe_damage(path: Path, offset: int, next_offset: int) -> str:
    """One line about bytes that cannot be read."""
    return (
        f"{path}: {next_offset - offset} bytes from byte {offset} on are damaged or missing: the requests in "
        "them are lost, and those after them are read; look at the disk"
    )


def _newest_digests(parts: list[tuple[Segment, int]], most: int) -> tuple[tuple[bytes, int], ...]:
    """Digests of the newest segments, as many segments as it takes to have enough."""
    found: list[list[tuple[bytes, int]]] = []
    for segment, stop in reversed(parts):
        if sum(map(len, found)) >= most:
            break
        found.append(list(_digests(segment, stop)))
    return tuple(chain.from_iterable(reversed(found)))


def _digests(segment: Segment, stop: int) -> Iterator[tuple[bytes, int]]:
    file = os.open(segment.path, os.O_RDONLY)
    try:
        offset = HEADER_BYTES
        while found := read_digest(file, offset, stop - segment.base, segment.marker):
            digest, next_offset = found
            yield digest, segment.base + offset
            offset = next_offset
    finally:
        os.close(file)
