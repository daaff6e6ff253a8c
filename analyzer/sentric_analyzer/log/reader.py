"""The reading side of a log."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from sentric_analyzer.log.entries import read_segment
from sentric_analyzer.log.errors import LogCorruptError, LogUnavailableError
from sentric_analyzer.log.link import Link
from sentric_analyzer.log.lock import READING, hold, opening
from sentric_analyzer.log.positions import BEGUN, COMMITTED, read_position, write_position
from sentric_analyzer.log.record import Entry
from sentric_analyzer.log.segment import Segment, segments_in


class LogReader:
    """Reads records from the committed position on, and gives back the space of what is done with.

    One thread reads; the positions and `release` may be used from any. The writing side may come, go and come
    again meanwhile: what was durable stays, and the end only grows. Open with `LogReader.open`, before the writer.
    """

    def __init__(self, lock: int, directory: Path, link: Link) -> None:
        self.link = link
        """What the writing side must be opened with."""
        self._lock = lock
        self._directory = directory
        self._begun = read_position(directory, BEGUN)
        link.committed = read_position(directory, COMMITTED)
        self._segments: list[Segment] = []
        self._committing = Lock()
        self._released = False

    @classmethod
    def open(cls, directory: Path) -> "LogReader":
        """Hold the reading side of a directory, which is made if it is missing.

        Raises:
            LogHeldError: another process holds it.
            LogError: it cannot be used; the message says why.
        """
        with opening(directory) as undo:
            lock = hold(directory, READING)
            undo.callback(os.close, lock)
            return cls(lock, directory, Link.new())

    @property
    def end(self) -> int:
        """Position after the last durable record; 0 until a writer has opened the log."""
        return self.link.end

    @property
    def committed(self) -> int:
        """Position before which everything is done with."""
        return self.link.committed

    @property
    def begun(self) -> int:
        """Up to where the reader has begun to work; beyond the committed position only if it did not get there."""
        return self._begun

    def read(self, position: int, *, wait: float | None = 0.0) -> Iterator[Entry]:
        """The durable records from a position on, and those that come meanwhile.

        Args:
            position: the committed position, or the next position of a record.
            wait: seconds to wait for a next record before ending; None: until `release_readers`.

        Raises:
            LogCorruptError: bytes are damaged or missing; reading can go on from its next position.
        """
        while self._wait(position, wait):
            segment, stop = self._find(position)
            try:
                yield from read_segment(segment, position, stop)
            except FileNotFoundError:
                self._segments = []
                raise _gap(self._directory, position, stop) from None
            position = stop

    def release_readers(self) -> None:
        """End every read, now and later: what is not read stays for the next start."""
        self._released = True
        self.link.ring()

    def begin(self, position: int) -> None:
        """Say that the records from the committed position up to this one are worked on together.

        After a crash the reader finds the same boundary again, so what it repeats it can make the very same.

        Raises:
            LogUnavailableError: the position could not be made durable.
        """
        self._keep(BEGUN, position)
        self._begun = position

    def commit(self, position: int) -> None:
        """Say that everything before a position is done with, and give back the space it took.

        Raises:
            ValueError: the position is behind the committed one or ahead of the end.
            LogUnavailableError: the position could not be made durable; the one before stands.
        """
        with self._committing:
            if not self.committed <= position <= self.end:
                raise ValueError(f"cannot commit {position}: committed is {self.committed}, the end is {self.end}")
            self._keep(COMMITTED, position)
            self.link.committed = position
            self._forget(position)

    def free_bytes(self) -> int:
        """Bytes that are free on the disk of the directory; 0 where it does not say."""
        try:
            disk = os.statvfs(self._directory)
        except OSError:
            return 0
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        """End the reads, and let go of the directory."""
        self.release_readers()
        os.close(self._lock)

    def __enter__(self) -> "LogReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, position: int, seconds: float | None) -> bool:
        """Wait until something lies behind a position; false if nothing came in time."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._released:
            if self.end > position:
                return True
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            self.link.wait(left)
        return False

    def _find(self, position: int) -> tuple[Segment, int]:
        """The segment that holds a position below the end, and the position at which it ends."""
        end = self.end  # before the segments are: they may have grown since, and then end at it or later
        segments = self._known()
        ends = [min(segment.base, end) for segment in segments[1:]] + [end]
        for segment, stop in zip(segments, ends, strict=False):
            if stop > position:
                if position < segment.base:
                    raise _gap(self._directory, position, segment.base)
                return segment, stop
        raise _gap(self._directory, position, end)

    def _known(self) -> list[Segment]:
        if not self._segments or self._segments[-1].base != self.link.base:
            self._segments = segments_in(self._directory)
        return self._segments

    def _forget(self, position: int) -> None:
        """Remove the segments that end at or before a position; the last one stays."""
        segments = self._known()
        done = sum(segment.base <= position for segment in segments[1:])
        for segment in segments[:done]:
            with suppress(OSError):  # it is found again, and removed, at the next start
                segment.path.unlink()
        self._segments = segments[done:]

    def _keep(self, name: str, position: int) -> None:
        try:
            write_position(self._directory, name, position)
        except OSError as error:
            raise LogUnavailableError(f"{self._directory}: the position cannot be kept: {error.strerror}") from error


def _gap(directory: Path, position: int, next_position: int) -> LogCorruptError:
    return LogCorruptError(
        f"{directory}: a file is missing: the requests from position {position} "
        f"to {next_position} are lost, and what follows is read",
        position=position,
        next_position=next_position,
    )
