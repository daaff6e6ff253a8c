"""Gathers the spans of each trace until it may be judged.

Everything here is plain state with one owner: no locks, no I/O, and time only from the clock it is given.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from sentric_analyzer.spans import Arrival, Piece

SPAN_OVERHEAD = 512
"""Bytes counted for a span besides its content: what two ids and their places in a set and a list take, and more."""
REMEMBERED = 65_536
"""Released traces that are known again when a late span arrives; the longest unheard of is forgotten first."""

Key: TypeAlias = tuple[str, str]
"""Project and trace id."""


class Reason(StrEnum):
    """Why a trace was released."""

    COMPLETE = "complete"
    """Its root span has ended and nothing more came for the grace period."""
    IDLE = "idle"
    """Nothing came for long: the agent was killed, or still works."""
    OLD = "old"
    """It has been open for the longest time allowed."""
    LARGE = "large"
    """It has the largest size allowed."""
    MEMORY = "memory"
    """Room was needed for others, and it was the longest idle."""
    FLUSH = "flush"
    """The service stops."""


@dataclass(frozen=True, slots=True)
class Released:
    """A trace to be judged: one that has something for a dialect.

    Attributes:
        reopened: part of the trace was released before, so the whole of it is to be loaded from storage.
    """

    project: str
    trace_id: str
    spans: tuple[Piece, ...]
    reason: Reason
    reopened: bool


@dataclass(slots=True)
class _Open:
    first: float
    last: float
    reopened: bool
    rooted: bool
    marked: bool
    size: int = 0
    seen: set[str] = field(default_factory=set[str])
    spans: list[Piece] = field(default_factory=list[Piece])


class Assembler:
    """Groups spans by project and trace. Not thread-safe: one owner.

    A run that outlasts `max_age` is released in parts, each of which makes its owner judge the whole anew.

    Args:
        grace: seconds without a further span after which a trace whose root has ended is complete.
        idle: seconds without a further span after which any trace is released.
        max_age: seconds after which a trace is released however busy it is.
        max_trace_bytes: size at which a trace is released at once.
        max_bytes: size of all open traces together.
        clock: monotonic seconds; a step back is taken for a standstill.
        remembered: how many released traces are known again.

    Attributes:
        released: releases so far, by reason.
        duplicates: spans dropped because their trace held a span of the same id.
        size: bytes of the open traces: content and `SPAN_OVERHEAD` for each span.
    """

    def __init__(
        self,
        *,
        grace: float,
        idle: float,
        max_age: float,
        max_trace_bytes: int,
        max_bytes: int,
        clock: Callable[[], float],
        remembered: int = REMEMBERED,
    ) -> None:
        self._grace, self._idle, self._max_age = grace, idle, max_age
        self._max_trace_bytes, self._max_bytes, self._remembered = max_trace_bytes, max_bytes, remembered
        self._clock, self._latest = clock, float("-inf")
        self._open: OrderedDict[Key, _Open] = OrderedDict()  # by last arrival
        self._rooted: OrderedDict[Key, _Open] = OrderedDict()  # of these, those whose root has ended
        self._by_age: OrderedDict[Key, _Open] = OrderedDict()  # by first arrival
        self._past: OrderedDict[Key, bool] = OrderedDict()  # given out: whether the root was in it
        self._ready: list[Released] = []
        self.released: Counter[Reason] = Counter()
        self.duplicates = 0
        self.size = 0

    def __len__(self) -> int:
        return len(self._open)

    def add(self, span: Arrival, piece: Piece, size: int) -> None:
        """Take a span in. Call `due` after it: traces that had to give way at once wait there, outside the bounds.

        Args:
            span: where it belongs.
            piece: what is kept of it.
            size: bytes of that.
        """
        now = self._now()
        key = (span.project, span.trace_id)
        trace = self._open.get(key) or self._begin(key, now)
        if span.span_id in trace.seen:
            self.duplicates += 1
            return
        self._put(key, trace, span, piece, size, now)
        if trace.size >= self._max_trace_bytes:
            self._release(key, Reason.LARGE)
        while self.size > self._max_bytes:
            self._release(next(iter(self._open)), Reason.MEMORY)

    def due(self) -> list[Released]:
        """The traces to be judged now; each span of them is given once."""
        now = self._now()
        while (head := _head(self._rooted)) and head[1].last + self._grace <= now:
            self._release(head[0], Reason.COMPLETE)
        while (head := _head(self._open)) and head[1].last + self._idle <= now:
            self._release(head[0], Reason.IDLE)
        while (head := _head(self._by_age)) and head[1].first + self._max_age <= now:
            self._release(head[0], Reason.OLD)
        ready, self._ready = self._ready, []
        return ready

    def next_due(self) -> float | None:
        """When `due` has something to give if nothing comes before, by the clock; None while nothing is open."""
        if self._ready:
            return self._now()
        times: list[float] = []
        if head := _head(self._rooted):
            times.append(head[1].last + self._grace)
        if head := _head(self._open):
            times.append(head[1].last + self._idle)
        if head := _head(self._by_age):
            times.append(head[1].first + self._max_age)
        return min(times, default=None)

    def flush(self) -> list[Released]:
        """Everything, because the service stops."""
        while head := _head(self._open):
            self._release(head[0], Reason.FLUSH)
        return self.due()

    def _now(self) -> float:
        self._latest = max(self._latest, self._clock())
        return self._latest

    def _begin(self, key: Key, now: float) -> _Open:
        past = self._past.pop(key, None)
        trace = _Open(first=now, last=now, reopened=past is not None, rooted=past is True, marked=past is not None)
        self._open[key] = self._by_age[key] = trace
        return trace

    def _put(self, key: Key, trace: _Open, span: Arrival, piece: Piece, size: int, now: float) -> None:
        size += SPAN_OVERHEAD
        trace.size += size
        self.size += size
        trace.spans.append(piece)
        if span.span_id:
            trace.seen.add(span.span_id)
        trace.last = now
        self._open.move_to_end(key)
        trace.marked = trace.marked or span.marked
        trace.rooted = trace.rooted or not span.parent_span_id
        if trace.rooted:
            self._rooted[key] = trace
            self._rooted.move_to_end(key)

    def _release(self, key: Key, reason: Reason) -> None:
        trace = self._open.pop(key)
        del self._by_age[key]
        self._rooted.pop(key, None)
        self.size -= trace.size
        self.released[reason] += 1
        if not trace.marked:
            return
        self._past[key] = trace.rooted
        if len(self._past) > self._remembered:
            self._past.popitem(last=False)
        self._ready.append(Released(*key, tuple(trace.spans), reason, trace.reopened))


def _head(traces: Mapping[Key, _Open]) -> tuple[Key, _Open] | None:
    return next(iter(traces.items()), None)
