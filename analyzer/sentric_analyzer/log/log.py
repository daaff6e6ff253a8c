"""The durable log between the receiver and everything after it."""

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from sentric_analyzer.log.errors import LogBusyError, LogError, LogHeldError, LogUnavailableError
from sentric_analyzer.log.extent import Extent
from sentric_analyzer.log.positions import BEGUN, COMMITTED, read_position, write_position
from sentric_analyzer.log.reader import read_entries
from sentric_analyzer.log.record import Entry, Receipt, Record
from sentric_analyzer.log.recovery import Recovery, recover
from sentric_analyzer.log.seen import Seen
from sentric_analyzer.log.segment import MODE
from sentric_analyzer.log.writer import Writer

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds the log."""

    segment_bytes: int = 64 << 20
    """Size at which a new segment is begun: the grain in which space is given back."""
    queue_bytes: int = 64 << 20
    """Bytes that may wait for the writer; as many again may be in its hands."""
    backlog_bytes: int = 4 << 30
    """Bytes on disk that may wait to be committed."""
    window: int = 100_000
    """Records among which one that is sent again is recognised."""


class Log:
    """Records on disk, in order, from the committed position on. Safe from any thread.

    A position counts bytes since the log began; a later record has a higher one. Open with `Log.open`.
    """

    def __init__(self, lock: int, directory: Path, recovery: Recovery, limits: Limits) -> None:
        self.recovery = recovery
        self._lock = lock
        self._directory = directory
        self._limits = limits
        self._committed = read_position(directory, COMMITTED)
        self._begun = read_position(directory, BEGUN)
        self._committing = Lock()
        self._extent = Extent(recovery.segments, max(recovery.end, self._committed))
        seen = Seen(limits.window)
        for digest, position in recovery.digests:
            seen.put(digest, position)
        self._writer = Writer(
            directory,
            self._extent,
            seen,
            segment_bytes=limits.segment_bytes,
            queue_bytes=limits.queue_bytes,
        )

    @classmethod
    def open(cls, directory: Path, limits: Limits | None = None) -> "Log":
        """Open the log of a directory, which is made if it is missing, and hold it.

        Raises:
            LogHeldError: another process holds it.
            LogError: it cannot be used; the message says why.
        """
        limits = limits or Limits()
        try:
            with ExitStack() as undo:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = _hold(directory)
                undo.callback(os.close, lock)
                recovery = recover(directory, most_digests=limits.window)
                log = cls(lock, directory, recovery, limits)
                undo.pop_all()
        except OSError as error:
            where = error.filename or directory
            raise LogError(f"{where}: the log cannot be opened: {error.strerror}") from None
        log._report()
        log._forget(log.committed)
        return log

    @property
    def end(self) -> int:
        """Position after the last durable record."""
        return self._extent.end

    @property
    def committed(self) -> int:
        """Position before which everything is done with."""
        return self._committed

    def append(self, record: Record) -> Receipt:
        """Write a record, and return when it is durable. A record that came lately is not written again.

        Raises:
            LogBusyError: too much waits to be written or read; try again.
            LogUnavailableError: the disk refused it, or the log is closed; try again.
        """
        position, duplicate = self._submit(record)
        return Receipt(position.result(), duplicate)

    async def append_async(self, record: Record) -> Receipt:
        """As `append`, without holding up the event loop. A cancelled caller's record may still be written."""
        position, duplicate = self._submit(record)
        return Receipt(await asyncio.wrap_future(position), duplicate)

    def read(self, position: int, *, wait: float | None = 0.0) -> Iterator[Entry]:
        """The durable records from a position on, and those that come meanwhile.

        Args:
            position: the committed position, or the next position of a record.
            wait: seconds to wait for a next record before ending; None: until `release_readers`.

        Raises:
            LogCorruptError: bytes are damaged; reading can go on from its next position.
        """
        return read_entries(self._extent, position, wait)

    def release_readers(self) -> None:
        """End every read, now and later: what is not read stays for the next start."""
        self._extent.release()

    @property
    def begun(self) -> int:
        """Up to where the reader has begun to work; beyond the committed position only if it did not get there."""
        return self._begun

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
            if not self._committed <= position <= self.end:
                raise ValueError(f"cannot commit {position}: committed is {self._committed}, the end is {self.end}")
            self._keep(COMMITTED, position)
            self._committed = position
            self._forget(position)

    def close(self) -> None:
        """End the readers, make durable what waits, and let go of the directory."""
        self.release_readers()
        self._writer.close()
        os.close(self._lock)

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _submit(self, record: Record) -> tuple[Future[int], bool]:
        if self.end - self._committed > self._limits.backlog_bytes:
            raise LogBusyError("more waits in the log to be analysed than it takes: try again later")
        return self._writer.submit(record)

    def _keep(self, name: str, position: int) -> None:
        try:
            write_position(self._directory, name, position)
        except OSError as error:
            raise LogUnavailableError(f"{self._directory}: the position cannot be kept: {error.strerror}") from error

    def _forget(self, position: int) -> None:
        for segment in self._extent.forget(position):
            with suppress(OSError):  # it is found again, and forgotten, at the next start
                segment.path.unlink()

    def _report(self) -> None:
        if self.recovery.torn_bytes:
            _logger.warning(
                "%s: cut off %d bytes that a crash had left half written; none of them was acknowledged",
                self._directory,
                self.recovery.torn_bytes,
            )
        for damage in self.recovery.damage:
            _logger.error("%s", damage)


def _hold(directory: Path) -> int:
    """Take the lock of a directory; it goes with the process, however that ends."""
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise LogHeldError(
            f"{directory}: another process holds this log: stop it, or give another --data-dir"
        ) from None
    return lock
