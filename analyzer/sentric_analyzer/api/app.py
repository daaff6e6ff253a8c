"""The REST API: runs, findings, health. Every answer is JSON; every error is `{"error": "one line"}`."""

import ipaddress
import json
import os
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import anyio
from anyio.to_thread import run_sync
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from sentric.errors import SentricError
from sentric.policy.rule import Severity
from sentric_analyzer.api.recordings import PAGE_RUNS, CursorError, cursor_of, page_document
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import Store
from sentric_analyzer.storage.recordings import Cursor

CONCURRENCY = 4
"""Requests that may ask the store at once; more wait for one another."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Content type of the Prometheus text format."""
MAX_LIMIT = 1000
"""Most rows of one answer."""

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Text = Annotated[str | None, Query(max_length=512)]
Place = Annotated[str | None, Query(max_length=32_768)]
"""A cursor: it holds a run id, which is as long as an agent made it."""


def create_app(store: Store, readiness: Callable[[], str], metrics: Callable[[], bytes] = bytes) -> FastAPI:
    """The API over a store.

    Args:
        store: where the answers come from; asked in threads, never on the event loop.
        readiness: says why the service is not ready, and nothing while it is.
        metrics: the service's own counters, in the Prometheus text format.
    """
    app = FastAPI(title="Sentric", docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_refuse_foreign_names)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(CursorError, _bad_cursor)
    app.add_exception_handler(SentricError, _store_error)
    app.add_exception_handler(Exception, _own_bug)
    _add_health(app, readiness, metrics)
    _add_runs(app, store, anyio.CapacityLimiter(CONCURRENCY))
    return app


def _add_health(app: FastAPI, readiness: Callable[[], str], metrics: Callable[[], bytes]) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        """The process answers."""
        return _json({"status": "ok", "pid": os.getpid()})

    @app.get("/readyz")
    async def readyz() -> Response:
        """The service takes telemetry and keeps it."""
        reason = readiness()
        return _json({"error": f"not ready: {reason}"}, 503) if reason else _json({"status": "ready"})

    @app.get("/metrics")
    async def counters() -> Response:
        """What the service counts about itself, for Prometheus."""
        return Response(metrics(), media_type=METRICS_TYPE)


def _add_runs(app: FastAPI, store: Store, limiter: anyio.CapacityLimiter) -> None:
    async def answer(ask: Callable[[], Any]) -> Response:
        return await run_sync(lambda: _json(ask()), limiter=limiter)

    @app.get("/v1/runs")
    async def runs(project: Text = None, limit: Limit = 50, since: datetime | None = None) -> Response:
        """The runs that started since a moment, newest first."""
        moment = max(0, int(since.timestamp() * 1_000_000) * 1000) if since else 0
        return await answer(lambda: {"runs": store.runs(project=project, limit=limit, since=moment)})

    @app.get("/v1/recordings")
    async def recordings(project: Text = None, after: Place = None, limit: Limit = PAGE_RUNS) -> Response:
        """Runs with all their events, the earliest first, from where `next` of the page before says."""

        def ask() -> dict[str, Any]:
            place = cursor_of(after) if after else Cursor()
            return page_document(store.recordings(project=project, after=place, limit=min(limit, PAGE_RUNS)))

        return await answer(ask)

    @app.get("/v1/runs/{run_id:path}")
    async def run(run_id: str, project: Text = None) -> Response:
        """A judged run by its id, the beginning of its id, or `latest`."""

        def ask() -> dict[str, Any]:
            replay = store.run(run_id, project=project)
            if replay is None:
                raise HTTPException(404, f"no run {run_id!r}")
            return run_document(replay)

        return await answer(ask)

    @app.get("/v1/findings")
    async def findings(
        project: Text = None,
        run: Text = None,
        severity: Severity = Severity.LOW,
        rule: Text = None,
        limit: Limit = 100,
    ) -> Response:
        """Findings at or over a severity, newest first."""

        def ask() -> dict[str, Any]:
            found = store.findings(project=project, run=run, severity=severity, rule=rule, limit=limit)
            return {"findings": [finding_document(finding) for finding in found]}

        return await answer(ask)


async def _refuse_foreign_names(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Answer only to `localhost` and to addresses.

    A page that the watched browser shows can point a name of its own at this machine, and so ask us as its own
    origin; it cannot hide that name from us.
    """
    if not _is_own_name(request.url.hostname or ""):
        return _json({"error": "ask by address or as localhost"}, 421)
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
    return _json({"error": str(error.detail)}, error.status_code)


async def _bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for these
    problems = (f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
    return _json({"error": "; ".join(problems)}, 400)


async def _bad_cursor(request: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 400)


async def _store_error(request: Request, error: Exception) -> Response:
    return _json({"error": str(error)}, 500)


async def _own_bug(request: Request, error: Exception) -> Response:
    return _json({"error": "an error of Sentric's own: see its log"}, 500)


def _json(document: Any, status: int = 200) -> Response:
    body = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, status, headers, media_type="application/json")
