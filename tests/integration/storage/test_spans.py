import math
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

from fixtures.spans import DAY, ORIGIN, START, log_record, span
from fixtures.store_rows import rows
from sentric_analyzer.document import LATEST
from sentric_analyzer.spans import Origin, Relation, Span, spans_of
from sentric_analyzer.storage import Store, StoreError
from sentric_analyzer.storage.queries import RELATION_BYTES
from support.attributes import pairs
from support.otlp import batch_of

TRACE = f"{1:032x}"


def test_a_span_is_read_back_as_it_came(store: Store) -> None:
    written = span(1, count=7, ratio=0.5, sure=True, none=None, tags=["a", 1], deep={"a": {"b": [1]}})
    store.insert_spans([batch_of([written])], "a")

    assert store.spans_of_trace("default", TRACE) == [written]


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
ATTRIBUTES = st.dictionaries(TEXT, VALUES, max_size=5)


@given(attributes=ATTRIBUTES, resource=ATTRIBUTES, event=ATTRIBUTES, start=st.integers(0, 2**64 - 1), data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_otlp_can_say_of_a_span_is_read_back(
    store: Store, attributes: dict[str, Any], resource: dict[str, Any], event: dict[str, Any], start: int, data: Any
) -> None:
    proto = ProtoSpan(
        trace_id=uuid4().bytes,  # a trace of its own, also when an example is tried again
        span_id=b"12345678",
        name=data.draw(TEXT),
        kind=data.draw(st.integers(0, 9)),  # type: ignore[arg-type]  # enums are open: any number may come
        start_time_unix_nano=start,
        end_time_unix_nano=data.draw(st.integers(0, 2**64 - 1)),
        attributes=pairs(attributes),
        events=[ProtoSpan.Event(time_unix_nano=5, name="e", attributes=pairs(event))],
        flags=data.draw(st.integers(0, 2**32 - 1)),
    )
    request = ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[proto])])],
    )
    request.resource_spans[0].resource.attributes.extend(pairs({**resource, "sentric.project": "p"}))
    (written,) = spans_of(request)
    store.insert_spans([batch_of([written])], written.trace_id)

    assert store.spans_of_trace("p", written.trace_id) == [written]


def test_numbers_that_json_has_not_are_read_back_too(store: Store) -> None:
    store.insert_spans([batch_of([span(1, infinite=math.inf, nothing=math.nan)])], "a")
    (read,) = store.spans_of_trace("default", TRACE)

    assert read.attributes["infinite"] == math.inf
    assert math.isnan(read.attributes["nothing"])


def test_the_columns_are_those_of_the_collectors_exporter(store: Store) -> None:
    store.insert_spans([batch_of([span(1, count=3, parts=[1, "é"])])], "a")

    assert rows(
        store,
        "SELECT toString(Timestamp), SpanKind, ServiceName, StatusCode, Duration, SpanAttributes['count'],"
        " SpanAttributes['parts'], ResourceAttributes['process.command_args'], Events.Name, Links.SpanId"
        " FROM otel_traces",
    ) == [
        (
            "2026-11-18 11:06:40.123456789",
            "Internal",
            "browser-agent",
            "Error",
            5_000_001,
            "3",
            '[1,"é"]',
            '["python","agent.py"]',
            ["seen", "text"],
            ["e" * 16],
        )
    ]


def test_the_attributes_asked_for_most_are_columns(store: Store) -> None:
    of_project = replace(ORIGIN, resource={"sentric.project": "shop"})
    store.insert_spans(
        [batch_of([span(1), replace(span(2), origin=of_project), span(3, **{"sentric.project": "own"})])], "a"
    )

    assert rows(store, "SELECT SentricProject, RunId, ToolName FROM otel_traces ORDER BY SpanId") == [
        ("default", "run-1", "click"),
        ("shop", "run-1", "click"),
        ("own", "run-1", "click"),
    ]


def test_a_row_that_the_collector_wrote_is_read_as_text(store: Store) -> None:
    rows(
        store,
        "INSERT INTO otel_traces (Timestamp, TraceId, SpanId, SpanName, SpanKind, SpanAttributes, Duration) SELECT"
        " '2026-11-18 11:06:40', leftPad('1', 32, '0'), 'a', 'chat', 'Client', map('tokens', '5'), 7",
    )
    (read,) = store.spans_of_trace("default", TRACE)

    assert (read.kind, read.attributes, read.end - read.start, read.origin) == (3, {"tokens": "5"}, 7, Origin({}))


def test_a_trace_is_read_in_the_order_of_time_and_the_same_once(store: Store) -> None:
    changed = span(2, start=START + 2 * DAY, changed="yes")
    store.insert_spans([batch_of([span(2, start=START + DAY), span(1), span(7, trace=2)])], "a")
    store.insert_spans([batch_of([changed, span(1)])], "b")
    store.insert_spans([batch_of([changed])], "c")

    assert store.spans_of_trace("default", TRACE) == [span(1), span(2, start=START + DAY), changed]
    assert store.spans_of_trace("another", TRACE) == []
    assert store.spans_of_trace("default", "' OR 1") == []


def test_the_same_token_stores_a_batch_once(store: Store) -> None:
    batch = [span(n, start=START + n % 5 * DAY) for n in range(1000)]
    for token in ("a", "a", "b", "a"):
        store.insert_spans([batch_of(batch)], token)
        store.insert_logs([log_record(n, time=START + n % 5 * DAY) for n in range(500)], token)

    counts = store.counts()
    assert (counts["otel_traces"], counts["otel_logs"]) == (2000, 1000)


@pytest.mark.parametrize("parts", [1, 2, 7, 30])
def test_it_does_not_matter_in_how_many_parts_a_batch_comes(parts: int, store: Store) -> None:
    batch = [span(n, start=START + n % 3 * DAY) for n in range(30)]
    store.insert_spans([batch_of(batch[:9]), batch_of(batch[9:20]), batch_of(batch[20:])], "a")
    store.insert_spans([batch_of(batch[n::parts]) for n in range(parts)], "a")

    assert store.counts()["otel_traces"] == 30


def test_the_index_of_times_is_completed_when_a_batch_is_repeated(store: Store) -> None:
    """An insert may be cut off between a table and the index behind it."""
    batch = [span(n, start=START + n % 3 * DAY) for n in range(30)]
    store.insert_spans([batch_of(batch)], "a")
    rows(store, "TRUNCATE TABLE otel_traces_trace_id_ts")
    store.insert_spans([batch_of(batch)], "a")

    assert len(store.spans_of_trace("default", TRACE)) == 30


MARKS = ("gen_ai.tool.name",)
PLENTY = 1 << 30


def unmarked(number: int, parent: int = 0) -> Span:
    return replace(span(number), attributes={"http.route": "/"}, parent_span_id=f"{parent:016x}")


def test_of_a_span_without_a_mark_only_its_place_is_read(store: Store) -> None:
    store.insert_spans([batch_of([span(1), unmarked(2, 1), unmarked(2, 1), span(3), span(4, trace=2)])], "a")

    pieces, left_out = store.recorded_trace("default", TRACE, MARKS, most=PLENTY)
    assert sorted((type(piece).__name__, piece.span_id) for piece in pieces) == [
        ("Relation", f"{2:016x}"),
        ("Span", f"{1:016x}"),
        ("Span", f"{3:016x}"),
    ]
    assert left_out == 0
    assert store.recorded_trace("another", TRACE, MARKS, most=PLENTY) == ([], 0)


def test_of_a_large_trace_what_was_stored_last_is_read(shared_url: str, store: Store) -> None:
    ticks = count(1_000)
    with Store.open(shared_url, clock=lambda: next(ticks)) as store:
        for number in range(8):
            # Their own times are skewed: what an agent's clock says does not choose.
            store.insert_spans([batch_of([span(number, start=START - number * DAY, text="x" * 10_000)])], str(number))
        store.insert_spans([batch_of([unmarked(number) for number in range(100, 200)])], "unmarked")

        pieces, left_out = store.recorded_trace("default", TRACE, MARKS, most=35_000)
        spans = [int(piece.span_id, 16) for piece in pieces if isinstance(piece, Span)]
        assert (sorted(spans), left_out) == ([4, 5, 6, 7], 4)
        assert sum(isinstance(piece, Relation) for piece in pieces) == 35_000 // RELATION_BYTES

        pieces, left_out = store.recorded_trace("default", TRACE, MARKS, most=1)
        assert ([int(piece.span_id, 16) for piece in pieces if isinstance(piece, Span)], left_out) == ([7], 7)


def test_a_trace_is_read_whole_whatever_its_clocks_said(store: Store) -> None:
    times = [0, 1, START - DAY, START, START + DAY, START + 40 * DAY, LATEST + 1, 2**64 - 1]
    for number, start in enumerate(times):
        written = replace(span(number, start=start), end=0 if number % 2 else start, events=())
        store.insert_spans([batch_of([written])], str(number))

    pieces, _ = store.recorded_trace("default", TRACE, MARKS, most=PLENTY)
    assert sorted(piece.start for piece in pieces if isinstance(piece, Span)) == times


@pytest.mark.parametrize("start", [0, 1, LATEST, LATEST + 1, 2**63, 2**64 - 1])
def test_times_no_clock_shows_are_stored_and_read_back(store: Store, start: int) -> None:
    written = replace(span(1, start=start), events=(), end=0)
    store.insert_spans([batch_of([written])], "a")
    store.insert_logs([log_record(1, time=start)], "a")

    assert store.spans_of_trace("default", TRACE) == [written]
    assert store.counts()["otel_logs"] == 1


def test_spans_of_more_days_than_the_engine_takes_by_itself_are_one_batch(store: Store) -> None:
    batch = [span(day, start=day * 10 * DAY) for day in range(120)]
    store.insert_spans([batch_of(batch)], "a")
    store.insert_spans([batch_of(batch)], "a")

    assert store.spans_of_trace("default", TRACE) == batch


def test_text_with_a_nul_is_kept(store: Store) -> None:
    store.insert_spans([batch_of([span(1, nul="a\x00b")])], "a")

    (read,) = store.spans_of_trace("default", TRACE)
    assert read.attributes["nul"] == "a\x00b"


def test_nothing_to_insert_is_nothing(store: Store) -> None:
    store.insert_spans([batch_of([])], "a")
    store.insert_logs([], "a")

    assert store.counts()["otel_traces"] == 0


@pytest.mark.parametrize(
    ("body", "shown"),
    [("text", "text"), (None, ""), ({"a": [1, None]}, '{"a":[1,null]}'), (b"\xff", "/w=="), (True, "true"), (7, "7")],
)
def test_a_log_record_has_the_columns_of_the_collectors_exporter(store: Store, body: Any, shown: str) -> None:
    store.insert_logs([log_record(1, time=0, body=body, count=2)], "a")

    assert rows(
        store,
        "SELECT toUnixTimestamp64Nano(Timestamp), Body, EventName, SeverityNumber, LogAttributes['count'], RunId,"
        " ScopeAttributes['level'], ResourceSchemaUrl FROM otel_logs",
    ) == [(START + 7, shown, "sentric.run.started", 9, "2", "run-1", "3", ORIGIN.resource_schema)]


def test_a_full_error_of_the_engine_is_one_line(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        rows(store, "SELECT\n1 FROM nowhere")

    assert str(caught.value).startswith(f"{store._connections.location}: Code: 60.")
    assert "\n" not in str(caught.value)
    assert caught.value.code == 60
