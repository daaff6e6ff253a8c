"""A guard's policy comes from a real service: what is activated there is in force here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from sentric.errors import PolicyError
from sentric.guard import judgement
from sentric.guard.link import Link
from sentric.guard.supply.service import FromService
from sentric.policy.loader import load_policy
from sentric.settings import Settings
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.control import Scope
from sentric_analyzer.control.signing import Signer
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.storage import Store, embedded_url
from support.planes import control_plane
from support.serving import poll
from support.supplying import pack, rules


@dataclass
class Service:
    """A service with a project that a key is for."""

    plane: ControlPlane
    app: FastAPI
    directory: Path
    key: str = ""

    def __post_init__(self) -> None:
        self.key = self.plane.store.keys.create(projects=["shop"], scopes=[Scope.DECIDE]).secret

    @contextmanager
    def served(self, address: str = "127.0.0.1:0") -> Iterator[str]:
        """Serve the API at an address, which is told."""
        with ApiServer(self.app, address) as server:
            yield server.address

    def activate(self, text: str) -> None:
        """Put a policy in force."""
        policies = self.plane.store.policies
        policies.activate("shop", policies.save("shop", {"policy.yaml": text}, actor="a").version, actor="a")
        self.plane.in_force.refresh()

    def settings(self, address: str, **more: Any) -> Settings:
        """Of an agent whose policy this service gives."""
        stated = {"url": f"http://{address}", "api_key": self.key, "project": "shop", "mode": "enforce"}
        signed = {"policy_key": self.plane.signer.public_key, "guard_dir": str(self.directory / "guard")}
        return Settings(**{**stated, **signed, **more})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(directory)) as store, control_plane(directory) as plane:
        app = create_app(store, str, access=Access(plane.keys.ring, key_needed=True), plane=plane)
        yield Service(plane, app, directory)


def source_of(settings: Settings) -> FromService:
    source = judgement.source(settings)
    assert isinstance(source, FromService)
    return source


def refused(settings: Settings) -> str:
    with pytest.raises(PolicyError) as caught:
        judgement.policy(settings)
    return str(caught.value)


@contextmanager
def another_process() -> Iterator[None]:
    """What is known in this one is not known in the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judgement, "_made", {})
        yield


def test_what_a_service_activates_is_in_force_here_within_a_moment_and_stays_when_it_is_gone(service: Service) -> None:
    with service.served() as address:
        settings = service.settings(address)
        source, link = source_of(settings), Link.of(settings)
        assert link is not None
        watch = link.watch("buyer", "buyer")
        try:
            assert source.current().digest == load_policy().digest
            assert watch.wait(60)
            service.activate(pack("one"))
            poll(lambda: rules(source.current()) == ["one"], 10)  # long before it would be asked for again
            (kept,) = (service.directory / "guard").glob("*.json")
            poll(lambda: json.loads(kept.read_bytes())["number"] == 1)
        finally:
            link.close()
    other = service.settings(address, policy_key=Signer(bytes(32)).public_key)
    with another_process():
        again = source_of(settings)
        assert again is not source
        assert rules(again.current()) == rules(source.current()) == ["one"]
        assert "is `sentric serve` running there" in refused(other)
        with service.served(address):
            source_of(other).told()
            poll(lambda: "is signed with another key" in refused(other), 10)
            service.activate(pack("two"))
            again.told()
            poll(lambda: rules(again.current()) == ["two"], 10)


def test_whoever_may_not_have_the_policy_is_told_why(service: Service) -> None:
    with service.served() as address:
        assert "SENTRIC_API_KEY" in refused(service.settings(address, api_key="unknown"))
        assert "SENTRIC_PROJECT" in refused(service.settings(address, project="bank"))
