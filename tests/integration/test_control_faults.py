"""A control database that fails in the middle of a decision: nothing is allowed, and nothing has happened."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from sentric_analyzer.api.app import CONCURRENCY
from sentric_analyzer.control import Scope
from sentric_analyzer.control.limits import Limits
from sentric_analyzer.control.store import ControlStore, control_url
from sentric_analyzer.storage import Store, StoreAwayError, embedded_url
from support.access import problem
from support.controlling import Plane, plane
from support.history import acted_out
from support.postgres import Postgres
from support.serving import poll

Broken = Callable[[Plane], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as store:
        yield store


@pytest.fixture
def served(control_url: str, tmp_path: Path, runs: Store) -> Iterator[Plane]:
    with plane(tmp_path, control_url, runs) as found:
        yield found


def execute(store: ControlStore, *statements: str) -> None:
    with store.changes.database.changing() as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def without_head(served: Plane) -> Iterator[None]:
    sequence, digest = served.store.changes.head()
    execute(served.store, "DELETE FROM audit_head")
    yield
    execute(served.store, f"INSERT INTO audit_head VALUES ({sequence}, '{digest}')")  # noqa: S608  # ours


@contextmanager
def without_table(served: Plane, table: str = "audit") -> Iterator[None]:
    execute(served.store, f"ALTER TABLE {table} RENAME TO gone")
    yield
    execute(served.store, f"ALTER TABLE gone RENAME TO {table}")


@contextmanager
def failing_last(served: Plane) -> Iterator[None]:
    """Everything is written but the very last: the head of the audit."""
    if served.store.changes.database._engine.dialect.name == "sqlite":
        trigger = "CREATE TRIGGER no BEFORE UPDATE ON audit_head BEGIN SELECT RAISE(ABORT, 'no'); END"
        made, gone = [trigger], ["DROP TRIGGER no"]
    else:
        function = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        trigger = "CREATE TRIGGER no BEFORE UPDATE ON audit_head EXECUTE FUNCTION no()"
        made, gone = [function, trigger], ["DROP TRIGGER no ON audit_head", "DROP FUNCTION no()"]
    execute(served.store, *made)
    yield
    execute(served.store, *gone)


@contextmanager
def read_only(served: Plane) -> Iterator[None]:
    engine = served.store.changes.database._engine
    stated = {"sqlite": "PRAGMA query_only = {}", "postgresql": "SET TRANSACTION READ {}"}[engine.dialect.name]
    no, yes = {"sqlite": ("ON", "OFF"), "postgresql": ("ONLY", "WRITE")}[engine.dialect.name]
    wanted = no

    def begun(connection: Any) -> None:
        connection.exec_driver_sql(stated.format(wanted))

    event.listen(engine, "begin", begun)
    yield
    wanted = yes


@contextmanager
def held_by_another(served: Plane) -> Iterator[None]:
    """Another process writes, and does not end."""
    database = served.store.changes.database
    database._limits = Limits(busy=0.3)
    if database._engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(database._engine.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        where = database._engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
        with psycopg.connect(where) as holding:
            holding.execute("SELECT * FROM audit_head FOR UPDATE")

            def begun(connection: Any) -> None:
                connection.exec_driver_sql("SET LOCAL lock_timeout = 300")

            event.listen(database._engine, "begin", begun)
            yield
            event.remove(database._engine, "begin", begun)
            holding.rollback()
    database._limits = Limits()


FAULTS: list[Broken] = [without_head, without_table, failing_last, read_only, held_by_another]


@pytest.mark.parametrize("broken", FAULTS)
def test_what_cannot_be_kept_is_refused_and_has_not_happened(served: Plane, broken: Broken) -> None:
    served.decide("a", "warn")
    pending, approved = (served.decide("a", "ask", call_id=call)["approval_id"] for call in "12")
    served.post(f"/v1/approvals/{approved}/approve", "ann")
    before, agents = served.store.changes.head(), served.got("/v1/agents")["agents"]
    with broken(served):
        began = time.monotonic()
        for wish in (
            {"action": "warn"},
            {"action": "block"},
            {"action": "ask", "call_id": "3"},
            {"action": "ask", "call_id": "2", "approval_id": approved},
            {"action": "warn", "idempotency_key": "k"},
        ):
            answer = served.ask("POST", "/v1/decisions", "agent", json={"agent_id": "a", **wish})
            told = problem(answer)
            assert answer.status_code == 503, (wish, answer.text)
            assert answer.json()["decision"] == told.decision == "block"
            assert answer.json()["allowed"] is told.allowed is False
        for path, who in (
            (f"/v1/approvals/{pending}/approve", "bob"),
            (f"/v1/approvals/{pending}/deny", "bob"),
            (f"/v1/approvals/{approved}/cancel", "olga"),
            ("/v1/agents/a/stop", "olga"),
            ("/v1/agents/a/reset", "olga"),
            ("/v1/sign-in", "ann"),
        ):
            answer = served.post(path, who)
            assert problem(answer).status == 503, (path, answer.text)
            assert "decision" not in answer.json()
        assert time.monotonic() - began < 20.0
    assert served.store.changes.head() == before
    poll(lambda: not served.control.failure())
    assert served.got("/v1/agents")["agents"] == agents
    assert served.got(f"/v1/approvals/{pending}")["state"] == "pending"
    assert served.decide("a", "ask", call_id="2", approval_id=approved)["allowed"]
    acted_out(served.store)


def test_a_disk_that_is_full_refuses(tmp_path: Path, runs: Store) -> None:
    with plane(tmp_path, control_url(tmp_path), runs) as served:
        served.decide("a", "warn")
        before, agents = served.store.changes.head(), served.got("/v1/agents")["agents"]
        engine, pages = served.store.changes.database._engine, 1

        def begun(connection: Any) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # as many as there are, if these are more

        event.listen(engine, "begin", begun)
        for tool in ("warn", "ask", "block"):
            wish = {"agent_id": "a", "action": tool, "arguments": {"x": ["word" * 1000] * 60}}
            answer = served.ask("POST", "/v1/decisions", "agent", json=wish)
            assert (problem(answer).status, problem(answer).decision) == (503, "block")
            assert "full" in problem(answer).detail
        pages = 1_000_000
        assert served.store.changes.head() == before
        assert served.got("/v1/agents")["agents"] == agents
        assert served.decide("a", "warn", arguments={"x": ["word" * 1000] * 60})["cumulative_risk"] == 60


def test_a_server_that_is_gone_or_hangs_refuses_in_bounded_time_and_is_found_again(
    postgresql: Postgres, postgresql_url: str, tmp_path: Path, runs: Store
) -> None:
    with plane(tmp_path, postgresql_url, runs) as served:
        served.decide("a", "warn")
        before = served.store.changes.head()

        def refused() -> float:
            began = time.monotonic()
            answer = served.ask("POST", "/v1/decisions", "agent", json={"agent_id": "a", "action": "note"})
            assert problem(answer).status == 503
            assert (problem(answer).decision, problem(answer).allowed) == ("block", False)
            assert "canary" not in answer.text
            return time.monotonic() - began

        with postgresql.paused():
            assert refused() < 15.0
        poll(lambda: not served.control.failure())
        try:
            postgresql.kill()
            assert refused() < 15.0
        finally:
            postgresql.start()
        poll(lambda: not served.control.failure())
        assert served.store.changes.head() == before
        assert served.decide("a", "warn")["cumulative_risk"] == 60


def test_a_file_that_is_taken_away_refuses_and_is_found_again(tmp_path: Path, runs: Store) -> None:
    with plane(tmp_path, control_url(tmp_path), runs) as served:
        served.decide("a", "warn")
        file = tmp_path / "control.db"
        away = [one.rename(one.with_name(f"{one.name}.away")) for one in sorted(tmp_path.glob("control.db*"))]
        answer = served.ask("POST", "/v1/decisions", "agent", json={"agent_id": "a", "action": "note"})
        assert (problem(answer).status, problem(answer).decision) == (503, "block")
        assert not file.exists()
        for one in away:
            one.rename(one.with_name(one.name.removesuffix(".away")))
        poll(lambda: not served.control.failure())
        assert served.decide("a", "warn")["cumulative_risk"] == 60


def test_whoever_is_refused_for_want_of_a_key_is_told_so_in_the_same_words(served: Plane) -> None:
    for who in ("", "sentric_sk_wrong", "reader"):
        answer = served.ask("POST", "/v1/decisions", who, json={"agent_id": "a", "action": "note"})
        assert (answer.json()["decision"], answer.json()["allowed"]) == ("block", False)
        assert answer.status_code in (401, 403)


def test_long_queries_hold_up_neither_decisions_nor_that_a_key_is_revoked(
    tmp_path: Path, runs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, asking = threading.Event(), threading.Semaphore(0)

    def hang(*args: object, **options: object) -> None:
        asking.release()
        go_on.wait()
        raise StoreAwayError("gone")

    monkeypatch.setattr(runs, "findings", hang)
    with plane(tmp_path, control_url(tmp_path), runs) as served, ThreadPoolExecutor(CONCURRENCY) as pool:
        waiting = [pool.submit(served.ask, "GET", "/v1/findings", "reader") for _ in range(CONCURRENCY)]
        try:
            for _ in waiting:
                assert asking.acquire(timeout=30.0)
            served.keys["admin"] = served.store.keys.create(scopes={Scope.ADMIN}).secret
            assert served.decide("a", "note")["allowed"]
            key_id = served.got("/v1/me", "agent")["key_id"]
            assert served.ask("DELETE", f"/v1/keys/{key_id}", "admin").status_code == 200
            assert served.ask("POST", "/v1/decisions", "agent", json={}).status_code == 401
        finally:
            go_on.set()
        assert [answer.result().status_code for answer in waiting] == [503] * CONCURRENCY


def test_a_bug_of_ours_is_a_refusal(served: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.control.decider, "_policy_of", lambda project: 1 // 0)
    answer = served.ask("POST", "/v1/decisions", "agent", json={"agent_id": "a", "action": "note"})
    assert (problem(answer).status, problem(answer).decision) == (500, "block")
