"""The one thread that writes the log.

Whatever waits when the thread is free is written together and made durable by one fdatasync; so the cost of the
disk is shared by as many requests as came in meanwhile.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from sentric_analyzer.log.errors import LogBusyError, LogUnavailableError
from sentric_analyzer.log.extent import Extent
from sentric_analyzer.log.frame import encode
from sentric_analyzer.log.record import Record
from sentric_analyzer.log.seen import Seen
from sentric_analyzer.log.segment import ActiveSegment, Segment, segment_at

_OVERHEAD = 512
"""What a waiting record holds beside its body, in bytes: what bounds a flood of tiny ones."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: Record
    digest: bytes
    position: Future[int]

    @property
    def size(self) -> int:
        return len(self.record.body) + _OVERHEAD


class Writer:
    """Appends records and says when they are durable. Safe from any thread."""

    def __init__(self, directory: Path, extent: Extent, seen: Seen, *, segment_bytes: int, queue_bytes: int) -> None:
        self._directory = directory
        self._extent = extent
        self._seen = seen
        self._segment_bytes = segment_bytes
        self._queue_bytes = queue_bytes
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._closed = False
        self._changed = threading.Condition()
        self._active: ActiveSegment | None = None
        self._thread = threading.Thread(target=self._run, name="sentric-log", daemon=True)
        self._thread.start()

    def submit(self, record: Record) -> tuple[Future[int], bool]:
        """Take a record for writing; the future of its position, and whether it was there before.

        The future cannot be cancelled: a record sent again shares it.

        Raises:
            LogBusyError: too much waits already.
            LogUnavailableError: the log is closed.
        """
        digest = record.digest()
        with self._changed:
            if (place := self._seen.get(digest)) is not None:
                return (place if isinstance(place, Future) else _settled(place)), True
            if self._closed:
                raise LogUnavailableError("the log is closed")
            waiting = _Waiting(record, digest, _running())
            if self._waiting and self._waiting_bytes + waiting.size > self._queue_bytes:
                raise LogBusyError("more waits to be written to the log than it takes: try again")
            self._waiting.append(waiting)
            self._waiting_bytes += waiting.size
            self._seen.put(digest, waiting.position)
            self._changed.notify()
        return waiting.position, False

    def close(self) -> None:
        """Write what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        group: Sequence[_Waiting] = ()
        try:
            while group := self._take():
                self._store(group)
        finally:  # on a bug of ours too: nobody is left waiting for ever
            with self._changed:
                self._closed = True
            self._refuse([*group, *self._waiting], "the log has stopped")
            self._drop(ActiveSegment.close)

    def _take(self) -> Sequence[_Waiting]:
        """What waits now, once something does; nothing when the log is closed and all is written."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            group, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
            return group

    def _store(self, group: Sequence[_Waiting]) -> None:
        try:
            positions = self._write(group)
        except OSError as error:
            self._drop(ActiveSegment.abandon)
            self._refuse(group, f"{self._directory}: the log cannot be written: {error.strerror}: try again")
            return
        with self._changed:
            for waiting, position in zip(group, positions, strict=True):
                self._seen.settle(waiting.digest, position)
        for waiting, position in zip(group, positions, strict=True):
            waiting.position.set_result(position)

    def _write(self, group: Sequence[_Waiting]) -> list[int]:
        """Make a group durable and show it to the readers; its positions.

        Raises:
            OSError: what of it is on the disk is not known.
        """
        active, new = self._active_segment()
        end = self._extent.end + active.header_room
        buffers: list[bytes] = []
        positions: list[int] = []
        for waiting in group:
            positions.append(end)
            frame = encode(waiting.record, waiting.digest)
            buffers += frame
            end += sum(map(len, frame))
        active.append(buffers)
        self._extent.extend(end, new)
        return positions

    def _active_segment(self) -> tuple[ActiveSegment, Segment | None]:
        """The segment to write to, and if it is new, what the readers will know of it."""
        if self._active and self._active.durable < self._segment_bytes:
            return self._active, None
        self._drop(ActiveSegment.close)
        segment = segment_at(self._directory, self._extent.end)
        self._active = ActiveSegment(segment)
        return self._active, segment

    def _drop(self, end: Callable[[ActiveSegment], None]) -> None:
        if self._active:
            end(self._active)
        self._active = None

    def _refuse(self, group: Sequence[_Waiting], message: str) -> None:
        with self._changed:
            for waiting in group:
                self._seen.settle(waiting.digest, None)
        for waiting in group:
            if not waiting.position.done():
                waiting.position.set_exception(LogUnavailableError(message))


def _running() -> Future[int]:
    future: Future[int] = Future()
    future.set_running_or_notify_cancel()
    return future


def _settled(position: int) -> Future[int]:
    future = _running()
    future.set_result(position)
    return future
