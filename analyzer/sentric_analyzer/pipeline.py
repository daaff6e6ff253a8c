"""The way of a batch: from the log to the store, through assembly and detection.

One thread owns everything here. What it has not finished stays in the log: it can be stopped, or killed, at any line
and goes on from the last committed position.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.errors import SentricError
from sentric.policy.rule import Policy, Severity
from sentric.policy.verdict import Replay
from sentric.redaction import Redactor
from sentric_analyzer.assembly import Assembler, Reason, Released
from sentric_analyzer.declaration import Declaration, OnCount
from sentric_analyzer.detection import Conversations, detect
from sentric_analyzer.dialects import MARKS
from sentric_analyzer.log import Entry, Log, LogCorruptError, Signal
from sentric_analyzer.receiver import project_of, settle_projects
from sentric_analyzer.redacted import redacted_logs, redacted_spans
from sentric_analyzer.spans import LogRecord, Span, logs_of, spans_of
from sentric_analyzer.storage import Store

_logger = logging.getLogger(__name__)

BATCH_BYTES = 8 << 20
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
    Counter.FAILED: Declaration("What could not be read or judged.", "what", ("trace", "log")),
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
    _redactor: Redactor = field(init=False)
    _conversations: Conversations = field(init=False)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _caught_up: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._redactor = self.new_redactor()
        self._conversations = Conversations(self.store.earlier_runs)

    def start(self) -> None:
        """Start the thread that owns the pipeline. Until it has caught up with what lay in the log, it is not ready."""
        self._thread = threading.Thread(target=self._run, name="sentric-pipeline", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Finish the batch in hand and stop; what is left stays in the log."""
        self._stopping.set()
        self.log.release_readers()
        if self._thread is not None:
            self._thread.join(timeout)

    def step(self, wait: float = 0.0) -> None:
        """Take one batch from the log, if one comes within `wait` seconds, and judge what is due."""
        if batch := self._batch(wait):
            self.log.begin(batch[-1].next_position)
            self._keep(batch)
            self.log.commit(batch[-1].next_position)
        due = iter(self.assembler.due())
        while some := list(islice(due, BATCH_RUNS)):
            self._judge(some)

    def unready(self) -> str:
        """Why what is asked now may not be all there is; empty when it is."""
        return self.failure or ("" if self._caught_up.is_set() else "reading what came before the last stop")

    def catch_up(self) -> None:
        """Take up what was open when the service last stopped, and what lies in the log by now."""
        for project, trace_id in self.store.open_traces(MARKS):
            self.assembler.add(project, self.store.spans_of_trace(project, trace_id))
        end = self.log.end
        while self.log.committed < end and not self._stopping.is_set():
            self.step()
        self._caught_up.set()

    def _run(self) -> None:
        try:
            self.catch_up()
            while not self._stopping.is_set():
                self.step(self._wait())
        except SentricError as error:
            self._fail(str(error))
        except Exception as error:  # the boundary of this thread: say it, and turn unready
            _logger.exception("the pipeline has stopped")
            self._fail(f"{type(error).__name__}: {error}")

    def _fail(self, reason: str) -> None:
        if not self._stopping.is_set():
            self.failure = reason
            _logger.error("the pipeline has stopped: %s", reason)

    def _wait(self) -> float:
        due = self.assembler.next_due()
        return LONGEST_WAIT if due is None else max(0.0, min(LONGEST_WAIT, due - self.clock()))

    def _batch(self, wait: float) -> list[Entry]:
        """The next records; the very same ones again where a batch had been begun before a crash."""
        position, begun = self.log.committed, self.log.begun
        batch: list[Entry] = []
        size = 0
        try:
            for entry in self._entries(position, wait):
                batch.append(entry)
                size += len(entry.record.body)
                if entry.next_position >= begun > position or (begun <= position and size >= BATCH_BYTES):
                    break
        except LogCorruptError as error:
            if batch:
                return batch
            self.on_count(Counter.FAILED, "log", 1)
            _logger.error("%s", error)
            self.log.commit(error.next_position)
        return batch

    def _entries(self, position: int, wait: float) -> Iterator[Entry]:
        """The first record may be waited for; those behind it are taken as far as they are there."""
        first = next(self.log.read(position, wait=wait), None)
        if first is not None:
            yield first
            yield from self.log.read(first.next_position)

    def _keep(self, batch: list[Entry]) -> None:
        """Store the spans and log records of a batch.

        The token names the batch by its place in the log: one that is stored again after a crash stands once.
        """
        token = f"{batch[0].position}-{batch[-1].next_position}"
        if spans := list(redacted_spans((span for entry in batch for span in _spans(entry)), self._redactor)):
            self.store.insert_spans(spans, token)
            self.on_count(Counter.STORED, "spans", len(spans))
        if records := list(redacted_logs((record for entry in batch for record in _logs(entry)), self._redactor)):
            self.store.insert_logs(records, token)
            self.on_count(Counter.STORED, "log_records", len(records))
        for span in spans:
            self.assembler.add(project_of((), span.origin.resource), [span])

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
        spans = list(released.spans)
        if released.reopened:
            spans = self.store.spans_of_trace(released.project, released.trace_id)
        try:
            return detect(
                spans,
                project=released.project,
                policy=self.policy,
                redactor=self.new_redactor(),
                conversations=self._conversations,
            )
        except Exception:  # the boundary named above
            self.on_count(Counter.FAILED, "trace", 1)
            _logger.exception("trace %s could not be judged; its spans are kept", released.trace_id)
            return []


def _spans(entry: Entry) -> Iterator[Span]:
    if entry.record.signal is Signal.TRACES:
        request = ExportTraceServiceRequest.FromString(entry.record.body)
        settle_projects(request, entry.record.projects)
        yield from spans_of(request)


def _logs(entry: Entry) -> Iterator[LogRecord]:
    if entry.record.signal is Signal.LOGS:
        request = ExportLogsServiceRequest.FromString(entry.record.body)
        settle_projects(request, entry.record.projects)
        yield from logs_of(request)
