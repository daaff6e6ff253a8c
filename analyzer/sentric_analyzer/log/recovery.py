"""What a start finds in the directory of a log."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sentric_analyzer.log.frame import whole_frames
from sentric_analyzer.log.recognised import Digests, keep_recognised, recognised, recognised_in
from sentric_analyzer.log.segment import HEADER_BYTES, Segment, segments_in


@dataclass(frozen=True, slots=True)
class Recovery:
    """The state in which a start found the log."""

    segments: tuple[Segment, ...]
    end: int
    """Position after the last whole record."""
    torn_bytes: int
    """Bytes at the end that are no whole record, and that were cut off: a write cut short had left them, which was
    never acknowledged, or the disk has damaged them."""
    damage: tuple[str, ...]
    """Damage before the last whole record, a line each: reading will meet it too."""
    digests: Digests
    """Of the newest records."""


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
        return Recovery((), 0, 0, (), _newest_digests(directory, (), (), -1, most_digests))
    last = segments[-1]
    size, torn_bytes, damage, newest = _mend(last)
    parts = list(zip(segments[:-1], [segment.base for segment in segments[1:]], strict=True))
    digests = _newest_digests(directory, parts, newest, last.base, most_digests)
    if size:
        keep_recognised(directory, last.base, newest, most_digests)  # nothing is added to it any more
    else:
        segments.pop().path.unlink()
    return Recovery(tuple(segments), last.base + size, torn_bytes, tuple(damage), digests)


def _mend(segment: Segment) -> tuple[int, int, list[str], Digests]:
    """Cut a segment's torn tail.

    Returns:
        Its size then (none without a record), the bytes cut, the damage before, the digests of its records.
    """
    damage: list[str] = []
    digests: list[tuple[bytes, int]] = []
    file = os.open(segment.path, os.O_RDWR)
    try:
        stop = os.fstat(file).st_size
        end = min(HEADER_BYTES, stop)
        for found, frame in whole_frames(file, HEADER_BYTES, stop, segment.marker):
            if found > end:
                damage.append(describe_damage(segment.path, end, found))
            digests.append((frame.digest, segment.base + found))
            end = frame.end
        if end < stop:
            os.ftruncate(file, end)
            os.fsync(file)
        return (end if end > HEADER_BYTES else 0), stop - end, damage, digests
    finally:
        os.close(file)


def describe_damage(path: Path, offset: int, next_offset: int) -> str:
    """One line about bytes that cannot be read."""
    return (
        f"{path}: {next_offset - offset} bytes from byte {offset} on are damaged or missing: the requests in "
        "them are lost, and those after them are read; look at the disk"
    )


def describe_excess(directory: Path, committed: int, end: int) -> str:
    """One line about a position that is done with and lies behind everything there is."""
    return (
        f"{directory}: everything up to position {committed} is said to be done with, and the log ends at {end}: "
        "requests are missing, or the position is wrong; look at the disk"
    )


def _newest_digests(
    directory: Path, parts: Iterable[tuple[Segment, int]], last: Digests, last_base: int, most: int
) -> Digests:
    """Digests of the newest records, also of those in segments that are gone.

    Args:
        directory: of the log.
        parts: the segments but for the last, each with the position at which it ends.
        last: the digests of the last one, as it is now.
        last_base: where it begins.
        most: which are enough.
    """
    there = {segment.base: (segment, stop) for segment, stop in parts}
    newest: list[Digests] = [last]
    earlier = {base for base, _ in recognised_in(directory) if base != last_base}
    for base in sorted({*there, *earlier}, reverse=True):
        if sum(map(len, newest)) >= most:
            break
        digests = recognised(directory, base)
        if digests is None and base in there:
            digests = _digests(*there[base])
            keep_recognised(directory, base, digests, most)
        newest.append(digests or ())
    return tuple(chain.from_iterable(reversed(newest)))


def _digests(segment: Segment, stop: int) -> Digests:
    """Of the records that can be read: one that cannot be must be taken again."""
    file = os.open(segment.path, os.O_RDONLY)
    try:
        frames = whole_frames(file, HEADER_BYTES, stop - segment.base, segment.marker)
        return [(frame.digest, segment.base + offset) for offset, frame in frames]
    finally:
        os.close(file)
