import gzip
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from sentric_analyzer.receiver.decode import JSON, PROTOBUF, Bounds, Decoded, Partly, decode, parse_content_type
from sentric_analyzer.receiver.exports import EXPORTS, LOGS, METRICS, TRACES, Export
from sentric_analyzer.receiver.refusal import Reason, Refusal
from support.wire import under
from unit.receiver.otlp_messages import random_message, to_json

BOUNDS = Bounds(body=100_000, items=1000, messages=1_000_000, value=1 << 20)
GOOD: dict[str, Any] = {"trace_id": b"t" * 16, "span_id": b"s" * 8}


def read(
    body: bytes, export: Export = TRACES, media: str = PROTOBUF, encoding: str = "", bounds: Bounds = BOUNDS
) -> Decoded:
    return decode(export, body, media, encoding, bounds)


def outcome_of(export: Export, body: bytes, media: str, encoding: str) -> Decoded | Refusal:
    try:
        return decode(export, body, media, encoding, BOUNDS)
    except Refusal as refusal:
        return refusal


def request_with(*spans: dict[str, Any]) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for span in spans:
        scope.spans.add(**span)
    return request


def test_a_body_that_is_fine_is_kept_to_the_byte() -> None:
    future_field = b"\xfa\x07\x03new"
    body = request_with(GOOD).SerializeToString() + future_field
    assert read(body) == Decoded(body, 1)
    assert read(gzip.compress(body), encoding="gzip") == Decoded(body, 1)


def test_json_is_kept_as_protobuf() -> None:
    body = json.dumps(
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "74" * 16, "spanId": "73" * 8}]}]}]}
    ).encode()
    assert read(body, media=JSON) == Decoded(request_with(GOOD).SerializeToString(), 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trace_id": b""},
        {"trace_id": b"t" * 15},
        {"trace_id": bytes(16)},
        {"span_id": b""},
        {"span_id": b"s" * 9},
        {"span_id": bytes(8)},
        {"parent_span_id": b"p"},
    ],
)
def test_a_span_with_invalid_ids_is_left_out_and_the_others_stay(wrong: dict[str, Any]) -> None:
    other = {**GOOD, "span_id": b"another!", "parent_span_id": b"p" * 8}
    decoded = read(request_with(GOOD, GOOD | wrong, other).SerializeToString())
    assert decoded == Decoded(request_with(GOOD, other).SerializeToString(), 2, Partly(rejected=1))


def test_many_invalid_spans_are_left_out_in_linear_time() -> None:
    decoded = read(
        request_with(*([{}] * 50_000)).SerializeToString(), bounds=replace(BOUNDS, body=1 << 20, items=100_000)
    )
    assert (decoded.items, decoded.partly.rejected) == (0, 50_000)


def test_a_log_record_loses_invalid_ids_and_stays() -> None:
    request, expected = ExportLogsServiceRequest(), ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    scope.log_records.add(trace_id=b"t" * 16, span_id=b"s" * 8)
    scope.log_records.add(trace_id=b"t", span_id=b"s")
    body = request.SerializeToString()
    expected.CopyFrom(request)
    changed = expected.resource_logs[0].scope_logs[0].log_records[1]
    changed.trace_id = changed.span_id = b""
    assert read(body, LOGS) == Decoded(expected.SerializeToString(), 2)


def test_metrics_are_not_kept() -> None:
    request = random_message(METRICS.request, random.Random(3))
    assert read(request.SerializeToString(), METRICS) == Decoded(b"", 0)
    assert read(json.dumps(to_json(request, random.Random(0))).encode(), METRICS, JSON) == Decoded(b"", 0)


@pytest.mark.parametrize(
    ("body", "media", "reason"),
    [
        (b"\xff\xff", PROTOBUF, Reason.MALFORMED),
        (b'{"resourceMetrics":[1]}', JSON, Reason.MALFORMED),
        (under((0x0A, 0x12), b"\x12\x00" * 1001), PROTOBUF, Reason.TOO_MANY),
        (
            b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[%b]}]}]}' % b",".join([b"{}"] * 1001),
            JSON,
            Reason.TOO_MANY,
        ),
    ],
    ids=["malformed", "malformed JSON", "many", "many in JSON"],
)
def test_but_they_are_checked(body: bytes, media: str, reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        read(body, METRICS, media)
    assert caught.value.reason is reason


def nested(depth: int) -> bytes:
    """A request whose one attribute holds arrays in arrays; made by hand, for protobuf refuses to make it."""
    value = AnyValue(int_value=1).SerializeToString()
    for _ in range(depth):
        value = b"\x0a" + _varint(len(value)) + value  # ArrayValue.values
        value = b"\x2a" + _varint(len(value)) + value  # AnyValue.array_value
    return _wrap(value)


def _wrap(value: bytes) -> bytes:
    body = b"\x12" + _varint(len(value)) + value  # KeyValue.value
    span = b"\x0a\x10" + b"t" * 16 + b"\x12\x08" + b"s" * 8 + b"\x4a" + _varint(len(body)) + body
    for tag in (b"\x12", b"\x12", b"\x0a"):  # spans, scope_spans, resource_spans
        span = tag + _varint(len(span)) + span
    return span


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def test_nesting_that_a_reader_of_the_log_could_not_parse_is_refused() -> None:
    assert read(_wrap(b"")).items == 1
    assert read(nested(20)).items == 1
    for depth in (60, 2_000):
        with pytest.raises(Refusal) as caught:
            read(nested(depth))
        assert caught.value.reason is Reason.MALFORMED


def test_json_nesting_that_a_reader_of_the_log_could_not_parse_is_refused() -> None:
    for depth in (10, 60, 90):
        value: dict[str, Any] = {"intValue": 1}
        for _ in range(depth):
            value = {"arrayValue": {"values": [value]}}
        span = {"traceId": "74" * 16, "spanId": "73" * 8, "attributes": [{"key": "k", "value": value}]}
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
        if depth == 10:
            assert read(body, media=JSON).items == 1
        else:
            with pytest.raises(Refusal) as caught:
                read(body, media=JSON)
            assert caught.value.reason is Reason.MALFORMED


def test_a_million_empty_spans_are_refused() -> None:
    body = b"\x12\x00" * 1_000_000
    for tag in (b"\x12", b"\x0a"):
        body = tag + _varint(len(body)) + body
    with pytest.raises(Refusal) as caught:
        read(body, bounds=replace(BOUNDS, body=16 << 20, items=100_000))
    assert caught.value.reason is Reason.TOO_MANY


@given(
    st.sampled_from(EXPORTS),
    st.sampled_from([PROTOBUF, JSON]),
    st.sampled_from(["", "gzip", "deflate", "zstd"]),
    st.binary(max_size=300),
)
def test_whatever_comes_is_decoded_or_refused(export: Export, media: str, encoding: str, body: bytes) -> None:
    outcome = outcome_of(export, body, media, encoding)
    if isinstance(outcome, Refusal):
        assert 400 <= outcome.answer.status < 500
        assert not outcome.answer.retry
    else:
        export.request().ParseFromString(outcome.body)


@given(st.integers(0, 10_000), st.integers(0, 255), st.booleans())
def test_a_damaged_request_is_decoded_or_refused(place: int, byte: int, cut: bool) -> None:
    body = bytearray(request_with(GOOD, {**GOOD, "name": "a name"}, GOOD).SerializeToString())
    place %= len(body)
    body[place:] = b"" if cut else bytes([byte]) + body[place + 1 :]
    outcome = outcome_of(TRACES, bytes(body), PROTOBUF, "")
    if isinstance(outcome, Refusal):
        assert outcome.reason is Reason.MALFORMED
    else:
        ExportTraceServiceRequest.FromString(outcome.body)


def test_a_content_type_may_have_parameters() -> None:
    assert parse_content_type("application/json; charset=utf-8") == JSON
    assert parse_content_type(" Application/X-Protobuf ") == PROTOBUF
    for header in ("", "text/plain", "application/jsonx", "application/protobuf, application/json"):
        with pytest.raises(Refusal) as caught:
            parse_content_type(header)
        assert caught.value.reason is Reason.CONTENT_TYPE


def nested_json(levels: int) -> bytes:
    value = '{"arrayValue":{"values":[' * levels + '{"stringValue":"x"}' + "]}}" * levels
    return f'{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"k","value":{value}}}]}}}}]}}'.encode()


@pytest.mark.parametrize("levels", [60, 100, 300, 400])
def test_json_that_is_nested_too_deep_is_refused(levels: int) -> None:
    assert read(nested_json(30), media=JSON).items == 0
    with pytest.raises(Refusal) as caught:
        read(nested_json(levels), media=JSON)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("media", [PROTOBUF, JSON])
def test_too_many_values_are_refused_though_they_are_few_spans(media: str) -> None:
    request = request_with(GOOD)
    for _ in range(400):
        request.resource_spans[0].scope_spans[0].spans[0].attributes.add(key="k").value.int_value = 1
    body = json.dumps(to_json(request, random.Random(1))).encode() if media == JSON else request.SerializeToString()
    with pytest.raises(Refusal) as caught:
        read(body, media=media, bounds=replace(BOUNDS, messages=500))
    assert caught.value.reason is Reason.TOO_MANY


@pytest.mark.parametrize("media", [PROTOBUF, JSON])
def test_long_values_are_cut_and_the_rest_is_kept(media: str) -> None:
    request = request_with(GOOD, GOOD)
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.add(key="long").value.string_value = "x" * 3000
    body = request.SerializeToString()
    if media == JSON:
        body = json.dumps(to_json(request, random.Random(1))).encode()
    decoded = read(body, media=media, bounds=replace(BOUNDS, value=1000))
    assert (decoded.items, decoded.partly) == (2, Partly(cut=1))
    kept = ExportTraceServiceRequest.FromString(decoded.body).resource_spans[0].scope_spans[0].spans[0]
    assert [attribute.key for attribute in kept.attributes] == ["long", "sentric.truncated"]
    assert len(kept.attributes[0].value.string_value) == 1000
