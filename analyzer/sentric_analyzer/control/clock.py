"""The time as what is kept in order needs it."""

import threading
import time
from collections.abc import Callable


class SteadyClock:
    """Gives Unix seconds that never go back within a process. Any thread may ask.

    It follows the wall clock forward. When that is set back, it goes on from the latest time it gave, as fast as time
    passes, until the wall clock is ahead again.

    Args:
        wall: gives the Unix time in seconds.
        monotonic: gives seconds from any start, which never go back.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Where it last followed the wall clock. To add to the latest time instead would lose, at each call, what is
        # less than a float of that size can hold.
        self._from, self._since = wall(), monotonic()

    def __call__(self) -> float:
        """The Unix time in seconds."""
        with self._lock:
            passed = self._monotonic()
            now, steady = self._wall(), self._from + (passed - self._since)
            if now < steady:
                return steady
            self._from, self._since = now, passed
            return now
