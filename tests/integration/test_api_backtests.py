"""Back-tests over REST."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fixtures.agent_runs import STARTED, pack_text, run, sends
from sentric.policy.engine import replay
from sentric.policy.rule import Policy
from sentric.settings import Settings
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.access import Access
from sentric_analyzer.backtest.worker import BacktestWorker
from sentric_analyzer.control import Scope
from sentric_analyzer.control.jobs import MOST_OPEN
from sentric_analyzer.control_plane import ControlPlane
from sentric_analyzer.storage import Store, embedded_url
from support.access import problem
from support.planes import control_plane
from support.serving import poll

SINCE = datetime.fromtimestamp(STARTED / 1e9, UTC).isoformat()
TODAY, TRIED = {"policy.yaml": pack_text("ask")}, {"policy.yaml": pack_text("block")}
BROKEN = {"policy.yaml": "policy: broken\npacks: [./none.yaml, ./neither.yaml]\n"}


class Api:
    def __init__(self, plane: ControlPlane, store: Store, address: str) -> None:
        self.plane = plane
        self.store = store
        self.address = address
        self.keys = {scope: self.key(scope) for scope in (Scope.OPERATE, Scope.READ)}
        self.operator = self.key(Scope.OPERATE, Scope.READ)

    def key(self, *scopes: Scope, project: str = "p") -> str:
        return self.plane.store.keys.create(projects=[project], scopes=scopes).secret

    def ask(self, method: str, path: str = "", key: str = "", **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.operator}"}
        address = f"http://{self.address}/v1/backtests{path}"
        wish = body if method == "POST" else None
        return httpx.request(method, address, json=wish, headers=headers, trust_env=False, timeout=30)

    def start(self, **body: Any) -> dict[str, Any]:
        answer = self.ask("POST", since=SINCE, **body)
        assert answer.status_code == 202, answer.text
        document: dict[str, Any] = answer.json()
        assert answer.headers["Location"] == f"/v1/backtests/{document['id']}"
        return document

    def found(self, job_id: str) -> dict[str, Any]:
        document: dict[str, Any] = self.ask("GET", f"/{job_id}").json()
        return document

    def errors(self, **body: Any) -> list[tuple[str, str]]:
        answer = self.ask("POST", **{"since": SINCE} | body)
        assert answer.status_code == 422, answer.text
        return [(one.location, one.message) for one in problem(answer).errors]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    data_dir = tmp_path_factory.mktemp("data")
    with control_plane(data_dir) as plane, Store.open(embedded_url(data_dir)) as store:
        access = Access(plane.keys.ring, key_needed=True)
        with ApiServer(create_app(store, str, access=access, plane=plane), "127.0.0.1:0") as server:
            store.insert_replays([replay(Policy(()), run(sends("a@example.com"), run_id=f"r{n}")) for n in range(3)])
            yield Api(plane, store, server.address)


@pytest.fixture
def api(served: Api) -> Iterator[Api]:
    yield served
    for job in served.plane.store.jobs.page(projects=None, limit=100):
        if not job.ended:
            served.plane.store.jobs.cancel(job.job_id, projects=None, actor="test")


def test_a_version_is_tried_against_what_is_in_force_and_the_result_is_there_in_the_end(api: Api) -> None:
    policies = api.plane.store.policies
    versions = [policies.save("p", documents, actor="test").version for documents in (TODAY, TRIED)]
    policies.activate("p", versions[0], actor="test")
    made = api.start(version=versions[1])
    about = {name: made[name] for name in ("project", "state", "done", "total", "version", "against", "since", "error")}
    assert about == {
        "project": "p",
        "state": "queued",
        "done": 0,
        "total": None,
        "version": versions[1],
        "against": versions[0],
        "since": "2026-11-19T00:00:00Z",
        "error": "",
    }
    assert api.found(made["id"]) == made | {"result": None}

    own = api.plane.active.of("another project").digest
    with BacktestWorker(api.plane.store.jobs, api.store, Settings.load(environ={}), own, interval=0.02):
        poll(lambda: api.found(made["id"])["ended"])
    done = api.found(made["id"])
    assert (done["state"], done["done"], done["total"], done["error"]) == ("done", 3, 3, "")
    names = [done["result"]["policies"][side]["name"] for side in ("before", "after")]
    assert (done["result"]["runs"], names) == (3, [f"version {version}" for version in versions])
    assert done["result"]["changes"] == [{"before": "ask", "after": "block", "actions": 3}]
    (listed,) = [one for one in api.ask("GET").json()["backtests"] if one["id"] == made["id"]]
    assert listed | {"result": done["result"]} == done


def test_documents_are_tried_against_the_policy_of_the_settings_and_cancelled(api: Api) -> None:
    made = api.start(documents=TRIED, against=0)
    assert (made["version"], made["against"]) == (None, 0)
    for _ in range(2):
        answer = api.ask("DELETE", f"/{made['id']}")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    records = api.plane.store.changes.records(subject=made["id"])
    assert [(record.what, json.loads(record.detail)["kind"]) for record in records] == [
        ("job.start", "backtest"),
        ("job.cancel", "backtest"),
    ]
    assert records[1].actor == made["author"]


def test_what_cannot_be_tried_is_refused_before_there_is_a_job(api: Api) -> None:
    before = api.ask("GET").json()
    problems = api.errors(documents=BROKEN)
    assert [where for where, _ in problems] == ["documents"] * 2
    assert all(what.startswith("policy.yaml:2: ") for _, what in problems)
    assert api.errors() == [("version", "give either a version or documents")]
    assert api.errors(version=1, documents=TRIED) == [("version", "give either a version or documents")]
    assert api.errors(version=99) == [("version", "project 'p' has no policy of version 99")]
    assert api.errors(documents=TRIED, against=99) == [("against", "project 'p' has no policy of version 99")]
    assert {where for where, _ in api.errors(documents={"policy.yaml": 1}, since="soon", version=1 << 40)} == {
        "documents.policy.yaml",
        "since",
        "version",
    }
    assert api.errors(documents=TRIED, since="2026-11-19T00:00:00")[0][0] == "since"
    assert api.ask("GET").json() == before


def test_a_project_has_so_many_at_once_and_lists_come_in_pages(api: Api) -> None:
    made = [api.start(documents=TRIED, against=0)["id"] for _ in range(MOST_OPEN)]
    refused = api.ask("POST", since=SINCE, documents=TRIED)
    assert refused.status_code == 409
    assert problem(refused).detail == "project 'p' has 10 jobs to be done: wait for one of them, or cancel it"

    listed: list[str] = []
    after: str | None = ""
    while after is not None and len(listed) < MOST_OPEN:
        page = api.ask("GET", f"?limit=4{after and f'&after={after}'}").json()
        listed += [one["id"] for one in page["backtests"]]
        after = page["next"]
    assert listed[:MOST_OPEN] == made[::-1]


def test_keys_have_to_do_with_their_own_projects_and_scopes_only(api: Api) -> None:
    made = api.start(documents=TRIED, against=0)
    path, other = f"/{made['id']}", api.key(Scope.OPERATE, Scope.READ, project="q")
    assert api.ask("GET", path, other).status_code == api.ask("DELETE", path, other).status_code == 404
    assert api.ask("GET", "", other).json() == {"backtests": [], "next": None}
    assert api.ask("POST", "", other, since=SINCE, documents=TRIED, project="p").status_code == 404
    assert api.ask("POST", "", api.keys[Scope.READ], since=SINCE, documents=TRIED).status_code == 403
    assert api.ask("DELETE", path, api.keys[Scope.READ]).status_code == 403
    assert api.ask("GET", path, api.keys[Scope.OPERATE]).status_code == 403
    assert api.found(made["id"])["state"] == "queued"


def test_runs_since_any_moment_may_be_asked_for(api: Api) -> None:
    moments = {"0001-01-01T00:00:00+14:00": "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00": "2106-02-07T06:28:15Z"}
    for since, told in moments.items():
        answer = api.ask("POST", since=since, documents=TRIED, against=0)
        assert (answer.status_code, answer.json()["since"]) == (202, told)
