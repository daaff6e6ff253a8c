"""Both OTLP servers, on one event loop in a thread of their own."""

import asyncio
import resource
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import uvloop

from sentric.settings import Settings
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.log import LogWriter
from sentric_analyzer.receiver.address import Address, listen, parse_address
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.decode import Bounds
from sentric_analyzer.receiver.grpc import GrpcServer
from sentric_analyzer.receiver.http import HttpServer
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.limits import Budget

_HELD_BODIES = 8
"""How many of the largest bodies may be in memory at once."""
_MOST_CONNECTIONS = 4096
_OTHER_FILES = 256
"""Open files that are left to the rest of the process."""


class Receiver:
    """Takes OTLP requests into the log."""

    grpc_address: Address
    """Where it listens, once started."""
    http_address: Address

    def __init__(
        self, log: LogWriter, settings: Settings, on_count: OnCount, *, deadlines: Deadlines | None = None
    ) -> None:
        self._log = log
        self._on_count = on_count
        self._bounds = Bounds(settings.body_limit, settings.span_limit)
        self._deadlines = deadlines or Deadlines()
        self.grpc_address = parse_address(settings.otlp_grpc, "--otlp-grpc")
        self.http_address = parse_address(settings.otlp_http, "--otlp-http")
        self._started: Future[None] = Future()
        self._stopping: Future[float] = Future()
        self._thread = threading.Thread(target=self._run, name="sentric-receiver", daemon=True)

    def start(self) -> None:
        """Listen on both addresses, and return when both are served.

        Raises:
            PortError: one cannot be listened on; nothing is left running.
        """
        self._thread.start()
        try:
            self._started.result()
        except BaseException:
            self._thread.join()
            raise

    def stop(self, seconds: float = 5.0) -> None:
        """Accept nothing more, answer what has begun for at most so long, and end the thread."""
        if not self._stopping.done():
            self._stopping.set_result(seconds)
        self._thread.join()

    def __enter__(self) -> "Receiver":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        with (
            ThreadPoolExecutor(1, thread_name_prefix="sentric-decode") as executor,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            try:
                runner.run(self._serve(executor))
            except BaseException as error:
                if self._started.done():
                    raise
                self._started.set_exception(error)

    async def _serve(self, executor: ThreadPoolExecutor) -> None:
        intake = Intake(self._log, self._bounds, self._on_count, executor)
        budget = Budget(self._bounds.body * _HELD_BODIES)
        http = HttpServer(intake, budget, self._deadlines, _most_connections())
        grpc = GrpcServer(intake, budget)
        listening = listen(self.http_address, "--otlp-http")
        try:
            self.grpc_address = await grpc.start(self.grpc_address, "--otlp-grpc")
        except BaseException:
            listening.close()
            raise
        await http.start(listening)
        self.http_address = Address(self.http_address.host, _port(listening))
        self._started.set_result(None)
        seconds = await asyncio.wrap_future(self._stopping)
        await asyncio.gather(http.stop(seconds), grpc.stop(seconds))


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def _most_connections() -> int:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(min(_MOST_CONNECTIONS, files - _OTHER_FILES), 1)
