"""A part of the log, made ready to be stored: decoded and redacted in columns.

A log record that tells of agents is stored as one, and as the span that is made of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.redaction import Redactor
from sentric_analyzer.dialects import BUILT_IN, Dialects, spans_in
from sentric_analyzer.dialects.values import is_conversation
from sentric_analyzer.log import Entry, Record, Signal
from sentric_analyzer.projects import project_of
from sentric_analyzer.redacted import redacted_logs
from sentric_analyzer.spans import Arrival, LogRecord, Piece, RawOrigin, Relation, logs_of, raw_spans
from sentric_analyzer.storage import Request, SpanBatch

RELATION_BYTES = 64
"""What a `Relation` takes besides what any span does."""
ORIGIN_BYTES = 384
"""What an origin takes, which the spans of a trace that came together share, besides its content."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a part of the log comes to."""

    first: int
    end: int
    """Positions in the log: of the first record, and after the last."""
    received: int
    """When the last of its records was, in Unix nanoseconds."""
    size: int
    """Bytes of its requests."""
    spans: SpanBatch
    logs: Sequence[LogRecord]
    arrived: Sequence[tuple[Arrival, Piece, int]]
    """Where each span belongs, what is kept of it until its trace is judged, and how many bytes that is."""


def prepare(batch: Sequence[Entry], redactor: Redactor, dialects: Dialects = BUILT_IN) -> Prepared:
    """Decode and redact records.

    Args:
        batch: from the log, at least one.
        redactor: the secrets it has seen are looked for in all of them.
        dialects: for which spans are kept until their trace is judged.
    """
    requests: list[Request] = []
    logs: list[LogRecord] = []
    for entry in batch:
        record = entry.record
        if record.signal is Signal.TRACES:
            requests.append(Request(record.body, record.projects))
        elif record.signal is Signal.LOGS:
            request = ExportLogsServiceRequest.FromString(record.body)
            logs += _logs(request, record)
            if (told := spans_in(request)).resource_spans:
                requests.append(Request(told.SerializeToString(), record.projects))
    spans = SpanBatch.read(requests, redactor)
    return Prepared(
        batch[0].position,
        batch[-1].next_position,
        batch[-1].record.received,
        sum(len(entry.record.body) for entry in batch),
        spans,
        list(redacted_logs(logs, redactor)),
        list(_arrived(spans, [request.body for request in requests], dialects)),
    )


def token_of(batch: Sequence[Prepared]) -> str:
    """Names a batch by its place in the log and its time: one that is stored again after a crash stands once.

    The time tells it from one at the same place of a log that was begun anew beside the same store.
    """
    first, last = batch[0], batch[-1]
    return f"{first.first}-{last.end}-{last.received}"


def warm_up() -> None:
    """Load what `prepare` needs: libraries that take a second together."""
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(trace_id=bytes(16), span_id=bytes(8), name="warm-up")
    SpanBatch.read([Request(request.SerializeToString(), ())], Redactor(b"of nobody"))


def _arrived(spans: SpanBatch, bodies: Sequence[bytes], dialects: Dialects) -> Iterator[tuple[Arrival, Piece, int]]:
    arrivals = list(spans.arrivals(dialects.marks, dialects.sessions, is_conversation))
    # Most requests of services have nothing for a dialect.
    telling = {number for arrival, number in zip(arrivals, spans.requests, strict=True) if arrival.marked}
    raw = {number: raw_spans(bodies[number]) for number in telling}
    shared: tuple[RawOrigin, str] | None = None
    for arrival, number in zip(arrivals, spans.requests, strict=True):
        sent = next(raw[number]) if number in raw else None
        if not sent or not arrival.marked:
            yield arrival, Relation(arrival.span_id, arrival.parent_span_id), RELATION_BYTES
            continue
        size = len(sent.body)
        if not shared or shared[0] is not sent.origin or shared[1] != arrival.trace_id:
            shared = sent.origin, arrival.trace_id
            size += ORIGIN_BYTES + len(sent.origin.resource) + len(sent.origin.scope)
        yield arrival, sent, size


def _logs(request: ExportLogsServiceRequest, record: Record) -> Iterator[LogRecord]:
    for log in logs_of(request):
        yield replace(log, project=project_of(record.projects, log.attributes, log.origin.resource))
