"""A control plane for tests that is served over HTTP, with people and keys."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from sentric.policy.loader import load_bundle
from sentric.redaction import Redactor
from sentric.settings import Settings
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.control import Scope
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.policies import Active, ActivePolicies, Bundle
from sentric_analyzer.storage import Store
from support.deciding import DOCUMENTS, KEY


@dataclass
class Plane:
    """A control plane that is served over HTTP, with keys to ask with."""

    control: ControlPlane
    address: str
    client: httpx.Client
    app: FastAPI
    server: ApiServer
    keys: dict[str, str] = field(default_factory=dict[str, str])
    """By who has them."""
    people: dict[str, str] = field(default_factory=dict[str, str])
    """Ids, by name."""

    @property
    def store(self) -> ControlStore:
        return self.control.store

    def end(self) -> None:
        """Serve no longer."""
        self.server.__exit__()

    def ask(self, method: str, path: str, who: str = "", **more: Any) -> httpx.Response:
        """Ask as somebody; without a name, as nobody."""
        headers = {"Authorization": f"Bearer {self.keys.get(who, who)}"} if who else {}
        return self.client.request(method, path, **{**more, "headers": headers | more.get("headers", {})})

    def decide(self, agent_id: str, action: str, who: str = "agent", **more: Any) -> dict[str, Any]:
        """Ask for a decision, which there must be."""
        answer = self.ask("POST", "/v1/decisions", who, json={"agent_id": agent_id, "action": action, **more})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def got(self, path: str, who: str = "reader") -> Any:
        """What is read at a path."""
        answer = self.ask("GET", path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, who: str, **body: Any) -> httpx.Response:
        """Ask for a change."""
        return self.ask("POST", path, who, json=body)


def keep(store: ControlStore, *, project: str = "shop", suffix: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """Make people and keys in a store: the keys by who has them, and the ids of people by their names."""
    people = {
        name: store.people.add(f"{name}{suffix}", role, actor="local").person_id
        for name, role in {"ann": Role.APPROVER, "bob": Role.APPROVER, "olga": Role.OPERATOR}.items()
    }
    wanted: dict[str, tuple[set[Scope], str]] = {
        "agent": ({Scope.DECIDE}, ""),
        "reader": ({Scope.READ}, ""),
        "ann": ({Scope.READ, Scope.APPROVE}, "ann"),
        "bob": ({Scope.READ, Scope.APPROVE}, "bob"),
        "olga": ({Scope.READ, Scope.APPROVE, Scope.OPERATE}, "olga"),
    }
    keys = {
        name: store.keys.create(name=name, projects=[project], scopes=scopes, person=people.get(person, "")).secret
        for name, (scopes, person) in wanted.items()
    }
    return keys, people


@contextmanager
def plane(
    directory: Path, control_url: str, store: Store, documents: Mapping[str, str] = DOCUMENTS, **settings: Any
) -> Iterator[Plane]:
    """A control plane with people and keys of the project `shop`, served at a free port.

    Args:
        directory: for what the service keeps beside its database.
        control_url: of the database.
        store: the runs that are served beside it.
        documents: the policy.
        settings: of the service.
    """
    active = ActivePolicies(Active(load_bundle(documents), Bundle(documents), of_settings=True))
    made = ControlPlane(
        Settings(control=control_url, **settings),
        directory,
        key=KEY,
        new_redactor=lambda: Redactor(KEY),
        active=active,
        on_keys=lambda ring: None,
    )
    with made as control:
        access = Access(control.keys.ring, key_needed=True)
        app = create_app(store, control.failure, access=access, plane=control)
        with (
            ApiServer(app, "127.0.0.1:0") as server,
            httpx.Client(base_url=f"http://{server.address}", timeout=60.0, trust_env=False) as client,
        ):
            found = Plane(control, server.address, client, app, server)
            if not control.store.people.list():
                found.keys, found.people = keep(control.store)
            yield found
