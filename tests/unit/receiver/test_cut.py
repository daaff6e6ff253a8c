from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric import semconv
from sentric_analyzer.receiver.cut import cut_values

MOST = 100


def span_in(request: Any) -> Any:
    return request.resource_spans.add().scope_spans.add().spans.add()


def cut_names(item: Any) -> list[str]:
    return [
        value.string_value
        for attribute in item.attributes
        if attribute.key == semconv.SENTRIC_TRUNCATED
        for value in attribute.value.array_value.values
    ]


def test_only_what_is_too_long_is_cut_and_the_span_says_so() -> None:
    request = ExportTraceServiceRequest()
    span = span_in(request)
    for key, text in (("a", "x" * MOST), ("b", "x" * (MOST + 1)), ("c", "é" * MOST)):
        span.attributes.add(key=key).value.string_value = text
    span.attributes.add(key="d").value.bytes_value = b"\xff" * 1000
    span.attributes.add(key="e").value.int_value = 7

    assert cut_values(request, MOST) == 3

    values = {attribute.key: attribute.value for attribute in span.attributes}
    assert [len(values[key].string_value) for key in "abc"] == [100, 100, 50]
    assert values["d"].bytes_value == b"\xff" * MOST
    assert cut_names(span) == ["b", "c", "d"]


def test_a_letter_is_not_cut_in_two() -> None:
    request = ExportTraceServiceRequest()
    value = span_in(request).attributes.add(key="k").value
    value.string_value = "x" * (MOST - 1) + "é"
    cut_values(request, MOST)
    assert value.string_value == "x" * (MOST - 1)


def test_what_the_sender_has_cut_stays_named() -> None:
    request = ExportTraceServiceRequest()
    span = span_in(request)
    named = span.attributes.add(key=semconv.SENTRIC_TRUNCATED).value.array_value.values
    named.add(string_value="theirs")
    named.add(string_value="k")
    span.attributes.add(key="k").value.string_value = "x" * 1000
    span.attributes.add(key="l").value.string_value = "x" * 1000
    cut_values(request, MOST)
    assert cut_names(span) == ["theirs", "k", "l"]


def test_nested_values_are_cut_wherever_they_are() -> None:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="r").value.string_value = "x" * 1000
    scope = resource.scope_spans.add()
    scope.scope.attributes.add(key="s").value.string_value = "x" * 1000
    span = scope.spans.add()
    nested = span.attributes.add(key="n").value.kvlist_value.values.add(key="in").value.array_value.values.add()
    nested.string_value = "x" * 1000
    span.events.add(name="e").attributes.add(key="k").value.string_value = "x" * 1000
    assert cut_values(request, MOST) == 4
    assert len(nested.string_value) == MOST
    assert cut_names(span) == ["n"]


def test_the_body_of_a_log_record_is_cut() -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = "x" * 1000
    assert cut_values(request, MOST) == 1
    assert (len(record.body.string_value), cut_names(record)) == (MOST, ["body"])


@pytest.mark.parametrize("count", [0, 1, 500])
def test_many_short_values_are_left_alone(count: int) -> None:
    request = ExportTraceServiceRequest()
    span = span_in(request)
    for number in range(count):
        span.attributes.add(key=str(number)).value.string_value = "short"
    before = request.SerializeToString()
    assert cut_values(request, MOST) == 0
    assert request.SerializeToString() == before
