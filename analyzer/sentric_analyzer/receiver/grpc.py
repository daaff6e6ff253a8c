"""OTLP over gRPC."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import grpc
from grpc import aio

from sentric_analyzer.receiver.address import Address, PortError, listen
from sentric_analyzer.receiver.decode import PROTOBUF, Partly
from sentric_analyzer.receiver.encodings import IDENTITY
from sentric_analyzer.receiver.entrance import Entrance
from sentric_analyzer.receiver.exports import EXPORTS, Export
from sentric_analyzer.receiver.gate import Sender, network_of
from sentric_analyzer.receiver.health import Health
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.pool import Pool
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.replies import status_of, success
from sentric_analyzer.tls import Material, ServerTls

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_STREAMS = 128
"""Calls on one connection at a time; more wait at the sender."""
_READING = 128
"""Messages that are being received at a time, over all connections: gRPC does not tell how much of each has come."""
_READING_FROM_ONE = 64
"""Of these, from one address: what is one too many there makes room for its like, and never for others."""
_METADATA_BYTES = 16 << 10
_MOST_AGE = 3600.0
"""Seconds after which a connection is closed between its calls, so that senders spread anew over replicas."""
_AGE_GRACE = 60.0
"""Seconds its calls then have to end."""


class GrpcServer:
    """Listens, and gives requests to the intake as they came: bodies are not parsed and written anew."""

    _server: Any

    def __init__(self, intake: Intake, entrance: Entrance, most_connections: int) -> None:
        self._intake = intake
        self._entrance = entrance
        self._most_connections = most_connections
        self._reading = Pool(_READING, _READING_FROM_ONE)
        self._health = Health(lambda: intake.is_failing)

    async def start(self, address: Address, option: str) -> Address:
        """Listen on an address; where it listens then, with its port.

        Raises:
            PortError: it cannot; the message names the address and the option.
        """
        listen(address, option).close()  # says why it cannot be bound, where gRPC only says that it cannot
        self._server = aio.server(
            handlers=[*map(self._handler, EXPORTS), self._health.handler()], options=self._options()
        )
        try:
            port = self._add_port(str(address))
        except RuntimeError:
            raise PortError(f"{option} {address}: cannot listen there: give another HOST:PORT") from None
        await self._server.start()
        return Address(address.host, port)

    async def stop(self, seconds: float) -> None:
        """Accept nothing more, and answer what has begun for at most so long."""
        self._health.stop()
        await self._server.stop(seconds)

    def _options(self) -> list[tuple[str, int]]:
        deadlines = self._entrance.deadlines
        return [
            ("grpc.so_reuseport", 0),  # or two servers would share a port, each with half of the spans
            ("grpc.max_receive_message_length", self._intake.bounds.body),
            ("grpc.max_concurrent_streams", _STREAMS),
            ("grpc.max_metadata_size", _METADATA_BYTES),
            ("grpc.absolute_max_metadata_size", _METADATA_BYTES),
            ("grpc.max_allowed_incoming_connections", self._most_connections),
            ("grpc.server_handshake_timeout_ms", _milliseconds(deadlines.head)),
            ("grpc.max_connection_idle_ms", _milliseconds(deadlines.idle)),
            ("grpc.max_connection_age_ms", _milliseconds(_MOST_AGE)),
            ("grpc.max_connection_age_grace_ms", _milliseconds(_AGE_GRACE)),
        ]

    def _add_port(self, address: str) -> int:
        tls = self._entrance.tls
        port = (
            self._server.add_secure_port(address, _credentials(tls)) if tls else self._server.add_insecure_port(address)
        )
        return int(port)

    def _handler(self, export: Export) -> Any:
        # Each call carries one message. It is taken for a stream so that nothing of it is read before the metadata
        # is checked, and so that there is a deadline on reading it.
        method = grpc.stream_unary_rpc_method_handler(self._method(export))
        return grpc.method_handlers_generic_handler(export.service, {"Export": method})

    def _method(self, export: Export) -> Callable[[Any, Any], Awaitable[bytes]]:
        async def answer(_: Any, context: Any) -> bytes:
            try:
                sender, body = await self._receive(context)
                return success(export, await self._accept(export, body, sender), PROTOBUF)
            except Refusal as refusal:
                details = ("grpc-status-details-bin", status_of(refusal).SerializeToString())
                await context.abort(_CODES[refusal.answer.code], str(refusal), trailing_metadata=(details,))
                raise  # abort has raised

        return answer

    async def _receive(self, context: Any) -> tuple[Sender, bytes]:
        """The sender and the message, which is read only from whom it is wanted."""
        try:
            address = _address_of(context.peer())
            sender = self._entrance.admit(_authorization(context), address)
            return sender, await self._read(context, address)
        except Refusal as refusal:
            self._intake.refused(refusal)
            raise

    async def _read(self, context: Any, address: str) -> bytes:
        reading = _Reading(address, asyncio.timeout(self._entrance.deadlines.body))
        try:
            async with reading.deadline:
                self._reading.enter(reading)
                body = await context.read()
        except TimeoutError:
            raise reading.late() from None
        finally:
            self._reading.leave(reading)
        if not isinstance(body, bytes):
            raise Refusal(Reason.MALFORMED, "the call has no message")
        return body

    async def _accept(self, export: Export, body: bytes, sender: Sender) -> Partly:
        budget = self._entrance.budget
        if not budget.claim(len(body)):
            refusal = Refusal(Reason.BUSY, "too many bodies are being received: try again")
            self._intake.refused(refusal)
            raise refusal
        try:
            return await self._intake.accept(export, body, PROTOBUF, IDENTITY, sender)
        finally:
            budget.release(len(body))


class _Reading:
    """A message that is being received."""

    busy = False

    def __init__(self, address: str, deadline: asyncio.Timeout) -> None:
        self.address = address
        self.deadline = deadline
        self._is_evicted = False

    def evict(self) -> None:
        """Stop waiting for it."""
        self._is_evicted = True
        self.deadline.reschedule(asyncio.get_running_loop().time())

    def late(self) -> Refusal:
        """Why it was not received."""
        if self._is_evicted:
            return Refusal(Reason.BUSY, "too many messages are being received: try again")
        return Refusal(Reason.TIMEOUT, "the message took too long")


def _credentials(tls: ServerTls) -> Any:
    """Credentials that follow the files; gRPC asks at each handshake, in a thread of its own."""
    served = tls.material()

    def changed() -> Any:
        nonlocal served
        material = tls.material()
        if material is served:
            return None
        served = material
        return _configuration(material)

    return grpc.dynamic_ssl_server_credentials(_configuration(served), changed, tls.needs_client_certificate)


def _configuration(material: Material) -> Any:
    return grpc.ssl_server_certificate_configuration([(material.key, material.certificate)], material.client_ca)


def _authorization(context: Any) -> str | None:
    for name, value in context.invocation_metadata():
        if name == "authorization":
            return value if isinstance(value, str) else value.decode("latin-1")
    return None


@lru_cache(4096)
def _address_of(peer: str) -> str:
    """The address in what gRPC calls a peer: `ipv4:127.0.0.1:5`, `ipv6:%5B::1%5D:5`."""
    kind, _, place = unquote(peer).partition(":")
    return network_of(place.rpartition(":")[0].strip("[]")) if kind in ("ipv4", "ipv6") else peer


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
