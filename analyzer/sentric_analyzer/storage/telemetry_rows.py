"""The columns of `otel_traces` and `otel_logs`: log records as rows of theirs, and rows of spans as spans."""

from collections.abc import Mapping, Sequence
from typing import Any

from sentric import semconv
from sentric_analyzer.document import clamp_time
from sentric_analyzer.spans import LogRecord, Origin, Span, SpanEvent, SpanLink
from sentric_analyzer.storage.arrow import Row, Schema, Type
from sentric_analyzer.storage.attribute_columns import text, values

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
    "SentricProject": Type.TEXT,
    "Types": Type.UINT8S,
    "EventTypes": Type.UINT8SS,
    "LinkTypes": Type.UINT8SS,
    "ResourceTypes": Type.UINT8S,
    "ResourceSchemaUrl": Type.TEXT,
    "ScopeAttributes": Type.MAP,
    "ScopeTypes": Type.UINT8S,
    "ScopeSchemaUrl": Type.TEXT,
    "Flags": Type.UINT32,
    "Size": Type.UINT32,
    "StartSent": Type.UINT64,
    "EndSent": Type.UINT64,
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
    "SentricProject": Type.TEXT,
}


def log_rows(records: Sequence[LogRecord]) -> list[Row]:
    """Log records as rows of `LOGS`. A record without a time has the time it was observed at."""
    return [_log_row(record) for record in records]


def span_of(row: Mapping[str, Any]) -> Span:
    """The span of a row, of which the times are read as nanoseconds.

    It equals the span that was written, but for times of its events outside 1970 to 2106, and bytes in lists.
    A row that the Collector wrote has text for every attribute.
    """
    start, end = row["Timestamp"], row["Timestamp"] + row["Duration"]
    if row["StartSent"] or row["EndSent"]:
        start, end = row["StartSent"], row["EndSent"]
    return Span(
        trace_id=row["TraceId"],
        span_id=row["SpanId"],
        parent_span_id=row["ParentSpanId"],
        trace_state=row["TraceState"],
        flags=row["Flags"],
        name=row["SpanName"],
        kind=_number(KINDS, row["SpanKind"]),
        start=start,
        end=end,
        status_code=_number(STATUSES, row["StatusCode"]),
        status_message=row["StatusMessage"],
        attributes=values(row["SpanAttributes"], row["Types"]),
        events=tuple(
            SpanEvent(time, name, values(stored, kinds))
            for time, name, stored, kinds in zip(
                row["Events.Timestamp"],
                row["Events.Name"],
                row["Events.Attributes"],
                _each(row["EventTypes"], len(row["Events.Name"])),
                strict=True,
            )
        ),
        links=tuple(
            SpanLink(trace_id, span_id, state, values(stored, kinds))
            for trace_id, span_id, state, stored, kinds in zip(
                row["Links.TraceId"],
                row["Links.SpanId"],
                row["Links.TraceState"],
                row["Links.Attributes"],
                _each(row["LinkTypes"], len(row["Links.SpanId"])),
                strict=True,
            )
        ),
        origin=Origin(
            resource=values(row["ResourceAttributes"], row["ResourceTypes"]),
            resource_schema=row["ResourceSchemaUrl"],
            scope_name=row["ScopeName"],
            scope_version=row["ScopeVersion"],
            scope_attributes=values(row["ScopeAttributes"], row["ScopeTypes"]),
            scope_schema=row["ScopeSchemaUrl"],
        ),
        size=row["Size"] or sum(map(len, row["SpanAttributes"].values())),
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
        record.project,
    )


def _service(origin: Origin) -> str:
    return text(origin.resource.get(semconv.SERVICE_NAME, ""))


def _texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {key: text(value) for key, value in attributes.items()}


def _each(kinds: Sequence[Sequence[int]], count: int) -> Sequence[Sequence[int]]:
    return kinds or [()] * count


def _number(names: Sequence[str], name: str) -> int:
    if name in names:
        return names.index(name)
    return int(name) if name.lstrip("-").isdecimal() else 0
