"""Looking into a log from outside, while a service may be at work in it: nothing is held, and nothing is changed."""

import os
from collections import Counter as Tally
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from sentric_analyzer.log.errors import LogError
from sentric_analyzer.log.frame import whole_frames
from sentric_analyzer.log.limits import Limits
from sentric_analyzer.log.lock import WRITING
from sentric_analyzer.log.positions import BEGUN, COMMITTED, read_position
from sentric_analyzer.log.recognised import recognised_in
from sentric_analyzer.log.record import Entry, Signal
from sentric_analyzer.log.recovery import describe_damage, describe_excess
from sentric_analyzer.log.segment import HEADER_BYTES, Segment, segments_in


@dataclass(slots=True)
class SegmentState:
    """What is in one file of a log."""

    segment: Segment
    size: int = 0
    """Bytes of the file."""
    records: int = 0
    waiting: int = 0
    """Records that are not done with."""
    end: int = 0
    """Position after its last whole record."""


@dataclass(slots=True)
class LogState:
    """What is in a log."""

    directory: Path
    committed: int
    """Position before which everything is done with."""
    begun: int
    """Position up to which the reader has begun to work."""
    end: int
    """Position after the last whole record."""
    segments: list[SegmentState] = field(default_factory=list[SegmentState])
    records: Tally[tuple[Signal, str]] = field(default_factory=Tally[tuple[Signal, str]])
    """How many records there are, by signal and by the project that the sender's key decided."""
    first: int | None = None
    """Unix nanoseconds at which the oldest record was received."""
    last: int | None = None
    torn_bytes: int = 0
    """Bytes at the end that are no whole record: a running service is about to write it, a crash has left it, which was
    never acknowledged, or the disk has damaged it."""
    damage: list[str] = field(default_factory=list[str])
    """What cannot be read, a line each."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes that are not done with."""
        return max(self.end - self.committed, 0)

    @property
    def waiting_records(self) -> int:
        """Records that are not done with."""
        return sum(segment.waiting for segment in self.segments)

    gone: int = 0
    """Records in files that are done with and removed, which are still recognised."""

    @property
    def recognised(self) -> int:
        """Newest records that a service started now would recognise if they were sent again."""
        return min(self.gone + self.records.total(), Limits().window)


def inspect_log(directory: Path) -> LogState:
    """Read a whole log.

    Raises:
        LogError: there is none, it cannot be read, or another version has written it.
    """
    try:
        if not (directory / WRITING).exists() and not segments_in(directory):
            raise LogError(f"{directory}: holds no log: name the data directory of a service")
        segments = segments_in(directory)  # before the position: what is missing here is done with there
        state = LogState(directory, read_position(directory, COMMITTED), read_position(directory, BEGUN), 0)
        state.end = segments[0].base if segments else state.committed
        if segments and state.committed < segments[0].base:
            state.damage.append(f"{directory}: the files from position {state.committed} to {state.end} are missing")
        there = {segment.base for segment in segments}
        state.gone = sum(count for base, count in recognised_in(directory) if base not in there)
        for segment, following in zip_longest(segments, segments[1:]):
            _add(state, segment, following)
        last = max((one.end for one in state.segments), default=0)
        if state.committed > last and state.segments:
            state.damage.append(describe_excess(directory, state.committed, last))
    except OSError as error:
        raise LogError(f"{error.filename or directory}: cannot be read: {error.strerror}") from None
    return state


def _add(state: LogState, segment: Segment, following: Segment | None) -> None:
    try:
        segment.check()
        file = os.open(segment.path, os.O_RDONLY)
    except FileNotFoundError:  # done with, and removed meanwhile
        return
    try:
        _scan(state, segment, following, file)
    finally:
        os.close(file)


def _scan(state: LogState, segment: Segment, following: Segment | None, file: int) -> None:
    size = os.fstat(file).st_size
    stop = following.base - segment.base if following else size
    found = SegmentState(segment, size, end=segment.base + min(HEADER_BYTES, size))
    state.segments.append(found)
    for offset, frame in whole_frames(file, HEADER_BYTES, stop, segment.marker):
        entry = Entry(segment.base + offset, segment.base + frame.end, frame.record)
        if entry.position > found.end:
            state.damage.append(describe_damage(segment.path, found.end - segment.base, entry.position - segment.base))
        found.end = entry.next_position
        found.records += 1
        found.waiting += entry.position >= state.committed
        state.records[entry.record.signal, ", ".join(entry.record.projects)] += 1
        state.first = entry.record.received if state.first is None else state.first
        state.last = entry.record.received
    rest = segment.base + stop - found.end
    if following and rest > 0:
        state.damage.append(describe_damage(segment.path, found.end - segment.base, stop))
    elif rest > 0:
        state.torn_bytes = rest
    state.end = max(found.end if found.records else segment.base, state.committed)
