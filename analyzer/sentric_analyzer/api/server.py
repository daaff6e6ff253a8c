"""The API's HTTP server, in a thread of its own."""

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

import uvicorn
from fastapi import FastAPI

from sentric.errors import SentricError
from sentric_analyzer.api.connection import bounded_connection
from sentric_analyzer.processes import together
from sentric_analyzer.tls import ServerTls

START_TIMEOUT = 10.0
"""Seconds the server may take to come up."""
STOP_TIMEOUT = 2.0
"""Seconds that open requests may take to end."""


class ApiServer:
    """Serves an app from entering until leaving.

    Args:
        app: what to serve.
        address: HOST:PORT to listen at; port 0 takes a free one.
        tls: the certificate to serve it with; None: no TLS.
    """

    def __init__(self, app: FastAPI, address: str, *, tls: ServerTls | None = None) -> None:
        self._wanted = address
        self._on_end: Callable[[], None] = getattr(app.state, "on_end", lambda: None)
        self._socket: socket.socket | None = None
        config = uvicorn.Config(
            app,
            http=bounded_connection(),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # wrong keys are counted by address: who sends must not choose it
            ws="none",
            timeout_graceful_shutdown=int(STOP_TIMEOUT),
        )
        config.load()  # it would make a context of its own
        config.ssl = tls.context if tls else None
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None
        self.address = ""
        """HOST:PORT it listens at."""

    def __enter__(self) -> Self:
        """Listen and serve.

        Raises:
            SentricError: the address cannot be listened at.
        """
        self._socket = listening_socket(self._wanted)
        host, port = self._socket.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        # Not in the main thread, so that uvicorn leaves the process's signals alone.
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sentric-api", daemon=True
        )
        with together():
            self._thread.start()
        self._wait_until_started()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.should_exit = True
        self._on_end()  # what would go on for ever ends by itself
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT + 1)
        if self._socket is not None:
            self._socket.close()

    def _wait_until_started(self) -> None:
        assert self._thread is not None  # noqa: S101  # started above
        deadline = time.monotonic() + START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.__exit__()
                raise SentricError(f"the API at {self.address} did not start: see the log")
            self._thread.join(0.01)


def listening_socket(address: str) -> socket.socket:
    """A socket that listens at HOST:PORT.

    Raises:
        SentricError: the address cannot be listened at; the message says why.
    """
    host, _, port = address.rpartition(":")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        number = int(port)
        if not 0 <= number < 1 << 16:
            raise ValueError(port)
        return socket.create_server((host.strip("[]"), number), family=family, backlog=128)
    except (OSError, ValueError) as error:
        raise SentricError(f"--http {address}: {_reason(error)}: stop what listens there, or name another") from None


def _reason(error: OSError | ValueError) -> str:
    match error:
        case socket.gaierror():
            return "the host is not known"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
        case _:
            return "not HOST:PORT"
