"""What the API answers with."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import anyio
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sentric_analyzer.processes import roam

PATIENCE = 10.0
"""Seconds that a request waits for those before it, which a store that hangs may hold up."""

Answer: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Response]]
"""Asks for a document in a thread, since stores block, and makes an answer of it, unless it is one already."""


def answers(concurrency: int) -> Answer:
    """Answers of which so many are worked on at once; more wait for one another, and not for long."""
    limiter = anyio.CapacityLimiter(concurrency)

    def work(ask: Callable[[], Any]) -> Response:
        roam()  # the store's own threads, which a query may start, use every core
        return _answer(ask)

    async def run(ask: Callable[[], Any]) -> Response:
        return await run_sync(work, ask, limiter=limiter)

    return _in_turn(run, concurrency)


def quick_answers(concurrency: int) -> Answer:
    """The same, of what is soon done: it stays on the core of the thread that asks."""
    threads = ThreadPoolExecutor(concurrency, "sentric-deciding")

    async def run(ask: Callable[[], Any]) -> Response:
        return await asyncio.get_running_loop().run_in_executor(threads, _answer, ask)

    return _in_turn(run, concurrency)


def _answer(ask: Callable[[], Any]) -> Response:
    found = ask()
    return found if isinstance(found, Response) else json_answer(found)


def _in_turn(run: Answer, concurrency: int) -> Answer:
    places = anyio.Semaphore(concurrency)

    async def answer(ask: Callable[[], Any]) -> Response:
        with anyio.move_on_after(PATIENCE) as waiting:
            await places.acquire()
        if waiting.cancelled_caught:
            raise HTTPException(503, "too many requests are being answered: try again", {"Retry-After": "1"})
        try:
            return await run(ask)
        finally:
            places.release()

    return answer


def json_answer(
    document: Any, status: int = 200, headers: Mapping[str, str] | None = None, *, media_type: str = "application/json"
) -> Response:
    """A document as an answer that nobody keeps."""
    body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    given = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(body, status, given, media_type=media_type)
