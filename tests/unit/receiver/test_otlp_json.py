import json
import random
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.receiver.otlp_json import parse_json
from sentric_analyzer.receiver.refusal import Reason, Refusal
from unit.receiver.otlp_messages import random_message, to_json

REQUESTS = (ExportTraceServiceRequest, ExportLogsServiceRequest)


def parse(document: object) -> Any:
    return parse_json(json.dumps(document).encode(), ExportTraceServiceRequest, 1000)


def reason_of(body: bytes) -> Reason | None:
    try:
        parse_json(body, ExportTraceServiceRequest, 1000)
    except Refusal as refusal:
        return refusal.reason
    return None


def with_span(**fields: object) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}


def span(**fields: object) -> Any:
    return parse(with_span(**fields)).resource_spans[0].scope_spans[0].spans[0]


def attribute(value: object) -> Any:
    return span(attributes=[{"key": "k", "value": value}]).attributes[0].value


@given(st.sampled_from(REQUESTS), st.randoms(use_true_random=False))
def test_every_message_survives_the_way_through_json(kind: type[Message], source: random.Random) -> None:
    message = random_message(kind, source)
    body = json.dumps(to_json(message, source)).encode()

    parsed = parse_json(body, kind, 10_000)

    assert parsed.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


NAMES = (
    "resourceSpans",
    "scopeSpans",
    "spans",
    "attributes",
    "value",
    "traceId",
    "key",
    "kind",
    "status",
    "stringValue",
    "intValue",
    "arrayValue",
    "values",
    "kvlistValue",
    "bytesValue",
    "doubleValue",
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(json_values)
def test_whatever_json_comes_is_a_request_or_a_refusal(document: object) -> None:
    assert reason_of(json.dumps(document).encode()) in (None, Reason.MALFORMED)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_a_request_or_a_refusal(body: bytes) -> None:
    assert reason_of(body) in (None, Reason.MALFORMED)


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ({"intValue": "-9223372036854775808"}, "int_value", -(1 << 63)),
        ({"intValue": 3.0}, "int_value", 3),
        ({"doubleValue": 2}, "double_value", 2.0),
        ({"doubleValue": "1.5"}, "double_value", 1.5),
        ({"doubleValue": 10**400}, "double_value", float("inf")),
        ({"doubleValue": -(10**400)}, "double_value", float("-inf")),
        ({"bytesValue": "-_8"}, "bytes_value", b"\xfb\xff"),
        ({"stringValue": "cut \ud83d"}, "string_value", "cut �"),
        ({"boolValue": False}, "bool_value", False),
    ],
)
def test_a_value_is_read_in_each_of_its_spellings(value: object, field: str, expected: object) -> None:
    parsed = attribute(value)
    assert parsed.WhichOneof("value") == field
    assert getattr(parsed, field) == expected


def test_an_empty_value_stays_empty() -> None:
    assert attribute({}).WhichOneof("value") is None


def test_an_unknown_enum_number_is_kept() -> None:
    assert span(kind=77).kind == 77


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the request must be an object"),
        ({"resourceSpans": {}}, "resourceSpans must be an array"),
        ({"resourceSpans": [3]}, "resourceSpans must be an object"),
        (with_span(traceId="xyz"), "traceId must be in hexadecimal"),
        (with_span(traceId="5b8e 5b8e"), "traceId must be in hexadecimal"),
        (with_span(spanId=7), "spanId must be in hexadecimal"),
        (with_span(name=7), "name must be a string"),
        (with_span(kind="SPAN_KIND_UNKNOWN"), "kind must be a whole number"),
        (with_span(kind=True), "kind must be a whole number"),
        (with_span(startTimeUnixNano=-1), "startTimeUnixNano must be a whole number from 0"),
        (with_span(startTimeUnixNano=str(1 << 64)), "startTimeUnixNano must be a whole number"),
        (with_span(startTimeUnixNano="1_000"), "startTimeUnixNano must be a whole number"),
        (with_span(startTimeUnixNano="٣"), "startTimeUnixNano must be a whole number"),
        (with_span(startTimeUnixNano=1.5), "startTimeUnixNano must be a whole number"),
        (with_span(attributes=[{"value": {"boolValue": 1}}]), "boolValue must be true or false"),
        (with_span(attributes=[{"value": {"doubleValue": "one"}}]), "doubleValue must be a number"),
        (with_span(attributes=[{"value": {"doubleValue": True}}]), "doubleValue must be a number"),
        (with_span(attributes=[{"value": {"bytesValue": "!"}}]), "bytesValue must be a string of base64"),
        (with_span(attributes=[{"value": {"bytesValue": 1}}]), "bytesValue must be a string of base64"),
        (
            with_span(attributes=[{"value": {"stringValue": "a", "intValue": 1}}]),
            "value must have one value only",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_name(document: object, message: str) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        parse(document)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(Refusal, match="nested too deep"):
        parse_json(b"[" * depth + b"]" * depth, ExportTraceServiceRequest, 10)


def test_too_many_items_are_refused_before_messages_are_made() -> None:
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{}] * 1001}]}]}).encode()
    with pytest.raises(Refusal) as caught:
        parse_json(body, ExportTraceServiceRequest, 1000)
    assert caught.value.reason is Reason.TOO_MANY
