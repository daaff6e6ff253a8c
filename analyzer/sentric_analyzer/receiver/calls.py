"""Calls of gRPC: their message read, so that who sends it slowly holds no more memory than is set, and refusals."""

import asyncio
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import unquote

import grpc

from sentric_analyzer.receiver.gate import network_of
from sentric_analyzer.receiver.pool import Pool
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.receiver.replies import status_of

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Reading:
    """Reads the one message of each call. For one event loop.

    gRPC does not tell how much of a message has come, and keeps what has: so the messages that are being received
    are counted. The calls must be taken for streams, or gRPC reads them before it asks anybody.

    Args:
        most: messages that are being received at a time.
        most_from_one: of these, from one address: one more makes room for its like, and never for others.
        seconds: that a message may take.
    """

    def __init__(self, most: int, most_from_one: int, seconds: float) -> None:
        self._pool = Pool(most, most_from_one)
        self._seconds = seconds

    async def read(self, context: Any) -> bytes:
        """The message of a call.

        Raises:
            Refusal: it took too long, made room for others, or never came.
        """
        message = _Message(address_of(context), asyncio.timeout(self._seconds))
        try:
            async with message.deadline:
                self._pool.enter(message)
                body = await context.read()
        except TimeoutError:
            raise message.late() from None
        finally:
            self._pool.leave(message)
        if not isinstance(body, bytes):
            raise Refusal(Reason.MALFORMED, "the call has no message")
        return body


class _Message:
    """A message that is being received."""

    busy = False

    def __init__(self, address: str, deadline: asyncio.Timeout) -> None:
        self.address = address
        self.deadline = deadline
        self._is_evicted = False

    def evict(self) -> None:
        """Stop waiting for it."""
        self._is_evicted = True
        if not self.deadline.expired():  # then it ends anyway
            self.deadline.reschedule(asyncio.get_running_loop().time())

    def late(self) -> Refusal:
        """Why it was not received."""
        if self._is_evicted:
            return Refusal(Reason.BUSY, "too many messages are being received: try again")
        return Refusal(Reason.TIMEOUT, "the message took too long")


async def refuse(context: Any, refusal: Refusal) -> NoReturn:
    """End a call with a refusal."""
    details = ("grpc-status-details-bin", status_of(refusal).SerializeToString())
    await context.abort(_CODES[refusal.answer.code], str(refusal), trailing_metadata=(details,))
    raise refusal  # abort has raised


def address_of(context: Any) -> str:
    """The address of who calls, as `network_of` gives it."""
    return _address(context.peer())


@lru_cache(4096)
def _address(peer: str) -> str:
    """The address in what gRPC calls a peer: `ipv4:127.0.0.1:5`, `ipv6:%5B::1%5D:5`."""
    kind, _, place = unquote(peer).partition(":")
    return network_of(place.rpartition(":")[0].strip("[]")) if kind in ("ipv4", "ipv6") else peer
