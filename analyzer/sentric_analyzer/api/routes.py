"""How a route is declared: with what it needs, what it gives, and how it refuses.

    runs = Routes(app, "runs")

    @runs.get("/v1/runs", needs(Scope.READ), gives=Runs)
    async def list_runs(projects: Projects, limit: Limit = 50) -> Response:
        '''The newest runs.'''

The name of the function is the operation's id, and its docstring says what it does.
"""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from sentric_analyzer.api.access import Access, grant_of
from sentric_analyzer.api.needs import Needs

Gives: TypeAlias = type[BaseModel] | str
"""What an answer holds: a document, or text of this media type."""
Errors: TypeAlias = Mapping[int, str]
"""Statuses a route refuses with, and when; those that any route may give are added."""
Endpoint: TypeAlias = Callable[..., Coroutine[Any, Any, Response]]
Declare: TypeAlias = Callable[[Endpoint], Endpoint]


class Route(APIRoute):
    """A route that states what it needs. Whoever asks is authorized before its body is read."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, needed: Needs, errors: Errors, **stated: Any
    ) -> None:
        self.needed = needed
        self.errors = errors
        super().__init__(path, endpoint, **stated)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if not self.needed.open:
                access: Access = request.app.state.access
                access.authorize(grant_of(request), self.needed)
            return await handle(request)

        return guarded


class Routes:
    """Declares the routes of one part of the API.

    Args:
        app: has them.
        tag: names the part in the description of the API.
    """

    def __init__(self, app: FastAPI, tag: str) -> None:
        self._app = app
        self._tag = tag

    def get(self, path: str, needed: Needs, *, gives: Gives, errors: Errors | None = None) -> Declare:
        """Declare what is read with GET."""
        return self._add("GET", path, needed, gives, HTTPStatus.OK, errors)

    def post(
        self,
        path: str,
        needed: Needs,
        *,
        gives: Gives,
        status: HTTPStatus = HTTPStatus.OK,
        errors: Errors | None = None,
    ) -> Declare:
        """Declare what is done with POST."""
        return self._add("POST", path, needed, gives, status, errors)

    def put(self, path: str, needed: Needs, *, gives: Gives, errors: Errors | None = None) -> Declare:
        """Declare what is replaced with PUT."""
        return self._add("PUT", path, needed, gives, HTTPStatus.OK, errors)

    def delete(self, path: str, needed: Needs, *, gives: Gives, errors: Errors | None = None) -> Declare:
        """Declare what is taken away with DELETE."""
        return self._add("DELETE", path, needed, gives, HTTPStatus.OK, errors)

    def _add(
        self, method: str, path: str, needed: Needs, gives: Gives, status: HTTPStatus, errors: Errors | None
    ) -> Declare:
        def declare(endpoint: Endpoint) -> Endpoint:
            summary, _, more = cleandoc(endpoint.__doc__ or "").partition("\n")
            text = {"content": {gives: {"schema": {"type": "string"}}}} if isinstance(gives, str) else {}
            route = Route(
                path,
                endpoint,
                needed=needed,
                errors=errors or {},
                methods=[method],
                tags=[self._tag],
                operation_id=endpoint.__name__,
                summary=summary.rstrip("."),
                description=more.strip(),
                status_code=int(status),
                response_class=Response,
                response_model=None,
                response_description=status.phrase,
                responses={int(status): text or {"model": gives}},
            )
            self._app.router.routes.append(route)
            return endpoint

        return declare


def declared_routes(app: FastAPI) -> list[Route]:
    """Every route of an app.

    Raises:
        TypeError: one does not say what it needs, or two have the same name or place.
    """
    routes: list[Route] = []
    for route in app.routes:
        if not isinstance(route, Route):
            raise TypeError(f"{getattr(route, 'path', route)} does not say what it needs: declare it with Routes")
        routes.append(route)
    for what in (lambda route: route.operation_id, lambda route: (route.path, tuple(route.methods))):
        found = list(map(what, routes))
        if twice := next((one for one in found if found.count(one) > 1), None):
            raise TypeError(f"{twice} is declared twice")
    return routes
