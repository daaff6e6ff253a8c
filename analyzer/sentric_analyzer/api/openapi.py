"""The API described by itself, as OpenAPI: what its routes state, and what holds for all of them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic import ConfigDict
from pydantic.json_schema import models_json_schema

from sentric._version import __version__
from sentric_analyzer.api.answers import json_answer
from sentric_analyzer.api.bodies import FORM
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import OPEN
from sentric_analyzer.api.pages import PAGE
from sentric_analyzer.api.problems import PROBLEM_TYPE, Problem
from sentric_analyzer.api.routes import Route, Routes, declared_routes

SCOPES = "x-sentric-scopes"
"""Of an operation: the scopes of which a key must have one; none: it takes no key."""

_ABOUT = """\
Reads and controls what `sentric serve` holds.

**Keys.** Send `Authorization: Bearer KEY`. A route names the scopes of which the key must have one; `admin` includes
`read`, `approve` and `operate`, never `decide` or `ingest`. Where the API listens on loopback only, reading takes no
key. What a key is not for is answered as what is not there.

**Errors** are problem documents (RFC 9457), `application/problem+json`; of a route that gives `text/html`, pages.

**Pages.** A list answers `next`: the next request says it in `after`. It is null at the end.

**Times** are RFC 3339 in UTC, unless they are said to be in nanoseconds.
"""
_SCHEME = {"key": {"type": "http", "scheme": "bearer", "description": "An API key: `sentric keys create` makes one."}}
_REF = "#/components/schemas/{model}"
_NOT_MODIFIED = "304"
_UNREAD = "The body is not JSON in UTF-8."
_NO_KEY = "There is no key, or it is not a valid one."
_SCOPE = "The key has none of the scopes, or is for other projects."
_TOO_LARGE = "The body is too large: {limit} bytes are taken."
_NOT_JSON = "The body is not sent as `application/json`."
_NO_FORM = "The body is not a form in UTF-8."
_NOT_FORM = f"The body is not sent as `{FORM}`."
_UNUSABLE = "What the request says cannot be used"
_REASONS = "; `errors` names each of the reasons."
_TOO_OFTEN = "Too many requests: `Retry-After` says how many seconds to wait."
_AWAY = "A store, or the keys, cannot be asked now: try again."


class Description(Document):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


def add_description(app: FastAPI) -> None:
    """Let an app tell what it can be asked. Called when all its other routes are declared."""

    @Routes(app, "description", "What the API can be asked.").get("/openapi.json", OPEN, gives=Description)
    async def describe() -> Response:
        """This description, as OpenAPI."""
        return json_answer(app.openapi())

    app.openapi = cache(lambda: _described(app))  # type: ignore[method-assign]  # as FastAPI has it done


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=__version__, description=_ABOUT, routes=app.routes, tags=app.openapi_tags
    )
    for route in declared_routes(app):
        _complete(document["paths"][route.path_format][route.method.lower()], route)
    _, problems = models_json_schema([(Problem, "serialization")], ref_template=_REF)
    schemas = {**document["components"]["schemas"], **problems["$defs"]}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"] = {"schemas": dict(sorted(schemas.items())), "securitySchemes": _SCHEME}
    return document


def _complete(operation: dict[str, Any], route: Route) -> None:
    """Add what follows from what a route states."""
    operation["security"] = [] if route.needed.open else [{name: [] for name in _SCHEME}]
    operation[SCOPES] = [scope.value for scope in route.needed.scopes]
    for parameter in operation.get("parameters", ()):
        _make_plain(parameter["schema"])
    told = _page if route.gives_page else _problem
    errors = {status: _without_body(status, when) or told(when) for status, when in _errors(operation, route)}
    operation["responses"] = dict(sorted((operation["responses"] | errors).items()))


def _errors(operation: dict[str, Any], route: Route) -> Iterator[tuple[str, str]]:
    """The errors that a route may answer with, and when."""
    if not route.needed.open:
        yield from {"401": _NO_KEY, "403": _SCOPE, "503": _AWAY}.items()
    if route.needed.limited:
        yield "429", _TOO_OFTEN
    if "parameters" in operation or "requestBody" in operation:
        yield "422", f"{_UNUSABLE}." if route.gives_page else f"{_UNUSABLE}{_REASONS}"
    if "requestBody" in operation:
        too_large = _TOO_LARGE.format(limit=f"{route.body_limit:,}")
        unread, of_other_type = (_NO_FORM, _NOT_FORM) if route.form else (_UNREAD, _NOT_JSON)
        yield from {"400": unread, "413": too_large, "415": of_other_type}.items()
    for status, when in route.errors.items():
        yield str(int(status)), when


def _make_plain(schema: dict[str, Any]) -> None:
    """A parameter that is left out is not null."""
    there = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(there) == 1:
        del schema["anyOf"]
        schema.update(there[0])


def _without_body(status: str, when: str) -> dict[str, Any]:
    return {"description": when} if status == _NOT_MODIFIED else {}


def _page(when: str) -> dict[str, Any]:
    return {"description": when, "content": {PAGE: {"schema": {"type": "string"}}}}


def _problem(when: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=Problem.__name__)}
    return {"description": when, "content": {PROBLEM_TYPE: {"schema": schema}}}
