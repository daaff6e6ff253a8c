"""What the API is asked is made up from its own description, and what it answers is held against that."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fixtures.replays import SECOND, STARTED, judged_run
from sentric_analyzer.api import create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.routes import EVENT_STREAM
from sentric_analyzer.control import Scope
from sentric_analyzer.control.people import Role
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.storage import Store, embedded_url
from support.planes import control_plane

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The API over stores in which there is something, where everything takes a key."""
    data_dir = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(data_dir)) as store, control_plane(data_dir) as plane:
        store.insert_replays([judged_run(f"run-{n}", started=STARTED + n * SECOND) for n in range(3)])
        app = create_app(store, str, access=Access(plane.keys.ring, key_needed=True), plane=plane)
        plane.store.people.add("Ada", Role.ADMIN, actor="local")
        app.state.keys = {scope: key(plane, scope) for scope in Scope}
        yield app


def key(plane: ControlPlane, scope: Scope) -> str:
    """A key with a scope: one to approve with is somebody's."""
    projects = [] if scope is Scope.ADMIN else ["shop"]
    person = "Ada" if scope is Scope.APPROVE else ""
    return plane.store.keys.create(projects=projects, scopes=[scope], person=person).secret


def fuzz(app: FastAPI, examples: int) -> None:
    """Ask every route so often, with a key that is good for it."""
    document = copy.deepcopy(app.openapi())
    for path in document["paths"].values():
        for operation in path.values():
            operation["security"] = []  # what becomes of wrong keys is tried elsewhere
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if EVENT_STREAM not in operation.definition.raw["responses"].get("200", {}).get("content", {}):
            ask_often(operation, app.state.keys, examples)


def ask_often(operation: Any, keys: dict[Scope, str], examples: int) -> None:
    stated = operation.definition.raw
    scopes = stated["x-sentric-scopes"]
    headers = {"Authorization": f"Bearer {keys[Scope(scopes[0])]}"} if scopes else {}
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if "requestBody" in stated or any(parameter["in"] == "query" for parameter in stated.get("parameters", ())):
        cases |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code not in {401, 403}

    ask()


def test_whatever_is_asked_is_answered_as_it_is_described(app: FastAPI) -> None:
    fuzz(app, 8)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_whatever_is_asked_often_is_answered_as_it_is_described(app: FastAPI) -> None:
    fuzz(app, 1_000)
