"""Both OTLP servers, on one event loop in a thread of their own."""

import asyncio
import resource
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import uvloop

from sentric.settings import Settings
from sentric_analyzer.control import KeyRing
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.log import LogWriter
from sentric_analyzer.receiver.address import Address, listen, parse_address
from sentric_analyzer.receiver.connection import Deadlines
from sentric_analyzer.receiver.decode import Bounds
from sentric_analyzer.receiver.entrance import Entrance, needs_key
from sentric_analyzer.receiver.gate import Gate, Rates
from sentric_analyzer.receiver.grpc import GrpcServer
from sentric_analyzer.receiver.http import HttpServer
from sentric_analyzer.receiver.intake import Intake
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.receiver.pool import Pool
from sentric_analyzer.tls import ServerTls

_HELD_BODIES = 8
"""How many of the largest bodies may be in memory at once."""
_MOST_CONNECTIONS = 4096
"""Of each of the two servers."""
_OTHER_FILES = 256
"""Open files that are left to the rest of the process."""


class Receiver:
    """Takes OTLP requests into the log."""

    grpc_address: Address
    """Where it listens, once started."""
    http_address: Address

    def __init__(
        self,
        log: LogWriter,
        settings: Settings,
        on_count: OnCount,
        *,
        keys: KeyRing | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        """Prepare to listen.

        Args:
            log: where requests are kept.
            settings: addresses, limits, certificates, whether keys are needed.
            on_count: told of everything that is counted.
            keys: the keys that senders may present; None: they are not known yet.
            deadlines: how long senders may take.

        Raises:
            SettingError: an address or a certificate cannot be used.
        """
        self._log = log
        self._settings = settings
        self._on_count = on_count
        self._bounds = Bounds(settings.body_limit, settings.span_limit, settings.value_limit, settings.attribute_limit)
        self._deadlines = deadlines or Deadlines()
        self._gate = Gate(keys, Rates(settings.sender_requests, settings.sender_bytes))
        self._tls = ServerTls.of(settings)
        self.grpc_address = parse_address(settings.otlp_grpc, "--otlp-grpc")
        self.http_address = parse_address(settings.otlp_http, "--otlp-http")
        self._started: Future[None] = Future()
        self._stopping: Future[float] = Future()
        self._thread = threading.Thread(target=self._run, name="sentric-receiver", daemon=True)

    def set_keys(self, keys: KeyRing | None) -> None:
        """Accept other keys from the next request on; None: they are not known now. From any thread."""
        self._gate.set_keys(keys)

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
        intake = Intake(self._log, self._bounds, self._on_count, executor, self._gate)
        budget = Budget(self._bounds.body * _HELD_BODIES)
        pool = Pool(_most_connections(), self._settings.address_connections)
        http = HttpServer(intake, self._entrance(self.http_address, budget), pool)
        grpc = GrpcServer(intake, self._entrance(self.grpc_address, budget), _most_connections())
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

    def _entrance(self, address: Address, budget: Budget) -> Entrance:
        return Entrance(
            gate=self._gate,
            needs_key=needs_key(self._settings.ingest_keys, address),
            budget=budget,
            deadlines=self._deadlines,
            tls=self._tls,
        )


def _port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def _most_connections() -> int:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(min(_MOST_CONNECTIONS, (files - _OTHER_FILES) // 2), 1)
