"""What is of one project is told to nobody of another: in no list, no stream, and not where an id is known."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sentric_analyzer.api.routes import declared_routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.serving import poll
from support.sse import streaming

CANARY = "canary7bank"
BANK = f"bank-{CANARY}"
NAMESAKE = "of-both"
"""The id of an agent that each of the projects has."""
QUERIES = ("", f"?project={BANK}", f"?agent_id={CANARY}", "?limit=1000&open=false&state=pending", "?wait=0.01")
STREAMS = ("/v1/stream", "/v1/guard/stream")
MINE = ("shop reads", "shop decides")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Plane]:
    """A service of two projects, with keys for each."""
    with Store.open(embedded_url(tmp_path)) as runs, plane(tmp_path, control_url(tmp_path), runs) as found:
        for project, short in ((BANK, "bank"), ("shop", "shop")):
            found.store.people.add(f"{short} operator", Role.OPERATOR, actor="local")
            for name, scopes, person in (
                ("reads", {Scope.READ, Scope.APPROVE, Scope.OPERATE}, f"{short} operator"),
                ("decides", {Scope.DECIDE}, ""),
            ):
                made = found.store.keys.create(projects=[project], scopes=scopes, person=person)
                found.keys[f"{short} {name}"] = made.secret
        yield found


class Nothing(dict[str, str]):
    """What a path names, and something that there is not for what is not known."""

    def __missing__(self, key: str) -> str:
        return "nothing"


def shown(answer: httpx.Response, asked: str) -> str:
    """What an answer tells besides what was asked."""
    return answer.text if answer.status_code == 200 else answer.text.replace(asked, "")


def test_no_route_and_no_stream_tells_of_another_project(served: Plane) -> None:
    told: dict[str, Any] = {"arguments": {"x": CANARY}, "reasoning": CANARY, "context": {"x": CANARY}}
    since = {"Last-Event-ID": "0"}
    with (
        streaming(served, "/v1/stream", "shop reads", **since) as watching,
        streaming(served, f"/v1/stream?project={BANK}", "shop reads", **since) as asking,
        streaming(served, f"/v1/guard/stream?agent_id={NAMESAKE}", "shop decides") as guard,
    ):
        assert served.decide(NAMESAKE, "block", "bank decides", **told)["strikes"] == 1
        assert served.post(f"/v1/agents/{NAMESAKE}/stop", "bank reads", reason=CANARY).status_code == 200
        asked = served.decide(CANARY, "ask", "bank decides", agent_name=CANARY, **told)
        blocked = served.decide(CANARY, "block", "bank decides", **told)
        assert served.post(f"/v1/agents/{CANARY}/stop", "bank reads", reason=CANARY).status_code == 200
        names = Nothing(approval_id=asked["approval_id"], decision_id=blocked["decision_id"], selector=CANARY)
        looked = 0
        for route in declared_routes(served.app):
            if route.method == "GET" and route.path not in (*STREAMS, "/openapi.json"):
                path = route.path_format.format_map(names)
                for query, who in ((query, who) for query in QUERIES for who in MINE):
                    looked += 1
                    answer = served.ask("GET", path + query, who)
                    assert CANARY not in shown(answer, CANARY), (path, query, answer.text)
                    assert not answer.is_server_error, (path, query, who, answer.text)
                if any(f"{{{name}" in route.path for name in names):
                    assert served.ask("GET", path, "shop reads").status_code == 404, path
        assert looked > 100
        mine_alone = served.got("/v1/agents", "shop reads")["agents"]
        assert all((agent["strikes"], agent["stops"], agent["state"]) == (0, [], "active") for agent in mine_alone)
        mine = served.decide("of-the-shop", "ask", "shop decides")
        watching.told("approval.ask", subject=mine["approval_id"])
        poll(lambda: asking.comments)
        assert CANARY not in json.dumps(watching.events)
        assert asking.events == []
        assert {data["state"] for name, data in guard.events if name == "state"} == {"active"}


def test_nobody_changes_what_is_of_another_project(served: Plane) -> None:
    asked = served.decide(CANARY, "ask", "bank decides", agent_name=CANARY)
    before = served.store.changes.head()
    for path in ("approve", "deny", "cancel"):
        for beginning in (32, 8, 1):
            approval_id = asked["approval_id"][:beginning]
            assert served.post(f"/v1/approvals/{approval_id}/{path}", "shop reads").status_code == 404
    for path in ("stop", "reset"):
        for body in ({}, {"project": BANK}, {"by": "name"}, {"by": "name", "project": BANK}):
            assert served.post(f"/v1/agents/{CANARY}/{path}", "shop reads", **body).status_code == 404
    wish = {"agent_id": CANARY, "action": "ask"}
    for more, status in (({"project": BANK}, 404), ({"approval_id": asked["approval_id"]}, 404)):
        assert served.ask("POST", "/v1/decisions", "shop decides", json=wish | more).status_code == status
    assert served.store.changes.head() == before
    assert served.got(f"/v1/agents/{CANARY}", "bank reads")["agents"][0]["state"] == "active"
