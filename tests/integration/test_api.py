import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.replays import SECOND, STARTED, judged_run
from fixtures.store_rows import empty
from sentric.errors import SentricError
from sentric.policy.rule import Severity
from sentric_analyzer.api import ApiServer, create_app
from sentric_analyzer.api.client import Client
from sentric_analyzer.api.reader import StoreReader, open_reader
from sentric_analyzer.api.served import SERVE_FILE
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import Store, StoreError, embedded_url
from support.access import local_access, problem


@dataclass
class Api:
    store: Store
    data_dir: Path
    unready: str = ""
    address: str = ""
    http: httpx.Client = field(default_factory=httpx.Client)

    def get(self, path: str, **parameters: Any) -> Any:
        return self.http.get(path, params=parameters).json()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    data_dir = tmp_path_factory.mktemp("data")
    with Store.open(embedded_url(data_dir)) as store:
        api = Api(store, data_dir)
        with ApiServer(create_app(store, lambda: api.unready, access=local_access()), "127.0.0.1:0") as server:
            api.address = server.address
            with httpx.Client(base_url=f"http://{server.address}", trust_env=False) as api.http:
                yield api


@pytest.fixture
def api(served: Api) -> Iterator[Api]:
    empty(served.store)
    yield served
    served.unready = ""
    (served.data_dir / SERVE_FILE).unlink(missing_ok=True)


def test_a_run_is_answered_as_its_document(api: Api) -> None:
    api.store.insert_replays([judged_run("run/1 é"), judged_run("other", started=STARTED + SECOND)])

    assert api.get("/v1/runs/run%2F1%20%C3%A9") == run_document(judged_run("run/1 é"))
    assert api.get("/v1/runs/latest")["run"]["run_id"] == "other"


def test_runs_are_answered_newest_first(api: Api) -> None:
    api.store.insert_replays([judged_run(f"run-{n}", started=STARTED + n * SECOND) for n in range(3)])

    assert [run["run_id"] for run in api.get("/v1/runs")["runs"]] == ["run-2", "run-1", "run-0"]
    assert [run["run_id"] for run in api.get("/v1/runs", limit=1)["runs"]] == ["run-2"]
    assert [run["run_id"] for run in api.get("/v1/runs", since="2026-11-18T11:06:41Z")["runs"]] == ["run-2", "run-1"]
    assert api.get("/v1/runs", since="1969-01-01T00:00:00Z", project="nobody's")["runs"] == []


@pytest.mark.parametrize(
    ("since", "number"),
    [("0001-01-01T00:00:00", 1), ("0001-01-01T00:00:00+14:00", 1), ("2026-11-18T11:06:40", 1), ("9999-12-31", 0)],
)
def test_a_moment_may_be_any_and_is_in_utc_where_it_names_no_zone(api: Api, since: str, number: int) -> None:
    api.store.insert_replays([judged_run()])

    assert len(api.get("/v1/runs", since=since)["runs"]) == number


def talks(store: Store) -> None:
    """Runs of three conversations, of a project each but one, and one of none."""
    store.insert_replays([
        judged_run("a-1", conversation="a", task="Hello"),
        judged_run("b-1", conversation="b", started=STARTED + SECOND),
        judged_run("a-2", conversation="a", agent="seller", started=STARTED + 2 * SECOND),
        judged_run("a-3", conversation="a", project="other", started=STARTED + 3 * SECOND),
        judged_run("none", conversation="", started=STARTED + 4 * SECOND),
    ])  # fmt: skip


def test_sessions_are_answered_that_of_the_latest_run_first(api: Api) -> None:
    talks(api.store)
    found = api.get("/v1/sessions")["sessions"]

    assert [(one["project"], one["conversation"], one["runs"]) for one in found] == [
        ("other", "a", 1),
        ("shop", "a", 2),
        ("shop", "b", 1),
    ]
    assert found[1] == {
        "project": "shop",
        "conversation": "a",
        "runs": 2,
        "agents": ["buyer", "seller"],
        "task": "Hello",
        "first_started": "2026-11-18T11:06:40.123456Z",
        "last_started": "2026-11-18T11:06:42.123456Z",
        "risk": 120,
        "highest_severity": "high",
        "counts": {"critical": 0, "high": 2, "medium": 0, "low": 2},
    }
    assert [one["project"] for one in api.get("/v1/sessions", limit=1)["sessions"]] == ["other"]
    assert len(api.get("/v1/sessions", since="2026-11-18T11:06:42Z")["sessions"]) == 2
    assert api.get("/v1/sessions", project="nobody's")["sessions"] == []


def test_the_runs_of_a_conversation_are_answered(api: Api) -> None:
    talks(api.store)

    assert [run["run_id"] for run in api.get("/v1/runs", conversation="a", project="shop")["runs"]] == ["a-2", "a-1"]
    assert [run["run_id"] for run in api.get("/v1/runs", conversation="")["runs"]] == ["none"]
    assert api.get("/v1/runs", conversation="a'b")["runs"] == []


def test_findings_are_chosen_by_severity_run_and_rule(api: Api) -> None:
    api.store.insert_replays([judged_run()])
    found = [finding_document(finding) for finding in judged_run().findings]

    assert api.get("/v1/findings") == {"findings": found, "next": None}
    assert api.get("/v1/findings", severity="high")["findings"] == found[:1]
    assert api.get("/v1/findings", rule="asks", run="run-1")["findings"] == found[1:]
    assert api.get("/v1/findings", run="another")["findings"] == []


@pytest.mark.parametrize("listed", ["runs", "sessions", "findings"])
def test_the_pages_of_a_list_join_without_a_gap_also_where_much_happened_together(api: Api, listed: str) -> None:
    api.store.insert_replays(
        [
            judged_run(f"run é{n}", project=f"p{n % 2}", conversation=f"c{n // 2}", started=STARTED + n // 5 * SECOND)
            for n in range(11)
        ]
    )
    whole = api.get(f"/v1/{listed}")
    assert whole["next"] is None
    assert len(whole[listed]) >= 11

    for limit in (1, 2, 3, 11):
        joined, page = [], {"next": ""}
        while page["next"] is not None:
            page = api.get(f"/v1/{listed}", limit=limit, after=page["next"])
            assert 0 < len(page[listed]) <= limit
            joined += page[listed]
        assert joined == whole[listed]


@pytest.mark.parametrize("listed", ["runs", "sessions", "findings", "recordings"])
@pytest.mark.parametrize("place", [[], [1], [-1, "", ""], ["1", "", ""], [1 << 63, "", ""], [1, "", "", -1], {}, 5])
def test_a_cursor_of_another_list_is_refused(api: Api, listed: str, place: Any) -> None:
    after = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    found = problem(api.http.get(f"/v1/{listed}", params={"after": after}))
    assert (found.status, found.detail) == (422, "after: is not what `next` of a page said")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/v1/runs?limit=0", "limit"),
        ("/v1/runs?limit=1001", "limit"),
        ("/v1/findings?limit=many", "limit"),
        ("/v1/sessions?limit=0", "limit"),
        (f"/v1/runs?conversation={'x' * 40_000}", "conversation"),
        ("/v1/findings?severity=awful", "severity"),
        ("/v1/runs?since=yesterday", "since"),
        (f"/v1/runs?project={'x' * 600}", "project"),
        (f"/v1/recordings?after={base64.urlsafe_b64encode(b'[' * 20_000).decode()}", "after"),
    ],
)
def test_a_wrong_parameter_is_named_in_one_line(api: Api, path: str, named: str) -> None:
    answer = api.http.get(path)

    assert answer.status_code == 422
    assert problem(answer).detail.startswith(f"{named}: ")


@pytest.mark.parametrize("path", ["/v1/runs/none", "/", "/docs", "/v1/unknown"])
def test_what_is_not_there_is_a_problem(api: Api, path: str) -> None:
    assert problem(api.http.get(path)).status == 404


def test_what_is_not_there_changes_nothing(api: Api) -> None:
    assert api.http.delete("/v1/nothing").status_code == 404
    answer = api.http.delete("/v1/runs")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_an_ambiguous_run_is_an_error_that_says_so(api: Api) -> None:
    api.store.insert_replays([judged_run("ab"), judged_run("ac")])

    found = problem(api.http.get("/v1/runs/a"))
    assert found.status == 409
    assert "give more of it" in found.detail


def test_readiness_gives_its_reason(api: Api) -> None:
    assert api.http.get("/readyz").status_code == 200

    api.unready = "the disk is full"
    answer = api.http.get("/readyz")
    assert (problem(answer).status, problem(answer).detail) == (503, "not ready: the disk is full")
    assert problem(answer).type == "urn:sentric:problem:not-ready"
    assert api.get("/healthz") == {"status": "ok", "pid": os.getpid()}


async def test_a_store_that_fails_is_an_error_in_one_line(api: Api) -> None:
    closed = Store.open(embedded_url(api.data_dir))
    closed.close()
    transport = httpx.ASGITransport(create_app(closed, lambda: "", access=local_access()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/v1/runs")

    assert answer.status_code == 500
    assert "closed" in problem(answer).detail


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:4319", "localhost:80"])
def test_addresses_and_localhost_may_ask(api: Api, host: str) -> None:
    assert api.http.get("/v1/runs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["attacker.test", "127.0.0.1.attacker.test", "localhost.attacker.test:4319"])
def test_a_page_that_points_its_own_name_here_learns_nothing(api: Api, host: str) -> None:
    assert api.http.get("/v1/runs", headers={"Host": host}).status_code in {400, 421}


def test_the_client_answers_as_the_store_does(api: Api) -> None:
    api.store.insert_replays([judged_run("run/1")])
    with Client(api.address) as client:
        assert client.run_document("run/") == run_document(judged_run("run/1"))
        assert client.run_document("nothing") is None
        assert client.run_document("") is None
        assert client.runs(project="shop") == api.store.runs()
        assert client.sessions(project="shop") == api.store.sessions() != []
        assert len(client.findings(severity=Severity.HIGH, run="run/1")) == 1
        with pytest.raises(SentricError, match=f"http://{api.address}: limit: .*less than or equal to 1000"):
            client.runs(limit=5000)


def test_the_client_says_that_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    with Client(address) as client, pytest.raises(SentricError) as caught:
        client.runs()

    assert str(caught.value) == f"http://{address}: nothing answers: start the service with `sentric serve`"


def test_a_port_in_use_is_one_line(api: Api) -> None:
    with (
        pytest.raises(SentricError) as caught,
        ApiServer(create_app(api.store, str, access=local_access()), api.address),
    ):
        pass

    assert str(caught.value) == (
        f"--http {api.address}: address already in use: stop what listens there, or name another"
    )


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:99999", "127.0.0.1:http", "no.such.host.invalid:1"])
def test_an_address_that_is_none_is_one_line(api: Api, address: str) -> None:
    with (
        pytest.raises(SentricError, match=f"--http {address}: "),
        ApiServer(create_app(api.store, str, access=local_access()), address),
    ):
        pass


def test_a_stopped_server_leaves_its_port_free(api: Api) -> None:
    with ApiServer(create_app(api.store, str, access=local_access()), "127.0.0.1:0") as server:
        address = server.address
    with ApiServer(create_app(api.store, str, access=local_access()), address) as server:
        assert server.address == address


def say_where(data_dir: Path, address: str, pid: int) -> None:
    (data_dir / SERVE_FILE).write_text(json.dumps({"http": address, "pid": pid}))


def test_while_a_service_holds_the_directory_it_is_asked(api: Api) -> None:
    api.store.insert_replays([judged_run()])
    say_where(api.data_dir, api.address, os.getpid())
    with open_reader(api.data_dir) as reader:
        assert isinstance(reader, Client)
        assert reader.run_document("latest") == run_document(judged_run())


@pytest.mark.parametrize("stale", ["gone", "another process", "not json", "not a service"])
def test_a_file_that_nobody_stands_behind_is_not_trusted(api: Api, stale: str) -> None:
    api.store.insert_replays([judged_run()])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        free = f"127.0.0.1:{listening.getsockname()[1]}"
    match stale:
        case "gone":
            say_where(api.data_dir, free, os.getpid())
        case "another process":
            say_where(api.data_dir, api.address, os.getpid() + 1)
        case "not json":
            (api.data_dir / SERVE_FILE).write_text("{")
        case _:
            say_where(api.data_dir, "attacker.test/x?", os.getpid())

    with open_reader(api.data_dir) as reader:
        assert isinstance(reader, StoreReader)
        assert reader.run_document("run-1") == run_document(judged_run())
        assert reader.run_document("none") is None
        assert reader.runs(limit=1) == api.store.runs()
        assert len(reader.findings(severity=Severity.HIGH)) == 1


def test_a_directory_without_a_store_says_so(tmp_path: Path) -> None:
    with pytest.raises(SentricError, match="nothing is stored there yet: start `sentric serve`"):
        open_reader(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_store_elsewhere_is_opened_by_its_url(api: Api, tmp_path: Path) -> None:
    with open_reader(tmp_path, embedded_url(api.data_dir)) as reader:
        assert reader.runs() == []
    with pytest.raises(StoreError, match="no scheme"):
        open_reader(tmp_path, "elsewhere")


def test_asking_costs_neither_server_nor_engine() -> None:
    program = (
        "import sys, sentric_analyzer.api.reader, sentric_analyzer.api.client\n"
        "print([name for name in ('fastapi', 'uvicorn', 'pyarrow', 'clickhouse_connect') if name in sys.modules])"
    )
    left = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)

    assert left.stdout == "[]\n"


@contextmanager
def slow_answer() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_something_that_listens_and_never_answers_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentric_analyzer.api.served.PROBE_TIMEOUT", 0.05)
    with slow_answer() as address:
        say_where(api.data_dir, address, os.getpid())
        with open_reader(api.data_dir) as reader:
            assert isinstance(reader, StoreReader)
