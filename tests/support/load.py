"""Senders that do as exporters do: the same request again until it is acknowledged."""

import http.client
import threading
import time
import zlib
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.serving import Serving, poll

PROTOBUF = {"Content-Type": "application/x-protobuf"}
STARTED = 1_700_000_000_000_000_000
"""Unix nanoseconds at which every span here began."""


def request_of(trace: int, *names: str, padding: int = 0) -> bytes:
    """A request with a span for each name, in a trace with a number."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number, name in enumerate(names):
        span = scope.spans.add(name=name, trace_id=trace.to_bytes(16, "big"), span_id=number_of(name, number))
        span.start_time_unix_nano = span.end_time_unix_nano = STARTED
        if padding:
            span.attributes.add(key="padding").value.string_value = "x" * padding
    return request.SerializeToString()


def number_of(name: str, number: int) -> bytes:
    """A span id that is the same whenever the request is made again."""
    return zlib.crc32(name.encode()).to_bytes(6, "big") + number.to_bytes(2, "big")


def post(address: str, body: bytes, timeout: float = 30.0) -> tuple[int, str | None]:
    """Send a request once: the status, and the Retry-After header."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request("POST", "/v1/traces", body, PROTOBUF)
        response = connection.getresponse()
        response.read()
        return response.status, response.getheader("retry-after")
    finally:
        connection.close()


class Senders:
    """Threads that send one request after another, each until it is acknowledged."""

    def __init__(self, address: str, count: int) -> None:
        self.acknowledged: list[str] = []
        """Names of the spans."""
        self.again = 0
        """How often a request had to be sent again."""
        self._host, _, self._port = address.rpartition(":")
        self._stopping = threading.Event()
        self._abandoned = False
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End when the requests in hand are acknowledged."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def abandon(self) -> None:
        """End, acknowledged or not."""
        self._abandoned = True
        self._stopping.set()

    def _run(self, sender: int) -> None:
        connection, number = self._connect(), 0
        while not self._stopping.is_set():
            names = [f"{sender}/{number}/{part}" for part in range(5)]
            connection = self._send(connection, request_of(sender + 1, *names))
            self.acknowledged += names
            number += 1
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> http.client.HTTPConnection:
        while not self._abandoned:
            try:
                connection.request("POST", "/v1/traces", body, PROTOBUF)
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    return connection
                assert response.status == 503
            except (OSError, http.client.HTTPException):
                connection.close()
                connection = self._connect()
            self.again += 1
            time.sleep(0.02)
        return connection

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, int(self._port), timeout=10)


@contextmanager
def sending(address: str, count: int = 4) -> Iterator[Senders]:
    """Senders at work; when the block is left, all they sent is acknowledged."""
    senders = Senders(address, count)
    senders.start()
    try:
        yield senders
    except BaseException:
        senders.abandon()
        raise
    senders.stop()


def stored(data_dir: Path) -> Tally[str]:
    """Names of the spans that a stopped service has stored, and how often each stands there."""
    from sentric_analyzer.storage import Store, embedded_url

    with Store.open(embedded_url(data_dir)) as store, store._connections.client() as client:
        return Tally(row[0] for row in client.query("SELECT SpanName FROM otel_traces").result_rows)


def settle(service: Serving) -> None:
    """Wait until nothing is in the log to be stored, open, or given to be judged."""
    names = ("sentric_log_lag_bytes", "sentric_assembly_open_traces", "sentric_judging_traces")
    poll(lambda: not any(counted(service, name) for name in names))


def counted(service: Serving, line: str) -> float:
    """The value of a line of /metrics; 0 where there is none."""
    for text in service.text("/metrics").splitlines():
        if text.startswith(f"{line} "):
            return float(text.split()[-1])
    return 0.0
