"""What may take as long as it takes is done in a lane: one that hangs holds up nobody but those behind it."""

import logging
import threading
from collections import deque
from collections.abc import Callable

_logger = logging.getLogger(__name__)

THREADS = 8
"""Most things that one lane does at a time."""
MOST_WAITING = 1000
"""Most things that wait for one lane."""


class Lane:
    """Does what it is given, some of it at a time, in threads of its own that begin when they are needed.

    They end with the process: nobody waits for what hangs.

    Args:
        name: of its threads.
        threads: most there are.
        most_waiting: beyond which nothing is taken.
    """

    def __init__(self, name: str, *, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._name = name
        self._most_threads = threads
        self._most_waiting = most_waiting
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads = self._idle = 0
        self._ended = False
        self._changed = threading.Condition()

    def put(self, task: Callable[[], None]) -> bool:
        """Have something done; whether it will be."""
        with self._changed:
            if self._ended or len(self._waiting) >= self._most_waiting:
                return False
            self._waiting.append(task)
            if len(self._waiting) <= self._idle:
                self._changed.notify()
                return True
            if self._threads < self._most_threads:
                self._threads += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return True

    def end(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._ended = True
            self._waiting.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except Exception:  # the boundary of this thread, which must not end
                _logger.exception("%s: a task failed", self._name)

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._ended or self._waiting)
            self._idle -= 1
            return None if self._ended else self._waiting.popleft()
