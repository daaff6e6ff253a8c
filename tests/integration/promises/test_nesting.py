"""Values nested deeper than protobuf reads are refused for good, at little cost; what is let in is read to its end."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from sentric.settings import Settings
from support.pipelining import EVIL, TIMES, agent, call, running
from support.receiving import EXPORT, PROTOBUF, Apart, apart, post
from support.wire import ARRAY, KEY_VALUES, nested

JSON = "application/json"
LIMIT = Settings().body_limit
HUGE = 200_000
"""Levels."""
DEEPEST = {ARRAY: 47, KEY_VALUES: 31}
"""Levels that fit into the hundred messages in messages which protobuf reads."""


def nested_json(levels: int) -> bytes:
    value = b'{"arrayValue":{"values":[' * levels + b"{}" + b"]}}" * levels
    span = b'{"traceId":"%b","spanId":"%b","attributes":[{"key":"k","value":%b}]}' % (b"01" * 16, b"02" * 8, value)
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[%b]}]}]}' % span


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with apart(tmp_path_factory.mktemp("log")) as started:
        assert started.is_alive()
        yield started


@pytest.mark.parametrize("step", [ARRAY, KEY_VALUES], ids=["array", "keys and values"])
def test_of_protobuf(service: Apart, step: Sequence[int]) -> None:
    deepest = DEEPEST[tuple(step)]
    for levels in (1, deepest):
        assert post(service.port, nested(levels, step))[0] == 200
    for levels in (deepest + 1, 1000, 10_000):
        assert post(service.port, nested(levels, step))[0] == 400
    assert service.is_alive()


def test_of_json(service: Apart) -> None:
    for levels in (1, DEEPEST[ARRAY]):
        assert post(service.port, nested_json(levels), JSON)[0] == 200
    for levels in (DEEPEST[ARRAY] + 1, 333, 1000, 10_000):
        assert post(service.port, nested_json(levels), JSON)[0] == 400
    for body in (b"[" * HUGE, b'{"a":' * HUGE, b'{"resourceSpans":' + b"[" * HUGE + b"]" * HUGE + b"}"):
        assert post(service.port, body, JSON)[0] == 400
    assert service.is_alive()


def test_of_grpc(service: Apart) -> None:
    with grpc.insecure_channel(service.grpc) as channel:
        method = channel.unary_unary(EXPORT)
        method(nested(DEEPEST[ARRAY]), timeout=20)
        for levels in (DEEPEST[ARRAY] + 1, HUGE):
            with pytest.raises(grpc.RpcError) as caught:
                method(nested(levels), timeout=20)
            assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert service.is_alive()


@pytest.mark.parametrize(
    ("body", "media"),
    [(nested(HUGE), PROTOBUF), (nested(HUGE, KEY_VALUES), PROTOBUF), (nested_json(HUGE), JSON)],
    ids=["array", "keys and values", "json"],
)
def test_megabytes_of_it_cost_little(
    service: Apart, body: bytes, media: str, figure: Callable[[str, float], None], request: pytest.FixtureRequest
) -> None:
    service.forget_peak()
    before = service.memory()
    assert post(service.port, body, media)[0] == 400
    grown = service.peak() - before
    figure(f"memory for {HUGE:,} levels, {request.node.callspec.id}, by the limit", grown / LIMIT)
    assert grown < 2 * LIMIT
    assert service.is_alive()


def test_the_deepest_that_is_let_in_is_judged(tmp_path: Path) -> None:
    listed: Any = "x"
    for _ in range(DEEPEST[ARRAY]):
        listed = [listed]
    keyed: Any = "x"
    for _ in range(DEEPEST[KEY_VALUES]):
        keyed = {"k": keyed}
    with running(tmp_path) as there:
        span = call(2, command=EVIL)
        there.send({**span, "attributes": {**span["attributes"], "listed": listed, "keyed": keyed}}, agent())
        there.pass_time(TIMES.grace)
        assert there.judged() == 1
        assert there.found()
