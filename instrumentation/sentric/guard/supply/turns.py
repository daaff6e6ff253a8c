"""Something that is done again and again, beside the agent."""

import time
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Protocol
from weakref import WeakSet, ref

from sentric.forks import in_child
from sentric.guard.boundary import shielded

_AFTER_A_BUG = 30.0
"""Seconds until the next turn, where one has failed by a bug of ours."""


class Stepping(Protocol):
    """Does something, step by step."""

    def step(self) -> float:
        """Do a step: the seconds until the next."""
        ...


class Turns:
    """Lets something do its steps in a daemon thread, which each process starts when it first needs it.

    The thread ends when nobody else holds what does the steps.
    """

    def __init__(self, name: str, stepping: Stepping) -> None:
        self._name, self._stepping = name, ref(stepping, lambda _: self.wake())
        self._thread: Thread | None = None
        self._until = 0.0
        self._lock, self._wake, self._first = Lock(), Event(), Event()
        _all.add(self)

    def start(self) -> None:
        """Start the thread, if this process has not."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                thread = Thread(
                    target=_go_on, args=(self._stepping, self._wake, self._first), name=self._name, daemon=True
                )
                with suppress(RuntimeError):  # the process has too many threads, or ends
                    thread.start()
                    self._thread = thread

    def wake(self) -> None:
        """Let the next step be done at once."""
        self._wake.set()

    @property
    def has_begun(self) -> bool:
        """Whether the first step was done."""
        return self._first.is_set()

    def wait_for_first(self, seconds: float) -> bool:
        """Wait until the first step was done: whether it was.

        However many wait, one after another or at once: none does once these seconds have passed since the first call.
        """
        if self._first.is_set():
            return True
        with self._lock:
            self._until = self._until or time.monotonic() + seconds
        return self._first.wait(max(self._until - time.monotonic(), 0))

    def in_child(self) -> None:
        """Begin anew in a forked process: threads did not come along, and whoever held a lock is not there."""
        was_done = self._first.is_set()
        self._thread, self._until = None, 0.0
        self._lock, self._wake, self._first = Lock(), Event(), Event()
        if was_done:
            self._first.set()


def _go_on(stepping: "ref[Stepping]", wake: Event, first: Event) -> None:
    while (one := stepping()) is not None:
        wake.clear()
        seconds = _shielded_step(one)
        first.set()
        del one
        wake.wait(seconds)


@shielded(_AFTER_A_BUG)  # it decides nothing: what was in force before stays so
def _shielded_step(stepping: Stepping) -> float:
    return stepping.step()


_all: WeakSet[Turns] = WeakSet()


def _in_child() -> None:
    for one in list(_all):
        one.in_child()


in_child(_in_child)
