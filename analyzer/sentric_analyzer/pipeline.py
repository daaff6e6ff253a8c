"""The way of a batch: from the log to the store, through assembly and detection.

Two threads share the work: one reads parts of the log and prepares them, which is mostly done outside Python; the
other stores what is prepared meanwhile as one batch, puts traces together and has them judged. What is not finished
stays in the log: both can be stopped, or killed, at any line, and go on from the last committed position.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias, TypeVar

from sentric.errors import SentricError
from sentric.redaction import Redactor
from sentric_analyzer.assembly import Assembler, Reason, Released
from sentric_analyzer.counts import METRICS, Metric
from sentric_analyzer.declaration import OnCount, OnTime, Value
from sentric_analyzer.detection import Judged, Judges, OverRun
from sentric_analyzer.dialects import BUILT_IN, Dialects
from sentric_analyzer.log import LogMetric, LogReader, LogUnavailableError, SetAside
from sentric_analyzer.logs import described
from sentric_analyzer.open_traces import OpenTraces
from sentric_analyzer.own_spans import InSpan, no_spans
from sentric_analyzer.parts import LONGEST_WAIT, Parts
from sentric_analyzer.preparation import Prepared, token_of, warm_up
from sentric_analyzer.processes import give_way
from sentric_analyzer.spans import Span
from sentric_analyzer.storage import PatientStore, StoreValueError

__all__ = ["METRICS", "Metric", "Pipeline"]

_logger = logging.getLogger(__name__)

BATCH_BYTES = 64 << 20
"""Request bytes that go into one insert, where as many are prepared: chDB takes half as long for few large ones."""
BATCH_RUNS = 64
"""Judged runs that go into one insert."""
GATHERING = 0.25
"""Seconds for which judged runs are gathered, at most."""
PREPARED = 3
"""Parts that may wait, prepared, to be stored."""
RETRY_PAUSE = 0.5
"""Seconds before a position that the disk refused is kept again."""


_Item: TypeAlias = Prepared | int | Exception | Judged
"""What the thread that stores is given: part of a batch, a position to commit where bytes were damaged, what ended the
preparing, or what came of a trace."""
_Given = TypeVar("_Given")
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class Pipeline:
    """Reads the log, keeps spans and log records, judges complete traces, keeps what is found."""

    log: LogReader
    store: PatientStore
    set_aside: SetAside
    assembler: Assembler
    new_judges: Callable[[Callable[[Judged], None]], Judges]
    """Makes what judges, given what is to be called with what comes of it."""
    new_redactor: Callable[[], Redactor]
    on_count: OnCount
    on_time: OnTime
    dialects: Dialects = BUILT_IN
    within: InSpan = no_spans
    on_over: Callable[[OverRun], None] = lambda run: None
    """Told of each stored run that is over and that a language model is to judge; must not wait."""
    clock: Callable[[], float] = time.monotonic
    failure: str = ""
    """Why the pipeline had to stop; empty while it runs."""
    _inbox: queue.Queue[_Item] = field(default_factory=queue.Queue[_Item])
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PREPARED))
    """For prepared parts in the inbox."""
    _parts: Parts = field(init=False)
    _batch: list[Prepared] = field(default_factory=list[Prepared])
    """What is to be stored with the next insert."""
    _judges: Judges = field(init=False)
    _judged: list[Judged] = field(default_factory=list[Judged])
    """What is to be stored, from the time on that `_judged_since` says, of the machine's clock."""
    _judged_since: float = 0.0
    _oldest: int = 0
    """When what is stored next was received, in Unix nanoseconds; 0 where nothing waits."""
    _submitted: dict[int, int] = field(default_factory=dict[int, int])
    """When what is judged was due, in Unix nanoseconds: what is stored after that is not judged yet."""
    _open: OpenTraces = field(init=False)
    _due: deque[tuple[Released, int]] = field(default_factory=deque[tuple[Released, int]])
    """What is to be judged once there is room for it, and since when, in Unix nanoseconds."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _caught_up: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def __post_init__(self) -> None:
        self._judges = self.new_judges(self._inbox.put)
        self._open = OpenTraces(self.assembler, self.store, self.on_count, self.clock, self.dialects)
        redactor = self.new_redactor()
        self._parts = Parts(self.log, redactor, self.set_aside, self.on_count, self._lastingly, self.dialects)

    def start(self) -> None:
        """Start the threads that own the pipeline. Until what lay in the log is done with, it is not ready."""
        for name, run in (("prepare", self._prepare), ("pipeline", self._run)):
            thread = threading.Thread(target=run, name=f"sentric-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float) -> None:
        """Finish the batch in hand and stop; what is left stays in the log."""
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self.store.stop()
        self.log.release_readers()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._judges.stop()

    def watched(self) -> Iterator[tuple[str, Value, Callable[[], float]]]:
        """The metrics that are asked for when they are read: name, value of the label, who knows it."""
        assembler = self.assembler
        for reason in Reason:
            yield Metric.RELEASED, reason, partial(assembler.released.__getitem__, reason)
        yield Metric.DUPLICATES, (), lambda: assembler.duplicates
        yield Metric.OPEN, (), lambda: len(assembler)
        yield Metric.BYTES, (), lambda: assembler.size
        yield Metric.JUDGING, (), lambda: len(self._due) + self._judges.waiting
        yield Metric.READY, (), lambda: not self.unready()
        yield LogMetric.LAG, (), lambda: max(0, self.log.end - self.log.committed)
        yield LogMetric.LATE, (), self._lateness
        yield LogMetric.FREE, (), self.log.free_bytes

    @property
    def idle(self) -> bool:
        """Nothing is at hand: whatever came is stored, and whatever was due is judged and stored."""
        return not (self._inbox.unfinished_tasks or self._batch or self._due or self._judges.waiting or self._judged)

    def unready(self) -> str:
        """Why what is asked now may not be all there is; empty when it is."""
        return (
            self.failure
            or self.store.failure
            or self._judges.failure
            or ("" if self._caught_up.is_set() else "reading what came before the last stop")
        )

    # What prepares

    def _prepare(self) -> None:
        try:
            give_way()
            warm_up()  # while nobody waits: it loads what preparing needs
            for part in self._parts.read(until=self._stopping.is_set):
                if isinstance(part, int):
                    self._hand_over(part)
                    continue
                self._oldest = self._oldest or part[0].record.received
                with self.within("prepare", {"sentric.log.position": part[0].position}):
                    prepared = list(self._parts.prepared(part))
                for one in prepared:
                    self._hand_over(one)
        except Exception as error:  # noqa: BLE001  # raised again by whoever stores: nothing more comes
            self._hand_over(error)

    def _hand_over(self, item: _Item) -> None:
        """Put it into the inbox, once there is room for it, and for more traces to be judged."""
        while not self._stopping.is_set():
            if self._judges.wait_for_room(LONGEST_WAIT) and self._room.acquire(timeout=LONGEST_WAIT):
                self._inbox.put(item)
                return

    # What stores and judges

    def _run(self) -> None:
        try:
            give_way()
            self._open.take_up()
            end = self.log.end
            while not self._stopping.is_set():
                if self.log.committed >= end:
                    self._caught_up.set()
                self._step(self._wait() if self._caught_up.is_set() else LONGEST_WAIT)
        except SentricError as error:
            self._fail(str(error))
        except Exception as error:  # the boundary of this thread: say it, and turn unready
            _logger.exception("the pipeline has stopped")
            self._fail(described(error))

    def _step(self, wait: float) -> None:
        """Take what comes within `wait` seconds, have judged what is due, and store what is judged.

        One batch at most: under a steady load the next is always there, and what is due would never be looked at.
        """
        taken = 0
        with suppress(queue.Empty):
            self._take(self._inbox.get(timeout=wait))
            taken += 1
            while len(self._judged) < BATCH_RUNS and not self._is_full():
                self._take(self._inbox.get_nowait())
                taken += 1
        if self._batch and self._batch[-1].end >= min(self.log.begun, self.log.end):
            self._keep_batch()
        now = time.time_ns()
        self._due += [(released, now) for released in self._open.due()]
        while self._due and self._judges.wait_for_room(0):
            self._submit(*self._due.popleft())
        if self._judged and self._is_enough():
            self._keep_judged()
        if not (self._due or self._judges.waiting or self._judged):
            self._open.take_up_more()
        for _ in range(taken):
            self._inbox.task_done()

    def _take(self, item: _Item) -> None:
        if isinstance(item, Judged):
            self._judged_since = self._judged_since if self._judged else time.monotonic()
            self._judged.append(item)
            return
        self._room.release()
        match item:
            case Exception():
                raise item
            case int():
                self._keep_batch()
                self._lastingly(self.log.commit, item)
            case Prepared():
                self._batch.append(item)

    def _is_full(self) -> bool:
        return sum(part.size for part in self._batch) >= BATCH_BYTES

    def _keep_batch(self) -> None:
        """Store what is prepared, as one batch that comes again as the same one after a crash."""
        if not self._batch:
            return
        first, last = self._batch[0], self._batch[-1]
        spans = sum(len(part.spans) for part in self._batch)
        with self.within("store", {"sentric.log.position": first.first, "sentric.spans": spans}):
            self._lastingly(self.log.begin, last.end)
            self._keep(self._batch)
            self._lastingly(self.log.commit, last.end)
        self._oldest = 0 if last.end >= self.log.end else last.received
        self._batch = []

    def _keep(self, batch: Sequence[Prepared]) -> None:
        """Store the spans and log records of a batch, and put its traces together."""
        for part in self._stored(batch, self._insert_spans):
            for arrival, piece, size in part.arrived:
                self.assembler.add(arrival, piece, size)
        for _ in self._stored(batch, self._insert_logs):
            pass

    def _stored(self, batch: Sequence[Prepared], insert: Callable[[Sequence[Prepared]], None]) -> Iterator[Prepared]:
        """Insert a batch, or those parts of it that the store takes. Repeated after a crash, it comes to the same."""
        why = ""
        try:
            insert(batch)
        except StoreValueError as error:
            why = f"the store refuses it with its error {error.code}"  # its words may hold content
        if not why:
            yield from batch
            return
        for half in self._parts.halves(batch[0].first, batch[-1].end, why):
            yield from self._stored([half], insert)

    def _insert_spans(self, batch: Sequence[Prepared]) -> None:
        if number := sum(len(part.spans) for part in batch):
            with self._timed("otel_traces"):
                self.store.insert_spans([part.spans for part in batch], token_of(batch))
            self.on_count(Metric.STORED, "spans", number)

    def _insert_logs(self, batch: Sequence[Prepared]) -> None:
        if logs := [log for part in batch for log in part.logs]:
            with self._timed("otel_logs"):
                self.store.insert_logs(logs, token_of(batch))
            self.on_count(Metric.STORED, "log_records", len(logs))

    def _lastingly(self, keep: Callable[[_Given], _Answer], what: _Given) -> _Answer:
        """Keep something on the disk, however long that refuses it: meanwhile the log takes what it may."""
        said = False
        while True:
            try:
                return keep(what)
            except LogUnavailableError as error:
                if not said:
                    _logger.error("%s: it is tried again", error)
                said = True
                if self._stopping.wait(RETRY_PAUSE):
                    raise

    def _lateness(self) -> float:
        """Seconds for which what is stored next has waited."""
        received = self._oldest
        return max(0.0, time.time() - received / 1e9) if received else 0.0

    def _fail(self, reason: str) -> None:
        if not self._stopping.is_set():
            self.failure = reason
            _logger.error("the pipeline has stopped: %s", reason)

    def _wait(self) -> float:
        due = self.assembler.next_due()
        wait = LONGEST_WAIT if due is None else max(0.0, min(LONGEST_WAIT, due - self.clock()))
        if self._due:  # room comes a moment after what made it
            wait = min(wait, GATHERING)
        return min(wait, self._left_to_gather()) if self._judged else wait

    def _submit(self, released: Released, since: int) -> None:
        """Have a trace judged that was due at a time."""
        self.on_count(Metric.TRACES, released.reason, 1)
        try:
            pieces, left_out = self._open.recorded(released)
        except SentricError:
            raise
        except Exception as error:  # noqa: BLE001  # a mistake of ours, which its spans bring to light: others go on
            _logger.error("trace %s could not be read: %s", released.trace_id, described(error))
            self.on_count(Metric.FAILED, "trace", 1)
            return
        if left_out:
            self.on_count(Metric.LEFT_OUT, (), left_out)
        read = (piece for piece in pieces if isinstance(piece, Span))
        conversation = released.conversation or self.dialects.conversation_of(read)
        number = self._judges.submit(
            released.project,
            released.trace_id,
            pieces,
            left_out=left_out,
            together=conversation or released.trace_id,
            is_over=released.is_over,
        )
        self._submitted[number] = since

    def _is_enough(self) -> bool:
        """Whether to store what is judged now: few inserts of many runs are cheaper, but nobody should wait long."""
        return not self._left_to_gather() or len(self._judged) >= BATCH_RUNS or not self._judges.waiting

    def _left_to_gather(self) -> float:
        return max(0.0, self._judged_since + GATHERING - time.monotonic())

    def _keep_judged(self) -> None:
        """Store what is judged; a run that was judged twice is stored twice, the later one after the other."""
        group: dict[tuple[str, ...], Judged] = {}
        for judged in self._judged:
            of_judged = (*judged.rows.keys, *((*trace, "trace") for trace in judged.rows.traces))
            if not group.keys().isdisjoint(of_judged):
                self._keep_group(_distinct(group))
                group.clear()
            group.update(dict.fromkeys(of_judged, judged))
            self.on_count(Metric.FAILED, "trace", judged.failed)
        self._keep_group(_distinct(group))
        for number in (number for judged in self._judged for number in judged.numbers):
            del self._submitted[number]
        self._judged.clear()

    def _keep_group(self, group: Sequence[Judged]) -> None:
        if not group:
            return
        since = [self._submitted[number] for judged in group for number in judged.numbers]
        try:
            with self._timed("agent_tables"):
                self.store.insert_runs([judged.rows for judged in group], as_of=min(since))
        except StoreValueError as error:
            self._keep_halves(group, error)
            return
        for judged in group:
            self.on_count(Metric.STORED, "runs", len(judged.rows.keys))
            self.on_count(Metric.FAIL_OPENS, "blind", judged.blind)
            for rule_and_severity, number in judged.findings.items():
                self.on_count(Metric.FINDINGS, rule_and_severity, number)
            for run in judged.over:
                self.on_over(run)

    def _keep_halves(self, group: Sequence[Judged], error: StoreValueError) -> None:
        """Keep what the store takes of runs of which it refused some."""
        middle = len(group) // 2
        if middle:
            self._keep_group(group[:middle])
            self._keep_group(group[middle:])
            return
        self.on_count(Metric.FAILED, "trace", len(group[0].numbers))
        _logger.error("judged runs cannot be stored: the store refuses them with its error %s", error.code)

    @contextmanager
    def _timed(self, into: str) -> Generator[None]:
        begun = self.clock()
        with self.within("insert", {"db.collection.name": into}):
            yield
        self.on_time(Metric.INSERTS, into, self.clock() - begun)


def _distinct(group: Mapping[tuple[str, ...], Judged]) -> list[Judged]:
    return list({id(judged): judged for judged in group.values()}.values())
