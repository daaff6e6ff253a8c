"""Something that stands in for the service: it speaks HTTP as a test says, or does not."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    line: socket.socket
    """For who says something else than an answer."""
    number: int = 0
    """The first one has 1."""

    def json(self) -> Any:
        return json.loads(self.body)


Handler = Callable[[Request], bytes | None]
"""Gives what is sent; None: nothing, and the connection is closed."""


@dataclass
class StandIn:
    """Listens on a free port, and answers by its handler, each connection in a thread of its own."""

    handler: Handler
    context: ssl.SSLContext | None = None
    """For TLS."""
    requests: list[Request] = field(default_factory=list[Request])
    lines: list[socket.socket] = field(default_factory=list[socket.socket])
    """Every connection there was."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set at the end: for handlers that hang until then."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Be gone, and all connections with it."""
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.lines.append(line)
            thread = threading.Thread(target=self._serve, args=[line])
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: socket.socket) -> None:
        if self.context is not None:
            try:
                line = self.context.wrap_socket(line, server_side=True)
            except OSError:
                line.close()
                return
        with line, suppress(OSError), line.makefile("rb") as incoming:
            while (request := _read(incoming, line)) is not None:
                self.requests.append(request)
                request.number = len(self.requests)
                answer = self.handler(request)
                if answer is None:
                    return
                line.sendall(answer)
                if b"Connection: close" in answer:
                    return


@contextmanager
def standing_in(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    found = StandIn(handler, context)
    try:
        yield found
    finally:
        found.close()


def answer(document: Any, status: int = 200, **headers: str) -> bytes:
    """An answer in JSON; headers with _ for -."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(content)}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
"""How a stream begins."""


def event(name: str, document: Any) -> bytes:
    """An event of a stream."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return chunk(b"event: " + name.encode() + b"\ndata: " + data + b"\n\n")


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def state(agent_id: str = "buyer", **changed: Any) -> dict[str, Any]:
    """What a guard is told of its agent."""
    return {
        "project": "shop",
        "agent_id": agent_id,
        "state": "active",
        "reason": "",
        "risk": 0,
        "strikes": 0,
        "policy_digest": "d1",
        "policy_number": 1,
    } | changed


def decision(**changed: Any) -> dict[str, Any]:
    """An answer to a wish."""
    return {
        "decision_id": "ab" * 16,
        "time": "2026-01-01T00:00:00Z",
        "decision": "warn",
        "allowed": True,
        "reasons": ["looks odd"],
        "before": {"risk": 10, "strikes": 1, "stopped": ""},
        "risk": 30,
        "cumulative_risk": 40,
        "strikes": 1,
        "agent_state": "active",
        "approval_id": None,
        "approval_state": None,
        "approval_expires": None,
    } | changed


def _read(incoming: Any, line: socket.socket) -> Request | None:
    head = incoming.readline().decode("latin-1").split()
    if not head:
        return None
    headers: dict[str, str] = {}
    while (text := incoming.readline().decode("latin-1").strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = incoming.read(length)
    if len(body) < length:  # whoever asked is gone
        return None
    return Request(head[0], head[1], headers, body, line)
