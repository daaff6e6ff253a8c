"""What takes long, one after another in a thread beside the event loop: senders take turns."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from sentric_analyzer.receiver.refusal import Reason, Refusal

MOST = 64
"""Calls of one sender that may wait: more of them are worth trying again later."""

_Answer = TypeVar("_Answer")


class Turns:
    """Runs calls in an executor, one at a time. For one event loop.

    Whoever has many waiting holds up others by one of them, not by all.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._waiting: OrderedDict[str, deque[tuple[asyncio.Future[Any], Callable[[], Any]]]] = OrderedDict()
        self._worker: asyncio.Task[None] | None = None

    async def run(self, sender: str, call: Callable[[], _Answer]) -> _Answer:
        """What a call returns, or raises, when its sender's turn has come.

        Raises:
            Refusal: too many of the sender's wait already.
        """
        loop = asyncio.get_running_loop()
        queue = self._waiting.setdefault(sender, deque())
        if len(queue) >= MOST:
            raise Refusal(Reason.BUSY, "too many large requests are waiting: try again")
        future: asyncio.Future[_Answer] = loop.create_future()
        queue.append((future, call))
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            sender, queue = self._waiting.popitem(last=False)
            future, call = queue.popleft()
            if queue:
                self._waiting[sender] = queue
            if not future.done():  # else nobody waits for it any longer
                await self._answer(future, call)
        self._worker = None

    async def _answer(self, future: "asyncio.Future[Any]", call: Callable[[], Any]) -> None:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._executor, call)
        except Exception as error:  # noqa: BLE001  # raised where the answer is waited for
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(answer)
