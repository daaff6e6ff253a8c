"""The one thread that writes the log.

Whatever waits when the thread is free is written together and made durable by one fdatasync; so the cost of the
disk is shared by as many requests as came in meanwhile.
"""

import asyncio
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from pathlib import Path

from sentric_analyzer.log.errors import LogBusyError, LogUnavailableError
from sentric_analyzer.log.frame import encode
from sentric_analyzer.log.limits import Limits
from sentric_analyzer.log.link import Link
from sentric_analyzer.log.recognised import keep_recognised
from sentric_analyzer.log.record import Receipt, Record
from sentric_analyzer.log.seen import Seen
from sentric_analyzer.log.segment import MARKER_BYTES, ActiveSegment, segment_at
from sentric_analyzer.log.space import Space
from sentric_analyzer.log.waiting import Waiting, wake


class Committer:
    """Appends records and says when they are durable. Safe from any thread.

    Args:
        directory: of the log.
        link: what the reader is told; its end is where writing begins.
        seen: what came lately.
        limits: of the log.
    """

    def __init__(self, directory: Path, link: Link, seen: Seen, limits: Limits) -> None:
        self._directory = directory
        self._link = link
        self._end = link.end
        self._marker = secrets.token_bytes(MARKER_BYTES)
        self._seen = seen
        self._limits = limits
        self._space = Space(directory, limits.reserve_bytes)
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = 0
        self._closed = False
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._active: ActiveSegment | None = None
        self._written: list[tuple[bytes, int]] = []
        """Digests and positions of what is in the active segment."""
        self._thread = threading.Thread(target=self._run, name="sentric-log", daemon=True)
        self._thread.start()

    def append(self, record: Record) -> Receipt:
        """Write a record, and return when it is durable.

        Raises:
            LogBusyError: too much waits already.
            LogUnavailableError: the disk refused it, or the log is closed.
        """
        digest = record.digest()
        with self._lock:
            place, duplicate = self._submit(record, digest)
            if isinstance(place, int):
                return Receipt(place, duplicate)
            self._settled.wait_for(lambda: place.outcome is not None)
            return Receipt(place.result(), duplicate)

    async def append_async(self, record: Record) -> Receipt:
        """As `append`, without holding up the event loop. A cancelled caller's record may still be written."""
        digest = record.digest()
        with self._lock:
            place, duplicate = self._submit(record, digest)
            if isinstance(place, int):
                return Receipt(place, duplicate)
            future = asyncio.get_running_loop().create_future()
            place.futures.append(future)
        await future
        return Receipt(place.result(), duplicate)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _submit(self, record: Record, digest: bytes) -> tuple[int | Waiting, bool]:
        """Take a record for writing, under the lock: where it is, and whether it was there before."""
        if (place := self._seen.get(digest)) is not None:
            return place, True
        if self._closed:
            raise LogUnavailableError("the log is closed")
        waiting = Waiting(record, digest)
        if self._waiting and self._waiting_bytes + waiting.size > self._limits.queue_bytes:
            raise LogBusyError("more waits to be written to the log than it takes: try again")
        self._waiting.append(waiting)
        self._waiting_bytes += waiting.size
        self._seen.put(digest, waiting)
        self._changed.notify()
        return waiting, False

    def _run(self) -> None:
        group: Sequence[Waiting] = ()
        try:
            while group := self._take():
                self._store(group)
        finally:  # on a bug of ours too: nobody is left waiting for ever
            with self._lock:
                self._closed = True
            self._refuse([*group, *self._waiting], "the log has stopped")
            self._drop(ActiveSegment.close)

    def _take(self) -> Sequence[Waiting]:
        """What waits now, once something does; nothing when the log is closed and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            group, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
            return group

    def _store(self, group: Sequence[Waiting]) -> None:
        try:
            if not self._space.claim(sum(waiting.size for waiting in group)):
                self._refuse(group, f"{self._directory}: {self._reserve_words()}")
                return
            positions = self._write(group)
        except OSError as error:
            self._drop(ActiveSegment.abandon)
            self._refuse(group, f"{self._directory}: the log cannot be written: {error.strerror}: try again")
            return
        self._settle(group, positions)

    def _write(self, group: Sequence[Waiting]) -> list[int]:
        """Make a group durable and show it to the reader; its positions.

        Raises:
            OSError: what of it is on the disk is not known.
        """
        active = self._active_segment()
        end = self._end + active.header_room
        buffers: list[bytes] = []
        positions: list[int] = []
        for waiting in group:
            positions.append(end)
            frame = encode(waiting.record, waiting.digest, self._marker)
            buffers += frame
            end += sum(map(len, frame))
        active.append(buffers)
        self._written += [(waiting.digest, position) for waiting, position in zip(group, positions, strict=True)]
        self._end = end
        self._link.extend(active.base, end)
        return positions

    def _active_segment(self) -> ActiveSegment:
        if self._active is None or self._active.durable >= self._limits.segment_bytes:
            self._drop(ActiveSegment.close)
            self._active = ActiveSegment(segment_at(self._directory, self._end, self._marker))
        return self._active

    def _drop(self, end: Callable[[ActiveSegment], None]) -> None:
        if self._active:
            end(self._active)
            keep_recognised(self._directory, self._active.base, self._written, self._limits.window)
        self._active = None
        self._written = []

    def _refuse(self, group: Sequence[Waiting], message: str) -> None:
        self._settle(group, repeat(message, len(group)))

    def _settle(self, group: Sequence[Waiting], outcomes: Iterable[int | str]) -> None:
        """Say what came of a group: positions, or why it was refused."""
        with self._lock:
            for waiting, outcome in zip(group, outcomes, strict=True):
                waiting.outcome = outcome
                self._seen.settle(waiting.digest, outcome if isinstance(outcome, int) else None)
            self._settled.notify_all()
        wake(group)

    def _reserve_words(self) -> str:
        return (
            f"less than {self._limits.reserve_bytes} bytes of the disk are free beside what comes: "
            "free some, or lower SENTRIC_LOG_RESERVE"
        )
