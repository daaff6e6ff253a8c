"""Spans as the requests they could have come in."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from sentric.redaction import Redactor
from sentric_analyzer.spans import Span
from sentric_analyzer.storage import Request, SpanBatch
from support.attributes import pairs


def batch_of(spans: Sequence[Span], *, projects: Sequence[str] = (), redactor: Redactor | None = None) -> SpanBatch:
    """Spans as the pipeline stores them."""
    return SpanBatch.read([Request(request_of(spans), projects)], redactor or Redactor(b"of tests"))


def request_of(spans: Iterable[Span]) -> bytes:
    """The `ExportTraceServiceRequest` that holds some spans, in their order."""
    request = ExportTraceServiceRequest()
    for origin, of_origin in groupby(spans, key=lambda span: span.origin):
        outer = request.resource_spans.add(
            resource=Resource(attributes=pairs(origin.resource)), schema_url=origin.resource_schema
        )
        scope = InstrumentationScope(
            name=origin.scope_name, version=origin.scope_version, attributes=pairs(origin.scope_attributes)
        )
        inner = outer.scope_spans.add(scope=scope, schema_url=origin.scope_schema)
        inner.spans.extend(map(_span, of_origin))
    return request.SerializeToString()


def _span(span: Span) -> ProtoSpan:
    return ProtoSpan(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_span_id),
        trace_state=span.trace_state,
        flags=span.flags,
        name=span.name,
        kind=span.kind,  # type: ignore[arg-type]
        start_time_unix_nano=span.start,
        end_time_unix_nano=span.end,
        status=Status(code=span.status_code, message=span.status_message),  # type: ignore[arg-type]
        attributes=pairs(span.attributes),
        events=[
            ProtoSpan.Event(time_unix_nano=event.time, name=event.name, attributes=pairs(event.attributes))
            for event in span.events
        ],
        links=[
            ProtoSpan.Link(
                trace_id=bytes.fromhex(link.trace_id),
                span_id=bytes.fromhex(link.span_id),
                trace_state=link.trace_state,
                attributes=pairs(link.attributes),
            )
            for link in span.links
        ],
    )
