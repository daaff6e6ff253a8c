"""A connection as http.client takes it, with one deadline for all that goes over it.

A timeout of a socket is one for each read, so whoever answers a byte a second could hold up an agent for hours. Here
every read has what is left until the deadline. It is also where waiting is given up: nothing is closed from another
thread, who waits looks up four times a second.
"""

import errno
import io
import os
import select
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any, TypeVar

from sentric.guard.link.errors import GivenUp

SEGMENT = 0.25
"""Seconds after which who waits looks whether waiting was given up."""
T = TypeVar("T")


class Wire:
    """A connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def until(self, deadline: float, given_up: Callable[[], bool]) -> None:
        """Set when all that follows must be over, by `time.monotonic`, and who knows whether it is given up."""
        self.deadline = deadline
        self.given_up = given_up

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on."""
        secured = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
        self._socket = secured
        self._patiently(secured.do_handshake)

    def sendall(self, data: bytes) -> None:
        """Send."""
        left = memoryview(data)
        while left:
            sent = self._patiently(lambda: self._socket.send(left))  # noqa: B023  # it is called at once
            left = left[sent:]

    def receive_into(self, buffer: Any) -> int:
        """Receive what there is; 0 at the end."""
        return self._patiently(lambda: self._socket.recv_into(buffer))

    def makefile(self, mode: str) -> io.BufferedReader:
        """What http.client reads an answer from."""
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Do nothing: http.client closes what it still reads from."""

    def end(self) -> None:
        """Close, without a word of TLS: in a forked child the connection is the parent's."""
        self._socket.close()

    @property
    def is_stale(self) -> bool:
        """Whether there is something to read where nothing was asked: mostly that the other side has closed."""
        readable = select.poll()
        readable.register(self._socket, select.POLLIN)
        return bool(readable.poll(0))

    def _patiently(self, operation: Callable[[], T]) -> T:
        while True:
            self._socket.settimeout(_segment(self.deadline, self.given_up))
            try:
                return operation()
            except TimeoutError:  # of a segment: the deadline is looked at above
                continue


class _Incoming(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.receive_into(buffer)


def connect(host: str, port: int, deadline: float, given_up: Callable[[], bool]) -> Wire:
    """Connect to the first of a host's addresses that answers. To resolve its name takes what the system takes.

    Raises:
        OSError: none does; TimeoutError: not in time.
        GivenUp: waiting was given up.
    """
    failure = OSError(f"{host} has no address")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for others, (family, kind, protocol, _, address) in zip(range(len(found) - 1, -1, -1), found, strict=True):
        made = socket.socket(family, kind, protocol)
        now = time.monotonic()
        try:
            _connect(made, address, now + (deadline - now) / 2 if others else deadline, given_up)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = Wire(made)
            wire.until(deadline, given_up)
            return wire
        except OSError as error:
            made.close()
            failure = error
        except GivenUp:
            made.close()
            raise
    raise failure


def connection(wire: Wire, host: str, port: int, default_port: int) -> HTTPConnection:
    """What speaks HTTP over a wire, and never makes another."""
    made = HTTPConnection(host, port)
    made.sock = wire
    made.auto_open = 0
    made.default_port = default_port  # or the header Host would name the usual port
    return made


def _connect(made: socket.socket, address: Any, deadline: float, given_up: Callable[[], bool]) -> None:
    made.setblocking(False)
    begun = made.connect_ex(address)
    if begun not in (0, errno.EINPROGRESS):
        raise OSError(begun, os.strerror(begun))
    connected = select.poll()
    connected.register(made, select.POLLOUT)
    while not connected.poll(_segment(deadline, given_up) * 1000):
        pass
    if failed := made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(failed, os.strerror(failed))


def _segment(deadline: float, given_up: Callable[[], bool]) -> float:
    """How long to wait before looking again."""
    if given_up():
        raise GivenUp
    left = deadline - time.monotonic()
    if left <= 0:
        raise Late
    return min(left, SEGMENT)


class Late(OSError):  # noqa: N818  # named as TimeoutError could not be
    """The deadline has passed. No TimeoutError, which a segment of waiting ends with."""
