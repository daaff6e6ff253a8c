"""OTLP over gRPC."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc import aio

from sentric_analyzer.receiver.address import Address, PortError, listen
from sentric_analyzer.receiver.decode import PROTOBUF
from sentric_analyzer.receiver.encodings import IDENTITY
from sentric_analyzer.receiver.exports import EXPORTS, Export
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.replies import status_of, success

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_STREAMS = 128
"""Calls on one connection at a time; more wait at the sender."""
_HANDSHAKE_MS = 10_000


class GrpcServer:
    """Listens, and gives requests to the intake as they came: bodies are not parsed and written anew."""

    _server: Any

    def __init__(self, intake: Intake, budget: Budget) -> None:
        self._intake = intake
        self._budget = budget

    async def start(self, address: Address, option: str) -> Address:
        """Listen on an address; where it listens then, with its port.

        Raises:
            PortError: it cannot; the message names the address and the option.
        """
        listen(address, option).close()  # says why it cannot be bound, where gRPC only says that it cannot
        self._server = aio.server(
            handlers=[self._handler(export) for export in EXPORTS],
            options=[
                ("grpc.so_reuseport", 0),  # or two servers would share a port, each with half of the spans
                ("grpc.max_receive_message_length", self._intake.bounds.body),
                ("grpc.max_concurrent_streams", _STREAMS),
                ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
            ],
        )
        try:
            port = self._server.add_insecure_port(str(address))
        except RuntimeError:
            raise PortError(f"{option} {address}: cannot listen there: give another HOST:PORT") from None
        await self._server.start()
        return Address(address.host, port)

    async def stop(self, seconds: float) -> None:
        """Accept nothing more, and answer what has begun for at most so long."""
        await self._server.stop(seconds)

    def _handler(self, export: Export) -> Any:
        method = grpc.unary_unary_rpc_method_handler(self._method(export))
        return grpc.method_handlers_generic_handler(export.service, {"Export": method})

    def _method(self, export: Export) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def answer(body: bytes, context: Any) -> bytes:
            try:
                return success(export, await self._accept(export, body), PROTOBUF)
            except Refusal as refusal:
                details = ("grpc-status-details-bin", status_of(refusal).SerializeToString())
                await context.abort(_CODES[refusal.answer.code], str(refusal), trailing_metadata=(details,))
                raise  # abort has raised

        return answer

    async def _accept(self, export: Export, body: bytes) -> int:
        if not self._budget.claim(len(body)):
            refusal = Refusal(Reason.BUSY, "too many bodies are being received: try again")
            self._intake.refused(refusal)
            raise refusal
        try:
            return await self._intake.accept(export, body, PROTOBUF, IDENTITY)
        finally:
            self._budget.release(len(body))
