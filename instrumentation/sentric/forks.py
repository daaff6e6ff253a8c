"""Going on in a forked child: threads do not come along, and what they held is given back by nobody."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import RLock
from typing import Any
from weakref import WeakSet


def in_child(go_on: Callable[[], object]) -> None:
    """Have something called in every child that is forked from now on, before anything else runs there."""
    if hasattr(os, "register_at_fork"):  # not where processes cannot be forked
        os.register_at_fork(after_in_child=go_on)


def process_lock() -> AbstractContextManager[bool]:
    """A reentrant lock of one process: a child finds it free, whoever held it in its parent.

    It is the interpreter's own, and nothing of ours is around it: what interrupts a thread, such as Ctrl-C, cannot come
    between taking it and the block that gives it back.
    """
    lock = RLock()
    _locks.add(lock)
    return lock


_locks: "WeakSet[Any]" = WeakSet()


def _renew_all() -> None:
    for lock in list(_locks):
        lock._at_fork_reinit()  # as `logging` and `threading` do with theirs


in_child(_renew_all)
