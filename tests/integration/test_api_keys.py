"""Who may ask the API for what."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.replays import SECOND, STARTED, judged_run
from fixtures.store_rows import empty
from sentric.errors import SentricError
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.api.client import Client
from sentric_analyzer.api.failures import Failures
from sentric_analyzer.api.reader import open_reader
from sentric_analyzer.api.served import SERVE_FILE, admin_key
from sentric_analyzer.control import KeyRing, Scope
from sentric_analyzer.control.keys import ADMIN_KEY_FILE, new_secret
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.receiver.rates import Buckets
from sentric_analyzer.storage import Store, embedded_url
from support.access import problem
from support.planes import control_plane

RUN_PATHS = ("/v1/runs", "/v1/runs/shop-1", "/v1/recordings", "/v1/recordings/shop-1")
PATHS = (*RUN_PATHS, "/v1/findings", "/v1/projects", "/metrics")
LOCAL, OPEN = "local", "open"


class Api:
    """An API on loopback, and one that takes a key for everything, over the same stores."""

    def __init__(self, store: Store, control: ControlStore) -> None:
        self.store = store
        self.control = control
        self.addresses: dict[str, str] = {}
        self.access = {
            where: Access(self.ring, key_needed=where == OPEN, on_count=self.count) for where in (LOCAL, OPEN)
        }
        self.known = True
        self.counted: list[tuple[str, str, int]] = []

    def count(self, *counted: Any) -> None:
        self.counted.append(counted)

    def ring(self) -> KeyRing | None:
        return self.control.keys.ring() if self.known else None

    def key(self, *scopes: Scope, projects: tuple[str, ...] = ("shop",), expires: float | None = None) -> str:
        person = "Ada" if Scope.APPROVE in scopes else ""
        return self.control.keys.create(projects=projects, scopes=scopes, expires=expires, person=person).secret

    def ask(self, path: str, key: str = "", where: str = OPEN, method: str = "GET", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"http://{self.addresses[where]}{path}"
        return httpx.request(method, url, trust_env=False, **{"headers": headers} | more)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    data_dir = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(data_dir)) as store, control_plane(data_dir) as plane:
        plane.store.people.add("Ada", Role.ADMIN, actor="local")
        api = Api(store, plane.store)
        apps = {where: create_app(store, str, access=api.access[where], plane=plane) for where in (LOCAL, OPEN)}
        with ApiServer(apps[LOCAL], "127.0.0.1:0") as local, ApiServer(apps[OPEN], "127.0.0.1:0") as opened:
            api.addresses = {LOCAL: local.address, OPEN: opened.address}
            yield api


@pytest.fixture
def api(served: Api) -> Iterator[Api]:
    empty(served.store)
    for access in served.access.values():
        access.failures, access.clock = Failures(), time.time
    served.store.insert_replays(
        [
            judged_run(f"{project}-1", project=project, started=STARTED + n * SECOND)
            for n, project in enumerate(("shop", "bank", "club"))
        ]
    )
    served.counted.clear()
    yield served
    served.known = True


def test_on_loopback_reading_takes_no_key(api: Api) -> None:
    for path in PATHS:
        assert api.ask(path, where=LOCAL).status_code == 200
    assert len(api.ask("/v1/runs", where=LOCAL).json()["runs"]) == 3


@pytest.mark.parametrize("path", [*PATHS, "/v1/keys", "/nothing", "/healthz/", "//healthz"])
def test_elsewhere_everything_takes_a_key_also_what_is_not_there(api: Api, path: str) -> None:
    answer = api.ask(path)
    assert problem(answer).status == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="sentric"'


@pytest.mark.parametrize("where", [LOCAL, OPEN])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_takes_no_key(api: Api, path: str, where: str) -> None:
    assert api.ask(path, where=where).status_code == 200
    assert api.ask(path, "nonsense", where=where).status_code == 200


@pytest.mark.parametrize("where", [LOCAL, OPEN])
@pytest.mark.parametrize("scope", [Scope.READ, Scope.ADMIN])
def test_keys_that_may_read_do(api: Api, scope: Scope, where: str) -> None:
    key = api.key(scope)
    for path in PATHS:
        assert api.ask(path, key, where).status_code == 200


@pytest.mark.parametrize("where", [LOCAL, OPEN])
@pytest.mark.parametrize("scope", [Scope.INGEST, Scope.DECIDE, Scope.APPROVE, Scope.OPERATE])
def test_keys_that_may_not_read_do_not(api: Api, scope: Scope, where: str) -> None:
    key = api.key(scope)
    for path in PATHS:
        answer = api.ask(path, key, where)
        assert problem(answer).status == 403
        assert scope in problem(answer).detail


@pytest.mark.parametrize("where", [LOCAL, OPEN])
def test_a_key_that_is_no_valid_one_is_refused_and_not_told_why(api: Api, where: str) -> None:
    expired = api.key(Scope.READ, expires=datetime.now(UTC).timestamp() + 3600)
    revoked = api.key(Scope.READ)
    api.control.keys.revoke([api.control.keys.list()[-1].key_id])
    api.access[where].clock = (datetime.now(UTC) + timedelta(hours=2)).timestamp
    answers = [
        api.ask("/v1/runs", where=where, headers={"Authorization": authorization})
        for authorization in (
            f"Bearer {new_secret()}",
            f"Bearer {expired}",
            f"Bearer {revoked}",
            f"Basic {revoked}",
            "Bearer",
            "",
            "Bearer \xe9".encode("latin-1"),
        )
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == 'Bearer realm="sentric", error="invalid_token"'


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(api: Api) -> Iterator[Clock]:
    """Of rates of two requests at once, and one more every ten seconds, on both APIs."""
    clock = Clock()
    for access in api.access.values():
        access.rates = Buckets(0.1, 2, clock)
    yield clock
    for access in api.access.values():
        access.rates = None


def test_a_key_may_ask_so_often_and_others_all_the_same(api: Api, clock: Clock) -> None:
    key, other = api.key(Scope.READ), api.key(Scope.INGEST)
    assert [api.ask("/v1/projects", key).status_code for _ in range(3)] == [200, 200, 429]
    answer = api.ask("/v1/projects", key)
    assert (problem(answer).status, answer.headers["retry-after"]) == (429, "10")
    assert ("sentric_api_refused", "rate", 1) in api.counted
    assert [api.ask(path, other).status_code for path in ("/v1/projects", "/nothing", "/v1/projects")] == [
        403,
        404,
        429,
    ]
    clock.now += 10
    assert [api.ask("/v1/projects", key).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("where", [LOCAL, OPEN])
def test_who_has_no_key_may_ask_so_often_and_keys_at_its_address_all_the_same(
    api: Api, clock: Clock, where: str
) -> None:
    key = api.key(Scope.READ)
    first = 200 if where == LOCAL else 401
    assert [api.ask("/v1/projects", where=where).status_code for _ in range(3)] == [first, first, 429]
    assert api.ask("/v1/projects", key, where).status_code == 200
    assert {api.ask(path, where=where).status_code for path in ("/healthz", "/readyz")} == {200}


def test_a_key_sees_its_own_projects_and_no_others(api: Api) -> None:
    key = api.key(Scope.READ, projects=("shop", "club"))

    def found(path: str, of: str, **asked: str) -> set[str]:
        return {each["run_id"] for each in api.ask(path, key, params=asked).json()[of]}

    for path, of in (("/v1/runs", "runs"), ("/v1/findings", "findings"), ("/v1/recordings", "runs")):
        assert found(path, of) == {"shop-1", "club-1"}
        assert found(path, of, project="club") == {"club-1"}
        assert found(path, of, project="bank") == set()
    assert api.ask("/v1/runs/latest", key).json()["run"]["project"] == "club"
    assert api.ask("/v1/findings?run=bank-1", key).json()["findings"] == []
    listed = {each["name"] for each in api.ask("/v1/projects", key).json()["projects"]}
    assert listed == {"shop", "club"}


@pytest.mark.parametrize("path", ["/v1/runs/bank-1", "/v1/runs/bank", "/v1/runs/bank-1?project=bank"])
def test_what_is_of_another_project_is_as_what_is_not_there(api: Api, path: str) -> None:
    answer = api.ask(path, api.key(Scope.READ))
    there = path.partition("?")[0].rpartition("/")[2]
    assert (problem(answer).status, problem(answer).detail) == (404, f"no run {there!r}")


def test_a_cursor_of_another_project_leads_nowhere(api: Api) -> None:
    every = api.key(Scope.ADMIN, projects=())
    page = api.ask("/v1/recordings", every, params={"limit": 1}).json()
    rest = api.ask("/v1/recordings", api.key(Scope.READ), params={"after": page["next"]}).json()
    assert [run["project"] for run in rest["runs"]] == []


@pytest.mark.parametrize("where", [LOCAL, OPEN])
@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/0")])
def test_administering_takes_an_admin_key_on_loopback_too(api: Api, method: str, path: str, where: str) -> None:
    wish = {"projects": ["shop"], "scopes": ["ingest"]}
    assert api.ask(path, "", where, method, json=wish).status_code == 401
    for scope in set(Scope) - {Scope.ADMIN}:
        assert api.ask(path, api.key(scope), where, method, json=wish).status_code == 403


def test_a_key_is_made_listed_and_revoked(api: Api) -> None:
    by = api.key(Scope.ADMIN, projects=())
    wish = {"name": "ci", "projects": ["shop", "new"], "scopes": ["read"], "expires": "2100-01-01T00:00:00Z"}
    made = api.ask("/v1/keys", by, method="POST", json=wish)

    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    document = made.json()
    secret = document.pop("key")
    assert document.pop("new_projects") == ["new"]
    assert (document["name"], document["projects"], document["state"]) == ("ci", ["shop", "new"], "valid")
    assert document["expires"] == "2100-01-01T00:00:00Z"
    assert api.ask("/v1/keys", by).json()["keys"][-1] == document
    assert api.ask("/v1/runs", secret).status_code == 200
    assert "new" in [each["name"] for each in api.ask("/v1/projects", by).json()["projects"]]

    revoked = api.ask(f"/v1/keys/{document['id']}", by, method="DELETE")
    assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    assert api.ask("/v1/runs", secret).status_code == 401
    assert api.ask("/v1/keys", by).json()["keys"][-1]["state"] == "revoked"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({}, "scopes: "),
        ({"scopes": ["ingest"]}, "name a project: "),
        ({"scopes": ["ingest", "admin"], "projects": ["shop"]}, "a key that may ingest may do nothing else"),
        ({"scopes": ["fly"]}, "scopes.0: "),
        ({"scopes": ["read"], "projects": ["\u001b[2J"]}, "'\\x1b[2J' is no name for a project"),
        ({"scopes": ["read"], "projects": ["shop"], "expires": "2001-01-01T00:00:00Z"}, "the key would be expired"),
        ({"scopes": ["read"], "projects": ["shop"], "expires": "2100-01-01T00:00:00"}, "expires: "),
        ({"scopes": ["read"], "projects": ["shop"], "admin": True}, "admin: "),
        ([], "body: "),
    ],
)
def test_a_wrong_wish_is_named_in_one_line(api: Api, wish: Any, message: str) -> None:
    answer = api.ask("/v1/keys", api.key(Scope.ADMIN, projects=()), method="POST", json=wish)
    assert answer.status_code == 422
    assert problem(answer).detail.startswith(message)


def test_keys_are_listed_page_by_page(api: Api) -> None:
    by = api.key(Scope.ADMIN, projects=("pages",))
    made = [api.key(Scope.READ, projects=("pages",)) for _ in range(4)]
    whole = api.ask("/v1/keys", by).json()
    assert (len(whole["keys"]), whole["next"]) == (1 + len(made), None)
    joined, page = [], {"next": ""}
    while page["next"] is not None:
        page = api.ask("/v1/keys", by, params={"limit": 2, "after": page["next"]}).json()
        joined += page["keys"]
    assert joined == whole["keys"]
    assert problem(api.ask("/v1/keys", by, params={"after": "WzEsMV0="})).status == 422


@pytest.mark.parametrize("key_id", ["000000000000", "%25", "latest", "%00", "x" * 5000])
def test_a_key_that_is_not_there_cannot_be_revoked(api: Api, key_id: str) -> None:
    answer = api.ask(f"/v1/keys/{key_id}", api.key(Scope.ADMIN, projects=()), method="DELETE")
    assert problem(answer).status == 404


def test_the_beginning_of_an_id_is_not_enough_over_rest(api: Api) -> None:
    by = api.key(Scope.ADMIN, projects=())
    beginning = api.control.keys.list()[-1].key_id[:6]
    assert api.ask(f"/v1/keys/{beginning}", by, method="DELETE").status_code == 404
    assert api.ask("/v1/runs", by).status_code == 200


def test_an_admin_of_some_projects_has_to_do_with_the_keys_of_these_alone(api: Api) -> None:
    by = api.key(Scope.ADMIN, projects=("yard", "mill"))
    theirs = [
        api.control.keys.create(projects=("yard", name), scopes=[Scope.READ]).key.key_id for name in ("shop", "bank")
    ]
    theirs.append(api.control.keys.create(projects=(), scopes=[Scope.ADMIN]).key.key_id)

    def make(scope: str, *projects: str) -> int:
        wish = {"projects": projects, "scopes": [scope]}
        return api.ask("/v1/keys", by, method="POST", json=wish).status_code

    assert make("read", "yard") == 201
    assert make("admin", "mill", "yard") == 201
    for scope, projects in (("admin", ()), ("read", ("shop",)), ("read", ("yard", "shop")), ("ingest", ("fresh",))):
        assert make(scope, *projects) == 403
    assert "fresh" not in [project.name for project in api.control.projects()]
    assert {tuple(key["projects"]) for key in api.ask("/v1/keys", by).json()["keys"]} == {
        ("yard", "mill"),
        ("yard",),
        ("mill", "yard"),
    }
    for key_id in theirs:
        assert api.ask(f"/v1/keys/{key_id}", by, method="DELETE").status_code == 404


@pytest.mark.parametrize("where", [LOCAL, OPEN])
def test_while_the_keys_are_not_known_a_key_is_asked_for_again_later(api: Api, where: str) -> None:
    key = api.key(Scope.READ)
    api.known = False
    answer = api.ask("/v1/runs", key, where)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert api.ask("/healthz", where=where).status_code == 200
    assert api.ask("/v1/runs", where=where).status_code == (200 if where == LOCAL else 401)


def test_names_are_answered_to_where_everything_takes_a_key(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key(Scope.READ)}", "Host": "sentric.example"}
    assert api.ask("/v1/runs", headers=headers).status_code == 200
    assert api.ask("/v1/runs", where=LOCAL, headers=headers).status_code == 421


def test_a_control_store_that_fails_is_one_line(api: Api, tmp_path: Path) -> None:
    with control_plane(tmp_path) as plane:
        by = plane.store.keys.create(projects=(), scopes=[Scope.ADMIN]).secret
        ring = plane.store.keys.ring()
        app = create_app(api.store, str, access=Access(lambda: ring, key_needed=True), plane=plane)
        plane.store._database.close()
        (tmp_path / "control.db").write_bytes(b"no database".ljust(4096, b"."))
        with ApiServer(app, "127.0.0.1:0") as server:
            url = f"http://{server.address}/v1/keys"
            answer = httpx.get(url, headers={"Authorization": f"Bearer {by}"}, trust_env=False)
    assert answer.status_code == 503
    assert problem(answer).detail == f"{tmp_path}/control.db: file is not a database"


def test_the_client_asks_with_its_key(api: Api) -> None:
    address = api.addresses[OPEN]
    with Client(address, api.key(Scope.READ)) as client:
        assert [run["project"] for run in client.runs()] == ["shop"]
    with Client(address) as client, pytest.raises(SentricError, match="this takes a key"):
        client.runs()
    with Client(address, wrong := new_secret()) as client, pytest.raises(SentricError) as caught:
        client.runs()
    assert "the key is unknown, expired or revoked" in str(caught.value)
    assert wrong not in str(caught.value)


def test_the_commands_ask_a_service_that_lives_with_the_admin_key_of_its_directory(api: Api, tmp_path: Path) -> None:
    def say_where(pid: int) -> None:
        (tmp_path / SERVE_FILE).write_text(json.dumps({"http": api.addresses[OPEN], "pid": pid}))

    say_where(os.getpid())
    with open_reader(tmp_path) as reader, pytest.raises(SentricError, match="this takes a key"):
        reader.runs()
    (tmp_path / ADMIN_KEY_FILE).write_text(f"{api.key(Scope.ADMIN, projects=())}\n")
    with open_reader(tmp_path) as reader:
        assert len(reader.runs()) == 3
    with open_reader(tmp_path, key=api.key(Scope.READ)) as reader:
        assert len(reader.runs()) == 1
    with subprocess.Popen(["true"]) as gone:
        pass
    say_where(gone.pid)
    assert admin_key(tmp_path) == ""


@pytest.mark.parametrize("key", ["canary\n", "can\r\nary: x", "canäry"])
def test_a_key_that_cannot_be_sent_is_not_told(api: Api, key: str) -> None:
    with pytest.raises(SentricError) as caught:
        Client(api.addresses[OPEN], key)
    assert "can" not in str(caught.value).replace("cannot", "")


def test_the_ways_of_keys_are_described(api: Api) -> None:
    described = api.ask("/openapi.json").json()
    assert set(described["paths"]["/v1/keys"]) == {"get", "post"}
    assert "delete" in described["paths"]["/v1/keys/{key_id}"]
    assert "get" in described["paths"]["/v1/projects"]


def test_no_answer_and_no_refusal_holds_a_key(api: Api) -> None:
    keys = [api.key(scope) for scope in Scope]
    for path in (*PATHS, "/v1/keys"):
        for key in keys:
            answer = api.ask(path, key)
            assert not [other for other in keys if other in answer.text or other in str(answer.headers)]
