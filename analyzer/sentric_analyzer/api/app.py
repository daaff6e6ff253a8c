"""The REST API: what it consists of."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from sentric.errors import SentricError
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.answers import answers
from sentric_analyzer.api.cursors import CursorError
from sentric_analyzer.api.entrance import Entrance
from sentric_analyzer.api.health import add_health
from sentric_analyzer.api.keys import add_keys
from sentric_analyzer.api.openapi import add_description
from sentric_analyzer.api.origins import let_ask
from sentric_analyzer.api.problems import add_problems, refuse_with
from sentric_analyzer.api.routes import declared_routes
from sentric_analyzer.api.runs import add_runs
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.storage import Store, StoreAwayError

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

CONCURRENCY = 4
"""Requests that may ask the store at once; more wait for one another."""

_STATUSES: dict[type[Exception], int] = {
    CursorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SentricError: HTTPStatus.INTERNAL_SERVER_ERROR,
    StoreAwayError: HTTPStatus.SERVICE_UNAVAILABLE,
    ControlError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What errors that may come from anywhere are answered with; the others stand with the routes they come from."""


def create_app(
    store: Store,
    readiness: Callable[[], str],
    metrics: Callable[[], bytes] = bytes,
    *,
    access: Access,
    control: "ControlStore | None" = None,
    origins: tuple[str, ...] = (),
) -> FastAPI:
    """The API over a store.

    Args:
        store: where the answers come from; asked in threads, never on the event loop.
        readiness: says why the service is not ready, and nothing while it is.
        metrics: the service's own counters, in the Prometheus text format.
        access: decides who may ask, before anything else is looked at.
        control: keeps the keys; without it there is no managing them.
        origins: those whose pages a browser may let ask.

    Raises:
        TypeError: a route does not say what it needs.
    """
    app = FastAPI(title="Sentric", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.access = access
    add_problems(app)
    refuse_with(app, _STATUSES)
    answer = answers(CONCURRENCY)
    add_health(app, readiness, metrics)
    add_runs(app, store, answer)
    if control is not None:
        add_keys(app, control, answer)
    add_description(app)
    open_paths = {route.path: route.needed for route in declared_routes(app) if route.needed.open}
    app.add_middleware(Entrance, access=access, open_paths=open_paths)
    if origins:
        let_ask(app, origins)
    return app


def published_description() -> dict[str, Any]:
    """The description of the whole API, as OpenAPI, without a service that would answer."""
    stand_in: Any = object()  # nothing is asked of any part while routes are declared
    return create_app(stand_in, str, access=Access(lambda: None, key_needed=True), control=stand_in).openapi()
