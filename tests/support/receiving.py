"""A receiver in the process of a test, with whatever it is to be tested for."""

import socket
import ssl
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.settings import Settings
from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.control.keyring import digest
from sentric_analyzer.receiver import Counter
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.receiver import Receiver
from support.log import Log

PROTOBUF = "application/x-protobuf"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LIMIT = 1 << 20


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

    def connect(self, context: ssl.SSLContext | None = None) -> socket.socket:
        """A connection to OTLP/HTTP."""
        raw = socket.create_connection(("127.0.0.1", self.receiver.http_address.port), 20)
        return context.wrap_socket(raw, server_hostname="localhost") if context else raw

    def projects(self) -> list[tuple[str, ...]]:
        """What the records in the log say of projects."""
        return [entry.record.projects for entry in self.log.read(0)]


@contextmanager
def receiving(
    directory: Path, *, keys: KeyRing | None = None, deadlines: Deadlines | None = None, **settings: Any
) -> Iterator[Receiving]:
    """A receiver on free ports; it is gone when the block is left."""
    stated = {"otlp_http": "127.0.0.1:0", "otlp_grpc": "127.0.0.1:0", "body_limit": LIMIT, **settings}
    with Log.open(directory) as log:
        service = Receiving(log, keys, deadlines, Settings(**stated))
        with service.receiver:
            yield service


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


def message_of(*names: str, extra: tuple[str, ...] = ()) -> bytes:
    """A whole OTLP/HTTP request."""
    body = request_of(*names)
    return head_of(len(body), *extra) + body


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
