"""OTLP over gRPC."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

from sentric_analyzer.receiver.address import Address, PortError, listen
from sentric_analyzer.receiver.calls import Reading, address_of, refuse
from sentric_analyzer.receiver.decode import PROTOBUF, Partly
from sentric_analyzer.receiver.entrance import Entrance
from sentric_analyzer.receiver.exports import EXPORTS, Export
from sentric_analyzer.receiver.gate import Sender
from sentric_analyzer.receiver.health import Health
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.replies import success
from sentric_analyzer.tls import Material, ServerTls

_STREAMS = 128
"""Calls on one connection at a time; more wait at the sender."""
_READING = 128
"""Requests that are being received at a time, over all connections."""
_READING_FROM_ONE = 64
"""Of these, from one address."""
_ASKING = 8
"""Questions for the health of the service that are being received at a time: whoever asks needs no key."""
_ASKING_FROM_ONE = 4
"""Of these, from one address."""
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
        deadlines = entrance.deadlines
        self._reading = Reading(_READING, _READING_FROM_ONE, deadlines.body)
        self._health = Health(lambda: intake.is_failing, Reading(_ASKING, _ASKING_FROM_ONE, deadlines.head))

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
                await refuse(context, refusal)

        return answer

    async def _receive(self, context: Any) -> tuple[Sender, bytes]:
        """The sender and the message, which is read only from whom it is wanted."""
        try:
            sender = self._entrance.admit(_authorization(context), address_of(context))
            return sender, await self._reading.read(context)
        except Refusal as refusal:
            self._intake.refused(refusal)
            raise

    async def _accept(self, export: Export, body: bytes, sender: Sender) -> Partly:
        budget = self._entrance.budget
        if not budget.claim(len(body)):
            refusal = Refusal(Reason.BUSY, "too many bodies are being received: try again")
            self._intake.refused(refusal)
            raise refusal
        try:
            return await self._intake.accept(export, body, PROTOBUF, None, sender)
        finally:
            budget.release(len(body))


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


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
