"""The receiver under senders that are slow, many, or out to exhaust it; and what it says of its health."""

import gzip
import os
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import grpc
import pytest
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from sentric_analyzer.receiver import Counter
from sentric_analyzer.receiver import grpc as grpc_module
from sentric_analyzer.receiver.connection import Deadlines
from support.receiving import (
    EXPORT,
    LIMIT,
    Receiving,
    answer_from,
    head_of,
    message_of,
    receiving,
    request_of,
    until,
)

HEALTH = "/grpc.health.v1.Health/"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Receiving]:
    with receiving(tmp_path) as started:
        yield started


# HTTP


def test_a_body_that_comes_too_slowly_is_given_up_long_before_its_deadline(tmp_path: Path) -> None:
    with receiving(tmp_path, deadlines=Deadlines(body=600, pace=0.2)) as service, service.connect() as connection:
        connection.sendall(head_of(LIMIT))
        end = time.monotonic() + 30
        connection.settimeout(0.01)
        answer = b""
        while not answer and time.monotonic() < end:
            with suppress(TimeoutError):
                connection.sendall(b"x")  # some hundred bytes a second
                answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_fast_enough_is_taken_though_it_takes_a_while(tmp_path: Path) -> None:
    body = request_of("x" * 50_000)
    with receiving(tmp_path, deadlines=Deadlines(pace=0.1)) as service, service.connect() as connection:
        connection.sendall(head_of(len(body)))
        for start in range(0, len(body), 1000):
            connection.sendall(body[start : start + 1000])
            time.sleep(0.01)
        assert answer_from(connection).startswith(b"HTTP/1.1 200 ")


def test_a_head_begun_behind_a_request_has_no_longer_than_any_other(tmp_path: Path) -> None:
    with receiving(tmp_path, deadlines=Deadlines(head=0.2, idle=600)) as service, service.connect() as connection:
        connection.sendall(message_of("a") + b"POST /v1")
        received = b""
        while part := connection.recv(65536):
            received += part
    assert received.count(b"HTTP/1.1 200 ") == 1
    assert received.count(b"HTTP/1.1 408 ") == 1


def test_a_body_that_takes_long_makes_room_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.receiver._HELD_BODIES", 1)
    with receiving(tmp_path, deadlines=Deadlines(pace=0.05)) as service, service.connect() as slow:
        slow.sendall(head_of(LIMIT) + b"x" * (LIMIT - 1000))
        feeding = threading.Event()

        def feed() -> None:
            with suppress(OSError):
                while not feeding.wait(0.02):
                    slow.sendall(b"x")

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            until(lambda: answered(service, request_of("y" * 5000)))
        finally:
            feeding.set()
            feeder.join()
        assert slow.recv(100).startswith((b"HTTP/1.1 503 ", b"HTTP/1.1 408 "))


def answered(service: Receiving, body: bytes) -> bool:
    with service.connect() as connection:
        connection.sendall(head_of(len(body)) + body)
        return answer_from(connection).startswith(b"HTTP/1.1 200 ")


def seconds_of(service: Receiving, count: int) -> list[float]:
    """How long each of so many requests takes, on connections of their own."""
    taken = []
    for number in range(count):
        started = time.perf_counter()
        assert answered(service, request_of(f"{number} {started}"))
        taken.append(time.perf_counter() - started)
    return taken


def test_a_thousand_slow_connections_slow_down_nobody_else(service: Receiving) -> None:
    seconds_of(service, 30)
    alone = seconds_of(service, 100)
    with ExitStack() as stack:
        for number in range(1000):
            connection = stack.enter_context(service.connect())
            with suppress(OSError):
                connection.sendall((head_of(50) + b"x")[: 1 + number % 90])
        among = seconds_of(service, 100)
    # Medians, and a wide margin: the machine may be busy with something else.
    assert statistics.median(among) < 5 * statistics.median(alone)


def test_a_bomb_is_refused_with_flat_memory(service: Receiving) -> None:
    import resource

    bomb = gzip.compress(bytes(256 << 20), 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with service.connect() as connection:
        connection.sendall(head_of(len(bomb), "Content-Encoding: gzip") + bomb)
        assert answer_from(connection).startswith(b"HTTP/1.1 413 ")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


# gRPC


@contextmanager
def channel_to(service: Receiving) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(service.grpc, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield channel


def connect_grpc(service: Receiving) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.receiver.grpc_address.port), 20)


@pytest.mark.parametrize(
    "sent", [b"", PREFACE[:10], PREFACE, PREFACE + SETTINGS], ids=["nothing", "part", "preface", "idle"]
)
def test_a_grpc_connection_on_which_nothing_happens_is_closed(tmp_path: Path, sent: bytes) -> None:
    with receiving(tmp_path, deadlines=Deadlines(head=0.5, idle=0.5)) as service, connect_grpc(service) as connection:
        connection.sendall(sent)
        while connection.recv(65536):
            pass


def test_a_message_that_never_comes_is_given_up(tmp_path: Path) -> None:
    done = threading.Event()

    def messages() -> Iterator[bytes]:
        done.wait(20)
        yield b""

    with receiving(tmp_path, deadlines=Deadlines(body=0.2)) as service, channel_to(service) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.stream_unary(EXPORT)(messages(), timeout=20)
        done.set()
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert caught.value.details() == "the message took too long"
        assert channel.unary_unary(EXPORT)(request_of("a"), timeout=20) == b""
        assert service.counts[Counter.REFUSED, "timeout"] == 1


def test_a_call_without_a_message_is_refused(service: Receiving) -> None:
    with channel_to(service) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.stream_unary(EXPORT)(iter(()), timeout=20)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("bound", ["_READING", "_READING_FROM_ONE"])
def test_messages_being_received_are_bounded_and_the_oldest_makes_room(
    bound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_module, bound, 2)
    done = threading.Event()

    def messages() -> Iterator[bytes]:
        done.wait(20)
        yield b""

    with receiving(tmp_path) as service, channel_to(service) as channel:
        method = channel.stream_unary(EXPORT)
        first = method.future(messages(), timeout=30)
        others = [method.future(messages(), timeout=30) for _ in range(2)]
        until(lambda: sum(call.done() for call in (first, *others)) == 1)
        assert channel.unary_unary(EXPORT)(request_of("a"), timeout=20) == b""
        until(lambda: sum(call.done() for call in (first, *others)) == 2)
        evicted = [call for call in (first, *others) if call.done()]
        assert {call.code() for call in evicted} == {grpc.StatusCode.UNAVAILABLE}
        done.set()


def test_grpc_connections_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.receiver._most_connections", lambda: 3)
    with receiving(tmp_path, deadlines=Deadlines(head=1.0)) as service:
        crowd = [connect_grpc(service) for _ in range(10)]
        ended = 0
        for connection in crowd:
            connection.settimeout(0.2)
            with suppress(TimeoutError):
                ended += connection.recv(100) == b""
        assert ended >= 7
        for connection in crowd:
            connection.close()
        with channel_to(service) as channel:
            assert channel.unary_unary(EXPORT)(request_of("a"), timeout=20, wait_for_ready=True) == b""


# Health


def check(channel: grpc.Channel, name: str = "") -> int:
    answer = channel.unary_unary(f"{HEALTH}Check")(StringValue(value=name).SerializeToString(), timeout=20)
    return Int32Value.FromString(answer).value


@pytest.mark.parametrize("signal", ["", "trace.v1.TraceService", "logs.v1.LogsService", "metrics.v1.MetricsService"])
def test_every_service_says_that_it_serves(tmp_path: Path, signal: str) -> None:
    with receiving(tmp_path, ingest_keys="required") as service, channel_to(service) as channel:
        assert check(channel, f"opentelemetry.proto.collector.{signal}" if signal else "") == 1


def test_an_unknown_service_is_not_found_and_bad_requests_are_refused(service: Receiving) -> None:
    with channel_to(service) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            check(channel, "nobody")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(f"{HEALTH}Check")(b"\xff", timeout=20)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        watched = channel.unary_stream(f"{HEALTH}Watch")(StringValue(value="nobody").SerializeToString(), timeout=20)
        assert Int32Value.FromString(next(watched)).value == 3
        watched.cancel()


def test_a_watcher_is_told_of_a_disk_that_is_full_and_of_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with receiving(tmp_path) as service, channel_to(service) as channel:
        watched = channel.unary_stream(f"{HEALTH}Watch")(b"", timeout=60)
        assert Int32Value.FromString(next(watched)).value == 1
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", full)
            with pytest.raises(grpc.RpcError):
                channel.unary_unary(EXPORT)(request_of("a"), timeout=20)
        assert Int32Value.FromString(next(watched)).value == 2
        assert check(channel) == 2
        assert channel.unary_unary(EXPORT)(request_of("a"), timeout=20) == b""
        assert Int32Value.FromString(next(watched)).value == 1
        threading.Thread(target=service.receiver.stop).start()
        with suppress(grpc.RpcError):
            assert [Int32Value.FromString(answer).value for answer in watched] == [2]
