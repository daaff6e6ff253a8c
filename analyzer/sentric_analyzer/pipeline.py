"""The way of a batch: from the log to the store, through assembly and detection.

Two threads share the work: one reads batches from the log and prepares them, which is mostly done outside Python; the
other stores what is prepared, puts traces together and has them judged. What is not finished stays in the log: both
can be stopped, or killed, at any line, and go on from the last committed position.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice

from sentric.errors import SentricError
from sentric.policy.rule import Policy, Severity
from sentric.policy.verdict import Replay
from sentric.redaction import Redactor
from sentric_analyzer.assembly import Assembler, Reason, Released
from sentric_analyzer.declaration import Declaration, OnCount
from sentric_analyzer.detection import Conversations, detect
from sentric_analyzer.dialects import MARKS
from sentric_analyzer.log import Entry, Log, LogCorruptError
from sentric_analyzer.preparation import Prepared, prepare
from sentric_analyzer.spans import put_together
from sentric_analyzer.storage import RecordedTrace, Store

_logger = logging.getLogger(__name__)

BATCH_BYTES = 16 << 20
"""Request bytes that go into one insert: about 5,000 spans of ordinary size, where chDB is near its best."""
BATCH_RUNS = 64
"""Judged runs that go into one insert."""
LONGEST_WAIT = 1.0
"""Seconds the pipeline sleeps at most when nothing arrives and no trace is due."""


class Counter(StrEnum):
    """Name of a counter."""

    STORED = "sentric_pipeline_stored"
    TRACES = "sentric_pipeline_traces"
    FAILED = "sentric_pipeline_failed"
    FINDINGS = "sentric_pipeline_findings"


COUNTERS = {
    Counter.STORED: Declaration("Spans, log records and judged runs stored.", "what", ("spans", "log_records", "runs")),
    Counter.TRACES: Declaration("Traces released for judging.", "reason", tuple(Reason)),
    Counter.FAILED: Declaration("What could not be read or judged.", "what", ("trace", "open_trace", "log")),
    Counter.FINDINGS: Declaration("Findings, counted anew each time a run is judged.", "severity", tuple(Severity)),
}


@dataclass(slots=True)
class Pipeline:
    """Reads the log, keeps spans and log records, judges complete traces, keeps what is found."""

    log: Log
    store: Store
    assembler: Assembler
    policy: Policy
    new_redactor: Callable[[], Redactor]
    on_count: OnCount
    clock: Callable[[], float] = time.monotonic
    failure: str = ""
    """Why the pipeline had to stop; empty while it runs."""
    _prepared: "queue.Queue[Prepared | int | Exception]" = field(default_factory=lambda: queue.Queue(1))
    """Batches in their order, positions to commit where bytes were damaged, or what ended the preparing."""
    _conversations: Conversations = field(init=False)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _caught_up: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])

    def __post_init__(self) -> None:
        self._conversations = Conversations(self.store.earlier_runs)

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
        self.log.release_readers()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def unready(self) -> str:
        """Why what is asked now may not be all there is; empty when it is."""
        return self.failure or ("" if self._caught_up.is_set() else "reading what came before the last stop")

    # What prepares

    def _prepare(self) -> None:
        position, redactor = self.log.committed, self.new_redactor()
        try:
            while not self._stopping.is_set():
                try:
                    batch = self._batch(position)
                except LogCorruptError as error:
                    _logger.error("%s", error)
                    self.on_count(Counter.FAILED, "log", 1)
                    position = error.next_position
                    self._hand_over(position)
                    continue
                if batch:
                    position = batch[-1].next_position
                    self._hand_over(prepare(batch, redactor))
        except Exception as error:  # noqa: BLE001  # raised again by whoever stores: nothing more comes
            self._hand_over(error)

    def _batch(self, position: int) -> list[Entry]:
        """The next records; the very same ones again where a batch had been begun before a crash.

        Raises:
            LogCorruptError: what is to be read first is damaged.
        """
        begun = self.log.begun
        batch: list[Entry] = []
        size = 0
        try:
            for entry in self._entries(position):
                batch.append(entry)
                size += len(entry.record.body)
                if entry.next_position >= begun > position or (begun <= position and size >= BATCH_BYTES):
                    break
        except LogCorruptError:
            if not batch:
                raise
        return batch

    def _entries(self, position: int) -> Iterator[Entry]:
        """The first record is waited for; those behind it are taken as far as they are there."""
        first = next(self.log.read(position, wait=LONGEST_WAIT), None)
        if first is not None:
            yield first
            yield from self.log.read(first.next_position)

    def _hand_over(self, item: "Prepared | int | Exception") -> None:
        while not self._stopping.is_set():
            with suppress(queue.Full):
                self._prepared.put(item, timeout=LONGEST_WAIT)
                return

    # What stores and judges

    def _run(self) -> None:
        try:
            self._take_up()
            end = self.log.end
            while not self._stopping.is_set():
                if self.log.committed >= end:
                    self._caught_up.set()
                self._step(self._wait() if self._caught_up.is_set() else LONGEST_WAIT)
        except SentricError as error:
            self._fail(str(error))
        except Exception as error:  # the boundary of this thread: say it, and turn unready
            _logger.exception("the pipeline has stopped")
            self._fail(f"{type(error).__name__}: {error}")

    def _take_up(self) -> None:
        """Take up what was open when the service last stopped."""
        traces, others = self.store.open_traces(MARKS, within=self.assembler.longest)
        for project, trace_id, spans, rooted in traces:
            self.assembler.take_up(project, trace_id, spans=spans, rooted=rooted)
        if others:
            self.on_count(Counter.FAILED, "open_trace", others)
            _logger.error("%d traces that were open at the last stop are not judged: they are too many", others)

    def _step(self, wait: float) -> None:
        """Store the next batch, if one comes within `wait` seconds, and judge what is due."""
        with suppress(queue.Empty):
            self._take(self._prepared.get(timeout=wait))
        due = iter(self.assembler.due())
        while some := list(islice(due, BATCH_RUNS)):
            self._judge(self._compared(some))

    def _compared(self, due: list[Released]) -> list[Released]:
        """What is due; a trace of which there was more before our memory goes back is loaded from the store.

        Judged without that, it would be a revision of its runs which withdraws what was found in them.
        """
        judged = self.store.judged_traces([(one.project, one.trace_id) for one in due if one.new])
        for project, trace_id in judged:
            self.assembler.read_back(project, trace_id)
        return [
            replace(one, spans=(), reopened=True) if one.new and (one.project, one.trace_id) in judged else one
            for one in due
        ]

    def _recorded(self, released: Released) -> RecordedTrace:
        """A trace that is to be judged: as it was held, or as the store has it."""
        if not released.reopened:
            return RecordedTrace(released.spans, 0)
        most = self.assembler.max_trace_bytes
        return self.store.recorded_trace(released.project, released.trace_id, MARKS, most=most)

    def _take(self, item: "Prepared | int | Exception") -> None:
        match item:
            case Exception():
                raise item
            case int():
                self.log.commit(item)
            case Prepared():
                self.log.begin(item.end)
                self._keep(item)
                self.log.commit(item.end)

    def _keep(self, batch: Prepared) -> None:
        """Store the spans and log records of a batch, and put its traces together."""
        if len(batch.spans):
            self.store.insert_spans(batch.spans, batch.token)
            self.on_count(Counter.STORED, "spans", len(batch.spans))
        if batch.logs:
            self.store.insert_logs(batch.logs, batch.token)
            self.on_count(Counter.STORED, "log_records", len(batch.logs))
        for arrival, piece, size in batch.arrived:
            self.assembler.add(arrival, piece, size)

    def _fail(self, reason: str) -> None:
        if not self._stopping.is_set():
            self.failure = reason
            _logger.error("the pipeline has stopped: %s", reason)

    def _wait(self) -> float:
        due = self.assembler.next_due()
        return LONGEST_WAIT if due is None else max(0.0, min(LONGEST_WAIT, due - self.clock()))

    def _judge(self, due: list[Released]) -> None:
        replays = [replay for released in due for replay in self._replays(released)]
        if replays:
            self.store.insert_replays(replays)
            self.on_count(Counter.STORED, "runs", len(replays))
        for finding in (finding for replay in replays for finding in replay.findings):
            self.on_count(Counter.FINDINGS, finding.severity, 1)

    def _replays(self, released: Released) -> list[Replay]:
        """Judge a trace. A bug of ours that a trace brings to light is caught here: it is kept, and others go on."""
        self.on_count(Counter.TRACES, released.reason, 1)
        try:
            pieces, left_out = self._recorded(released)
            replays = detect(
                put_together(released.trace_id, pieces),
                project=released.project,
                policy=self.policy,
                redactor=self.new_redactor(),
                conversations=self._conversations,
                left_out=left_out,
            )
            return [self.store.with_former_findings(one) for one in replays] if left_out else replays
        except Exception:  # the boundary named above
            self.on_count(Counter.FAILED, "trace", 1)
            _logger.exception("trace %s could not be judged; its spans are kept", released.trace_id)
            return []
