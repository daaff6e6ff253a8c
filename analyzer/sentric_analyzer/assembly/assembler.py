"""Gathers the spans of each trace until it may be judged.

Everything here is plain state with one owner: no locks, no I/O, and time only from the clock it is given.
"""

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from sentric_analyzer.assembly.trace import Key, OpenTrace, Times
from sentric_analyzer.spans import Arrival, Piece

TRACE_OVERHEAD = 1_344
"""Bytes counted for an open trace besides its spans: its state, its ids, and its places in dicts and a heap."""
SPAN_OVERHEAD = 288
"""Bytes counted for a span besides its content: what its ids and its places in dicts and tuples take, and more."""
_STALE = 3
"""Places in the schedule for each open trace, after which those that mean nothing any more are swept out."""
_SPARE = 16
"""One in so many bytes is freed at most beyond those that are needed."""
REMEMBERED = 16_384
"""Traces that were let go and are known again when a late span arrives; those unheard of longest are forgotten."""


class Reason(StrEnum):
    """Why a trace was let go, or given out to be judged."""

    COMPLETE = "complete"
    """Its root span has ended and nothing more came for the grace period."""
    IDLE = "idle"
    """Nothing came for long: the agent was killed, or still works."""
    CHECKPOINT = "checkpoint"
    """It goes on, and is judged as far as it has come. What is held of it stays."""
    OLD = "old"
    """It has been held for the longest time allowed."""
    LARGE = "large"
    """It has the largest size allowed."""
    MEMORY = "memory"
    """Room was needed for others: in the project that held most it was the longest idle."""


@dataclass(frozen=True, slots=True)
class Released:
    """A trace to be judged: one that has something for a dialect.

    Attributes:
        spans: all of them; none where the store is to be asked.
        reopened: the trace is not held whole, so it is to be loaded from the store.
        new: it is the first time, as far as is remembered: only the store can say whether there was one before.
    """

    project: str
    trace_id: str
    conversation: str
    spans: tuple[Piece, ...]
    reason: Reason
    reopened: bool
    new: bool

    @property
    def is_over(self) -> bool:
        """Whether nothing more is waited for."""
        return self.reason in (Reason.COMPLETE, Reason.IDLE)


@dataclass(slots=True)
class _Project:
    """What is held for one project, by last arrival."""

    traces: OrderedDict[Key, OpenTrace] = field(default_factory=OrderedDict[Key, OpenTrace])
    size: int = 0
    latest: OpenTrace | None = None
    """The one at the end."""


class Assembler:
    """Groups spans by project and trace. Not thread-safe: one owner.

    A trace whose spans had to be let go (it was complete, old or large, or room was needed) is opened again by the
    next one. From then on only the fact that it goes on is held, and the store has its spans.

    How often a trace is judged is bounded, so that nobody can make us judge a long one for each span of his: while it
    goes on it is judged when it is open half as long again, so 3 times over its life; it is judged anew when it falls
    silent, until that came to `PROMPT` times its spans, and then at those intervals. What comes late in a run can be
    found that much later, at most `max_age`.

    Args:
        times: when traces are judged.
        max_trace_bytes: size at which a trace is released at once.
        max_bytes: size of all open traces together.
        clock: monotonic seconds; a step back is taken for a standstill.
        remembered: how many traces that were let go are known again.

    Attributes:
        released: how often traces were let go or judged, by reason; those without anything for a dialect too, which
            are given to nobody.
        duplicates: spans dropped because their trace held the very same.
        size: bytes counted of the open traces: content, `SPAN_OVERHEAD` for each span, `TRACE_OVERHEAD` for each trace.
    """

    def __init__(
        self,
        times: Times,
        *,
        max_trace_bytes: int,
        max_bytes: int,
        clock: Callable[[], float],
        remembered: int = REMEMBERED,
    ) -> None:
        self._times = times
        self.max_trace_bytes, self._max_bytes, self._remembered = max_trace_bytes, max_bytes, remembered
        self._clock, self._latest = clock, float("-inf")
        self._open: dict[Key, OpenTrace] = {}
        self._projects: dict[str, _Project] = {}
        self._schedule: list[tuple[float, int, Key, OpenTrace]] = []  # a trace stands where its `due` is; rest is stale
        self._tickets = count()
        self._past: OrderedDict[Key, OpenTrace] = OrderedDict()  # given out and let go
        self._ready: list[Released] = []
        self.released: Counter[Reason] = Counter()
        self.duplicates = 0
        self.size = 0

    @property
    def idle(self) -> float:
        """Seconds without a further span after which a trace is let go."""
        return self._times.idle

    @property
    def longest(self) -> float:
        """Seconds after its last span in which a trace is judged."""
        return max(self._times.idle, self._times.max_age)

    def __len__(self) -> int:
        return len(self._open)

    def add(self, span: Arrival, piece: Piece, size: int) -> None:  # noqa: C901  # called for every span
        """Take a span in. Call `due` after it: traces that had to give way at once wait there, outside the bounds.

        Args:
            span: where it belongs.
            piece: what is kept of it.
            size: bytes of that.
        """
        project, trace_id, span_id, parent_span_id, marked, conversation = span
        now = self._clock()  # and not `_now`: this is called for every span
        if now > self._latest:
            self._latest = now
        key = (project, trace_id)
        trace = self._open.get(key)
        if trace is None:
            trace = self._begin(key, self._latest)
        of_project = self._projects[project]
        if trace.whole:
            if span_id and span_id not in trace.spans:
                trace.spans[span_id] = piece
            elif not self._is_further(trace, span_id, piece):
                self.duplicates += 1
                return
            size += SPAN_OVERHEAD
            trace.size += size
            of_project.size += size
            self.size += size
        trace.last = self._latest
        trace.count += 1
        if conversation:
            trace.conversation = trace.conversation or conversation
        if of_project.latest is not trace:
            of_project.latest = trace
            of_project.traces.move_to_end(key)
        rooted = not parent_span_id
        if not trace.fresh or (marked and not trace.marked) or (rooted and not trace.rooted):
            trace.fresh, trace.marked, trace.rooted = True, trace.marked or marked, trace.rooted or rooted
            self._reschedule(key, trace)
        if trace.size >= self.max_trace_bytes:
            self._let_go(key, Reason.LARGE)
        if self.size > self._max_bytes:
            self._make_room()

    def take_up(self, project: str, trace_id: str, *, spans: int, rooted: bool) -> None:
        """Open a trace that the store has and that was not judged yet with all its spans, as after a restart.

        Args:
            project: it belongs to.
            trace_id: of it.
            spans: how many of it the store has.
            rooted: its root is among them.
        """
        key = (project, trace_id)
        trace = self._open.get(key) or self._begin(key, self._now())
        self.read_back(project, trace_id)
        trace.count += spans
        trace.fresh = trace.marked = trace.known = True
        trace.rooted = trace.rooted or rooted
        self._reschedule(key, trace)
        if self.size > self._max_bytes:
            self._make_room()

    def read_back(self, project: str, trace_id: str) -> None:
        """Hold nothing more of a trace, if it is open: the store has spans of it that are not held."""
        if trace := self._open.get((project, trace_id)):
            self.size -= trace.size
            self._projects[project].size -= trace.size
            trace.read_back()

    def due(self) -> list[Released]:
        """The traces to be judged now; those of them that are held and go on are given whole each time."""
        now = self._now()
        while (due := self._next()) is not None and due <= now:
            _, _, key, trace = heapq.heappop(self._schedule)
            if trace.silent(self._times) <= now:
                complete = trace.rooted and trace.last + self._times.grace <= now
                self._let_go(key, Reason.COMPLETE if complete else Reason.IDLE)
            elif trace.whole and trace.first + self._times.max_age <= now:
                self._let_go(key, Reason.OLD)
            else:
                self._judge(key, trace)
        ready, self._ready = self._ready, []
        return ready

    def next_due(self) -> float | None:
        """When `due` has something to do if nothing comes before, by the clock; None while nothing is open."""
        return self._now() if self._ready else self._next()

    def _now(self) -> float:
        now = self._clock()
        if now > self._latest:
            self._latest = now
        return self._latest

    def _begin(self, key: Key, now: float) -> OpenTrace:
        trace = self._past.pop(key, None) or OpenTrace(now)
        self._open[key] = trace
        of_project = self._projects.get(key[0])
        if of_project is None:
            of_project = self._projects[key[0]] = _Project()
        of_project.traces[key] = of_project.latest = trace
        of_project.size += TRACE_OVERHEAD
        self.size += TRACE_OVERHEAD
        return trace

    def _is_further(self, trace: OpenTrace, span_id: str, piece: Piece) -> bool:
        """Whether something else is told than is held of that span, or it has no id; then it is held as well."""
        if span_id and trace.spans[span_id] == piece:
            return False
        if trace.more is None:
            trace.more = []
        trace.more.append(piece)
        return True

    # The schedule

    def _reschedule(self, key: Key, trace: OpenTrace) -> None:
        """Have it looked at when it may be due, if that is earlier than it was known to be."""
        due = trace.deadline(self._times)
        if due < trace.due:
            trace.due = due
            heapq.heappush(self._schedule, (due, next(self._tickets), key, trace))
            if len(self._schedule) > _STALE * len(self._open) + 1_000:
                self._schedule = [entry for entry in self._schedule if entry[0] == entry[3].due]
                heapq.heapify(self._schedule)

    def _next(self) -> float | None:
        """The earliest deadline. A trace in which something came since it was scheduled is put back, once for that."""
        schedule = self._schedule
        while schedule:
            scheduled, ticket, key, trace = schedule[0]
            if scheduled != trace.due:
                heapq.heappop(schedule)
                continue
            due = trace.deadline(self._times)
            if due <= scheduled:
                return scheduled
            trace.due = due
            heapq.heapreplace(schedule, (due, ticket, key, trace))
        return None

    # Release

    def _judge(self, key: Key, trace: OpenTrace) -> None:
        self.released[Reason.CHECKPOINT] += 1
        self._give_out(key, trace, Reason.CHECKPOINT)
        trace.was_judged(self._latest, self._times, let_go=False)
        trace.due = float("inf")
        self._reschedule(key, trace)

    def _let_go(self, key: Key, reason: Reason) -> None:
        trace = self._open.pop(key)
        of_project = self._projects[key[0]]
        del of_project.traces[key]
        of_project.latest = None
        of_project.size -= trace.size + TRACE_OVERHEAD
        self.size -= trace.size + TRACE_OVERHEAD
        if not of_project.traces:
            del self._projects[key[0]]
        self.released[reason] += 1
        trace.due = float("inf")
        if trace.marked:
            if trace.fresh:
                self._give_out(key, trace, reason)
                trace.was_judged(self._latest, self._times, let_go=True)
            self._past[key] = trace
            if len(self._past) > self._remembered:
                self._past.popitem(last=False)
        trace.read_back()

    def _give_out(self, key: Key, trace: OpenTrace, reason: Reason) -> None:
        self._ready.append(
            Released(*key, trace.conversation, trace.pieces(), reason, reopened=not trace.whole, new=not trace.known)
        )

    def _make_room(self) -> None:
        """Let go the longest idle, in the projects that hold most: nobody's flood costs others their room first.

        A little more than is needed where there are many projects, since all of them are looked at.
        """
        spare = min((len(self._projects) - 1) * TRACE_OVERHEAD, self._max_bytes // _SPARE)
        while self.size > self._max_bytes - spare:
            share = self.size / len(self._projects)
            for project in sorted(self._projects.values(), key=lambda project: project.size, reverse=True):
                while project.traces and project.size >= share and self.size > self._max_bytes - spare:
                    self._let_go(next(iter(project.traces)), Reason.MEMORY)
