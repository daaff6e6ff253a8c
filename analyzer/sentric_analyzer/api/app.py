"""The REST API: runs, findings, keys, health. Every answer is JSON; every error is `{"error": "one line"}`."""

import ipaddress
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from sentric.errors import SentricError
from sentric.policy.rule import Severity
from sentric_analyzer.api.access import Access, Denied
from sentric_analyzer.api.answers import Answer, answers, json_answer
from sentric_analyzer.api.keys import add_keys
from sentric_analyzer.api.recordings import PAGE_RUNS, CursorError, cursor_of, page_document
from sentric_analyzer.control import Grant
from sentric_analyzer.control.errors import ControlError, KeyRefusedError, UnknownKeyError
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import Store, StoreAwayError
from sentric_analyzer.storage.recordings import Cursor

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

CONCURRENCY = 4
"""Requests that may ask the store at once; more wait for one another."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Content type of the Prometheus text format."""
MAX_LIMIT = 1000
"""Most rows of one answer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Text = Annotated[str | None, Query(max_length=512)]
Conversation = Annotated[str | None, Query(max_length=32_768)]
"""A conversation's id, which is as long as an agent made it."""
Place = Annotated[str | None, Query(max_length=32_768)]
"""A cursor: it holds a run id, which is as long as an agent made it."""


async def _projects(request: Request, project: Text = None) -> tuple[str, ...] | None:
    """The projects that a request is about: what is asked for, as far as its key goes; None: all."""
    grant: Grant | None = request.state.grant
    allowed = (grant.projects or None) if grant else None
    if project is None:
        return allowed
    return (project,) if allowed is None or project in allowed else ()


Projects = Annotated[tuple[str, ...] | None, Depends(_projects)]


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
    """
    app = FastAPI(title="Sentric", docs_url=None, redoc_url=None, openapi_url=None)
    _guard(app, access)
    for kind, status in _STATUS.items():
        app.add_exception_handler(kind, _with_status(status))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(Exception, _own_bug)
    answer = answers(CONCURRENCY)
    _add_health(app, readiness, metrics)
    _add_runs(app, store, answer)
    _add_sessions(app, store, answer)
    if control is not None:
        add_keys(app, control, answer)
    return app


def _guard(app: FastAPI, access: Access) -> None:
    """Let every request be admitted before it finds its way: a path that is added later cannot forget to."""

    @app.middleware("http")
    async def admit(request: Request, call_next: RequestResponseEndpoint) -> Response:
        try:
            request.state.grant = access.admit(request)
        except Denied as denied:
            return json_answer({"error": str(denied)}, denied.status, denied.headers)
        return await call_next(request)

    if not access.key_needed:
        app.middleware("http")(_refuse_foreign_names)


def _add_health(app: FastAPI, readiness: Callable[[], str], metrics: Callable[[], bytes]) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        """The process answers."""
        return json_answer({"status": "ok", "pid": os.getpid()})

    @app.get("/readyz")
    async def readyz() -> Response:
        """The service takes telemetry and keeps it."""
        reason = readiness()
        return json_answer({"error": f"not ready: {reason}"}, 503) if reason else json_answer({"status": "ready"})

    @app.get("/metrics")
    async def counters() -> Response:
        """What the service counts about itself, for Prometheus."""
        return Response(metrics(), media_type=METRICS_TYPE)


def _add_runs(app: FastAPI, store: Store, answer: Answer) -> None:
    @app.get("/v1/runs")
    async def runs(
        projects: Projects, limit: Limit = 50, since: datetime | None = None, conversation: Conversation = None
    ) -> Response:
        """The runs that started since a moment, newest first; those of one conversation, where that is given."""
        moment = _nanoseconds(since)

        def ask() -> dict[str, Any]:
            return {"runs": store.runs(projects=projects, limit=limit, since=moment, conversation=conversation)}

        return await answer(ask)

    @app.get("/v1/recordings")
    async def recordings(projects: Projects, after: Place = None, limit: Limit = PAGE_RUNS) -> Response:
        """Runs with all their events, the earliest first, from where `next` of the page before says."""

        def ask() -> dict[str, Any]:
            place = cursor_of(after) if after else Cursor()
            return page_document(store.recordings(projects=projects, after=place, limit=min(limit, PAGE_RUNS)))

        return await answer(ask)

    @app.get("/v1/runs/{run_id:path}")
    async def run(run_id: str, projects: Projects) -> Response:
        """A judged run by its id, the beginning of its id, or `latest`."""

        def ask() -> dict[str, Any]:
            replay = store.run(run_id, projects=projects)
            if replay is None:
                raise HTTPException(404, f"no run {run_id!r}")
            return run_document(replay)

        return await answer(ask)

    @app.get("/v1/findings")
    async def findings(
        projects: Projects,
        run: Text = None,
        severity: Severity = Severity.LOW,
        rule: Text = None,
        limit: Limit = 100,
    ) -> Response:
        """Findings at or over a severity, newest first."""

        def ask() -> dict[str, Any]:
            found = store.findings(projects=projects, run=run, severity=severity, rule=rule, limit=limit)
            return {"findings": [finding_document(finding) for finding in found]}

        return await answer(ask)


def _add_sessions(app: FastAPI, store: Store, answer: Answer) -> None:
    @app.get("/v1/sessions")
    async def sessions(projects: Projects, limit: Limit = 50, since: datetime | None = None) -> Response:
        """The conversations in which a run started since a moment, that of the latest run first."""
        moment = _nanoseconds(since)
        return await answer(lambda: {"sessions": store.sessions(projects=projects, limit=limit, since=moment)})


def _nanoseconds(moment: datetime | None) -> int:
    """A moment in Unix nanoseconds, as near as the store's times come to it; without a zone, in UTC; 0 for None."""
    if moment is None:
        return 0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, (aware - _EPOCH) // timedelta(microseconds=1) * 1000), (1 << 63) - 1)


async def _refuse_foreign_names(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Answer only to `localhost` and to addresses, where reading takes no key.

    A page that the watched browser shows can point a name of its own at this machine, and so ask us as its own
    origin; it cannot hide that name from us.
    """
    if not _is_own_name(request.url.hostname or ""):
        return json_answer({"error": "ask by address or as localhost"}, 421)
    return await call_next(request)


def _is_own_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
    return json_answer({"error": str(error.detail)}, error.status_code)


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
