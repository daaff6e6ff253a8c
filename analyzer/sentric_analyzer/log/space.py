"""How much of the disk the log may still take."""

import os
import time
from collections.abc import Callable
from pathlib import Path

_INTERVAL = 1.0
"""Seconds for which an answer of the disk is good; what is written meanwhile is subtracted."""


class Space:
    """Keeps a reserve of the disk free. For one thread."""

    def __init__(self, directory: Path, reserve: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._reserve = reserve
        self._clock = clock
        self._asked = -_INTERVAL
        self._left = 0

    def claim(self, count: int) -> bool:
        """Take bytes, if so many are left above the reserve.

        Raises:
            OSError: the disk does not say.
        """
        if not self._reserve:
            return True
        if (now := self._clock()) - self._asked >= _INTERVAL:
            disk = os.statvfs(self._directory)
            self._left, self._asked = disk.f_bavail * disk.f_frsize - self._reserve, now
        if count > self._left:
            return False
        self._left -= count
        return True
