"""So many threads at a time, in the order in which they came."""

import threading
from collections import deque


class Turns:
    """A lock that is fair: whoever has waited longest has it next. A plain lock may let one thread wait for ever.

    Args:
        places: how many may have it at a time.
    """

    def __init__(self, places: int = 1) -> None:
        self._lock = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Lock] = deque()

    def take(self, patience: float) -> bool:
        """Wait for the turn, at most so many seconds; whether it came. Who has it must give it back."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            came = mine.acquire(timeout=max(patience, 0.0))
        except BaseException:
            if not self._leave(mine):
                self.give()
            raise
        return came or not self._leave(mine)

    def give(self) -> None:
        """Let the next one in."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    def _leave(self, mine: threading.Lock) -> bool:
        """Wait no more; false where the turn came meanwhile."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True
