"""Threads that work on the same things stay on the same core.

Threads of Python that hand one another work wait for one lock, and so never run at the same time. On different cores
each finds in its caches nothing of what the other has just made: a decision over HTTP then takes twice the time, and
five times where several are asked for at once.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress

_ALL = os.sched_getaffinity(0) if sys.platform == "linux" else set[int]()
"""The cores that this process may use."""
_OURS = {sorted(_ALL)[os.getpid() % len(_ALL)]} if _ALL else _ALL
"""The one that is chosen: processes beside this one are likely to choose another."""


@contextmanager
def together() -> Generator[None]:
    """Let the threads that are started in this block, and those they start, stay on the one core chosen for them.

    Only Linux tells threads apart.
    """
    _use(_OURS)
    try:
        yield
    finally:
        roam()


def roam() -> None:
    """Let this thread, and those it starts, use every core: for work that several can do at once."""
    _use(_ALL)


def _use(cores: set[int]) -> None:
    if cores:
        with suppress(OSError):  # a core may have been taken away meanwhile: then it is as it was
            os.sched_setaffinity(0, cores)
