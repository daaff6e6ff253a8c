"""A receiver in the process of a test, or in one of its own, with whatever it is to be tested for."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.settings import Settings
from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.control.keyring import digest
from sentric_analyzer.log import Limits
from sentric_analyzer.receiver import Counter
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.receiver import Receiver
from support.log import Log

PROTOBUF = "application/x-protobuf"
TRACES = "/v1/traces"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LIMIT = 1 << 20
Answer: TypeAlias = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class Receiving:
    """A receiver, its log, and what it has counted."""

    def __init__(self, log: Log, keys: KeyRing | None, deadlines: Deadlines | None, settings: Settings) -> None:
        self.log = log
        self.counts: Tally[tuple[str, str]] = Tally()
        self.receiver = Receiver(log, settings, self._count, keys=keys, deadlines=deadlines)

    def _count(self, counter: Counter, value: str, amount: int) -> None:
        self.counts[counter, value] += amount

    @property
    def grpc(self) -> str:
        """HOST:PORT of OTLP/gRPC."""
        return str(self.receiver.grpc_address)

    @property
    def port(self) -> int:
        """Of OTLP/HTTP."""
        return self.receiver.http_address.port

    def connect(self, context: ssl.SSLContext | None = None) -> socket.socket:
        """A connection to OTLP/HTTP."""
        raw = socket.create_connection(("127.0.0.1", self.port), 20)
        return context.wrap_socket(raw, server_hostname="localhost") if context else raw

    def names(self) -> list[str]:
        """The spans in the log."""
        return names_in(self.log)

    def projects(self) -> list[tuple[str, ...]]:
        """What the records in the log say of projects."""
        return [entry.record.projects for entry in self.log.read(0)]


@contextmanager
def receiving(
    directory: Path,
    *,
    keys: KeyRing | None = None,
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
    **settings: Any,
) -> Iterator[Receiving]:
    """A receiver on free ports; it is gone when the block is left."""
    stated = {"otlp_http": "127.0.0.1:0", "otlp_grpc": "127.0.0.1:0", "body_limit": LIMIT, **settings}
    with Log.open(directory, limits) as log:
        service = Receiving(log, keys, deadlines, Settings(**stated))
        with service.receiver:
            yield service


class Apart:
    """A receiver and its log in a process of their own."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout
        self.process = process
        ports = process.stdout.readline().split()
        assert len(ports) == 2, "it has not come up"
        self.port, self._grpc_port = map(int, ports)

    @property
    def grpc(self) -> str:
        """HOST:PORT of OTLP/gRPC."""
        return f"127.0.0.1:{self._grpc_port}"

    def connect(self) -> socket.socket:
        """A connection to OTLP/HTTP."""
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def is_alive(self) -> bool:
        """It runs, and takes in spans."""
        return self.process.poll() is None and post(self.port, request_of("alive"))[0] == 200

    def memory(self) -> int:
        """Bytes it takes now."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """Most bytes it has taken since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Take what it takes now for the most."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(f"{name}:")[2].split()[0]) << 10


_PROGRAM = """
import json, signal, sys, threading
from pathlib import Path
from sentric.settings import Settings
from support.log import Log
from sentric_analyzer.receiver.receiver import Receiver

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
settings = Settings(otlp_http="127.0.0.1:0", otlp_grpc="127.0.0.1:0", **json.loads(sys.argv[2]))
with Log.open(Path(sys.argv[1])) as log, Receiver(log, settings, lambda *_: None) as receiver:
    print(receiver.http_address.port, receiver.grpc_address.port, flush=True)
    while not stop.wait(0.05):
        pass
"""


@contextmanager
def apart(directory: Path, **settings: Any) -> Iterator[Apart]:
    """A receiver in a process of its own."""
    command = [sys.executable, "-c", _PROGRAM, str(directory), json.dumps(settings)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # where `support` is
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as process:
        try:
            yield Apart(process)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def ring(**scopes: Scope) -> KeyRing:
    """A ring of keys, each for one scope and for the projects `shop` and `office`."""
    return KeyRing(
        {digest(key): Grant(f"id-{key}", ("shop", "office"), frozenset({scope})) for key, scope in scopes.items()}
    )


def request_of(*names: str) -> bytes:
    """An OTLP request with these spans."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for name in names:
        scope.spans.add(name=name, trace_id=b"t" * 16, span_id=b"s" * 8)
    return request.SerializeToString()


def head_of(length: int, *extra: str) -> bytes:
    """The head of an OTLP/HTTP request with a body of this length."""
    lines = ["POST /v1/traces HTTP/1.1", "Host: x", f"Content-Type: {PROTOBUF}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *extra, "", ""]).encode()


def framed(body: bytes, *extra: str) -> bytes:
    """A whole OTLP/HTTP request with this body."""
    return head_of(len(body), *extra) + body


def message_of(*names: str, extra: tuple[str, ...] = ()) -> bytes:
    """A whole OTLP/HTTP request with these spans."""
    return framed(request_of(*names), *extra)


def post(
    port: int, body: Any, media: str = PROTOBUF, path: str = TRACES, method: str = "POST", **headers: str
) -> Answer:
    """Send a request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        stated = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Content-Type": media, **stated})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def names_in(log: Log) -> list[str]:
    """The spans in a log that nobody has read."""
    requests = [ExportTraceServiceRequest.FromString(entry.record.body) for entry in log.read(log.committed)]
    return [span.name for request in requests for span in request.resource_spans[0].scope_spans[0].spans]


def read_all(connection: socket.socket) -> bytes:
    """Whatever comes until the other side ends."""
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


def read_all_after(connection: socket.socket) -> bytes:
    """The same, after telling it that nothing more comes."""
    connection.shutdown(socket.SHUT_WR)
    return read_all(connection)


def answer_from(connection: socket.socket) -> bytes:
    """The head of one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            break
        received += part
    return received


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition; fail at the deadline."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.005)
