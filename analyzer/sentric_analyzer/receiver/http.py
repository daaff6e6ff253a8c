"""OTLP over HTTP/1.1.

A server of our own on httptools: the general ones never close a slow head or body, and this needs a fraction of
their time for a small request.
"""

import asyncio
import socket

from sentric_analyzer.receiver.address import BACKLOG
from sentric_analyzer.receiver.connection import Connection, Host, Reply
from sentric_analyzer.receiver.entrance import Entrance
from sentric_analyzer.receiver.handshakes import TlsListener
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.messages import Request
from sentric_analyzer.receiver.pool import Pool
from sentric_analyzer.receiver.refusal import Refusal
from sentric_analyzer.receiver.replies import failure, success


class HttpServer:
    """Gives requests to the intake. For one event loop."""

    _server: asyncio.Server | TlsListener

    def __init__(self, intake: Intake, entrance: Entrance, pool: Pool) -> None:
        self._intake = intake
        self._host = Host(
            answer=self._answer,
            refuse=self._refuse,
            admit=entrance.admit,
            body_limit=intake.bounds.body,
            budget=entrance.budget,
            pool=pool,
            deadlines=entrance.deadlines,
        )
        self._tls = entrance.tls

    async def start(self, listening: socket.socket) -> None:
        """Serve a listening socket."""
        if self._tls:
            self._server = TlsListener(self._host, self._tls, listening)
        else:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Connection(self._host), sock=listening, backlog=BACKLOG)

    async def stop(self, seconds: float) -> None:
        """Accept nothing more, answer what has begun for at most so long, and close."""
        self._server.close()
        for connection in list(self._host.connections):
            connection.finish()
        if self._host.connections:
            await asyncio.wait([connection.closed for connection in self._host.connections], timeout=seconds)
        for connection in list(self._host.connections):
            connection.abort()

    async def _answer(self, request: Request) -> Reply:
        target = request.target
        try:
            partly = await self._intake.accept(
                target.export, request.body, target.media, target.encoding, target.sender
            )
        except Refusal as refusal:
            return _reply(refusal, target.media)
        return Reply(200, target.media, success(target.export, partly, target.media))

    def _refuse(self, refusal: Refusal, media: str) -> Reply:
        self._intake.refused(refusal)
        return _reply(refusal, media)


def _reply(refusal: Refusal, media: str) -> Reply:
    return Reply(refusal.answer.status, media, failure(refusal, media), refusal.retry_seconds)
