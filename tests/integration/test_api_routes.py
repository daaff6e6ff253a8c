"""What every route states, and keeps to: routes that are added later are looked at too."""

import asyncio
import json
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI, Response

from sentric._version import __version__
from sentric_analyzer.api import create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import OPEN, needs
from sentric_analyzer.api.routes import Route, Routes, declared_routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.people import Role
from sentric_analyzer.storage import Store, embedded_url
from support.planes import control_plane


@dataclass
class Apps:
    """The API on loopback, and where everything takes a key, with a key of each scope."""

    local: FastAPI
    open: FastAPI
    keys: dict[Scope, str]

    async def ask(self, app: FastAPI, route: Route, key: str = "") -> int:
        """The status of the answer; its body, which may be a stream that never ends, is not waited for."""
        headers = [(b"host", b"localhost"), *([(b"authorization", f"Bearer {key}".encode())] if key else [])]
        path = re.sub(r"\{[^}]*\}", "nothing", route.path)
        scope = {"type": "http", "method": route.method, "path": path, "raw_path": path.encode(), "headers": headers}
        more = {"query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("localhost", 80)}
        status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        sent = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            if (message := next(sent, None)) is None:
                await asyncio.Event().wait()
            return message or {}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and not status.done():
                status.set_result(message["status"])

        asking: asyncio.Future[Any] = asyncio.ensure_future(app(scope | more, receive, send))
        await asyncio.wait([asking, cast("asyncio.Future[Any]", status)], return_when=asyncio.FIRST_COMPLETED)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return status.result()


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    data_dir = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(data_dir)) as store, control_plane(data_dir) as plane:
        plane.store.people.add("Ada", Role.ADMIN, actor="local")
        people = {Scope.APPROVE: "Ada"}
        keys = {
            scope: plane.store.keys.create(
                projects=["shop"][: scope is not Scope.ADMIN], scopes=[scope], person=people.get(scope, "")
            ).secret
            for scope in Scope
        }
        local, opened = (
            create_app(store, str, access=Access(plane.keys.ring, key_needed=needed), plane=plane)
            for needed in (False, True)
        )
        yield Apps(local, opened, keys)


async def test_every_route_takes_a_key_unless_it_is_open(apps: Apps) -> None:
    for route in declared_routes(apps.open):
        answer = await apps.ask(apps.open, route)
        assert (answer == 401) is not route.needed.open, route.path


async def test_every_route_refuses_keys_with_other_scopes_than_its_own(apps: Apps) -> None:
    for route in declared_routes(apps.open):
        for scope, key in apps.keys.items():
            for app in (apps.local, apps.open):
                answer = await apps.ask(app, route, key)
                assert (answer == 403) is not route.needed.met_by(frozenset({scope})), (route.path, scope)


async def test_on_loopback_reading_alone_takes_no_key(apps: Apps) -> None:
    for route in declared_routes(apps.local):
        answer = await apps.ask(apps.local, route)
        takes_none = route.needed.open or (Scope.READ in route.needed.scopes and not route.needed.somebody)
        assert (answer == 401) is not takes_none, route.path


def test_what_is_open_is_this(apps: Apps) -> None:
    found = {route.path for route in declared_routes(apps.open) if route.needed.open}
    assert found == {"/healthz", "/readyz", "/openapi.json", "/approve/{secret}", "/v1/webhooks/telnyx"}


class Nothing(Document):
    """Nothing."""


def test_a_route_that_does_not_say_what_it_needs_is_refused() -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/v1/secrets")
    async def secrets() -> None: ...

    with pytest.raises(TypeError, match="/v1/secrets does not say what it needs"):
        declared_routes(app)


@pytest.mark.parametrize("path", ["/a", "/b"])
def test_two_routes_of_one_name_are_refused(path: str) -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    routes = Routes(app, "tests", "Tests.")
    for each, needed in (("/a", OPEN), (path, needs(Scope.READ))):

        @routes.get(each, needed, gives=Nothing)
        async def nothing() -> Response:
            """Nothing."""
            return Response()

    with pytest.raises(TypeError, match="nothing is declared twice"):
        declared_routes(app)


async def test_the_description_is_published_to_whoever_asks(apps: Apps) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(apps.open), base_url="http://localhost") as client:
        answer = await client.get("/openapi.json")
    assert answer.json() == apps.open.openapi()
    assert answer.json()["info"]["version"] == __version__


def operations(app: FastAPI) -> Iterator[tuple[Route, dict[str, Any]]]:
    paths = app.openapi()["paths"]
    for route in declared_routes(app):
        yield route, paths[route.path_format][route.method.lower()]


def test_every_route_is_described_whole(apps: Apps) -> None:
    told = {tag["name"] for tag in apps.open.openapi()["tags"]}
    for route, operation in operations(apps.open):
        where = f"{route.method} {route.path}"
        assert operation["operationId"] == route.name, where
        assert operation["description"], where
        assert set(operation["tags"]) <= told, where
        assert operation["x-sentric-scopes"] == list(route.needed.scopes), where
        assert operation["security"] == ([] if route.needed.open else [{"key": []}]), where
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], f"{where}: {parameter['name']}"
        for status, answer in operation["responses"].items():
            if status == "304":
                continue  # it has no body
            (content,) = answer["content"].items()
            error = "text/html" if route.gives_page else "application/problem+json"
            assert status < "4" or content[0] == error, where
            assert status >= "4" or content[0] != "application/problem+json", where
            assert content[1]["schema"], f"{where}: {status} has no schema"


def test_every_error_of_a_route_is_described(apps: Apps) -> None:
    for route, operation in operations(apps.open):
        errors = {status for status in operation["responses"] if status >= "4"}
        assert route.needed.open or {"401", "403", "429", "503"} <= errors
        assert "requestBody" not in operation or {"400", "413", "415", "422"} <= errors
        assert "parameters" not in operation or "422" in errors


def test_nothing_is_described_that_is_not_used(apps: Apps) -> None:
    document = json.dumps(apps.open.openapi())
    for name in apps.open.openapi()["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in document, name
