"""One HTTP connection: requests answered in their order, and a deadline on every wait for the other side."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from time import time

from sentric_analyzer.receiver.gate import Sender, network_of
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.receiver.messages import MessageParser, Request
from sentric_analyzer.receiver.pool import Member, Pool
from sentric_analyzer.receiver.refusal import Reason, Refusal

LEAST_RATE = 1024
"""Bytes a second of a body, under which its sender is cut off."""
_MOST_PENDING = 8
"""Requests of one connection that may wait for an answer before no more are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Longest waits for the other side, in seconds."""

    head: float = 10.0
    """For the whole head of a request."""
    body: float = 30.0
    """For the whole body."""
    pace: float = 5.0
    """For so much of a body as the least rate makes of this time: a slower one is given up."""
    idle: float = 60.0
    """For a next request."""
    linger: float = 2.0
    """For the other side to read a refusal, while what it still sends is thrown away."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    status: int
    media: str
    body: bytes
    retry_seconds: int = 0
    """When to try again; 0: it cannot help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the connections of a server share."""

    answer: Callable[[Request], Awaitable[Reply]]
    refuse: Callable[[Refusal, str], Reply]
    admit: Callable[[str | None, str], Sender]
    """The sender, from the Authorization header and the address; raises Refusal."""
    body_limit: int
    budget: Budget
    pool: Pool
    deadlines: Deadlines
    connections: "set[Connection]" = field(default_factory=set["Connection"])
    receiving: "OrderedDict[Connection, float]" = field(default_factory=OrderedDict["Connection", float])
    """Connections in the middle of a body, and when it began, the earliest first."""


class Connection(asyncio.Protocol):
    """One connection. A refusal that leaves a body unread is the last thing said on it."""

    _transport: asyncio.Transport
    closed: asyncio.Future[None]
    """Done when the connection is lost."""

    def __init__(self, host: Host, before: Member | None = None) -> None:
        """Begin.

        Args:
            host: what the connections of the server share.
            before: who has had the place of this one until it was made.
        """
        self.address = ""
        self._host = host
        self._before = before
        self._parser = MessageParser(self, host.body_limit, host.budget, self._admit)
        self._pending: deque[Request | Reply] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paced = 0
        """Bytes of the body that had come when its pace was last looked at."""
        self._paused = False
        self._closing = False
        """The connection ends when what is pending is answered."""
        self._unread = False
        """A refusal was written while the other side may still be sending."""

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._worker is not None

    def finish(self) -> None:
        """Answer what has begun, and close."""
        self._closing = True
        if self._worker is None and self._parser.is_between_requests:
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def evict(self) -> None:
        """Close now, for the sake of another."""
        self._host.refuse(Refusal(Reason.BUSY, "too many connections"), "")
        self.abort()

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a first request."""
        self._transport = transport  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
        self.closed = asyncio.get_running_loop().create_future()
        self.address = network_of(str((transport.get_extra_info("peername") or ("",))[0]))
        self._host.connections.add(self)
        if self._before:
            self._host.pool.leave(self._before)
        if not self._host.pool.enter(self):
            self.evict()
        else:
            self._wait(self._host.deadlines.head, self._late_head)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._parser.feed(data)

    def eof_received(self) -> bool:
        """The other side sends nothing more; what is pending is still answered."""
        self._closing, self._unread = True, False
        return self._worker is not None and self._transport.can_write_eof()  # TLS has no half of a connection

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything; what is being made durable is not called back."""
        self._stop_waiting()
        self._host.pool.leave(self)
        self._parser.close()
        for request in self._pending:
            self._release(request)
        self._pending.clear()
        self._host.connections.discard(self)
        self.closed.set_result(None)

    def pause_writing(self) -> None:
        """End a connection whose other side sends requests and reads no replies."""
        self.abort()

    # What the parser calls

    def head_begins(self) -> None:
        """A request has begun."""
        self._wait(self._host.deadlines.head, self._late_head)

    def body_begins(self, *, expects_continue: bool) -> None:
        """The head of a request is fine."""
        self._paced = 0
        self._wait(min(self._host.deadlines.pace, self._host.deadlines.body), self._check_pace)
        self._host.receiving[self] = asyncio.get_running_loop().time()
        if expects_continue and not self._worker:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def request_ends(self, request: Request) -> None:
        """A request is whole."""
        self._stop_waiting()
        self._host.pool.served(self)
        if not request.keep_alive:
            self._closing = True
            self._parser.close()
        self._add(request)

    def refuse(self, refusal: Refusal, media: str) -> None:
        """Nothing more is parsed."""
        self._stop_waiting()
        self._closing = self._unread = True
        self._add(self._host.refuse(refusal, media))

    def make_room(self) -> bool:
        """Give up the body that takes longest, if it is not this one and has had its time."""
        slowest, began = next(iter(self._host.receiving.items()))
        if slowest is self or asyncio.get_running_loop().time() - began < self._host.deadlines.pace:
            return False
        slowest.give_up()
        return True

    def give_up(self) -> None:
        """Refuse the body that is being received: others wait for its memory."""
        self._parser.refuse(Refusal(Reason.BUSY, "too many bodies are being received: try again"))

    # Answering

    def _add(self, item: Request | Reply) -> None:
        self._pending.append(item)
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())
        elif len(self._pending) >= _MOST_PENDING and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    async def _work(self) -> None:
        while self._pending:
            item = self._pending.popleft()
            try:
                reply = await self._host.answer(item) if isinstance(item, Request) else item
            finally:
                self._release(item)
            if self._transport.is_closing():
                break
            self._transport.write(_encode(reply, last=self._closing and not self._pending))
        self._worker = None
        if not self._transport.is_closing():
            self._rest()

    def _rest(self) -> None:
        """All is answered: end, or wait for more."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        if self._unread:  # closing at once would reset the connection before the refusal is read
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self._wait(self._host.deadlines.linger, self.abort)
        elif self._closing and self._parser.is_between_requests:
            self._transport.close()
        elif self._parser.is_between_requests:
            self._wait(self._host.deadlines.idle, self._transport.close)

    def _release(self, item: Request | Reply) -> None:
        if isinstance(item, Request):
            self._host.budget.release(len(item.body))

    # Deadlines

    def _wait(self, seconds: float, late: Callable[[], object]) -> None:
        self._stop_waiting()
        self._timer = asyncio.get_running_loop().call_later(seconds, late)

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._host.receiving.pop(self, None)

    def _late_head(self) -> None:
        self._parser.refuse(Refusal(Reason.TIMEOUT, "the head of the request took too long"))

    def _check_pace(self) -> None:
        """Look at how much of the body has come since the last look."""
        began, now = self._host.receiving[self], asyncio.get_running_loop().time()
        limits, come = self._host.deadlines, self._parser.body_bytes
        if now - began >= limits.body or come - self._paced < LEAST_RATE * limits.pace:
            self._parser.refuse(Refusal(Reason.TIMEOUT, "the body of the request took too long"))
            return
        self._paced = come
        left = began + limits.body - now
        self._timer = asyncio.get_running_loop().call_later(min(limits.pace, left), self._check_pace)

    def _admit(self, authorization: str | None) -> Sender:
        return self._host.admit(authorization, self.address)


def _encode(reply: Reply, *, last: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
        f"date: {_date(int(time()))}",
        f"content-type: {reply.media}",
        f"content-length: {len(reply.body)}",
    ]
    if reply.status == HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("allow: POST")
    if reply.status == HTTPStatus.UNAUTHORIZED:
        lines.append('www-authenticate: Bearer realm="sentric"')
    if reply.retry_seconds:
        lines.append(f"retry-after: {reply.retry_seconds}")
    if last:
        lines.append("connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + reply.body


@lru_cache(1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
