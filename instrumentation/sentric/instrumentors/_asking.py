"""Calls of a run that wait for a person: some frameworks leave tools to themselves when their run ends."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any


class Asking:
    """The tasks of a run in which a person is asked now."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @contextmanager
    def pause(self) -> Generator[None, None, None]:
        """A person is asked in the block, which is in a task."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            yield
        finally:
            if task is not None:
                self._tasks.discard(task)

    def give_up(self) -> None:
        """End them: nobody needs the answers any more, and what is approved now must not be done."""
        for task in list(self._tasks):
            task.cancel()
