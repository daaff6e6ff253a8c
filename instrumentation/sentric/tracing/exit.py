"""Sending what is left when the process ends, in bounded time.

The SDK's own exit handlers wait for each provider in turn, up to half a minute, when nothing answers. Here every
provider is shut down in a thread of its own and all of them together get one timeout. The threads are started
beforehand: since Python 3.12 none can be started once the interpreter has begun to finish.
"""

import atexit
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, Protocol


class Provider(Protocol):
    """What the SDK's tracer, logger and meter providers have in common."""

    def shutdown(self) -> None:
        """Send what is left and stop."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is left."""
        ...


def providers(*candidates: object) -> tuple[Provider, ...]:
    """Those of the candidates that can be flushed and shut down: the API's placeholders cannot."""
    return tuple(
        candidate  # type: ignore[misc]  # it has both methods
        for candidate in candidates
        if callable(getattr(candidate, "shutdown", None)) and callable(getattr(candidate, "force_flush", None))
    )


class BoundedExit:
    """Shuts providers down when the process ends, in place of their own exit handlers."""

    def __init__(
        self, providers: Iterable[Provider], timeout: float, before: Callable[[], object] = lambda: None
    ) -> None:
        """Take over.

        Args:
            providers: SDK providers.
            timeout: seconds that all of them together may hold up the exit.
            before: called first, to end what is still open.
        """
        self._before = before
        self._providers = tuple(providers)
        self._timeout = timeout
        self._leaving = threading.Event()
        self._threads = tuple(_start(partial(self._await_exit, provider)) for provider in self._providers)
        for provider in self._providers:
            atexit.unregister(provider.shutdown)
        atexit.register(self.leave)

    def leave(self) -> None:
        """Shut down now; returns when all is sent or the time is up."""
        atexit.unregister(self.leave)
        self._before()
        if not all(thread.is_alive() for thread in self._threads):  # a forked child: threads do not survive a fork
            for provider in self._providers:
                provider.shutdown()
            return
        self._leaving.set()
        _join(self._threads, self._timeout)

    def hand_back(self) -> None:
        """Give the providers their own exit handlers again."""
        atexit.unregister(self.leave)
        for provider in self._providers:
            atexit.register(provider.shutdown)
        self._providers = ()
        self._leaving.set()

    def _await_exit(self, provider: Provider) -> None:
        self._leaving.wait()
        if provider in self._providers:
            provider.shutdown()


class SharedExit:
    """One `BoundedExit` for all who want the same providers shut down: each framework asks for it."""

    _taken: ClassVar[dict[tuple[int, ...], "SharedExit"]] = {}

    def __init__(self, leaving: BoundedExit) -> None:
        self._leaving, self._users = leaving, 0

    @classmethod
    def take(cls, providers: tuple[Provider, ...], timeout: float, before: Callable[[], object]) -> Callable[[], None]:
        """Take over, unless that was done already; gives what hands back, when all have called it."""
        key = tuple(map(id, providers))
        shared = cls._taken.get(key) or cls._taken.setdefault(key, cls(BoundedExit(providers, timeout, before)))
        shared._users += 1
        return partial(shared._hand_back, key)

    def _hand_back(self, key: tuple[int, ...]) -> None:
        self._users -= 1
        if not self._users:
            self._taken.pop(key, None)
            self._leaving.hand_back()


def flush(providers: Iterable[Provider], timeout: float) -> bool:
    """Send what is left, in at most `timeout` seconds; says whether all was sent."""
    threads = tuple(_start(provider.force_flush) for provider in providers)
    return _join(threads, timeout)


def _start(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, name="sentric-exit", daemon=True)
    thread.start()
    return thread


def _join(threads: Iterable[threading.Thread], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    alive = False
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
        alive = alive or thread.is_alive()
    return not alive
