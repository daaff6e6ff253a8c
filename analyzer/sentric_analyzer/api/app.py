"""The REST API: runs, findings, keys, health. Every answer is JSON; every error is `{"error": "one line"}`."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from sentric.errors import SentricError
from sentric_analyzer.api.access import Access, Denied
from sentric_analyzer.api.answers import answers, json_answer
from sentric_analyzer.api.entrance import Entrance
from sentric_analyzer.api.health import add_health
from sentric_analyzer.api.keys import add_keys
from sentric_analyzer.api.recordings import CursorError
from sentric_analyzer.api.routes import declared_routes
from sentric_analyzer.api.runs import add_runs
from sentric_analyzer.control.errors import ControlError, KeyRefusedError, UnknownKeyError
from sentric_analyzer.storage import Store, StoreAwayError

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

CONCURRENCY = 4
"""Requests that may ask the store at once; more wait for one another."""


def create_app(
    store: Store,
    readiness: Callable[[], str],
    metrics: Callable[[], bytes] = bytes,
    *,
    access: Access,
    control: "ControlStore | None" = None,
) -> FastAPI:
    """The API over a store.

    Args:
        store: where the answers come from; asked in threads, never on the event loop.
        readiness: says why the service is not ready, and nothing while it is.
        metrics: the service's own counters, in the Prometheus text format.
        access: decides who may ask, before anything else is looked at.
        control: keeps the keys; without it there is no managing them.

    Raises:
        TypeError: a route does not say what it needs.
    """
    app = FastAPI(title="Sentric", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.access = access
    for kind, status in _STATUS.items():
        app.add_exception_handler(kind, _with_status(status))
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(Exception, _own_bug)
    answer = answers(CONCURRENCY)
    add_health(app, readiness, metrics)
    add_runs(app, store, answer)
    if control is not None:
        add_keys(app, control, answer)
    open_paths = frozenset(route.path for route in declared_routes(app) if route.needed.open)
    app.add_middleware(Entrance, access=access, open_paths=open_paths)
    return app


async def _denied(request: Request, denied: Exception) -> Response:
    assert isinstance(denied, Denied)  # noqa: S101  # it is registered for these
    return json_answer({"error": str(denied)}, denied.status, denied.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
    return json_answer({"error": str(error.detail)}, error.status_code, error.headers)


async def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for these
    problems = (f"{_place(problem)}: {problem['msg']}" for problem in error.errors())
    return json_answer({"error": "; ".join(problems)}, 400)


def _place(problem: dict[str, Any]) -> str:
    """Where in a request a problem is."""
    inside = () if problem["type"] == "json_invalid" else problem["loc"][1:]
    return ".".join(map(str, inside)) or "body"


_STATUS: dict[type[Exception], int] = {
    KeyRefusedError: 400,
    CursorError: 400,
    UnknownKeyError: 404,
    SentricError: 500,
    StoreAwayError: 503,
    ControlError: 503,
}


def _with_status(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return json_answer({"error": str(error)}, status)

    return answer


async def _own_bug(request: Request, error: Exception) -> Response:
    return json_answer({"error": "an error of Sentric's own: see its log"}, 500)
