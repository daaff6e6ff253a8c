"""Keys over sockets: asked for before the body is read, on both ways in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from sentric_analyzer.control import Scope
from sentric_analyzer.receiver import Counter
from support.receiving import EXPORT, LIMIT, Receiving, answer_from, head_of, message_of, receiving, request_of, ring

KEYS = ring(good=Scope.INGEST, reader=Scope.READ)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Receiving]:
    with receiving(tmp_path, keys=KEYS, ingest_keys="required") as service:
        yield service


def call(service: Receiving, key: str | None, body: bytes | None = None) -> bytes:
    metadata = (("authorization", f"Bearer {key}"),) if key is not None else ()
    with grpc.insecure_channel(service.grpc) as channel:
        sent = request_of("a") if body is None else body
        return bytes(channel.unary_unary(EXPORT)(sent, timeout=20, metadata=metadata))


def refusal_of(service: Receiving, key: str | None) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        call(service, key)
    return caught.value


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ((), b"401"),
        (("Authorization: Bearer bad",), b"401"),
        (("Authorization: Basic good",), b"401"),
        (("Authorization: Bearer good", "Authorization: Bearer good"), b"401"),
        (("Authorization: Bearer reader",), b"403"),
    ],
)
def test_who_may_not_send_is_told_before_the_body_comes(
    guarded: Receiving, extra: tuple[str, ...], status: bytes
) -> None:
    with guarded.connect() as connection:
        connection.sendall(head_of(LIMIT, *extra))
        answer = answer_from(connection)
    assert answer.startswith(b"HTTP/1.1 %s " % status)
    assert (b'www-authenticate: Bearer realm="sentric"\r\n' in answer) == (status == b"401")
    assert b"retry-after" not in answer
    assert guarded.projects() == []


def test_a_key_lets_its_holder_in_and_decides_the_projects(guarded: Receiving) -> None:
    with guarded.connect() as connection:
        connection.sendall(message_of("a", extra=("Authorization: Bearer good",)))
        assert answer_from(connection).startswith(b"HTTP/1.1 200 OK")
    assert call(guarded, "good", request_of("b")) == b""
    assert guarded.projects() == [("shop", "office")] * 2


def test_grpc_says_the_same(guarded: Receiving) -> None:
    assert refusal_of(guarded, None).code() is grpc.StatusCode.UNAUTHENTICATED
    assert refusal_of(guarded, "bad").code() is grpc.StatusCode.UNAUTHENTICATED
    assert refusal_of(guarded, "reader").code() is grpc.StatusCode.PERMISSION_DENIED
    assert guarded.counts[Counter.REFUSED, "unauthenticated"] == 2
    assert guarded.projects() == []


def test_grpc_checks_the_key_before_it_takes_the_message(guarded: Receiving) -> None:
    with grpc.insecure_channel(guarded.grpc) as channel:
        endless = channel.stream_unary(EXPORT)

        def messages() -> Iterator[bytes]:
            done.wait(20)
            yield b""

        import threading

        done = threading.Event()
        with pytest.raises(grpc.RpcError) as caught:
            endless(messages(), timeout=20)
        done.set()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("presented", [None, "bad"])
def test_on_loopback_a_key_may_be_left_out_and_may_not_be_wrong(tmp_path: Path, presented: str | None) -> None:
    extra = (f"Authorization: Bearer {presented}",) if presented else ()
    with receiving(tmp_path, keys=KEYS) as service, service.connect() as connection:
        connection.sendall(message_of("a", extra=extra))
        assert answer_from(connection).startswith(b"HTTP/1.1 401 " if presented else b"HTTP/1.1 200 ")


def test_a_server_that_others_reach_asks_for_keys_by_itself(tmp_path: Path) -> None:
    with receiving(tmp_path, keys=KEYS, otlp_http="0.0.0.0:0") as service:
        with service.connect() as connection:
            connection.sendall(message_of("a"))
            assert answer_from(connection).startswith(b"HTTP/1.1 401 ")
        assert call(service, None) == b""


def test_other_keys_are_accepted_from_the_next_request_on(guarded: Receiving) -> None:
    message = message_of("a", extra=("Authorization: Bearer good",))
    with guarded.connect() as connection:
        connection.sendall(message)
        assert answer_from(connection).startswith(b"HTTP/1.1 200 ")
        guarded.receiver.set_keys(ring(other=Scope.INGEST))
        connection.sendall(message)
        assert answer_from(connection).startswith(b"HTTP/1.1 401 ")
    assert refusal_of(guarded, "good").code() is grpc.StatusCode.UNAUTHENTICATED
    assert call(guarded, "other") == b""


def test_a_sender_over_its_rate_is_told_when_to_come_again(tmp_path: Path) -> None:
    with receiving(tmp_path, keys=KEYS, sender_requests=0.2) as service:
        with service.connect() as connection:
            connection.sendall(message_of("a") * 4)
            connection.settimeout(20)
            received = b""
            while received.count(b"HTTP/1.1 ") < 3:
                received += connection.recv(65536)
        assert re.findall(rb"HTTP/1\.1 (\d+) ", received) == [b"200", b"200", b"429"]
        assert re.search(rb"retry-after: [1-5]\r\n", received)
        assert refusal_of(service, None).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert call(service, "good") == b""


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_real_exporter_sends_its_key(guarded: Receiving, protocol: str) -> None:
    headers = {"authorization": "Bearer good"}
    exporter = (
        GrpcSpanExporter(f"http://{guarded.grpc}", insecure=True, headers=headers)
        if protocol == "grpc"
        else HttpSpanExporter(f"http://{guarded.receiver.http_address}/v1/traces", headers=headers)
    )
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("execute_tool search"):
        pass
    provider.shutdown()
    assert guarded.projects() == [("shop", "office")]
