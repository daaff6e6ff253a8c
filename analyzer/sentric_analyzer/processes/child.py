"""The parent's side: a child process, supervised."""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from sentric.errors import SentricError
from sentric_analyzer.processes.messages import ChildError, Failed, Ready, Stop

_logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.1
"""Seconds between a first death and the next start; twice as many after each further one."""
_LONGEST_PAUSE = 10.0
_SETTLED = 60.0
"""Seconds of life after which a death counts as a first one."""
_EXIT_PATIENCE = 2.0
"""Seconds in which a child that has said its last word must have ended."""


class Child:
    """A process that runs one function, and is started again when it dies, unless it is there for one time only.

    It is a fresh interpreter, so nothing of this one is in it but what is handed over. It ends when this process
    does, however that happens. All callbacks come from the thread that supervises it.

    Args:
        name: what messages call it.
        target: `module:function`, called there with a `Parent` and an argument; it calls `Parent.ready`.
        argument: gives the argument, picklable, for each start.
        files: descriptors that the child inherits under the same numbers.
        on_ready: called each time it has come up, with what it said of itself.
        on_message: called with each message of it.
        on_death: called when it has died, before it is started again.
        lasting: start it again too when it has died before it has ever come up; then nobody is told but `on_death`.
        once: never start it again: `on_death` is called when it has ended, however that came, unless it was stopped.
    """

    def __init__(
        self,
        name: str,
        target: str,
        *,
        argument: Callable[[], object],
        files: Sequence[int] = (),
        on_ready: Callable[[Any], None] = lambda _: None,
        on_message: Callable[[Any], None] = lambda _: None,
        on_death: Callable[[SentricError], None] = lambda _: None,
        lasting: bool = False,
        once: bool = False,
    ) -> None:
        self.name = name
        self._target = target
        self._argument = argument
        self._files = files
        self._on_ready = on_ready
        self._on_message = on_message
        self._on_death = on_death
        self._lasting = lasting
        self._once = once
        self._first: Future[None] = Future()
        self._stopping = threading.Event()
        self._sending = threading.Lock()
        self._connection: Connection[Any, Any] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel kills the child when the thread that started it ends: so this one does, and waits for its end.
        self._thread = threading.Thread(target=self._run, name=f"sentric-child-{name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """Its process id; None before its first start."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it, and return at once."""
        self._thread.start()

    def wait_ready(self) -> None:
        """Wait until it has come up for the first time.

        Raises:
            SentricError: it died before; the error is the child's own. It is not started again, unless it is lasting.
        """
        self._first.result()

    def send(self, message: object) -> None:
        """Send it a message, which must be picklable.

        Raises:
            ChildError: it is not there.
        """
        with self._sending:
            if self._connection is None:
                raise ChildError(f"the {self.name} is not running")
            try:
                self._connection.send(message)
            except OSError:
                raise ChildError(f"the {self.name} has ended") from None

    def kill(self) -> None:
        """End it at once; unless it is being stopped, it is started again."""
        if self._process:
            self._process.kill()

    def stop(self, seconds: float) -> None:
        """Ask it to end, and kill it if it has not after so many seconds; it is gone when this returns."""
        self._stopping.set()
        deadline = threading.Timer(seconds, self.kill)
        deadline.daemon = True
        deadline.start()
        with suppress(ChildError):
            self.send(Stop())
        self._thread.join()
        deadline.cancel()

    def _run(self) -> None:
        pause, said = _FIRST_PAUSE, ""
        while not self._stopping.is_set():
            begun = time.monotonic()
            error = self._live()
            if not self._first.done() and not self._lasting:
                self._first.set_exception(error)
                if not self._once:
                    return
            if self._stopping.is_set():
                return
            if self._once:
                self._on_death(error)
                return
            if time.monotonic() - begun > _SETTLED:
                pause, said = _FIRST_PAUSE, ""
            if str(error) != said:  # the same again and again is said once
                said = str(error)
                _logger.error("the %s has ended, and is started again: %s", self.name, said)
            self._on_death(error)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _live(self) -> SentricError:
        """One life, from start to end; why it ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = self._spawn(theirs.fileno())
            except OSError as error:
                ours.close()
                return ChildError(f"the {self.name} cannot be started: {error.strerror}")
        connection: Connection[Any, Any] = Connection(ours.detach())
        last_words = None
        with connection:
            try:
                self._open(connection)
                last_words = self._listen(connection)
            except (EOFError, OSError):
                pass  # it has ended without a word
            except Exception:  # the boundary: a mistake in a callback, or in what it sent
                _logger.exception("a message of the %s could not be handled", self.name)
                self._process.kill()
            with self._sending:
                self._connection = None
        status = self._wait(self._process)
        return last_words or ChildError(f"the {self.name} {_described(status)}")

    def _open(self, connection: "Connection[Any, Any]") -> None:
        """Say the first words, and let others speak: who sends later than the argument was made is heard."""
        with self._sending:
            connection.send(self._argument())
            self._connection = connection
            if self._stopping.is_set():  # said before there was anybody to hear it
                connection.send(Stop())

    def _spawn(self, connection: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "sentric_analyzer.processes", self._target]
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, str(connection), str(os.getpid())],
            pass_fds=(connection, *self._files),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def _listen(self, connection: "Connection[Any, Any]") -> SentricError:
        """Hear the child to its end; why it ends.

        Raises:
            EOFError, OSError: it does not say.
        """
        while True:
            match connection.recv():
                case Ready(message):
                    self._on_ready(message)
                    if not self._first.done():
                        self._first.set_result(None)
                case Failed(error):
                    return error
                case message:
                    self._on_message(message)

    def _wait(self, process: "subprocess.Popen[bytes]") -> int:
        """The status of a process that has closed its end of the connection."""
        try:
            return process.wait(_EXIT_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _described(status: int) -> str:
    return f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
