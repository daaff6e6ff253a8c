"""The child's side: its way to the process that started it."""

import ctypes
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from sentric.errors import SentricError
from sentric_analyzer.processes.messages import Failed, Ready, Stop

_PR_SET_PDEATHSIG = 1


class Parent:
    """The process that started this one. When it is gone, this process ends at once, whatever it is doing.

    For one thread.
    """

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection

    def ready(self, message: object = None) -> None:
        """Say that this process has come up, and what the parent should know of it."""
        self.send(Ready(message))

    def failed(self, error: SentricError) -> None:
        """Say why this process ends."""
        self.send(Failed(_portable(error)))

    def send(self, message: object) -> None:
        """Send a message, which must be picklable."""
        try:
            self._connection.send(message)
        except OSError:
            _leave()

    def receive(self) -> Any:
        """The next message."""
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            _leave()

    def messages(self, tick: float | None = None) -> Iterator[Any]:
        """The messages, until this process is asked to end.

        Args:
            tick: seconds after which None comes when no message did.
        """
        while True:
            message = self.receive() if self._connection.poll(tick) else None
            if isinstance(message, Stop):
                return
            yield message


def end_with(parent: int) -> None:
    """Let the kernel kill this process when the thread that started it ends, which it does with its process.

    Args:
        parent: process id of the parent; when it has ended already, this process ends here.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        _leave()


def _leave() -> NoReturn:
    os._exit(1)


def _portable(error: SentricError) -> SentricError:
    """The error itself, where it survives the way to another process; else its words."""
    try:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever a constructor raises
        return SentricError(str(error))
    return error if str(again) == str(error) else SentricError(str(error))
