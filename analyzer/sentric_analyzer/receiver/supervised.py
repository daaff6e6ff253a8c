"""The receiver's process, as the service holds it."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sentric.errors import SentricError
from sentric.settings import Settings
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.log import Limits, LogReader
from sentric_analyzer.processes import Child, ChildError, Counted, Counter
from sentric_analyzer.receiver.handover import Listening, Setup

_TARGET = "sentric_analyzer.receiver.process:run"
_STOP_SECONDS = 2.5
"""Seconds it has to answer what has begun and to close the log."""


class ReceiverProcess:
    """Takes OTLP requests into the log of a directory, in a process of its own that outlives its deaths."""

    def __init__(self, log: LogReader, directory: Path, settings: Settings, on_count: OnCount) -> None:
        limits = Limits(backlog_bytes=settings.log_backlog, reserve_bytes=settings.log_reserve)
        self._setup = Setup(directory, log.link.files, limits, settings)
        self._on_count = on_count
        self._messages: dict[type, object] = {}
        self.failure = ""
        """Why nothing is received now; empty while it listens."""
        self._child = Child(
            "receiver",
            _TARGET,
            argument=lambda: replace(self._setup, messages=tuple(self._messages.values())),
            files=log.link.files,
            on_ready=self._listening,
            on_message=self._counted,
            on_death=self._died,
        )

    @property
    def otlp_grpc(self) -> str:
        """Where it listens, HOST:PORT: with its port, once it is ready."""
        return self._setup.settings.otlp_grpc

    @property
    def otlp_http(self) -> str:
        """The same for HTTP."""
        return self._setup.settings.otlp_http

    def start(self) -> None:
        """Start it, and return at once."""
        self._child.start()

    def wait_ready(self) -> None:
        """Wait until it listens, and the log has been mended.

        Raises:
            PortError: an address cannot be listened on.
            LogError: the log cannot be used.
        """
        self._child.wait_ready()

    def send(self, message: object) -> None:
        """Tell it something, which must be picklable. It hears the latest of each kind again whenever it starts."""
        self._messages[type(message)] = message
        with suppress(ChildError):  # it is not there: then it hears it when it starts
            self._child.send(message)

    def stop(self) -> None:
        """Accept nothing more, answer what has begun, and end."""
        self._child.stop(_STOP_SECONDS)

    def _listening(self, listening: Listening) -> None:
        """Remember the ports, so that it takes the same ones when it is started again."""
        self.failure = ""
        settings = replace(self._setup.settings, otlp_grpc=str(listening.grpc), otlp_http=str(listening.http))
        self._setup = replace(self._setup, settings=settings)

    def _died(self, error: SentricError) -> None:
        self.failure = f"nothing is received: {error}"
        self._on_count(Counter.DEATHS, "receiver", 1)

    def _counted(self, counted: Counted) -> None:
        counted.add_to(self._on_count)
