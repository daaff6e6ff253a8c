"""A request that would be many times as large in memory is refused before it is parsed, whatever it repeats."""

from collections.abc import Callable, Iterator, Sequence

import grpc
import pytest

from support.receiving import EXPORT, PROTOBUF, Apart, apart, post
from support.wire import ARRAY, ATTRIBUTE_VALUE, KEY_VALUES, under

MANY = 1_000_001
"""One more than a request may hold."""
RESOURCE, SCOPE, SPAN = 0x0A, 0x12, 0x12
TRACES: dict[str, tuple[Sequence[int], int]] = {
    "resources": ((), RESOURCE),
    "scopes": ((RESOURCE,), SCOPE),
    "spans": ((RESOURCE, SCOPE), SPAN),
    "attributes": ((RESOURCE, SCOPE, SPAN), 0x4A),
    "events": ((RESOURCE, SCOPE, SPAN), 0x5A),
    "links": ((RESOURCE, SCOPE, SPAN), 0x6A),
    "attributes of a resource": ((RESOURCE, 0x0A), 0x0A),
    "attributes of a scope": ((RESOURCE, SCOPE, 0x0A), 0x1A),
    "attributes of an event": ((RESOURCE, SCOPE, SPAN, 0x5A), 0x1A),
    "attributes of a link": ((RESOURCE, SCOPE, SPAN, 0x6A), 0x22),
    "values of an array": ((RESOURCE, SCOPE, SPAN, *ATTRIBUTE_VALUE, ARRAY[0]), ARRAY[1]),
    "keys and values": ((RESOURCE, SCOPE, SPAN, *ATTRIBUTE_VALUE, KEY_VALUES[0]), KEY_VALUES[1]),
    "values of a nested array": ((RESOURCE, SCOPE, SPAN, *ATTRIBUTE_VALUE, *ARRAY * 20, ARRAY[0]), ARRAY[1]),
}
"""What is repeated: the tags above it, and its own."""
LOGS: dict[str, tuple[Sequence[int], int]] = {
    "log records": ((RESOURCE, SCOPE), 0x12),
    "attributes of a log record": ((RESOURCE, SCOPE, 0x12), 0x32),
    "values in the body of a log record": ((RESOURCE, SCOPE, 0x12, 0x2A, ARRAY[0]), ARRAY[1]),
}
METRIC, GAUGE, SUMMARY, POINT = 0x12, 0x2A, 0x5A, 0x0A
METRICS: dict[str, tuple[Sequence[int], int]] = {
    "metrics": ((RESOURCE, SCOPE), METRIC),
    "points of a gauge": ((RESOURCE, SCOPE, METRIC, GAUGE), POINT),
    "attributes of a point": ((RESOURCE, SCOPE, METRIC, GAUGE, POINT), 0x3A),
    "exemplars of a point": ((RESOURCE, SCOPE, METRIC, GAUGE, POINT), 0x2A),
    "quantiles of a summary": ((RESOURCE, SCOPE, METRIC, SUMMARY, POINT), 0x32),
}
KINDS = {"/v1/traces": TRACES, "/v1/logs": LOGS, "/v1/metrics": METRICS}
JSON = {
    "resources": b'{"resourceSpans":[%b]}',
    "spans": b'{"resourceSpans":[{"scopeSpans":[{"spans":[%b]}]}]}',
    "attributes": b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[%b]}]}]}]}',
    "metrics": b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[%b]}]}]}',
    "of no meaning": b'{"others":[%b]}',
}
MOST = 16
"""How many times its own size a request may cost. Parsed, an empty span takes forty times its two bytes."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    with apart(tmp_path_factory.mktemp("log")) as started:
        assert started.is_alive()
        yield started


@pytest.fixture
def cost(service: Apart, figure: Callable[[str, float], None], request: pytest.FixtureRequest) -> Callable[..., None]:
    """Checks what it costs to have a body refused."""

    def check(body: bytes, refuse: Callable[[], None]) -> None:
        service.forget_peak()
        before = service.memory()
        refuse()
        grown = (service.peak() - before) / len(body)
        figure(f"memory for a million {request.node.callspec.id}, by the size of the body", grown)
        assert grown < MOST
        assert service.is_alive()

    return check


def refusal(service: Apart, body: bytes, media: str, path: str) -> Callable[[], None]:
    def refuse() -> None:
        assert post(service.port, body, media, path)[0] == 413

    return refuse


@pytest.mark.parametrize(("path", "repeated"), [(path, kind) for path, kinds in KINDS.items() for kind in kinds])
def test_of_protobuf(service: Apart, cost: Callable[..., None], path: str, repeated: str) -> None:
    tags, tag = KINDS[path][repeated]
    body = under(tags, bytes([tag, 0]) * MANY)
    cost(body, refusal(service, body, PROTOBUF, path))


@pytest.mark.parametrize("repeated", [b"{}", b"[]", b"0"], ids=["objects", "lists", "numbers"])
@pytest.mark.parametrize("around", list(JSON.values()), ids=list(JSON))
def test_of_json(service: Apart, cost: Callable[..., None], around: bytes, repeated: bytes) -> None:
    body = around % b",".join([repeated] * MANY)
    path = "/v1/metrics" if b"Metrics" in around else "/v1/traces"
    cost(body, refusal(service, body, "application/json", path))


@pytest.mark.parametrize("repeated", ["spans", "attributes"])
def test_of_grpc(service: Apart, cost: Callable[..., None], repeated: str) -> None:
    tags, tag = TRACES[repeated]
    body = under(tags, bytes([tag, 0]) * MANY)

    def refuse() -> None:
        with grpc.insecure_channel(service.grpc) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(EXPORT)(body, timeout=20)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    cost(body, refuse)
