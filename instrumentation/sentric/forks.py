"""Going on in a forked child: threads do not come along, and what they held is given back by nobody."""

import os
from collections.abc import Callable
from threading import RLock
from types import TracebackType
from weakref import WeakSet


def in_child(go_on: Callable[[], object]) -> None:
    """Have something called in every child that is forked from now on, before anything else runs there."""
    if hasattr(os, "register_at_fork"):  # not where processes cannot be forked
        os.register_at_fork(after_in_child=go_on)


class ProcessLock:
    """A reentrant lock of one process: a child finds it free, whoever held it in its parent."""

    def __init__(self) -> None:
        self._lock = RLock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Be free."""
        self._lock = RLock()


_locks: "WeakSet[ProcessLock]" = WeakSet()


def _renew_all() -> None:
    for lock in list(_locks):
        lock.renew()


in_child(_renew_all)
