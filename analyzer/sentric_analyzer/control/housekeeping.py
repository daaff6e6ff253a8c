"""What time brings about: unanswered questions expire, what is kept for a while goes, the audit is signed."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from sentric.errors import SentricError

_logger = logging.getLogger(__name__)

HANGING = 2.0
"""Seconds that what is under way may take when it is to end: it does not hold up the end of the service."""

RETRY_SECONDS = 5.0
"""Seconds after which what failed is done again, however seldom it is due: until then the service is not ready."""

Task = tuple[float, Callable[[], object]]
"""How many seconds lie between two times that something is done, and what."""


class Housekeeping:
    """Does some things again and again, in a thread of its own, from entering until leaving.

    What fails is done again soon, and told once.
    """

    def __init__(self, tasks: Sequence[Task], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._tasks = tasks
        self._clock = clock
        self._due = [clock() + seconds for seconds, _ in tasks]
        self._failing: set[int] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sentric-housekeeping", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        self._thread.join(HANGING)

    def failure(self) -> str:
        """Why something could not be done; empty while everything can."""
        return "the control store does not answer: nothing expires, is counted or signed" if self._failing else ""

    def do(self) -> None:
        """Do what is due."""
        for number, (seconds, task) in enumerate(self._tasks):
            if self._clock() < self._due[number]:
                continue
            self._due[number] = self._clock() + seconds
            try:
                task()
            except Exception as error:  # the boundary of this thread, which must not end
                if number not in self._failing:
                    is_ours = not isinstance(error, SentricError)
                    _logger.error("housekeeping: %s", error, exc_info=error if is_ours else None)
                self._failing.add(number)
                self._due[number] = self._clock() + min(seconds, RETRY_SECONDS)
            else:
                self._failing.discard(number)

    def _run(self) -> None:
        while not self._stopping.wait(min(seconds for seconds, _ in self._tasks)):
            self.do()
