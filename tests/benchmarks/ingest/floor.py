"""The least that keeping spans can cost from Python: one parse of the requests, and one insert of their spans.

The columns are those of the Collector's exporter, made outside the timing; the table is Sentric's own. Run in a
process of its own, because a process may have one embedded store open.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.ingest.loads import templates
from benchmarks.ingest.loads.templates import Fresh
from sentric_analyzer.storage import Store, embedded_url
from sentric_analyzer.storage.connection import connect
from sentric_analyzer.storage.url import DATABASE, parse

SPANS = 20_000
"""Spans parsed."""
WARM_UP = 2_000
"""Of these, in an insert before that is not measured."""
_MAP = pa.map_(pa.string(), pa.string())
_TIME = pa.timestamp("ns")
COLUMNS = {
    "Timestamp": _TIME,
    "TraceId": pa.string(),
    "SpanId": pa.string(),
    "ParentSpanId": pa.string(),
    "TraceState": pa.string(),
    "SpanName": pa.string(),
    "SpanKind": pa.string(),
    "ServiceName": pa.string(),
    "ResourceAttributes": _MAP,
    "ScopeName": pa.string(),
    "ScopeVersion": pa.string(),
    "SpanAttributes": _MAP,
    "Duration": pa.uint64(),
    "StatusCode": pa.string(),
    "StatusMessage": pa.string(),
    "Events.Timestamp": pa.list_(_TIME),
    "Events.Name": pa.list_(pa.string()),
    "Events.Attributes": pa.list_(_MAP),
    "Links.TraceId": pa.list_(pa.string()),
    "Links.SpanId": pa.list_(pa.string()),
    "Links.TraceState": pa.list_(pa.string()),
    "Links.Attributes": pa.list_(_MAP),
}


def measured(load: str, spans_per_request: int) -> dict[str, float]:
    """Microseconds of CPU a span: `parse`, `insert`, and both together as `floor`."""
    command = [sys.executable, "-m", "benchmarks.ingest.floor", load, str(spans_per_request)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _measure(load: str, spans_per_request: int) -> dict[str, float]:
    bodies = list(_bodies(load, spans_per_request))
    parse = _cpu(lambda: [ExportTraceServiceRequest.FromString(body) for body in bodies])
    rows = [row for body in bodies for row in _rows(ExportTraceServiceRequest.FromString(body))]
    columns = zip(zip(*rows, strict=True), COLUMNS.values(), strict=True)
    table = pa.table([pa.array(column, kind) for column, kind in columns], list(COLUMNS))
    per_parse, per_insert = 1e6 * parse / len(rows), 1e6 * _insert(table) / (len(rows) - WARM_UP)
    return {"parse": per_parse, "insert": per_insert, "floor": per_parse + per_insert}


def _bodies(load: str, spans_per_request: int) -> Iterator[bytes]:
    fresh, count = Fresh(2), 0
    while count < SPANS:
        for template in templates(load, spans_per_request, seed=2, spans=SPANS // 4):
            count += template.spans
            yield from template.render(fresh, time.time_ns())


def _insert(table: Any) -> float:
    """Seconds of CPU of the cheapest insert there is: the engine reads Arrow's own memory; a stream costs more."""
    with tempfile.TemporaryDirectory() as directory:
        url = embedded_url(Path(directory))
        with Store.open(url):
            client = connect(parse(url), database=DATABASE)

            def insert(rows: Any) -> None:
                client.command(f"INSERT INTO otel_traces ({', '.join(COLUMNS)}) SELECT * FROM Python(rows)")  # noqa: S608

            insert(table.slice(0, WARM_UP))
            seconds = _cpu(lambda: insert(table.slice(WARM_UP)))
            stored = client.command("SELECT count() FROM otel_traces")
            client.close()
    assert int(stored) == len(table), f"the floor stored {stored} of {len(table)} spans"
    return seconds


def _cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU of all threads of this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    kept = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    del kept
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _rows(request: Any) -> Iterator[Sequence[object]]:
    for resource_spans in request.resource_spans:
        shared = _texts(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope
            for span in scope_spans.spans:
                yield (
                    span.start_time_unix_nano,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.trace_state,
                    span.name,
                    _KINDS[span.kind],
                    dict(shared)["service.name"],
                    shared,
                    scope.name,
                    scope.version,
                    _texts(span.attributes),
                    span.end_time_unix_nano - span.start_time_unix_nano,
                    _STATUSES[span.status.code],
                    span.status.message,
                    [event.time_unix_nano for event in span.events],
                    [event.name for event in span.events],
                    [_texts(event.attributes) for event in span.events],
                    [link.trace_id.hex() for link in span.links],
                    [link.span_id.hex() for link in span.links],
                    [link.trace_state for link in span.links],
                    [_texts(link.attributes) for link in span.links],
                )


def _texts(attributes: Iterable[Any]) -> list[tuple[str, str]]:
    return [(entry.key, _text(entry.value)) for entry in attributes]


def _text(value: Any) -> str:
    match value.WhichOneof("value"):
        case "string_value":
            return str(value.string_value)
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "array_value":
            return json.dumps([_text(item) for item in value.array_value.values])
        case None:
            return ""
        case name:
            return str(getattr(value, name))


_KINDS: Mapping[int, str] = dict(enumerate(("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")))
_STATUSES: Mapping[int, str] = dict(enumerate(("Unset", "Ok", "Error")))


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], int(sys.argv[2]))))
