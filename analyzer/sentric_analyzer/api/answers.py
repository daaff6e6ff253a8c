"""What the API answers with."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import anyio
from anyio.to_thread import run_sync
from starlette.responses import Response

Answer: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Response]]
"""Asks for a document in a thread, since stores block, and makes an answer of it."""


def answers(concurrency: int) -> Answer:
    """Answers of which so many are worked on at once; more wait for one another."""
    limiter = anyio.CapacityLimiter(concurrency)

    async def answer(ask: Callable[[], Any]) -> Response:
        return await run_sync(lambda: json_answer(ask()), limiter=limiter)

    return answer


def json_answer(
    document: Any, status: int = 200, headers: Mapping[str, str] | None = None, *, media_type: str = "application/json"
) -> Response:
    """A document as an answer that nobody keeps."""
    body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    given = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(body, status, given, media_type=media_type)
