"""The writing side of a log."""

import logging
import os
from pathlib import Path

from sentric_analyzer.log.committer import Committer
from sentric_analyzer.log.errors import LogBusyError
from sentric_analyzer.log.limits import Limits
from sentric_analyzer.log.link import Link
from sentric_analyzer.log.lock import WRITING, hold, opening
from sentric_analyzer.log.positions import COMMITTED, read_position
from sentric_analyzer.log.record import Receipt, Record
from sentric_analyzer.log.recovery import Recovery, describe_excess, recover
from sentric_analyzer.log.seen import Seen

_logger = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds to wait for a former writer: one whose service was killed may still be held up by the disk."""


class LogWriter:
    """Makes records durable, in order. Safe from any thread. Open with `LogWriter.open`.

    A position counts bytes since the log began; a later record has a higher one.
    """

    def __init__(self, lock: int, directory: Path, link: Link, recovery: Recovery, limits: Limits) -> None:
        self.recovery = recovery
        self._lock = lock
        self._link = link
        self._limits = limits
        committed = read_position(directory, COMMITTED)
        if committed > recovery.end and recovery.segments:
            _logger.error("%s", describe_excess(directory, committed, recovery.end))
        end = max(recovery.end, link.end, committed)
        link.extend(recovery.segments[-1].base if recovery.segments else end, end)
        seen = Seen(limits.window)
        for digest, position in recovery.digests:
            seen.put(digest, position)
        self._committer = Committer(directory, link, seen, limits)

    @classmethod
    def open(cls, directory: Path, link: Link, limits: Limits | None = None) -> "LogWriter":
        """Hold the writing side of a directory, which is made if it is missing, and mend what a crash left.

        Args:
            directory: of the log.
            link: of the reading side. It stays the caller's, and may be handed to the next writer after this one.
            limits: what bounds the log.

        Raises:
            LogHeldError: another process holds it.
            LogError: it cannot be used; the message says why.
        """
        limits = limits or Limits()
        with opening(directory) as undo:
            lock = hold(directory, WRITING, _PATIENCE)
            undo.callback(os.close, lock)
            recovery = recover(directory, most_digests=limits.window)
            _report(directory, recovery)
            return cls(lock, directory, link, recovery, limits)

    def append(self, record: Record) -> Receipt:
        """Write a record, and return when it is durable. A record that came lately is not written again.

        Raises:
            LogBusyError: too much waits to be written or read; try again.
            LogUnavailableError: the disk refused it, or the log is closed; try again.
        """
        self._refuse_backlog()
        return self._committer.append(record)

    async def append_async(self, record: Record) -> Receipt:
        """As `append`, without holding up the event loop. A cancelled caller's record may still be written."""
        self._refuse_backlog()
        return await self._committer.append_async(record)

    def close(self) -> None:
        """Make durable what waits, and let go of the directory."""
        self._committer.close()
        os.close(self._lock)

    def __enter__(self) -> "LogWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_backlog(self) -> None:
        if self._link.end - self._link.committed > self._limits.backlog_bytes:
            raise LogBusyError("more waits in the log to be analysed than it takes: try again later")


def _report(directory: Path, recovery: Recovery) -> None:
    if recovery.torn_bytes:
        _logger.warning(
            "%s: cut off %d bytes at the end that are no whole request: a crash has left them half written, and they "
            "were never acknowledged, or the disk has damaged them",
            directory,
            recovery.torn_bytes,
        )
    for damage in recovery.damage:
        _logger.error("%s", damage)
