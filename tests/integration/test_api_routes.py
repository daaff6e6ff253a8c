"""What every route states, and keeps to: routes that are added later are looked at too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI, Response

from sentric_analyzer.api import create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.models import Document
from sentric_analyzer.api.needs import OPEN, needs
from sentric_analyzer.api.routes import Route, Routes, declared_routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.store import ControlStore, control_url
from sentric_analyzer.storage import Store, embedded_url


@dataclass
class Apps:
    """The API on loopback, and where everything takes a key, with a key of each scope."""

    local: FastAPI
    open: FastAPI
    keys: dict[Scope, str]

    async def ask(self, app: FastAPI, route: Route, key: str = "") -> httpx.Response:
        transport = httpx.ASGITransport(app)
        path = re.sub(r"\{[^}]*\}", "nothing", route.path)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            return await client.request(next(iter(route.methods)), path)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    data_dir = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(data_dir)) as store, ControlStore.open(control_url(data_dir)) as control:
        keys = {scope: control.create_key(projects=["shop"], scopes=[scope]).secret for scope in Scope}
        local, opened = (
            create_app(store, str, access=Access(control.key_ring, key_needed=needed), control=control)
            for needed in (False, True)
        )
        yield Apps(local, opened, keys)


async def test_every_route_takes_a_key_unless_it_is_open(apps: Apps) -> None:
    for route in declared_routes(apps.open):
        answer = await apps.ask(apps.open, route)
        assert (answer.status_code == 401) is not route.needed.open, route.path


async def test_every_route_refuses_keys_with_other_scopes_than_its_own(apps: Apps) -> None:
    for route in declared_routes(apps.open):
        for scope, key in apps.keys.items():
            for app in (apps.local, apps.open):
                answer = await apps.ask(app, route, key)
                assert (answer.status_code == 403) is not route.needed.met_by(frozenset({scope})), (route.path, scope)


async def test_on_loopback_reading_alone_takes_no_key(apps: Apps) -> None:
    for route in declared_routes(apps.local):
        answer = await apps.ask(apps.local, route)
        takes_none = route.needed.open or Scope.READ in route.needed.scopes
        assert (answer.status_code == 401) is not takes_none, route.path


def test_what_is_open_is_this(apps: Apps) -> None:
    found = {route.path for route in declared_routes(apps.open) if route.needed.open}
    assert found == {"/healthz", "/readyz"}


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
    routes = Routes(app, "tests")
    for each, needed in (("/a", OPEN), (path, needs(Scope.READ))):

        @routes.get(each, needed, gives=Nothing)
        async def nothing() -> Response:
            """Nothing."""
            return Response()

    with pytest.raises(TypeError, match="nothing is declared twice"):
        declared_routes(app)
