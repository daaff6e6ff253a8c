"""grpc.health.v1: whether there is any use in sending here.

Its two messages have the wire format of protobuf's own wrappers, a string or a number in field 1, so nothing has to
be generated for them. Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from sentric_analyzer.receiver.calls import Reading, refuse
from sentric_analyzer.receiver.exports import EXPORTS
from sentric_analyzer.receiver.refusal import Reason, Refusal

_SERVICE = "grpc.health.v1.Health"
_KNOWN = frozenset({"", _SERVICE, *(export.service for export in EXPORTS)})
_MOST_WATCHERS = 256
_LOOK_SECONDS = 0.5


class Status(IntEnum):
    """What a service is said to be; numbers of the protocol."""

    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class Health:
    """Answers for all services alike: they share a log. Needs no key, as balancers have none.

    Args:
        is_failing: whether requests cannot be kept now.
        reading: reads the questions.
    """

    def __init__(self, is_failing: Callable[[], bool], reading: Reading) -> None:
        self._is_failing = is_failing
        self._reading = reading
        self._stopping = asyncio.Event()
        self._watchers = 0

    def stop(self) -> None:
        """Say from now on that nothing is served, and let the watchers go."""
        self._stopping.set()

    def handler(self) -> Any:
        """The service, for gRPC."""
        methods = {
            "Check": grpc.stream_unary_rpc_method_handler(self._check),
            "Watch": grpc.stream_stream_rpc_method_handler(self._watch),
        }
        return grpc.method_handlers_generic_handler(_SERVICE, methods)

    def _status(self) -> Status:
        return Status.NOT_SERVING if self._stopping.is_set() or self._is_failing() else Status.SERVING

    async def _check(self, _: Any, context: Any) -> bytes:
        if await self._service(context) not in _KNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, "this service is not known here")
        return _encode(self._status())

    async def _watch(self, _: Any, context: Any) -> None:
        known = await self._service(context) in _KNOWN
        if self._watchers >= _MOST_WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many are watching: use Check")
        self._watchers += 1
        try:
            await self._tell(known, context)
        finally:
            self._watchers -= 1

    async def _tell(self, known: bool, context: Any) -> None:
        told: Status | None = None
        while True:
            stopping = self._stopping.is_set()
            status = self._status() if known else Status.SERVICE_UNKNOWN
            if status is not told:
                await context.write(_encode(status))
                told = status
            if stopping:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _LOOK_SECONDS)

    async def _service(self, context: Any) -> str:
        """The service that is asked for."""
        try:
            return str(StringValue.FromString(await self._reading.read(context)).value)
        except DecodeError:
            await refuse(context, Refusal(Reason.MALFORMED, "this is not a HealthCheckRequest"))
        except Refusal as refusal:
            await refuse(context, refusal)


def _encode(status: Status) -> bytes:
    return bytes(Int32Value(value=status).SerializeToString())
