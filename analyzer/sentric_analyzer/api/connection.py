"""A connection of the API: closed when it is slow, and one of so many."""

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sentric_analyzer.receiver.gate import network_of
from sentric_analyzer.receiver.pool import Pool

HEAD_SECONDS = 10.0
"""Seconds that the head of a request may take; what comes behind an answer has as long to become one."""
BODY_SECONDS = 30.0
"""Seconds that the body of a request may take."""
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
        self.pool.leave(self)
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self.pool.served(self)
        super().on_headers_complete()
        self._wait(BODY_SECONDS)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self.busy:
            self._stop_waiting()
        else:  # it was answered before it was all there
            self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait()

    def _wait(self, seconds: float | None = None) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(HEAD_SECONDS if seconds is None else seconds, self._late)

    def _stop_waiting(self) -> None:
        if self._deadline:
            self._deadline.cancel()

    def _late(self) -> None:
        if self.pipeline:  # what is sent ahead is not read while something is answered
            self._wait()
        elif not self.busy:
            self.transport.abort()
