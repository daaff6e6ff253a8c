"""How far the log reaches: what the writer tells the readers."""

import threading
from collections.abc import Sequence

from sentric_analyzer.log.segment import Segment


class Extent:
    """The segments there are, and the position up to which they are durable. Safe from any thread."""

    def __init__(self, segments: Sequence[Segment], end: int) -> None:
        self._segments = list(segments)
        self._end = end
        self._released = False
        self._changed = threading.Condition()

    @property
    def end(self) -> int:
        """Position after the last durable record."""
        return self._end

    def extend(self, end: int, segment: Segment | None = None) -> None:
        """Bring the end forward, into a new segment if one is given."""
        with self._changed:
            if segment:
                self._segments.append(segment)
            self._end = end
            self._changed.notify_all()

    def release(self) -> None:
        """End every wait, now and later."""
        with self._changed:
            self._released = True
            self._changed.notify_all()

    def wait(self, position: int, timeout: float | None) -> bool:
        """Wait until something lies behind a position; false if nothing came in time (seconds, None: ever)."""
        with self._changed:
            self._changed.wait_for(lambda: self._end > position or self._released, timeout)
            return self._end > position and not self._released

    def find(self, position: int) -> tuple[Segment, int]:
        """The first segment that ends behind a position below the end, and the position at which it ends."""
        with self._changed:
            ends = [segment.base for segment in self._segments[1:]] + [self._end]
            return next(pair for pair in zip(self._segments, ends, strict=True) if pair[1] > position)

    def forget(self, position: int) -> list[Segment]:
        """Take out the segments that end at or before a position, and give them back; the last one stays."""
        with self._changed:
            done = sum(segment.base <= position for segment in self._segments[1:])
            forgotten, self._segments = self._segments[:done], self._segments[done:]
            return forgotten
