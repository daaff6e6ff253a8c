"""Waiting for what the feed tells, on the event loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from anyio.to_thread import run_sync

from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.feed import Feed

T = TypeVar("T")
MOST_QUEUED = 1000
"""Records that may wait for one listener; one that is slower than that is let go, and reads on later."""


class Over(Exception):  # noqa: N818  # how a stream ends
    """Nothing more is told: the service ends, or the listener takes what it is told too slowly."""


async def until(
    feed: Feed, about: Callable[[Record], bool], ask: Callable[[], T], done: Callable[[T], bool], seconds: float
) -> T:
    """Ask for something again whenever the feed tells of it, until it is done or the time is over; how it is then.

    It is over as well when the service ends.

    Args:
        feed: tells of changes.
        about: whether a record may change the answer.
        ask: gives it; called in a thread.
        done: whether there is nothing left to wait for.
        seconds: how long to wait.
    """
    loop = asyncio.get_running_loop()
    rung, end, is_over = asyncio.Event(), loop.time() + seconds, False

    def listener(records: Sequence[Record]) -> None:
        nonlocal is_over
        is_over = is_over or not records
        if is_over or any(map(about, records)):
            loop.call_soon_threadsafe(rung.set)

    leave = feed.listen(listener)
    try:
        while True:
            rung.clear()
            answer = await run_sync(ask)
            if done(answer) or is_over or loop.time() >= end:
                return answer
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), end - loop.time())
    finally:
        leave()


class Heard:
    """Records that a listener has been told and has not taken."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._rung = asyncio.Event()
        self._over = False

    def put(self, records: Sequence[Record]) -> None:
        """Add records, none at the end; on the event loop."""
        self._over = self._over or not records or len(self._records) + len(records) > MOST_QUEUED
        if not self._over:
            self._records.extend(records)
        self._rung.set()

    async def take(self, seconds: float) -> Sequence[Record]:
        """What there is, or comes within some seconds.

        Raises:
            Over: no more comes, or more came than are kept.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
        self._rung.clear()
        if self._over:
            raise Over
        records, self._records = self._records, []
        return records


@asynccontextmanager
async def heard(feed: Feed, about: Callable[[Record], bool]) -> AsyncGenerator[Heard]:
    """Hear of the records that are about something, from entering until leaving."""
    loop = asyncio.get_running_loop()
    told = Heard()

    def listener(records: Sequence[Record]) -> None:
        wanted = [record for record in records if about(record)]
        if wanted or not records:
            loop.call_soon_threadsafe(told.put, wanted)

    leave = feed.listen(listener)
    try:
        yield told
    finally:
        leave()
