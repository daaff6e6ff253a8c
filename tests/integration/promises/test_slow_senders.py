"""Senders that are slow, or never end, are closed; they slow down no honest one, and hold up no stop of the service."""

import os
import resource
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import grpc
import pytest

from sentric_analyzer.receiver import Counter
from sentric_analyzer.receiver import grpc as grpc_module
from sentric_analyzer.receiver.connection import Deadlines
from support.receiving import (
    EXPORT,
    LIMIT,
    Apart,
    Receiving,
    answer_from,
    apart,
    framed,
    head_of,
    message_of,
    post,
    read_all,
    receiving,
    request_of,
    until,
)
from support.serving import ENDS_WITHIN, poll, serving

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
SLOW = 1000
"""Connections."""
UNEVEN = 2
"""How many times as long an honest request may take among them."""
ROUNDS = range(3, 41)
"""At least and at most, of requests without them and among them."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Receiving]:
    with receiving(tmp_path) as started:
        yield started


# Others


@contextmanager
def many_files() -> Iterator[None]:
    """As many open files as this process and its children may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def slow_connections(service: Apart) -> Iterator[None]:
    """Each as far as another byte of its request."""
    with ExitStack() as stack:
        for number in range(SLOW):
            connection = stack.enter_context(service.connect())
            with suppress(OSError):
                connection.sendall((head_of(50) + b"x")[: 1 + number % 90])
        assert answered(service, b"")  # by then it has accepted those before
        yield


def slowest(service: Apart) -> float:
    """The 99th percentile of the seconds that honest requests take, each on a connection of its own.

    There is nothing in them, so that it is not the disk that is measured.
    """
    taken = []
    for _ in range(100):
        begun = time.perf_counter()
        assert answered(service, b"")
        taken.append(time.perf_counter() - begun)
    return statistics.quantiles(taken, n=100)[-1]


@pytest.mark.parametrize("places", [512, 2 * SLOW], ids=["more than have a place", "all with a place"])
def test_a_thousand_slow_senders_slow_down_no_honest_one(
    tmp_path: Path, places: int, figure: Callable[[str, float], None]
) -> None:
    alone, among = [], []
    with many_files(), apart(tmp_path, address_connections=places) as service:
        slowest(service)
        for done in range(1, ROUNDS.stop):
            alone.append(slowest(service))
            with slow_connections(service):
                among.append(slowest(service))
            # Noise only adds, and may be there all the time: the best rounds are compared, of more where it is.
            if done >= ROUNDS.start and min(among) < UNEVEN * min(alone):
                break
    figure(
        f"p99 of a request among {SLOW} slow connections with {places} places, by that without", min(among) / min(alone)
    )
    assert min(among) < UNEVEN * min(alone)


def test_a_burst_of_connections_waits_to_be_accepted(tmp_path: Path) -> None:
    with many_files(), apart(tmp_path) as service, ExitStack() as stack:
        service.process.send_signal(signal.SIGSTOP)
        crowd = [stack.enter_context(service.connect()) for _ in range(500)]
        service.process.send_signal(signal.SIGCONT)
        crowd[-1].sendall(message_of("a"))
        assert answer_from(crowd[-1]).startswith(b"HTTP/1.1 200 ")


def test_they_hold_up_no_stop(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service, ExitStack() as stack:
        poll(service.ready)
        for number in range(100):
            host, port = service.stated["otlp_grpc" if number % 2 else "otlp_http"].split(":")
            connection = stack.enter_context(socket.create_connection((host, int(port)), 20))
            connection.sendall(PREFACE if number % 2 else (head_of(50) + b"x")[: 1 + number])
        status, taken = service.end()
    assert status == 0
    assert taken < ENDS_WITHIN


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
    with receiving(tmp_path, deadlines=Deadlines(pace=0.5)) as service, service.connect() as connection:
        connection.sendall(head_of(len(body)))
        for start in range(0, len(body), 1000):
            connection.sendall(body[start : start + 1000])
            time.sleep(0.025)
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


def answered(service: Receiving | Apart, body: bytes) -> bool:
    with service.connect() as connection:
        connection.sendall(head_of(len(body)) + body)
        return answer_from(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "deadlines"),
    [
        (b"", Deadlines(head=0.1)),
        (b"POST /v1/tra", Deadlines(head=0.1)),
        (head_of(50) + b"x", Deadlines(body=0.1)),
    ],
    ids=["nothing", "head", "body"],
)
def test_a_slow_sender_is_told_and_cut_off(sent: bytes, deadlines: Deadlines, tmp_path: Path) -> None:
    with receiving(tmp_path, deadlines=deadlines) as service:
        with service.connect() as connection:
            connection.sendall(sent)
            answer = read_all(connection)
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"connection: close\r\n" in answer
        assert service.counts[Counter.REFUSED, "timeout"] == 1


def test_dripping_bytes_do_not_put_off_the_deadline(tmp_path: Path) -> None:
    with receiving(tmp_path, deadlines=Deadlines(head=0.3, linger=0.1)) as service, service.connect() as connection:
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\n")
        end = time.monotonic() + 20
        with pytest.raises(OSError, match=r"reset|pipe"):  # noqa: PT012 (it takes some drops)
            while time.monotonic() < end:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.01)


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    body = request_of("a")
    with receiving(tmp_path, deadlines=Deadlines(idle=0.05)) as service, service.connect() as connection:
        connection.sendall(framed(body))
        assert read_all(connection).count(b"HTTP/1.1") == 1


def test_an_idle_connection_with_a_blank_line_behind_its_request_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncing, sync = threading.Event(), os.fdatasync

    def held_up(file: int) -> None:
        syncing.wait(20)
        sync(file)

    monkeypatch.setattr(os, "fdatasync", held_up)
    with receiving(tmp_path, deadlines=Deadlines(idle=0.05)) as service, service.connect() as connection:
        connection.sendall(message_of("a"))
        time.sleep(0.1)
        connection.sendall(b"\r\n")
        time.sleep(0.1)
        syncing.set()
        assert read_all(connection).count(b"HTTP/1.1 200 ") == 1


def test_who_connects_when_all_places_are_taken_gets_that_of_the_slowest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.receiver._most_connections", lambda: 2)
    body = request_of("a")
    with receiving(tmp_path) as service, service.connect() as proven, service.connect() as silent:
        proven.sendall(framed(body))
        assert proven.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        assert answered(service, request_of("a"))
        with suppress(ConnectionResetError):
            assert silent.recv(1) == b""
        assert service.counts[Counter.REFUSED, "busy"] == 1
        proven.sendall(framed(body))
        assert proven.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_sender_that_reads_no_answers_is_cut_off(service: Receiving) -> None:
    flood = framed(b"\xff") * 2000
    with service.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(OSError, match=r"reset|pipe|timed out"):  # noqa: PT012 (until the buffers are full)
            for _ in range(200):
                connection.sendall(flood)
    assert post(service.port, request_of("a"))[0] == 200


def test_a_sender_that_leaves_in_the_middle_harms_nobody(service: Receiving) -> None:
    body = request_of("a")
    for length in range(0, len(framed(body)), 20):
        with service.connect() as connection:
            connection.sendall(framed(body)[:length])
    assert post(service.port, request_of("b"))[0] == 200
    assert "b" in service.names()


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

    with receiving(tmp_path, deadlines=Deadlines(body=0.5)) as service, channel_to(service) as channel:
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


def has_ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_grpc_connections_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.receiver._most_connections", lambda: 3)
    with receiving(tmp_path, deadlines=Deadlines(head=1.0)) as service:
        crowd = [connect_grpc(service) for _ in range(10)]
        until(lambda: sum(map(has_ended, crowd)) >= 7)
        for connection in crowd:
            connection.close()
        with channel_to(service) as channel:
            assert channel.unary_unary(EXPORT)(request_of("a"), timeout=20, wait_for_ready=True) == b""
