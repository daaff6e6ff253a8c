"""Reading one segment."""

import os
from collections.abc import Iterator

from sentric_analyzer.log.errors import LogCorruptError
from sentric_analyzer.log.frame import find_frame, read_frame
from sentric_analyzer.log.record import Entry
from sentric_analyzer.log.recovery import describe_damage
from sentric_analyzer.log.segment import HEADER_BYTES, Segment


def read_segment(segment: Segment, position: int, stop: int) -> Iterator[Entry]:
    """The records of a segment from one position to another, which is durable.

    Raises:
        LogCorruptError: with the position at which reading can go on.
    """
    file = os.open(segment.path, os.O_RDONLY)
    try:
        offset, limit = max(position - segment.base, HEADER_BYTES), stop - segment.base
        while offset < limit:
            frame = read_frame(file, offset, limit, segment.marker)
            if frame is None:
                raise _damage(segment, file, offset, limit)
            yield Entry(segment.base + offset, segment.base + frame.end, frame.record)
            offset = frame.end
    finally:
        os.close(file)


def _damage(segment: Segment, file: int, offset: int, limit: int) -> LogCorruptError:
    found = find_frame(file, offset, limit, segment.marker)
    next_offset = limit if found is None else found
    return LogCorruptError(
        describe_damage(segment.path, offset, next_offset),
        position=segment.base + offset,
        next_position=segment.base + next_offset,
    )
