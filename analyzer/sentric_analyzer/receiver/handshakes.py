"""TLS connections from their first byte on.

The event loop's own server says nothing of a connection until its handshake is over, so ones that never end could be
neither counted nor bounded. Here each has a place like any other connection.
"""

import asyncio
import socket
from contextlib import suppress

from sentric_analyzer.receiver.connection import Connection, Host
from sentric_analyzer.receiver.gate import network_of
from sentric_analyzer.receiver.refusal import Reason, Refusal
from sentric_analyzer.tls import ServerTls

_PAUSE = 0.1
"""Seconds without accepting anything after the system had no file for another connection."""


class TlsListener:
    """Accepts connections on a listening socket. For one event loop."""

    def __init__(self, host: Host, tls: ServerTls, listening: socket.socket) -> None:
        listening.setblocking(False)
        self._host = host
        self._tls = tls
        self._listening = listening
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        """Accept nothing more, and give up what has not yet become a connection."""
        for task in (self._accepting, *self._handshakes):
            task.cancel()
        self._listening.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(self._listening)
            except OSError:
                await asyncio.sleep(_PAUSE)
                continue
            task = loop.create_task(self._shake_hands(accepted, str(peer[0])))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, accepted: socket.socket, host: str) -> None:
        handshake = _Handshake(self._host, accepted, network_of(host))
        try:
            if self._host.pool.enter(handshake):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: Connection(self._host, handshake),
                    accepted,
                    ssl=self._tls.newest(),
                    ssl_handshake_timeout=self._host.deadlines.head,
                )
            else:
                handshake.evict()
                accepted.close()
        except OSError:
            accepted.close()  # what is no TLS, has no certificate where one is needed, or takes too long
        except asyncio.CancelledError:
            accepted.close()
            raise
        finally:
            self._host.pool.leave(handshake)


class _Handshake:
    """A connection that is not one yet."""

    busy = False

    def __init__(self, host: Host, accepted: socket.socket, address: str) -> None:
        self.address = address
        self._host = host
        self._accepted = accepted

    def evict(self) -> None:
        """End it, for the sake of another."""
        self._host.refuse(Refusal(Reason.BUSY, "too many connections"), "")
        with suppress(OSError):
            self._accepted.shutdown(socket.SHUT_RDWR)
