"""The receiver as its senders and its operator meet it: over sockets, with real exporters, killed and restarted."""

import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from sentric.settings import Settings
from sentric_analyzer.receiver import Counter, PortError
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.receiver import Receiver
from support.log import Log

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACES = "/v1/traces"
LIMIT = 1 << 20
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
PATIENT = Deadlines()


def settings_for(http_port: int = 0, grpc_port: int = 0) -> Settings:
    return Settings(otlp_http=f"127.0.0.1:{http_port}", otlp_grpc=f"127.0.0.1:{grpc_port}", body_limit=LIMIT)


class Service:
    """A receiver and its log in this process."""

    def __init__(self, directory: Path, deadlines: Deadlines = PATIENT) -> None:
        self.counts: Tally[tuple[str, str]] = Tally()
        self.log = Log.open(directory)
        self.receiver = Receiver(self.log, settings_for(), self._count, deadlines=deadlines)
        self.receiver.start()

    def _count(self, counter: Counter, value: str, amount: int) -> None:
        self.counts[counter, value] += amount

    @property
    def port(self) -> int:
        return self.receiver.http_address.port

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def names(self) -> list[str]:
        return names_in(self.log)

    def close(self) -> None:
        self.receiver.stop()
        self.log.close()


@contextmanager
def serving(directory: Path, deadlines: Deadlines = PATIENT) -> Iterator[Service]:
    service = Service(directory, deadlines)
    try:
        yield service
    finally:
        service.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path / "log") as started:
        yield started


def request_of(*names: str) -> bytes:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for name in names:
        scope.spans.add(name=name, trace_id=b"t" * 16, span_id=b"s" * 8)
    return request.SerializeToString()


def names_in(log: Log) -> list[str]:
    requests = [ExportTraceServiceRequest.FromString(entry.record.body) for entry in log.read(log.committed)]
    return [span.name for request in requests for span in request.resource_spans[0].scope_spans[0].spans]


def post(
    port: int, body: Any, media: str = PROTOBUF, path: str = TRACES, method: str = "POST", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        stated = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Content-Type": media, **stated})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def poll(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.005)


# What the OTLP specification asks for


OTLP_JSON = {
    "resourceSpans": [
        {
            "futureField": {"x": 1},
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "5B8EFFF798038103D269B633813FC60C",
                            "spanId": "eee19b7ec3c1b174",
                            "name": "from json",
                            "kind": 2,
                            "startTimeUnixNano": "1544712660000000000",
                            "endTimeUnixNano": 1544712661000000000,
                            "attributes": [{"key": "big", "value": {"intValue": "9223372036854775807"}}],
                        }
                    ]
                }
            ],
        }
    ]
}


@pytest.mark.parametrize("media", [PROTOBUF, JSON, f"{JSON}; charset=utf-8"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_is_answered_in_its_own_encoding_and_kept(
    service: Service, media: str, encoding: str, chunked: bool
) -> None:
    body = request_of("a span") if media == PROTOBUF else json.dumps(OTLP_JSON).encode()
    body = gzip.compress(body) if encoding == "gzip" else body
    sent = iter([body[:7], body[7:]]) if chunked else body

    status, headers, reply = post(service.port, sent, media, Content_Encoding=encoding)

    assert status == 200
    assert headers["content-type"] == media.partition(";")[0]
    assert reply == (b"" if media == PROTOBUF else b"{}")
    assert service.names() == ["a span" if media == PROTOBUF else "from json"]


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
def test_an_empty_request_of_every_signal_succeeds(service: Service, path: str) -> None:
    assert post(service.port, b"", path=path)[0] == 200
    assert post(service.port, b"{}", JSON, path)[0] == 200


def test_spans_with_invalid_ids_are_left_out_and_the_sender_is_told(service: Service) -> None:
    request = ExportTraceServiceRequest.FromString(request_of("good"))
    request.resource_spans[0].scope_spans[0].spans.add(name="bad")
    status, _, reply = post(service.port, request.SerializeToString())
    assert (status, service.names()) == (200, ["good"])
    assert ExportTraceServiceResponse.FromString(reply).partial_success.rejected_spans == 1


@pytest.mark.parametrize(
    ("status", "body", "changes"),
    [
        (400, b"\xff\xff\xff\xff", {}),
        (400, b"{bad", {"media": JSON}),
        (400, b"\xff\xfe{", {"media": JSON}),
        (400, b"[" * 100_000, {"media": JSON}),
        (400, b"no gzip", {"Content_Encoding": "gzip"}),
        (413, gzip.compress(bytes(LIMIT + 1)), {"Content_Encoding": "gzip"}),
        (413, bytes(LIMIT + 1), {}),
        (415, b"", {"media": "text/plain"}),
        (415, b"", {"Content_Encoding": "br"}),
        (405, b"", {"method": "GET"}),
        (405, b"", {"method": "PUT"}),
        (404, b"", {"path": "/v1/nope"}),
        (404, b"", {"path": "/"}),
    ],
)
def test_a_bad_request_is_refused_for_good_with_a_status(
    service: Service, status: int, body: bytes, changes: dict[str, str]
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
    assert post(service.port, request_of("next"))[0] == 200


def test_a_length_over_the_limit_is_refused_before_the_body_is_sent(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(head_of(bytes(LIMIT + 1)))
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_refused(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(f"POST {TRACES} HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\n\r\n".encode())
        assert read_all_after(connection).startswith(b"HTTP/1.1 411 ")


def read_all_after(connection: socket.socket) -> bytes:
    connection.shutdown(socket.SHUT_WR)
    return read_all(connection)


# Real exporters


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_real_exporter_is_served(service: Service, protocol: str) -> None:
    provider = TracerProvider()
    exporter = (
        GrpcSpanExporter(f"http://{service.receiver.grpc_address}", insecure=True)
        if protocol == "grpc"
        else HttpSpanExporter(f"http://{service.receiver.http_address}{TRACES}")
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("execute_tool search"):
        pass
    provider.shutdown()
    assert service.names() == ["execute_tool search"]
    assert service.counts[Counter.ITEMS, "traces"] == 1


def test_a_real_log_exporter_is_served(service: Service) -> None:
    provider = LoggerProvider()
    exporter = GrpcLogExporter(f"http://{service.receiver.grpc_address}", insecure=True)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("test").emit(event_name="run started")
    provider.shutdown()
    assert service.counts[Counter.ITEMS, "logs"] == 1
    assert [entry.record.signal for entry in service.log.read(0)] == ["logs"]


# gRPC


@contextmanager
def grpc_call(service: Service) -> Iterator[Callable[..., bytes]]:
    with grpc.insecure_channel(str(service.receiver.grpc_address)) as channel:
        method = channel.unary_unary(EXPORT)
        yield lambda body, **options: method(body, timeout=20, **options)


def test_grpc_keeps_the_bytes_as_they_came(service: Service) -> None:
    body = request_of("a") + b"\xfa\x07\x03new"
    with grpc_call(service) as call:
        assert call(body) == b""
        assert call(request_of("b"), compression=grpc.Compression.Gzip) == b""
    entries = list(service.log.read(0))
    assert [entry.record.body for entry in entries] == [body, request_of("b")]


def test_grpc_refuses_bad_data_for_good(service: Service) -> None:
    with grpc_call(service) as call:
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\xff")
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.RpcError) as caught:
            call(bytes(LIMIT + 1))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert call(request_of("next")) == b""


def test_a_full_disk_is_a_refusal_to_try_again_on_both_ways(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with grpc_call(service) as call:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", full)
            status, headers, reply = post(service.port, request_of("a"))
            with pytest.raises(grpc.RpcError) as caught:
                call(request_of("b"))
        assert (status, headers["retry-after"]) == (503, "1")
        details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
        for found in (Status.FromString(reply), Status.FromString(details)):
            info = RetryInfo()
            assert found.code == grpc.StatusCode.UNAVAILABLE.value[0]
            assert found.details[0].Unpack(info)
            assert info.retry_delay.seconds == 1
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert service.names() == []
        assert call(request_of("b")) == b""
    assert post(service.port, request_of("a"))[0] == 200
    assert service.names() == ["b", "a"]


def test_bodies_in_hand_are_bounded_on_grpc_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.limits.Budget.claim", lambda *_: False)
    with grpc_call(service) as call, pytest.raises(grpc.RpcError) as caught:
        call(request_of("a"))
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert service.counts[Counter.REFUSED, "busy"] == 1


# Connections


def head_of(body: bytes, *extra: str) -> bytes:
    lines = [f"POST {TRACES} HTTP/1.1", "Host: x", f"Content-Type: {PROTOBUF}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *extra, "", ""]).encode()


def test_requests_sent_at_once_are_answered_in_order(service: Service) -> None:
    bodies = [request_of(f"span {number}") if number % 3 else b"\xff" for number in range(40)]
    with service.connect() as connection:
        connection.sendall(b"".join(head_of(body) + body for body in bodies))
        answers = read_all_after(connection)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", answers)
    assert statuses == [b"200" if number % 3 else b"400" for number in range(40)]
    assert service.names() == [f"span {number}" for number in range(40) if number % 3]


def test_a_sender_that_waits_for_a_word_gets_it(service: Service) -> None:
    body = request_of("a")
    with service.connect() as connection:
        connection.sendall(head_of(body, "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_sender_that_ends_the_connection_has_it_ended(service: Service) -> None:
    body = request_of("a")
    with service.connect() as connection:
        connection.sendall(head_of(body, "Connection: close") + body)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer


@pytest.mark.parametrize(
    ("sent", "deadlines"),
    [
        (b"", Deadlines(head=0.1)),
        (b"POST /v1/tra", Deadlines(head=0.1)),
        (head_of(b"x" * 50) + b"x", Deadlines(body=0.1)),
    ],
    ids=["nothing", "head", "body"],
)
def test_a_slow_sender_is_told_and_cut_off(sent: bytes, deadlines: Deadlines, tmp_path: Path) -> None:
    with serving(tmp_path, deadlines) as service:
        with service.connect() as connection:
            connection.sendall(sent)
            answer = read_all(connection)
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"connection: close\r\n" in answer
        assert service.counts[Counter.REFUSED, "timeout"] == 1


def test_dripping_bytes_do_not_put_off_the_deadline(tmp_path: Path) -> None:
    with serving(tmp_path, Deadlines(head=0.3, linger=0.1)) as service, service.connect() as connection:
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\n")
        end = time.monotonic() + 20
        with pytest.raises(OSError, match=r"reset|pipe"):  # noqa: PT012 (it takes some drops)
            while time.monotonic() < end:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.01)


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    body = request_of("a")
    with serving(tmp_path, Deadlines(idle=0.05)) as service, service.connect() as connection:
        connection.sendall(head_of(body) + body)
        assert read_all(connection).count(b"HTTP/1.1") == 1


def test_honest_senders_are_served_among_many_slow_ones(service: Service) -> None:
    slow = [service.connect() for _ in range(200)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall((head_of(b"x" * 50) + b"x")[: 20 + number])
        for number in range(20):
            assert post(service.port, request_of(str(number)))[0] == 200
    finally:
        for connection in slow:
            connection.close()


def test_who_connects_when_all_places_are_taken_gets_that_of_the_slowest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.receiver._most_connections", lambda: 2)
    body = request_of("a")
    with serving(tmp_path) as service, service.connect() as proven, service.connect() as silent:
        proven.sendall(head_of(body) + body)
        assert proven.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        assert is_served(service)
        with suppress(ConnectionResetError):
            assert silent.recv(1) == b""
        assert service.counts[Counter.REFUSED, "busy"] == 1
        proven.sendall(head_of(body) + body)
        assert proven.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")


def is_served(service: Service) -> bool:
    try:
        return post(service.port, request_of("a"))[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_a_sender_that_reads_no_answers_is_cut_off(service: Service) -> None:
    flood = (head_of(b"\xff") + b"\xff") * 2000
    with service.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(OSError, match=r"reset|pipe|timed out"):  # noqa: PT012 (until the buffers are full)
            for _ in range(200):
                connection.sendall(flood)
    assert post(service.port, request_of("a"))[0] == 200


def test_a_sender_that_leaves_in_the_middle_harms_nobody(service: Service) -> None:
    body = request_of("a")
    for length in range(0, len(head_of(body) + body), 20):
        with service.connect() as connection:
            connection.sendall((head_of(body) + body)[:length])
    assert post(service.port, request_of("b"))[0] == 200
    assert "b" in service.names()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.binary(max_size=60)
        | st.sampled_from([head_of(b"x" * 9), head_of(b""), b"0\r\n\r\n", b"\r\n", b"POST /v1/logs HTTP/1.1\r\n"]),
        max_size=6,
    )
)
def test_whatever_is_sent_the_answer_is_no_server_error(service: Service, parts: list[bytes]) -> None:
    with service.connect() as connection:
        connection.sendall(b"".join(parts))
        answer = read_all_after(connection)
    assert all(200 <= int(status) < 500 for status in re.findall(rb"^HTTP/1\.1 (\d+) ", answer, re.MULTILINE))
    assert post(service.port, b"")[0] == 200


# Start and stop


@pytest.mark.parametrize("option", ["--otlp-http", "--otlp-grpc"])
def test_a_busy_port_is_one_line_and_leaves_nothing_running(option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held, Log.open(tmp_path) as log:
        port = held.getsockname()[1]
        stated = settings_for(http_port=port) if option == "--otlp-http" else settings_for(grpc_port=port)
        with pytest.raises(PortError, match=rf"{option} 127\.0\.0\.1:{port}: .*Address already in use: stop") as caught:
            Receiver(log, stated, lambda *_: None).start()
        assert "\n" not in str(caught.value)
    assert not our_threads()


def test_a_port_taken_at_the_last_moment_is_one_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.grpc.listen", lambda *_: socket.socket())
    with socket.create_server(("127.0.0.1", 0)) as held, Log.open(tmp_path) as log:
        stated = settings_for(grpc_port=held.getsockname()[1])
        with pytest.raises(PortError, match=r"--otlp-grpc .*: cannot listen there: give another HOST:PORT"):
            Receiver(log, stated, lambda *_: None).start()


def our_threads() -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith(("sentric-receiver", "sentric-decode", "sentric-log"))]


def test_two_receivers_never_share_a_port(service: Service, tmp_path: Path) -> None:
    stated = settings_for(grpc_port=service.receiver.grpc_address.port)
    with Log.open(tmp_path / "other") as log, pytest.raises(PortError):
        Receiver(log, stated, lambda *_: None).start()


def test_stopping_answers_what_has_begun_and_leaves_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(tmp_path)
    syncing, go_on = threading.Event(), threading.Event()
    real = os.fdatasync

    def slow_sync(file: int) -> None:
        syncing.set()
        assert go_on.wait(10)
        real(file)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    body = request_of("a")
    with service.connect() as busy, service.connect() as idle:
        busy.sendall(head_of(body) + body)
        assert syncing.wait(10)
        stopping = threading.Thread(target=service.close)
        stopping.start()
        assert read_all(idle) == b""
        go_on.set()
        assert read_all(busy).startswith(b"HTTP/1.1 200 OK\r\n")
    stopping.join(10)
    assert not stopping.is_alive()
    assert not our_threads()


def test_stopping_does_not_wait_for_ever(tmp_path: Path) -> None:
    with (
        Log.open(tmp_path) as log,
        Receiver(log, settings_for(), lambda *_: None) as receiver,
        socket.create_connection(("127.0.0.1", receiver.http_address.port)) as connection,
    ):
        connection.sendall(head_of(b"x" * 9))
        started = time.monotonic()
        receiver.stop(0.1)
        assert time.monotonic() - started < 5


# Another process, killed and starved

PROGRAM = """
import resource, signal, sys, threading
from pathlib import Path
from sentric.settings import Settings
from sentric_analyzer.log import LogReader, LogWriter
from sentric_analyzer.receiver.receiver import Receiver

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
most = int(sys.argv[2])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    signal.signal(signal.SIGUSR1, lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)))
settings = Settings(otlp_http="127.0.0.1:0", otlp_grpc="127.0.0.1:0")
directory = Path(sys.argv[1])
with (
    LogReader.open(directory) as reader,
    LogWriter.open(directory, reader.link) as log,
    Receiver(log, settings, lambda *_: None) as receiver,
):
    print(receiver.http_address.port, receiver.grpc_address.port, flush=True)
    while not stop.wait(0.05):
        pass
"""


@contextmanager
def process(directory: Path, *before: str, most: int = 0) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A receiver in a process of its own, and its HTTP port."""
    command = [*before, sys.executable, "-c", PROGRAM, str(directory), str(most)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as started:
        assert started.stdout
        try:
            yield started, int(started.stdout.readline().split()[0])
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()


def send_until_refused(port: int, sender: int, acknowledged: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    number = 0
    try:
        while True:
            name = f"{sender}/{number}"
            connection.request("POST", TRACES, request_of(name, "padding" * 500), {"Content-Type": PROTOBUF})
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                acknowledged.append(name)
            number += 1
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for life in range(3):
        with process(tmp_path) as (started, port):
            before = len(acknowledged)
            senders = [
                threading.Thread(target=send_until_refused, args=(port, life * 10 + sender, acknowledged))
                for sender in range(4)
            ]
            for sender in senders:
                sender.start()
            poll(lambda before=before: len(acknowledged) > before + 100)
            started.send_signal(signal.SIGKILL)
            for sender in senders:
                sender.join(20)
    with Log.open(tmp_path) as log:
        kept = Tally(names_in(log))
    assert set(acknowledged) <= set(kept)
    assert all(kept[name] == 1 for name in acknowledged)


def may_trace() -> bool:
    command = ["strace", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_trace(), reason="the order of system calls is seen with strace")
def test_data_is_synced_before_each_reply(tmp_path: Path) -> None:
    trace = tmp_path / "strace"
    command = ("strace", "-D", "-f", "-qq", "-e", "trace=fdatasync,sendto,write,writev", "-o", str(trace))
    with process(tmp_path / "log", *command) as (_, port):
        for number in range(10):
            assert post(port, request_of(str(number)))[0] == 200
    events = re.findall(r"fdatasync\(\d+\)\s+= 0|fdatasync resumed.*= 0|HTTP/1\.1 200", trace.read_text())
    order = ["reply" if "200" in event else "sync" for event in events]
    assert order == ["sync", "reply"] * 10


def test_a_file_that_may_not_grow_is_refused_and_recovered_from_without_a_restart(tmp_path: Path) -> None:
    with process(tmp_path, most=20_000) as (started, port):
        accepted = [name for name in map(str, range(10)) if post(port, request_of(name, "x" * 5000))[0] == 200]
        status, headers, _ = post(port, request_of("over", "x" * 30_000))
        assert (status, headers["retry-after"]) == (503, "1")
        started.send_signal(signal.SIGUSR1)
        poll(lambda: post(port, request_of("over", "x" * 30_000))[0] == 200)
    with Log.open(tmp_path) as log:
        assert log.recovery.torn_bytes == 0
        assert [name for name in names_in(log) if not name.startswith("x")] == [*accepted, "over"]


def may_mount() -> bool:
    command = ["unshare", "-m", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True).returncode == 0


FULL_DISK = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'


@pytest.mark.skipif(not may_mount(), reason="mounting a small file system needs root")
def test_a_full_disk_is_refused_and_recovered_from_without_a_restart(tmp_path: Path) -> None:
    with process(tmp_path, "unshare", "-m", "sh", "-c", FULL_DISK, str(tmp_path)) as (started, port):
        inside = Path(f"/proc/{started.pid}/root{tmp_path}")
        filler = inside / "filler"
        filler.write_bytes(bytes(900_000))
        answers = [post(port, request_of(str(number), "x" * 20_000))[0] for number in range(20)]
        assert answers[0] == 200
        assert answers[-1] == 503
        filler.unlink()
        assert post(port, request_of("after", "x" * 20_000))[0] == 200
        copied = shutil.copytree(inside, tmp_path / "copy")
    with Log.open(copied) as log:
        accepted = [str(number) for number, status in enumerate(answers) if status == 200]
        assert [name for name in names_in(log) if not name.startswith("x")] == [*accepted, "after"]


def test_a_bomb_is_refused_at_once_with_memory_flat(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(1 << 28))
    with process(tmp_path) as (started, port):
        post(port, request_of("warm"))
        before = peak_kilobytes(started.pid)
        begun = time.monotonic()
        assert post(port, bomb, Content_Encoding="gzip")[0] == 413
        assert time.monotonic() - begun < 2
        assert peak_kilobytes(started.pid) - before < 3 * 16 * 1024


def peak_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
