import random
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.receiver.exports import EXPORTS, TRACES, Export
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.shape import check_shape
from support.wire import ATTRIBUTE_VALUE, REQUEST_TO_SPAN, nested, under, wrap
from unit.receiver.otlp_messages import random_message


def count(message: Message) -> int:
    """Messages in a message."""
    total = 0
    for field, value in message.ListFields():
        if field.message_type:
            total += sum(1 + count(child) for child in (value if field.is_repeated else (value,)))
    return total


def is_let_in(body: bytes, most: int, export: Export = TRACES) -> bool:
    try:
        check_shape(body, export.request, most)
    except Refusal:
        return False
    return True


@given(st.integers(0, 10_000), st.sampled_from(EXPORTS), st.integers(0, 3))
def test_what_holds_more_is_refused_and_what_holds_much_less_is_not(seed: int, export: Export, depth: int) -> None:
    message = random_message(export.request, random.Random(seed), 6 + 3 * depth)
    body, held = message.SerializeToString(), count(message)
    if held:
        assert not is_let_in(body, held - 1, export)
    assert is_let_in(body, 6 * held, export)


@given(st.binary(min_size=1, max_size=80))
def test_whatever_comes_no_more_is_let_in_than_is_said(body: bytes) -> None:
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        return
    for most in (0, 1, 2, 5):
        if is_let_in(body, most):
            assert count(request) <= most


@pytest.mark.parametrize("levels", [1, 2, 7, 20])
def test_values_in_values_are_counted_at_every_level(levels: int) -> None:
    body = nested(levels)
    held = count(ExportTraceServiceRequest.FromString(body))
    assert held == 5 + 2 * levels
    assert not is_let_in(body, held - 1)
    assert is_let_in(body, 3 * held)


def test_what_is_nested_for_ever_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        check_shape(nested(3000), TRACES.request, 4500)
    assert caught.value.reason is Reason.MALFORMED


def test_a_tree_of_all_kinds_of_values_is_counted() -> None:
    def tree(levels: int) -> bytes:
        if not levels:
            return b""
        below = tree(levels - 1)
        return wrap(0x2A, wrap(0x0A, below)) + wrap(0x32, wrap(0x0A, wrap(0x12, below)))

    body = under((*REQUEST_TO_SPAN, *ATTRIBUTE_VALUE), tree(8))
    held = 5 + 5 * (2**8 - 1)
    assert not is_let_in(body, held - 1)
    assert is_let_in(body, 3 * held)


def test_a_body_too_short_to_hold_so_many_is_not_looked_at() -> None:
    check_shape(b"\xff" * 20, TRACES.request, 10)


def test_what_is_no_protobuf_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        check_shape(b"\xff" * 20, TRACES.request, 9)
    assert caught.value.reason is Reason.MALFORMED


def test_unknown_fields_and_text_are_no_messages() -> None:
    request: Any = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="\x0a\x00" * 10_000)
    span.attributes.add(key="k").value.bytes_value = b"\x4a\x00" * 10_000
    check_shape(request.SerializeToString() + b"\xa0\x06\x01" * 10_000, TRACES.request, 20)
