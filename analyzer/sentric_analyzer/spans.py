"""Spans and log records as the analyzer holds them: plain values, ids as lower-case hex."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as ProtoLogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

Attributes = Mapping[str, Any]
"""Values are str, bool, int, float, bytes, None, lists and dicts of these."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a span or log record came from: its resource and its instrumentation scope."""

    resource: Attributes
    resource_schema: str = ""
    scope_name: str = ""
    scope_version: str = ""
    scope_attributes: Attributes = field(default_factory=dict[str, Any])
    scope_schema: str = ""


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """An event on a span. Time in Unix nanoseconds."""

    time: int
    name: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A link from a span to another."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Times in Unix nanoseconds."""

    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    flags: int
    name: str
    kind: int
    start: int
    end: int
    status_code: int
    status_message: str
    attributes: Attributes
    events: tuple[SpanEvent, ...]
    links: tuple[SpanLink, ...]
    origin: Origin
    size: int
    """Bytes of the span's protobuf form: what bounds are counted in."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One log record. Times in Unix nanoseconds."""

    time: int
    observed_time: int
    trace_id: str
    span_id: str
    flags: int
    severity_number: int
    severity_text: str
    event_name: str
    body: Any
    attributes: Attributes
    origin: Origin


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """The spans of a request, in its order."""
    for resource_spans in request.resource_spans:
        resource = attributes_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            origin = _origin(resource, resource_spans.schema_url, scope_spans.scope, scope_spans.schema_url)
            for span in scope_spans.spans:
                yield _span(span, origin)


def logs_of(request: ExportLogsServiceRequest) -> Iterator[LogRecord]:
    """The log records of a request, in its order."""
    for resource_logs in request.resource_logs:
        resource = attributes_of(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            origin = _origin(resource, resource_logs.schema_url, scope_logs.scope, scope_logs.schema_url)
            for record in scope_logs.log_records:
                yield _log_record(record, origin)


def attributes_of(pairs: "Iterator[KeyValue] | Any") -> dict[str, Any]:
    """Attributes as a dict; of a key given twice the last value stands."""
    return {pair.key: value_of(pair.value) for pair in pairs}


def value_of(value: AnyValue) -> Any:
    """An OTLP AnyValue as a plain Python value; None where it is empty."""
    which = value.WhichOneof("value")
    if which == "string_value":  # by far the most common
        return value.string_value
    if which == "array_value":
        return [value_of(item) for item in value.array_value.values]
    if which == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    return None if which is None else getattr(value, which)


def _origin(resource: Attributes, resource_schema: str, scope: InstrumentationScope, scope_schema: str) -> Origin:
    return Origin(
        resource=resource,
        resource_schema=resource_schema,
        scope_name=scope.name,
        scope_version=scope.version,
        scope_attributes=attributes_of(scope.attributes),
        scope_schema=scope_schema,
    )


def _span(span: ProtoSpan, origin: Origin) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        trace_state=span.trace_state,
        flags=span.flags,
        name=span.name,
        kind=span.kind,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        status_code=span.status.code,
        status_message=span.status.message,
        attributes=attributes_of(span.attributes),
        events=tuple(SpanEvent(e.time_unix_nano, e.name, attributes_of(e.attributes)) for e in span.events),
        links=tuple(
            SpanLink(k.trace_id.hex(), k.span_id.hex(), k.trace_state, attributes_of(k.attributes)) for k in span.links
        ),
        origin=origin,
        size=span.ByteSize(),
    )


def _log_record(record: ProtoLogRecord, origin: Origin) -> LogRecord:
    return LogRecord(
        time=record.time_unix_nano,
        observed_time=record.observed_time_unix_nano,
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
        flags=record.flags,
        severity_number=record.severity_number,
        severity_text=record.severity_text,
        event_name=record.event_name,
        body=value_of(record.body),
        attributes=attributes_of(record.attributes),
        origin=origin,
    )
