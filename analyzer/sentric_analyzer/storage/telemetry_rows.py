"""Spans and log records as rows of `otel_traces` and `otel_logs`, and spans back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sentric import semconv
from sentric_analyzer.document import clamp_time
from sentric_analyzer.spans import LogRecord, Origin, Span, SpanEvent, SpanLink
from sentric_analyzer.storage.arrow import Row, Schema, Type
from sentric_analyzer.storage.attributes import forms, text, texts, values

KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
"""Names of the span kinds as the Collector's exporter writes them."""
STATUSES = ("Unset", "Ok", "Error")
"""Names of the status codes as the Collector's exporter writes them."""

SPANS: Schema = {
    "Timestamp": Type.TIME,
    "TraceId": Type.TEXT,
    "SpanId": Type.TEXT,
    "ParentSpanId": Type.TEXT,
    "TraceState": Type.TEXT,
    "SpanName": Type.TEXT,
    "SpanKind": Type.TEXT,
    "ServiceName": Type.TEXT,
    "ResourceAttributes": Type.MAP,
    "ScopeName": Type.TEXT,
    "ScopeVersion": Type.TEXT,
    "SpanAttributes": Type.MAP,
    "Duration": Type.UINT64,
    "StatusCode": Type.TEXT,
    "StatusMessage": Type.TEXT,
    "Events.Timestamp": Type.TIMES,
    "Events.Name": Type.TEXTS,
    "Events.Attributes": Type.MAPS,
    "Links.TraceId": Type.TEXTS,
    "Links.SpanId": Type.TEXTS,
    "Links.TraceState": Type.TEXTS,
    "Links.Attributes": Type.MAPS,
    "Stored": Type.TIME,
    "Exact": Type.TEXT,
}
LOGS: Schema = {
    "Timestamp": Type.TIME,
    "TraceId": Type.TEXT,
    "SpanId": Type.TEXT,
    "TraceFlags": Type.UINT8,
    "SeverityText": Type.TEXT,
    "SeverityNumber": Type.UINT8,
    "ServiceName": Type.TEXT,
    "Body": Type.TEXT,
    "ResourceSchemaUrl": Type.TEXT,
    "ResourceAttributes": Type.MAP,
    "ScopeSchemaUrl": Type.TEXT,
    "ScopeName": Type.TEXT,
    "ScopeVersion": Type.TEXT,
    "ScopeAttributes": Type.MAP,
    "LogAttributes": Type.MAP,
    "EventName": Type.TEXT,
}


def span_rows(spans: Sequence[Span], stored: int) -> list[Row]:
    """Spans as rows of `SPANS`; `stored` is the Unix time in nanoseconds they are written at."""
    origins = {id(span.origin): span.origin for span in spans}
    shared = {key: _Shared.of(origin) for key, origin in origins.items()}
    return [_span_row(span, shared[id(span.origin)], stored) for span in spans]


def log_rows(records: Sequence[LogRecord]) -> list[Row]:
    """Log records as rows of `LOGS`. A record without a time has the time it was observed at."""
    return [_log_row(record) for record in records]


def span_of(row: Mapping[str, Any]) -> Span:
    """The span of a row, of which the times are read as nanoseconds.

    It equals the span that was written, but for times of its events outside 1970 to 2106, and bytes in lists.
    A row that the Collector wrote has text for every attribute.
    """
    written: dict[str, Any] = json.loads(row["Exact"] or "{}")
    exact: dict[str, Any] = written.get("more", {})
    start, end = exact.get("time") or (row["Timestamp"], row["Timestamp"] + row["Duration"])
    attributes = values(row["SpanAttributes"], exact.get("span", {}))
    return Span(
        trace_id=row["TraceId"],
        span_id=row["SpanId"],
        parent_span_id=row["ParentSpanId"],
        trace_state=row["TraceState"],
        flags=exact.get("flags", 0),
        name=row["SpanName"],
        kind=_number(KINDS, row["SpanKind"]),
        start=start,
        end=end,
        status_code=_number(STATUSES, row["StatusCode"]),
        status_message=row["StatusMessage"],
        attributes=attributes,
        events=tuple(
            SpanEvent(time, name, values(stored, how))
            for time, name, stored, how in zip(
                row["Events.Timestamp"],
                row["Events.Name"],
                row["Events.Attributes"],
                _each(exact.get("events"), len(row["Events.Name"])),
                strict=True,
            )
        ),
        links=tuple(
            SpanLink(trace_id, span_id, state, values(stored, how))
            for trace_id, span_id, state, stored, how in zip(
                row["Links.TraceId"],
                row["Links.SpanId"],
                row["Links.TraceState"],
                row["Links.Attributes"],
                _each(exact.get("links"), len(row["Links.SpanId"])),
                strict=True,
            )
        ),
        origin=_origin(row, written.get("origin", {})),
        size=exact.get("size", sum(map(len, row["SpanAttributes"].values()))),
    )


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all spans of an origin have in common, made once."""

    service: str
    resource: Mapping[str, str]
    exact: str

    @classmethod
    def of(cls, origin: Origin) -> Self:
        resource, scope = forms(origin.resource), forms(origin.scope_attributes)
        exact = {
            "resource": resource,
            "resource_schema": origin.resource_schema,
            "scope": texts(origin.scope_attributes, scope),
            "scope_forms": scope,
            "scope_schema": origin.scope_schema,
        }
        return cls(_service(origin), texts(origin.resource, resource), _encode(_stated(exact)))


def _span_row(span: Span, shared: _Shared, stored: int) -> Row:
    attributes, events, links = forms(span.attributes), span.events, span.links
    of_events = [forms(event.attributes) for event in events]
    of_links = [forms(link.attributes) for link in links]
    start = clamp_time(span.start)
    duration = max(0, span.end - span.start)
    exact: dict[str, Any] = {
        "size": span.size,
        "flags": span.flags,
        "span": attributes,
        "events": any(of_events) and of_events,
        "links": any(of_links) and of_links,
    }
    if start != span.start or span.end != start + duration:
        exact["time"] = (span.start, span.end)
    return (
        start,
        span.trace_id,
        span.span_id,
        span.parent_span_id,
        span.trace_state,
        span.name,
        _name(KINDS, span.kind),
        shared.service,
        shared.resource,
        span.origin.scope_name,
        span.origin.scope_version,
        texts(span.attributes, attributes),
        duration,
        _name(STATUSES, span.status_code),
        span.status_message,
        [clamp_time(event.time) for event in events],
        [event.name for event in events],
        [texts(event.attributes, of) for event, of in zip(events, of_events, strict=True)],
        [link.trace_id for link in links],
        [link.span_id for link in links],
        [link.trace_state for link in links],
        [texts(link.attributes, of) for link, of in zip(links, of_links, strict=True)],
        stored,
        f'{{"origin":{shared.exact},"more":{_encode(_stated(exact))}}}',
    )


def _log_row(record: LogRecord) -> Row:
    origin = record.origin
    return (
        clamp_time(record.time or record.observed_time),
        record.trace_id,
        record.span_id,
        record.flags & 0xFF,
        record.severity_text,
        max(0, min(record.severity_number, 255)),
        _service(origin),
        text(record.body),
        origin.resource_schema,
        _texts(origin.resource),
        origin.scope_schema,
        origin.scope_name,
        origin.scope_version,
        _texts(origin.scope_attributes),
        _texts(record.attributes),
        record.event_name,
    )


def _service(origin: Origin) -> str:
    return text(origin.resource.get(semconv.SERVICE_NAME, ""))


def _origin(row: Mapping[str, Any], exact: Mapping[str, Any]) -> Origin:
    return Origin(
        resource=values(row["ResourceAttributes"], exact.get("resource", {})),
        resource_schema=exact.get("resource_schema", ""),
        scope_name=row["ScopeName"],
        scope_version=row["ScopeVersion"],
        scope_attributes=values(exact.get("scope", {}), exact.get("scope_forms", {})),
        scope_schema=exact.get("scope_schema", ""),
    )


def _texts(attributes: Mapping[str, Any]) -> Mapping[str, str]:
    return texts(attributes, forms(attributes))


def _stated(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value}


def _each(how: Sequence[Mapping[str, str]] | None, count: int) -> Sequence[Mapping[str, str]]:
    return how or [{}] * count


def _name(names: Sequence[str], number: int) -> str:
    return names[number] if 0 <= number < len(names) else str(number)


def _number(names: Sequence[str], name: str) -> int:
    if name in names:
        return names.index(name)
    return int(name) if name.lstrip("-").isdecimal() else 0


_encode = json.JSONEncoder(separators=(",", ":")).encode
