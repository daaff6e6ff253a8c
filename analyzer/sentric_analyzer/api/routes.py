"""How a route is declared: with what it needs, what it gives, and how it refuses.

    runs = Routes(app, "runs", "What agents did, judged.")

    @runs.get("/v1/runs", needs(Scope.READ), gives=Runs)
    async def list_runs(projects: Projects, limit: Limit = 50) -> Response:
        '''The newest runs.'''

The name of the function is the operation's id, and its docstring says what it does.
"""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, Required, TypeAlias, TypedDict, Unpack
from urllib.parse import unquote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from sentric_analyzer.api.access import Access, grant_of
from sentric_analyzer.api.bodies import BODY_LIMIT, FORM, form_fields, with_json_body
from sentric_analyzer.api.needs import Needs
from sentric_analyzer.api.pages import PAGE
from sentric_analyzer.api.problems import Refused, fault, invalid

Gives: TypeAlias = type[BaseModel] | str
"""What an answer holds: a document, or text of this media type."""
EVENT_STREAM = "text/event-stream"
"""Media type of an answer that goes on until whoever asked leaves."""
Errors: TypeAlias = Mapping[int, str]
"""Statuses a route refuses with, and when; those that any route may give are added."""
Endpoint: TypeAlias = Callable[..., Coroutine[Any, Any, Response]]
Declare: TypeAlias = Callable[[Endpoint], Endpoint]


class Stated(TypedDict, total=False):
    """What a route states besides what it needs."""

    gives: Required[Gives]
    status: HTTPStatus
    """Of an answer that is no error: 200 where it is left out."""
    errors: Errors
    body_limit: int
    """Bytes of a request's body: BODY_LIMIT where it is left out."""
    form: type[BaseModel]
    """What the body of a request is where that is not JSON but what a page sends: see `form_of`."""


class Route(APIRoute):
    """A route that states what it needs. Whoever asks is authorized before the body of the request is read."""

    def __init__(self, method: str, path: str, endpoint: Endpoint, tag: str, needed: Needs, stated: Stated) -> None:
        self.method = method
        self.needed = needed
        self.errors = stated.get("errors", {})
        self.body_limit = stated.get("body_limit", BODY_LIMIT)
        self.streams = stated["gives"] == EVENT_STREAM
        self.gives_page = stated["gives"] == PAGE
        self.form = stated.get("form")
        gives, status = stated["gives"], stated.get("status", HTTPStatus.OK)
        text = {"content": {gives: {"schema": _schema(gives)}}} if isinstance(gives, str) else {}
        super().__init__(
            path,
            endpoint,
            methods=[method],
            tags=[tag],
            operation_id=endpoint.__name__,
            summary=cleandoc(endpoint.__doc__ or "").partition("\n")[0].rstrip("."),
            status_code=int(status),
            response_class=Response,
            response_model=None,
            response_description=status.phrase,
            responses={int(status): text or {"model": gives}},
            openapi_extra=_form_body(self.form) if self.form else None,
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if not self.needed.open:
                access: Access = request.app.state.access
                access.authorize(grant_of(request), self.needed)
            _check_address(request)
            if self.body_field is not None:
                request = await with_json_body(request, self.body_limit)
            if self.form is not None:
                request.state.form = _filled_in(self.form, await form_fields(request, self.body_limit))
            return await handle(request)

        return guarded


def _check_address(request: Request) -> None:
    """Refuse what no database can look for."""
    if "\x00" in request.scope["path"]:
        raise Refused(HTTPStatus.NOT_FOUND, "path: the character NUL is in no name")
    if "\x00" in unquote(request.url.query):
        raise invalid([fault("query", [], "the character NUL is in no name")])


def _schema(media_type: str) -> dict[str, str]:
    """What text of a media type holds: YAML is taken as what it stands for."""
    return {"type": "string" if media_type.startswith("text/") else "object"}


def _form_body(form: type[BaseModel]) -> dict[str, Any]:
    content = {FORM: {"schema": form.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


def _filled_in(form: type[BaseModel], fields: Mapping[str, str]) -> BaseModel:
    try:
        return form.model_validate(fields)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(errors) from None


def form_of(request: Request) -> Any:
    """What was sent with the form that a route states."""
    return request.state.form


class Routes:
    """Declares the routes of one part of the API.

    Args:
        app: has them.
        tag: names the part in the description of the API; a part may be declared in several places.
        about: says what the part is, in a sentence.
    """

    def __init__(self, app: FastAPI, tag: str, about: str) -> None:
        self._app = app
        self._tag = tag
        others = [one for one in app.openapi_tags or () if one["name"] != tag]
        app.openapi_tags = [*others, {"name": tag, "description": about}]

    def get(self, path: str, needed: Needs, **stated: Unpack[Stated]) -> Declare:
        """Declare what is read with GET."""
        return self._declare("GET", path, needed, stated)

    def post(self, path: str, needed: Needs, **stated: Unpack[Stated]) -> Declare:
        """Declare what is done with POST."""
        return self._declare("POST", path, needed, stated)

    def put(self, path: str, needed: Needs, **stated: Unpack[Stated]) -> Declare:
        """Declare what is replaced with PUT."""
        return self._declare("PUT", path, needed, stated)

    def patch(self, path: str, needed: Needs, **stated: Unpack[Stated]) -> Declare:
        """Declare what is changed in part with PATCH."""
        return self._declare("PATCH", path, needed, stated)

    def delete(self, path: str, needed: Needs, **stated: Unpack[Stated]) -> Declare:
        """Declare what is taken away with DELETE."""
        return self._declare("DELETE", path, needed, stated)

    def _declare(self, method: str, path: str, needed: Needs, stated: Stated) -> Declare:
        def declare(endpoint: Endpoint) -> Endpoint:
            self._app.router.routes.append(Route(method, path, endpoint, self._tag, needed, stated))
            return endpoint

        return declare


def open_paths(app: FastAPI) -> Callable[[str], Needs | None]:
    """What says of a path of an app what it states, where that takes no key; None of all others.

    Raises:
        TypeError: a route does not say what it needs.
    """
    routes = [(route.path_regex, route.needed) for route in declared_routes(app) if route.needed.open]
    return lambda path: next((needed for form, needed in routes if form.fullmatch(path)), None)


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
    for what in (lambda route: route.operation_id, lambda route: (route.path, route.method)):
        found = list(map(what, routes))
        if twice := next((one for one in found if found.count(one) > 1), None):
            raise TypeError(f"{twice} is declared twice")
    return routes
