"""The receiver as its senders and its operator meet it: over sockets, with real exporters, started and stopped."""

import gzip
import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from sentric.settings import Settings
from sentric_analyzer.receiver import Counter, PortError
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.receiver import Receiver
from support.log import Log
from support.receiving import (
    EXPORT,
    LIMIT,
    PROTOBUF,
    TRACES,
    Receiving,
    framed,
    head_of,
    post,
    read_all,
    read_all_after,
    receiving,
    request_of,
)

JSON = "application/json"


def settings_for(http_port: int = 0, grpc_port: int = 0) -> Settings:
    return Settings(otlp_http=f"127.0.0.1:{http_port}", otlp_grpc=f"127.0.0.1:{grpc_port}", body_limit=LIMIT)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Receiving]:
    with receiving(tmp_path / "log") as started:
        yield started


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
    service: Receiving, media: str, encoding: str, chunked: bool
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
def test_an_empty_request_of_every_signal_succeeds(service: Receiving, path: str) -> None:
    assert post(service.port, b"", path=path)[0] == 200
    assert post(service.port, b"{}", JSON, path)[0] == 200


def test_spans_with_invalid_ids_are_left_out_and_the_sender_is_told(service: Receiving) -> None:
    request = ExportTraceServiceRequest.FromString(request_of("good"))
    request.resource_spans[0].scope_spans[0].spans.add(name="bad")
    status, _, reply = post(service.port, request.SerializeToString())
    assert (status, service.names()) == (200, ["good"])
    assert ExportTraceServiceResponse.FromString(reply).partial_success.rejected_spans == 1


# Real exporters


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_real_exporter_is_served(service: Receiving, protocol: str) -> None:
    provider = TracerProvider()
    exporter = (
        GrpcSpanExporter(f"http://{service.grpc}", insecure=True)
        if protocol == "grpc"
        else HttpSpanExporter(f"http://{service.receiver.http_address}{TRACES}")
    )
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("execute_tool search"):
        pass
    provider.shutdown()
    assert service.names() == ["execute_tool search"]
    assert service.counts[Counter.ITEMS, "traces"] == 1


def test_a_real_log_exporter_is_served(service: Receiving) -> None:
    provider = LoggerProvider()
    exporter = GrpcLogExporter(f"http://{service.grpc}", insecure=True)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("test").emit(event_name="run started")
    provider.shutdown()
    assert service.counts[Counter.ITEMS, "logs"] == 1
    assert [entry.record.signal for entry in service.log.read(0)] == ["logs"]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_real_metric_exporter_is_served_though_nothing_is_kept(service: Receiving, protocol: str) -> None:
    exporter = (
        GrpcMetricExporter(f"http://{service.grpc}", insecure=True)
        if protocol == "grpc"
        else HttpMetricExporter(f"http://{service.receiver.http_address}/v1/metrics")
    )
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)])
    meter = provider.get_meter("test")
    meter.create_counter("runs").add(1, {"agent": "shop"})
    meter.create_histogram("seconds").record(2.5)
    assert provider.force_flush()
    provider.shutdown()
    assert service.counts[Counter.REQUESTS, "metrics"] > 0
    assert not any(counter is Counter.REFUSED for counter, _ in service.counts)
    assert list(service.log.read(0)) == []


# gRPC


@contextmanager
def grpc_call(service: Receiving) -> Iterator[Callable[..., bytes]]:
    with grpc.insecure_channel(service.grpc) as channel:
        method = channel.unary_unary(EXPORT)
        yield lambda body, **options: method(body, timeout=20, **options)


def test_grpc_keeps_the_bytes_as_they_came(service: Receiving) -> None:
    body = request_of("a") + b"\xfa\x07\x03new"
    with grpc_call(service) as call:
        assert call(body) == b""
        assert call(request_of("b"), compression=grpc.Compression.Gzip) == b""
    entries = list(service.log.read(0))
    assert [entry.record.body for entry in entries] == [body, request_of("b")]


def test_a_full_disk_is_a_refusal_to_try_again_on_both_ways(
    service: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_bodies_in_hand_are_bounded_on_grpc_too(service: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.receiver.limits.Budget.claim", lambda *_: False)
    with grpc_call(service) as call, pytest.raises(grpc.RpcError) as caught:
        call(request_of("a"))
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert service.counts[Counter.REFUSED, "busy"] == 1


# Connections


def test_requests_sent_at_once_are_answered_in_order(service: Receiving) -> None:
    bodies = [request_of(f"span {number}") if number % 3 else b"\xff" for number in range(40)]
    with service.connect() as connection:
        connection.sendall(b"".join(framed(body) for body in bodies))
        answers = read_all_after(connection)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", answers)
    assert statuses == [b"200" if number % 3 else b"400" for number in range(40)]
    assert service.names() == [f"span {number}" for number in range(40) if number % 3]


def test_a_sender_that_waits_for_a_word_gets_it(service: Receiving) -> None:
    body = request_of("a")
    with service.connect() as connection:
        connection.sendall(head_of(len(body), "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_sender_that_ends_the_connection_has_it_ended(service: Receiving) -> None:
    body = request_of("a")
    with service.connect() as connection:
        connection.sendall(framed(body, "Connection: close"))
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer


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


def test_two_receivers_never_share_a_port(service: Receiving, tmp_path: Path) -> None:
    stated = settings_for(grpc_port=service.receiver.grpc_address.port)
    with Log.open(tmp_path / "other") as log, pytest.raises(PortError):
        Receiver(log, stated, lambda *_: None).start()


def test_stopping_answers_what_has_begun_and_leaves_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = ExitStack()
    service = started.enter_context(receiving(tmp_path))
    syncing, go_on = threading.Event(), threading.Event()
    real = os.fdatasync

    def slow_sync(file: int) -> None:
        syncing.set()
        assert go_on.wait(10)
        real(file)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    body = request_of("a")
    with service.connect() as busy, service.connect() as idle:
        busy.sendall(framed(body))
        assert syncing.wait(10)
        stopping = threading.Thread(target=started.close)
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
        connection.sendall(head_of(9))
        started = time.monotonic()
        receiver.stop(0.1)
        assert time.monotonic() - started < Deadlines().body, "which that connection would still have had"
