"""Whatever is sent is taken in or refused for good; it is no error of ours, and harms neither receiver nor memory.

The decoders themselves are fuzzed in `tests/fuzz`; here arbitrary and damaged requests come over sockets.
"""

import gzip
import http.client
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import json_seeds, recorded
from sentric_analyzer.receiver.encodings import zstd
from support.receiving import (
    EXPORT,
    LIMIT,
    PROTOBUF,
    TRACES,
    Apart,
    apart,
    head_of,
    post,
    read_all_after,
    request_of,
)

JSON = "application/json"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
}
PROTOBUF_SEEDS, JSON_SEEDS = list(recorded("mcp-*.otlp.pb")), list(json_seeds())
FOR_GOOD = {400, 413, 415}


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A request of which a part is missing, replaced or repeated."""
    seed = draw(st.sampled_from(seeds))
    start = draw(st.integers(0, len(seed)))
    end = draw(st.integers(start, min(start + 200, len(seed))))
    return seed[:start] + draw(st.binary(max_size=50) | st.just(seed[start:end] * 3)) + seed[end:]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """A receiver for all of these tests: whatever one sends it must not harm the others."""
    with apart(tmp_path_factory.mktemp("log"), body_limit=LIMIT) as started:
        assert started.is_alive()
        started.forget_peak()
        before = started.peak()
        yield started
        assert started.is_alive()
        assert started.peak() - before < 8 * LIMIT


@contextmanager
def keeping_on(service: Apart) -> Iterator[Callable[..., int]]:
    """Sends on one connection, as long as it lasts; gives the status."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)

    def send(body: bytes, media: str, encoding: str = "identity") -> int:
        connection.request("POST", TRACES, body, {"Content-Type": media, "Content-Encoding": encoding})
        response = connection.getresponse()
        response.read()
        return response.status

    try:
        yield send
    finally:
        connection.close()


@pytest.fixture(scope="module")
def send(service: Apart) -> Iterator[Callable[..., int]]:
    with keeping_on(service) as sender:
        yield sender


@pytest.fixture(scope="module")
def call(service: Apart) -> Iterator[Callable[[bytes], grpc.StatusCode]]:
    """Sends over gRPC; gives the code."""
    with grpc.insecure_channel(service.grpc) as channel:
        method = channel.unary_unary(EXPORT)

        def code_of(body: bytes) -> grpc.StatusCode:
            try:
                method(body, timeout=20)
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        yield code_of


@settings(deadline=None)
@given(st.binary(max_size=300) | damaged(PROTOBUF_SEEDS))
def test_of_protobuf(send: Callable[..., int], body: bytes) -> None:
    assert send(body, PROTOBUF) in {200} | FOR_GOOD


@settings(deadline=None)
@given(st.binary(max_size=300) | damaged(JSON_SEEDS))
def test_of_json(send: Callable[..., int], body: bytes) -> None:
    assert send(body, JSON) in {200} | FOR_GOOD


@settings(deadline=None)
@given(st.sampled_from(list(PACKERS)), st.data())
def test_of_what_is_packed(send: Callable[..., int], encoding: str, data: st.DataObject) -> None:
    packed = PACKERS[encoding](data.draw(damaged(PROTOBUF_SEEDS)))
    body = data.draw(st.binary(max_size=300) | st.just(packed) | damaged([packed]))
    assert send(body, PROTOBUF, encoding) in {200} | FOR_GOOD


@settings(deadline=None)
@given(st.binary(max_size=300) | damaged(PROTOBUF_SEEDS))
def test_of_grpc(call: Callable[[bytes], grpc.StatusCode], body: bytes) -> None:
    assert call(body) in {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}


@settings(deadline=None)
@given(
    st.lists(
        st.binary(max_size=60)
        | st.sampled_from([head_of(9), head_of(0), b"0\r\n\r\n", b"\r\n", b"POST /v1/logs HTTP/1.1\r\n"]),
        max_size=6,
    )
)
def test_of_what_is_no_http(service: Apart, parts: list[bytes]) -> None:
    with service.connect() as connection:
        connection.sendall(b"".join(parts))
        answer = read_all_after(connection)
    assert all(200 <= int(status) < 500 for status in re.findall(rb"^HTTP/1\.1 (\d+) ", answer, re.MULTILINE))
    assert service.process.poll() is None


@pytest.mark.parametrize(
    ("status", "body", "changes"),
    [
        (400, b"\xff\xff\xff\xff", {}),
        (400, b"{bad", {"media": JSON}),
        (400, b"\xff\xfe{", {"media": JSON}),
        (400, b"no gzip", {"Content_Encoding": "gzip"}),
        (413, bytes(LIMIT + 1), {}),
        (415, b"", {"media": "text/plain"}),
        (415, b"", {"Content_Encoding": "br"}),
        (405, b"", {"method": "GET"}),
        (405, b"", {"method": "PUT"}),
        (404, b"", {"path": "/v1/nope"}),
        (404, b"", {"path": "/"}),
    ],
)
def test_a_refusal_says_why_and_does_not_ask_to_try_again(
    service: Apart, status: int, body: bytes, changes: dict[str, str]
) -> None:
    found, headers, reply = post(service.port, body, **changes)
    assert found == status
    assert "retry-after" not in headers
    if changes.get("media") == JSON:
        assert headers["content-type"] == JSON
        assert json.loads(reply)["message"]
    else:
        assert headers["content-type"] == PROTOBUF
        assert Status.FromString(reply).message
    assert headers.get("allow") == ("POST" if status == 405 else None)


def test_a_length_over_the_limit_is_refused_before_the_body_is_sent(service: Apart) -> None:
    with service.connect() as connection:
        connection.sendall(head_of(LIMIT + 1))
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_refused(service: Apart) -> None:
    with service.connect() as connection:
        connection.sendall(f"POST {TRACES} HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\n\r\n".encode())
        assert read_all_after(connection).startswith(b"HTTP/1.1 411 ")


def test_grpc_refuses_for_good_too(call: Callable[[bytes], grpc.StatusCode]) -> None:
    assert call(b"\xff") is grpc.StatusCode.INVALID_ARGUMENT
    assert call(bytes(LIMIT + 1)) is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call(request_of("next")) is grpc.StatusCode.OK
