"""Log records that tell of agents, as spans: so they are redacted, stored, put together and read as spans are.

Some emitters write what was said into log records beside their spans, and coding agents write little else. Each such
record becomes a span of its own under the span it belongs to. Records of no trace that name one session become one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from sentric import semconv
from sentric_analyzer.dialects.events import MESSAGES, WHOLE
from sentric_analyzer.dialects.values import canonical
from sentric_analyzer.spans import Span, SpanEvent

EVENT = "event.name"
"""The attribute that every span made of a record has: the name of its event."""
_TRACE_BYTES, _SPAN_BYTES = 16, 8
_LONGEST = 86_400_000
"""Milliseconds that something which a record tells of is believed to have taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Which log records tell of agents, and what belongs together.

    Attributes:
        names: of their events.
        scope: how the name of the scope begins whose records alone these are.
        together: attributes that name together what is one trace, where a record says no trace. Without the first
            of them it belongs to none.
        apart: a record's own trace says nothing, because each call is in one of its own.
        only_with: attributes without which some events tell nothing.
        lasting: events that tell of something when it has ended, and in `duration_ms` how long it took.
    """

    names: frozenset[str]
    scope: str = ""
    together: tuple[str, ...] = ()
    apart: bool = False
    only_with: Mapping[str, str] = field(default_factory=dict[str, str])
    lasting: frozenset[str] = frozenset()


GEN_AI = Records(names=frozenset(MESSAGES), together=(semconv.GEN_AI_CONVERSATION_ID,))
"""The events of the OpenTelemetry conventions, whoever writes them."""


def traced(request: ExportLogsServiceRequest, known: Sequence[Records]) -> ExportTraceServiceRequest:
    """The records of a request that tell of agents, as a request of spans; an empty one where there are none.

    Args:
        request: valid.
        known: of several that a scope's records may be, the first counts.
    """
    made = ExportTraceServiceRequest()
    for of_resource in request.resource_logs:
        for of_scope in of_resource.scope_logs:
            kind = next((one for one in known if of_scope.scope.name.startswith(one.scope)), None)
            spans = [span for record in of_scope.log_records if kind and (span := _span(record, kind))]
            if spans:
                resource = made.resource_spans.add(resource=of_resource.resource, schema_url=of_resource.schema_url)
                resource.scope_spans.add(scope=of_scope.scope, schema_url=of_scope.schema_url, spans=spans)
    return made


def _span(record: LogRecord, kind: Records) -> ProtoSpan | None:
    stated = {pair.key: pair.value for pair in record.attributes}
    name = next((one for one in (record.event_name, _text(stated.get(EVENT))) if one in kind.names), "")
    trace_id = _trace(record, stated, kind) if name else b""
    if not trace_id or kind.only_with.get(name, EVENT) not in {EVENT, *stated}:
        return None
    ended = record.time_unix_nano or record.observed_time_unix_nano
    taken = _milliseconds(stated.get("duration_ms")) if name in kind.lasting else 0
    span = ProtoSpan(
        trace_id=trace_id,
        span_id=_identity(record, name),
        name=name,
        kind=ProtoSpan.SPAN_KIND_INTERNAL,
        start_time_unix_nano=max(ended - taken * 1_000_000, 0),
        end_time_unix_nano=ended,
        attributes=[pair for pair in record.attributes if pair.key != EVENT],
        status=Status(),
    )
    if trace_id == record.trace_id:
        span.parent_span_id = record.span_id
    span.attributes.append(KeyValue(key=EVENT, value=AnyValue(string_value=name)))
    span.attributes.extend(_body(record.body, stated))
    return span


def _trace(record: LogRecord, stated: Mapping[str, AnyValue], kind: Records) -> bytes:
    """The trace that a record belongs to: its own, or the one of its session; empty where it names none."""
    if len(record.trace_id) == _TRACE_BYTES and any(record.trace_id) and not kind.apart:
        return record.trace_id
    session = [_text(stated.get(name)) for name in kind.together]
    if not session or not session[0]:
        return b""
    return sha256("\0".join((kind.scope, *session)).encode("utf-8", "replace")).digest()[:_TRACE_BYTES]


def _identity(record: LogRecord, name: str) -> bytes:
    """The same for a record that is sent again. Nothing that it says is in it, for ids are not redacted."""
    shape = [f"{pair.key}\0{pair.value.ByteSize()}" for pair in record.attributes]
    told = (name, str(record.time_unix_nano), str(record.observed_time_unix_nano), str(record.body.ByteSize()), *shape)
    return sha256("\0".join(told).encode("utf-8", "replace")).digest()[:_SPAN_BYTES]


def _body(body: AnyValue, stated: Mapping[str, AnyValue]) -> Iterator[KeyValue]:
    """What a body tells: its fields, or the whole of what it says."""
    match body.WhichOneof("value"):
        case "kvlist_value":
            yield from (pair for pair in body.kvlist_value.values if pair.key not in stated and pair.key != EVENT)
        case "string_value" if body.string_value and WHOLE not in stated:
            yield KeyValue(key=WHOLE, value=body)
        case _:
            pass


def _text(value: AnyValue | None) -> str:
    return value.string_value if value else ""


def _milliseconds(value: AnyValue | None) -> int:
    """A number of them, which some write as a text; 0 for anything else."""
    match value.WhichOneof("value") if value else None:
        case "string_value" if value and value.string_value.isdecimal() and len(value.string_value) < 10:
            number = int(value.string_value)
        case "int_value" if value:
            number = value.int_value
        case _:
            return 0
    return number if 0 < number <= _LONGEST else 0


def with_records(spans: Iterable[Span]) -> list[Span]:
    """With the events of the conventions, which came as records, on the spans they belong to.

    Where that span is missing, one stands in for it that tells what its events do.
    """
    kept: list[Span] = []
    records: dict[tuple[str, str], dict[tuple[str, int, str, str], Span]] = {}
    for span in spans:
        if _is_event(span):
            told = (span.span_id, span.start, span.name, canonical(dict(span.attributes)))  # it may be sent twice
            records.setdefault((span.trace_id, span.parent_span_id or span.span_id), {}).setdefault(told, span)
        else:
            kept.append(span)
    if not records:
        return kept
    spans_told = [_with_events(span, records.pop((span.trace_id, span.span_id), {}).values()) for span in kept]
    return spans_told + [_stand_in(span_id, of_span.values()) for (_, span_id), of_span in records.items()]


def _is_event(span: Span) -> bool:
    """Whether a span was made of a record of the conventions; one that tells of a call of its own was not."""
    operation = span.attributes.get(semconv.GEN_AI_OPERATION_NAME)
    calls = operation in (semconv.OPERATION_EXECUTE_TOOL, semconv.OPERATION_INVOKE_AGENT)
    return span.name in MESSAGES and span.attributes.get(EVENT) == span.name and not calls


def _with_events(span: Span, records: Collection[Span]) -> Span:
    if not records:
        return span
    size = span.size + sum(record.size for record in records)
    return replace(span, events=(*span.events, *_events(records)), size=size)


def _stand_in(span_id: str, records: Collection[Span]) -> Span:
    events = _events(records)
    first = min(records, key=lambda record: (record.start, record.span_id))
    attributes: dict[str, Any] = {semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_CHAT, EVENT: first.name}
    for event in events:
        attributes |= {name: value for name, value in event.attributes.items() if name in _OF_SPAN}
    return replace(
        first,
        span_id=span_id,
        parent_span_id="",
        name=first.name,
        start=first.start,
        end=max(record.end for record in records),
        attributes=attributes,
        events=events,
        size=sum(record.size for record in records),
    )


_OF_SPAN = frozenset({
    semconv.GEN_AI_AGENT_NAME,
    semconv.GEN_AI_AGENT_ID,
    semconv.GEN_AI_CONVERSATION_ID,
    semconv.SESSION_ID,
    semconv.GEN_AI_REQUEST_MODEL,
    semconv.GEN_AI_RESPONSE_MODEL,
    semconv.GEN_AI_USAGE_INPUT_TOKENS,
    semconv.GEN_AI_USAGE_OUTPUT_TOKENS,
})  # fmt: skip
"""Attributes of a record that say of its span what that would; that it is a model's call its event says."""


def _events(records: Iterable[Span]) -> tuple[SpanEvent, ...]:
    """In the order of their times: where these are the same, what a model was given before what it answered."""
    ordered = sorted(records, key=lambda record: (record.start, MESSAGES.index(record.name), record.span_id))
    return tuple(SpanEvent(record.start, record.name, record.attributes) for record in ordered)
