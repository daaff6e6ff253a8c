"""While a person is asked about an action, browser-use's own limit for a step stands still.

It gives up a step after `step_timeout` seconds. So that limit is taken from it, and kept here in the same way.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from sentric.guard.boundary import shielded
from sentric.instrumentors._layer import Wrapped

_ENDLESS = 10**9
"""Seconds: browser-use wants a number."""


class _Shown(int):
    """A limit that never comes, and that browser-use's messages show as the one it was."""

    shown: Any

    def __str__(self) -> str:
        return str(self.shown)

    def __format__(self, spec: str) -> str:
        return format(self.shown, spec)


class Patience:
    """The limits of the steps that are under way, by their agents."""

    def __init__(self) -> None:
        self._limits: WeakKeyDictionary[Any, asyncio.Timeout] = WeakKeyDictionary()

    @contextmanager
    def taken(self, agent: Any) -> Generator[None, None, None]:
        """Keep an agent's limit in the block."""
        before = self._take(agent)
        try:
            yield
        finally:
            self._give_back(agent, before)

    async def limited(self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any) -> Any:
        """A step, or the actions before the first one, within the limit that browser-use would keep.

        Raises:
            TimeoutError: it is over, as browser-use raises it.
        """
        limit = getattr(agent.settings, "step_timeout", None)
        if not isinstance(limit, _Shown):
            return await wrapped(*args, **kwargs)
        async with asyncio.timeout(limit.shown) as under_way:
            self._limits[agent] = under_way
            try:
                return await wrapped(*args, **kwargs)
            finally:
                self._limits.pop(agent, None)

    @contextmanager
    def pause(self, agent: Any) -> Generator[None, None, None]:
        """Let the limit stand still in the block."""
        limit = self._limits.get(agent) if agent is not None else None
        if limit is None or (until := limit.when()) is None:
            yield
            return
        loop = asyncio.get_running_loop()
        left = until - loop.time()
        limit.reschedule(None)
        try:
            yield
        finally:
            if not limit.expired():
                limit.reschedule(loop.time() + left)

    @shielded(None)
    def _take(self, agent: Any) -> Any:
        before = agent.settings.step_timeout
        if before is None or isinstance(before, _Shown):
            return before
        taken = _Shown(_ENDLESS)
        taken.shown = before
        agent.settings.step_timeout = taken
        return before

    @shielded(None)
    def _give_back(self, agent: Any, before: Any) -> None:
        agent.settings.step_timeout = before
