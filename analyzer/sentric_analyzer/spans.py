"""Spans and log records as the analyzer holds them: plain values, ids as lower-case hex."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as ProtoLogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
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


class SpanEvent(NamedTuple):
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


@dataclass(slots=True)  # not frozen, because that takes ten times as long to make
class Span:
    """One span. Times in Unix nanoseconds. It is not changed once it is made."""

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
    size: int = field(compare=False)
    """Bytes that it takes: what bounds are counted in, and not what a span is."""


class RawOrigin(NamedTuple):
    """An origin as it was sent: resource and scope in protobuf."""

    resource: bytes
    resource_schema: str
    scope: bytes
    scope_schema: str


class RawSpan(NamedTuple):
    """A span as it was sent: in protobuf, a quarter of the size of what is made of it, and cheap to hand on."""

    origin: RawOrigin
    body: bytes


class Arrival(NamedTuple):
    """What is to be known of a span that has come, to put its trace together. Ids in hex."""

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str
    marked: bool
    """It has something for a dialect."""
    conversation: str = ""
    """The conversation it says it belongs to."""


class Relation(NamedTuple):
    """All that is kept of a span that tells nothing of agents: where it stands between those that do."""

    span_id: str
    parent_span_id: str


Piece: TypeAlias = RawSpan | Relation | Span
"""A span of a trace that is being put together; as a `Span` where it was read from the store."""


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
    project: str = ""
    """The project it belongs to; empty where that is not yet said."""


def raw_spans(body: bytes) -> Iterator[RawSpan]:
    """The spans of an `ExportTraceServiceRequest` that is known to be valid, in its order, as they were sent."""
    for resource_spans in _raw_request().FromString(body).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            origin = RawOrigin(
                resource_spans.resource, resource_spans.schema_url, scope_spans.scope, scope_spans.schema_url
            )
            for span in scope_spans.spans:
                yield RawSpan(origin, span)


def put_together(trace_id: str, pieces: Iterable[Piece]) -> list[Span]:
    """The spans of a trace."""
    origins: dict[RawOrigin, Origin] = {}
    spans: list[Span] = []
    for piece in pieces:
        match piece:
            case RawSpan(origin, body):
                if origin not in origins:
                    origins[origin] = _origin_of(origin)
                spans.append(_span(ProtoSpan.FromString(body), origins[origin], len(body)))
            case Relation(span_id, parent_span_id):
                spans.append(_unread(trace_id, span_id, parent_span_id))
            case Span():
                spans.append(piece)
    return spans


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """The spans of a request, in its order."""
    for resource_spans in request.resource_spans:
        resource = attributes_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            origin = _origin(resource, resource_spans.schema_url, scope_spans.scope, scope_spans.schema_url)
            for span in scope_spans.spans:
                yield _span(span, origin, span.ByteSize())


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
    found: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        found[pair.key] = value.string_value or value_of(value)  # by far the most are texts
    return found


def value_of(value: AnyValue) -> Any:
    """An OTLP AnyValue as a plain Python value; None where it is empty."""
    which = value.WhichOneof("value")
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


def _origin_of(raw: RawOrigin) -> Origin:
    resource = attributes_of(Resource.FromString(raw.resource).attributes)
    return _origin(resource, raw.resource_schema, InstrumentationScope.FromString(raw.scope), raw.scope_schema)


def _unread(trace_id: str, span_id: str, parent_span_id: str) -> Span:
    return Span(trace_id, span_id, parent_span_id, "", 0, "", 0, 0, 0, 0, "", {}, (), (), _NOWHERE, 0)


_NOWHERE = Origin({})


@cache
def _raw_request() -> Any:
    """The message of an `ExportTraceServiceRequest` of which resources, scopes and spans stay bytes.

    On the wire, bytes are what a message is; so these are parsed by nobody, and cost a copy.
    """
    file = FileDescriptorProto(name="sentric/raw.proto", package="sentric.raw", syntax="proto3")
    for name, fields in (
        ("Scopes", (("scope", "bytes", 1), ("spans", "bytes", 2), ("schema_url", "string", 3))),
        ("Resources", (("resource", "bytes", 1), ("scope_spans", "Scopes", 2), ("schema_url", "string", 3))),
        ("Request", (("resource_spans", "Resources", 1),)),
    ):
        message = file.message_type.add(name=name)
        for field_name, of, number in fields:
            several = field_name.endswith("spans")
            made = message.field.add(name=field_name, number=number)
            made.label = FieldDescriptorProto.LABEL_REPEATED if several else FieldDescriptorProto.LABEL_OPTIONAL
            if of.istitle():
                made.type, made.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".sentric.raw.{of}"
            else:
                made.type = FieldDescriptorProto.Type.Value(f"TYPE_{of.upper()}")
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("sentric.raw.Request"))


def _span(span: ProtoSpan, origin: Origin, size: int) -> Span:
    status = span.status
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
        status_code=status.code,
        status_message=status.message,
        attributes=attributes_of(span.attributes),
        events=tuple(map(_event, span.events)) if span.events else (),
        links=tuple(map(_link, span.links)) if span.links else (),
        origin=origin,
        size=size,
    )


def _event(event: ProtoSpan.Event) -> SpanEvent:
    return SpanEvent(event.time_unix_nano, event.name, attributes_of(event.attributes))


def _link(link: ProtoSpan.Link) -> SpanLink:
    return SpanLink(link.trace_id.hex(), link.span_id.hex(), link.trace_state, attributes_of(link.attributes))


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
