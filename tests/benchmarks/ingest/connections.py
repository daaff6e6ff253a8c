"""One connection to an OTLP receiver, with one request in flight, as cheap for the sender as may be."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import grpc
import httptools

from benchmarks.ingest.plan import Plan

_RETRY = frozenset({429, 502, 503, 504})
_GRPC_RETRY = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})
_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
ANSWER_WITHIN = 120.0
"""Seconds."""


class RefusedForNowError(Exception):
    """The same request may be sent again."""


class RefusedError(Exception):
    """The receiver does not take the request, now or later."""


class Connection(Protocol):
    async def send(self, body: bytes) -> None:
        """Send a request and wait until it is acknowledged.

        Raises:
            RefusedForNowError: it may be sent again.
            OSError: the connection broke; the next request opens another.
            RefusedError: it is no use to send it again.
        """
        ...

    async def close(self) -> None: ...


class HttpConnection(asyncio.Protocol):
    """HTTP/1.1, kept alive."""

    def __init__(self, plan: Plan) -> None:
        self._host, _, port = plan.address.rpartition(":")
        self._port, self._lenient = int(port), plan.lenient
        more = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
        self._head = (
            f"POST {plan.path} HTTP/1.1\r\nhost: {plan.address}\r\n{more}"
            "content-type: application/x-protobuf\r\ncontent-length: "
        ).encode()
        self._transport: Any = None
        self._answered: asyncio.Future[int] | None = None

    async def send(self, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, self._host, self._port)
        self._answered = loop.create_future()
        self._transport.writelines((b"%s%d\r\n\r\n" % (self._head, len(body)), body))
        try:
            status = await asyncio.wait_for(self._answered, ANSWER_WITHIN)
        except TimeoutError:
            self._drop()  # what may still come is no answer to the next request
            raise
        if status in _RETRY or (self._lenient and status >= 500):
            raise RefusedForNowError(f"HTTP status {status}")
        if status not in (200, 202):
            raise RefusedError(f"HTTP status {status}")

    async def close(self) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # --- asyncio.Protocol and the callbacks of httptools -------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        status, keeps = self._parser.get_status_code(), self._parser.should_keep_alive()
        if not keeps:
            self._drop()
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError(str(exc or "closed")))


class GrpcConnection:
    """A channel of its own, so that requests do not share a socket."""

    def __init__(self, plan: Plan) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 64 << 20)]
        self._channel = grpc.aio.insecure_channel(plan.address, options=options)
        self._export: Callable[..., Awaitable[bytes]] = self._channel.unary_unary(_EXPORT)
        self._metadata = tuple(plan.headers.items())

    async def send(self, body: bytes) -> None:
        try:
            await self._export(body, timeout=ANSWER_WITHIN, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            refused = RefusedForNowError if error.code() in _GRPC_RETRY else RefusedError
            raise refused(f"{error.code().name}: {error.details()}") from None

    async def close(self) -> None:
        await self._channel.close()


CONNECTIONS: dict[str, Callable[[Plan], Connection]] = {"http": HttpConnection, "grpc": GrpcConnection}
"""By protocol."""
