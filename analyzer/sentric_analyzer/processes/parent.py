"""The child's side: its way to the process that started it."""

import ctypes
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from sentric.errors import SentricError
from sentric_analyzer.processes.messages import Failed, Ready, Stop

_PR_SET_PDEATHSIG = 1


class Parent:
    """The process that started this one. When it is gone, this process ends at once, whatever it is doing.

    For one thread. What the parent sends is taken by another as it comes: a parent that waits for us to take it, while
    we wait for it to take what we send, would wait for ever.
    """

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._listen, name="sentric-parent", daemon=True).start()

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
        return self._heard.get()

    def messages(self, tick: float | None = None) -> Iterator[Any]:
        """The messages, until this process is asked to end.

        Args:
            tick: seconds after which None comes when no message did.
        """
        while True:
            try:
                message = self._heard.get(timeout=tick)
            except queue.Empty:
                message = None
            if isinstance(message, Stop):
                return
            yield message

    def _listen(self) -> NoReturn:
        try:
            while True:
                self._heard.put(self._connection.recv())
        except (EOFError, OSError):
            _leave()


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
