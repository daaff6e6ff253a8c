import random

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.receiver.limits import Budget, check_items, check_json_items, check_json_values
from sentric_analyzer.receiver.refusal import Reason, Refusal
from unit.receiver.otlp_messages import random_message


def request_of(resources: int, scopes: int, spans: int) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    for _ in range(resources):
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="k" * 300)
        for _ in range(scopes):
            scope = resource.scope_spans.add(schema_url="u")
            for _ in range(spans):
                scope.spans.add()
    return request


def count(request: ExportTraceServiceRequest) -> int:
    scopes = [scope for resource in request.resource_spans for scope in resource.scope_spans]
    return len(request.resource_spans) + len(scopes) + sum(len(scope.spans) for scope in scopes)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 6), st.integers(0, 150))
def test_resources_scopes_and_items_are_counted_together(resources: int, scopes: int, spans: int, most: int) -> None:
    request = request_of(resources, scopes, spans)
    body = request.SerializeToString()
    if count(request) <= most:
        check_items(body, most)
    elif len(body) > 2 * most:
        with pytest.raises(Refusal) as caught:
            check_items(body, most)
        assert caught.value.reason is Reason.TOO_MANY


@given(st.randoms(use_true_random=False))
def test_every_request_that_can_be_parsed_can_be_counted(source: random.Random) -> None:
    for kind in (ExportTraceServiceRequest, ExportLogsServiceRequest):
        body = random_message(kind, source).SerializeToString()
        check_items(b"".join((body, b"\x98\x06\x01", b"\x9d\x06abcd", b"\x99\x06abcdefgh")), 10_000)


@given(st.binary(min_size=1, max_size=60))
def test_what_is_counted_as_few_is_not_many_when_parsed(body: bytes) -> None:
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        return
    try:
        check_items(body, 0)
    except Refusal:
        return
    assert count(request) == 0


@pytest.mark.parametrize(
    "body", [b"\x0a", b"\x0a\x05ab", b"\x0b", b"\xff" * 20, b"\x0d\x01", b"\x08", b"\x0a\x03\x12\x05a" + b"b" * 20]
)
def test_what_is_not_protobuf_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        check_items(body, 0)
    assert caught.value.reason in (Reason.MALFORMED, Reason.TOO_MANY)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_fields_beside_the_items_are_bounded_too(levels: int) -> None:
    body = b"\x18\x00" * 300
    for number in (1, 2)[:levels][::-1]:
        body = b"%c%c%c" % (number << 3 | 2, len(body) & 127 | 128, len(body) >> 7) + body
    check_items(body, 150)
    with pytest.raises(Refusal) as caught:
        check_items(body, 149)
    assert caught.value.reason is Reason.TOO_MANY


def test_a_body_too_short_to_be_many_is_not_scanned() -> None:
    check_items(b"\xff" * 20, 10)


@pytest.mark.parametrize(
    ("document", "most"),
    [
        ({"resourceSpans": [{}] * 3}, 2),
        ({"resourceLogs": [{"scopeLogs": [{}, {}]}]}, 2),
        ({"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}, 2),
    ],
)
def test_json_items_are_counted_together(document: object, most: int) -> None:
    check_json_items(document, most + 1)
    with pytest.raises(Refusal) as caught:
        check_json_items(document, most)
    assert caught.value.reason is Reason.TOO_MANY


def test_a_budget_gives_what_it_has_and_takes_it_back() -> None:
    budget = Budget(10)
    assert budget.claim(6)
    assert not budget.claim(5)
    assert budget.claim(4)
    budget.release(5)
    assert budget.claim(5)
    assert not budget.claim(1)


@pytest.mark.parametrize("value", [b"{}", b"[]", b'"a"', b"1", b'{"a":1}', b"[1]"])
def test_json_of_too_many_values_is_refused_before_it_is_parsed(value: bytes) -> None:
    body = b"[" + b",".join([value] * 1000) + b"]"
    check_json_values(body, 2500)
    with pytest.raises(Refusal) as caught:
        check_json_values(body, 900)
    assert caught.value.reason is Reason.TOO_MANY


def test_json_too_short_to_hold_so_many_values_is_not_looked_at() -> None:
    check_json_values(b"," * 20, 10)


def test_the_largest_of_what_a_request_holds_is_known_from_counting() -> None:
    request = request_of(2, 1, 2)
    assert check_items(request.SerializeToString(), 10) >= 300  # the resources
    request.resource_spans[1].scope_spans[0].spans[1].name = "x" * 1000
    body = request.SerializeToString()
    assert 1000 <= check_items(body, 10) < 1010
    assert check_items(body, 10_000) == len(body)
