"""A connection of the API: closed when it is slow, and one of so many."""

import asyncio
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sentric_analyzer.api.problems import Refused
from sentric_analyzer.receiver.gate import network_of
from sentric_analyzer.receiver.pool import Pool

HEAD_SECONDS = 10.0
"""Seconds that the head of a request may take; what comes behind an answer has as long to become one."""
BODY_SECONDS = 30.0
"""Seconds that the body of a request may take."""
HEAD_LIMIT = 512 << 10
"""Bytes of a request besides its body: addresses hold ids, which are as long as agents make them."""
TAKING_SECONDS = 30.0
"""Seconds in which what waits to be sent must become less: who takes nothing is let go."""
MOST_CONNECTIONS = 512
"""Connections at a time, but no more than a quarter of the files the process may open: the store needs the others."""
MOST_FROM_ONE = 256
"""Connections from one address."""


def bounded_connection() -> type[HttpToolsProtocol]:
    """What a server makes of each connection. They share the places there are."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files // 4)

    class Bounded(_Connection):
        pool = Pool(most, min(MOST_FROM_ONE, most))

    return Bounded


class _Connection(HttpToolsProtocol):
    pool: Pool
    address = ""
    _deadline: asyncio.TimerHandle | None = None
    _head = 0
    """Bytes that came of the request that is coming in, besides its body: head, trailers, and sizes of chunks."""
    _taking: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """A request that is all there is being answered."""
        return bool(self.cycle) and not self.cycle.response_complete and not self.cycle.more_body

    def evict(self) -> None:
        """Close now, for the sake of another."""
        self.transport.abort()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.address = network_of(self.client[0] if self.client else "")
        if self.pool.enter(self):
            self._wait()
        else:
            self.evict()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._taken()
        self.pool.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too large")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST, "this is not HTTP")

    def on_body(self, body: bytes) -> None:
        self._head -= len(body)
        super().on_body(body)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking = self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def on_headers_complete(self) -> None:
        self.pool.served(self)
        super().on_headers_complete()
        self._wait(BODY_SECONDS)

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()
        if self.busy:
            self._stop_waiting()
        else:  # it was answered before it was all there
            self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        if self.busy:  # another answer may be half told
            return self.transport.abort()
        answer = Refused(status, detail, headers={"Connection": "close"}).answer()
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *map(b": ".join, answer.raw_headers), b"", b""]
        self.transport.write(b"\r\n".join(lines) + bytes(answer.body))
        return self.transport.close()

    def _wait(self, seconds: float | None = None) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(HEAD_SECONDS if seconds is None else seconds, self._late)

    def _stop_waiting(self) -> None:
        if self._deadline:
            self._deadline.cancel()

    def _taken(self) -> None:
        if self._taking:
            self._taking.cancel()

    def _late(self) -> None:
        if self.pipeline:  # what is sent ahead is not read while something is answered
            self._wait()
        elif not self.busy:
            self.transport.abort()
