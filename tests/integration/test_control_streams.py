"""Waiting for what happens: whoever waits is told at once, of all of it, and of nothing that is not theirs."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from anyio import lowlevel, run

from sentric_analyzer.api import connection, guards, streams, waiting
from sentric_analyzer.control import Scope
from sentric_analyzer.control.approval import Said
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.store import ControlStore, control_url
from sentric_analyzer.storage import Store, embedded_url
from support.access import problem
from support.controlling import Plane, plane
from support.deciding import DOCUMENTS, asked, decider, grant, policy
from support.postgres import Postgres
from support.serving import poll
from support.sse import SOON, streaming

NAMES = iter(f"waiter-{number}" for number in range(1_000_000))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as store:
        yield store


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield control_url(tmp_path_factory.mktemp("control"))
        return
    with request.getfixturevalue("postgresql").database() as found:
        yield found


@pytest.fixture(scope="module")
def served(url: str, tmp_path_factory: pytest.TempPathFactory, runs: Store) -> Iterator[Plane]:
    with plane(tmp_path_factory.mktemp("data"), url, runs) as found:
        yield found


@pytest.fixture(scope="module")
def elsewhere(url: str, served: Plane) -> Iterator[ControlStore]:
    """The store as another process has it: what is done there is told to nobody here."""
    with ControlStore.open(url) as store:
        yield store


@pytest.fixture
def agent() -> str:
    return next(NAMES)


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_who_waits_for_an_approval_is_woken_by_its_answer(
    served: Plane, elsewhere: ControlStore, agent: str, where: str
) -> None:
    ids = [served.decide(agent, tool)["approval_id"] for tool in ("ask", "ask_two")]
    store = served.store if where == "here" else elsewhere
    before = len(served.control.feed._listeners)
    with ThreadPoolExecutor(len(ids)) as threads:
        waits = [threads.submit(served.got, f"/v1/approvals/{one}?wait=30", "agent") for one in ids]
        poll(lambda: len(served.control.feed._listeners) >= before + len(ids))
        for approval_id in ids:
            store.approvals.answer(approval_id, Said.APPROVE, approver="person:ann", actor="person:ann")
        began = time.monotonic()
        assert waits[0].result()["state"] == "approved"
        assert time.monotonic() - began < SOON
        assert not waits[1].done()  # it takes two
        store.approvals.answer(ids[1], Said.DENY, approver="person:bob", actor="person:bob")
        began = time.monotonic()
        assert waits[1].result()["state"] == "denied"
        assert time.monotonic() - began < SOON


def test_who_waits_is_answered_when_the_time_is_over_or_nothing_is_left_to_wait_for(served: Plane, agent: str) -> None:
    approval_id = served.decide(agent, "ask")["approval_id"]
    began = time.monotonic()
    assert served.got(f"/v1/approvals/{approval_id}?wait=0.3", "agent")["state"] == "pending"
    assert time.monotonic() - began >= 0.3
    served.post(f"/v1/agents/{agent}/stop", "olga")
    began = time.monotonic()
    assert served.got(f"/v1/approvals/{approval_id}?wait=30", "agent")["state"] == "cancelled"
    assert time.monotonic() - began < SOON
    for wait in ("-1", "61", "nan", "inf", "x"):
        assert problem(served.ask("GET", f"/v1/approvals/{approval_id}?wait={wait}", "agent")).status == 422


@pytest.mark.parametrize("end", ["stopped here", "stopped elsewhere", "expired elsewhere"])
def test_who_waits_is_woken_when_nothing_can_come_of_it(
    served: Plane, elsewhere: ControlStore, url: str, agent: str, end: str
) -> None:
    approval_id = served.decide(agent, "ask")["approval_id"]
    before = len(served.control.feed._listeners)
    with ThreadPoolExecutor(1) as threads, ControlStore.open(url, clock=lambda: time.time() + 1000.0) as later:
        wait = threads.submit(served.got, f"/v1/approvals/{approval_id}?wait=30", "agent")
        poll(lambda: len(served.control.feed._listeners) > before)
        if end == "expired elsewhere":
            later.approvals.find(approval_id, projects=None)
        else:
            store = served.store if end == "stopped here" else elsewhere
            store.stopping.stop("shop", agent, reason="", actor="person:olga")
        began = time.monotonic()
        assert wait.result()["state"] == ("expired" if end == "expired elsewhere" else "cancelled")
        assert time.monotonic() - began < SOON


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_guard_is_told_within_a_second_whatever_it_must_know(
    served: Plane, elsewhere: ControlStore, agent: str, where: str
) -> None:
    store = served.store if where == "here" else elsewhere
    before = len(served.control.feed._listeners)
    other = served.decide(f"{agent}-other", "note", agent_name=f"{agent}-name")
    assert other["allowed"]
    path = f"/v1/guard/stream?agent_id={agent}&agent_name={agent}-name"
    operator: Any = {"reason": "a test", "actor": "person:olga"}
    with streaming(served, path, "agent") as stream:
        before = stream.told("state")
        assert (before["state"], before["strikes"]) == ("active", 0)
        # It is stopped by its name before it has asked for anything, and let go again.
        store.stopping.stop("shop", f"{agent}-name", by_name=True, **operator)
        assert stream.soon("state", time.monotonic(), state="stopped")["reason"] == "a test"
        known = len(stream.events)
        store.stopping.reset("shop", f"{agent}-name", by_name=True, **operator)
        began = time.monotonic()
        stream.told("state", known, state="active")
        assert time.monotonic() - began < SOON
        served.decide(agent, "note", agent_name=f"{agent}-name")
        store.stopping.stop("shop", agent, **operator)
        poll(lambda: [data["state"] for name, data in stream.events if name == "state"][-1] == "stopped", SOON)
        store.stopping.reset("shop", agent, **operator)
        poll(lambda: [data["state"] for name, data in stream.events if name == "state"][-1] == "active", SOON)
        for _ in range(3):
            served.decide(agent, "block")
        stream.soon("state", time.monotonic(), state="shut_down", strikes=3)
        # Another policy is in force, and its digest is that which then decides.
        text = DOCUMENTS["rules.yaml"].replace("risk: 30", f"risk: {20 + len(where)}")
        version = store.policies.save("shop", {**DOCUMENTS, "rules.yaml": text}, actor="person:olga")
        store.policies.activate("shop", version.version, actor="person:olga")
        stream.soon("state", time.monotonic(), policy_digest=version.digest)
        assert served.decide(f"{agent}-new", "note")["policy_digest"] == version.digest
        known = len(stream.events)
        store.policies.activate("shop", 0, actor="person:olga")
        stream.told("state", known, policy_digest=before["policy_digest"], state="shut_down")


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_guard_is_told_what_others_add_to_the_sums_of_its_agent(
    served: Plane, elsewhere: ControlStore, agent: str, where: str
) -> None:
    store = served.store if where == "here" else elsewhere
    decide = decider(store, policy())

    def ask(tool: str) -> str:
        answer = decide.decide(asked(agent, tool), project="shop", by=grant()).answer
        return str(answer["approval_id"])

    with streaming(served, f"/v1/guard/stream?agent_id={agent}", "agent") as stream:
        stream.told("state", risk=0, strikes=0)
        ask("warn")
        stream.soon("state", time.monotonic(), risk=30, strikes=0)
        ask("block")
        stream.soon("state", time.monotonic(), risk=30, strikes=1)
        store.approvals.answer(ask("ask"), Said.DENY, approver="person:ann", actor="person:ann")
        stream.soon("state", time.monotonic(), risk=30, strikes=2)


def test_a_guarded_agent_is_known_before_it_asks_for_anything(served: Plane, agent: str) -> None:
    with streaming(served, f"/v1/guard/stream?agent_id={agent}&agent_name={agent}-name", "agent") as stream:
        stream.told("state", state="active")
        (found,) = served.got(f"/v1/agents/{agent}")["agents"]
        assert (found["name"], sum(found["decisions"].values())) == (f"{agent}-name", 0)
        assert served.post(f"/v1/agents/{agent}/stop", "olga", reason="no").status_code == 200
        stream.soon("state", time.monotonic(), state="stopped")
    before = served.store.changes.head()
    # What names it says it has now counts as well, and nothing is noted twice.
    served.post(f"/v1/agents/{agent}/reset", "olga")
    served.decide(f"{agent}-2", "note", agent_name=f"{agent}-alias")
    served.post(f"/v1/agents/{agent}-alias/stop", "olga", by="name")
    with streaming(served, f"/v1/guard/stream?agent_id={agent}&agent_name={agent}-alias", "agent") as stream:
        stream.told("state", state="stopped")
    seen = [record for record in served.store.changes.records(after=before[0]) if record.what == "agent.seen"]
    assert [record.subject for record in seen] == [f"{agent}-2"]
    for strange in ("%00", "a%0ab"):
        for query in (f"agent_id={strange}", f"agent_id=a&agent_name={strange}"):
            assert problem(served.ask("GET", f"/v1/guard/stream?{query}", "agent")).status == 422


def test_a_guard_has_its_lease_also_where_nothing_can_be_noted(
    served: Plane, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*about: str, actor: str) -> None:
        raise ControlError("the disk is full")

    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(served.store.agents, "there", fail)
    with streaming(served, f"/v1/guard/stream?agent_id={agent}", "agent") as stream:
        stream.told("lease", 1)


def test_a_thousand_idle_guards_cost_what_one_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record is looked at once; only whom it concerns is told."""
    looked = list[Record]()
    concerned = guards.concerned

    def look(record: Record) -> str | None:
        looked.append(record)
        return concerned(record)

    monkeypatch.setattr(guards, "concerned", look)

    async def rung(feed: Feed, known: guards.Guards) -> list[str]:
        async with AsyncExitStack() as stack:
            names = [f"agent-{number}" for number in range(1000)]
            told = [await stack.enter_async_context(known.heard("shop", name)) for name in names]
            feed.look()
            await lowlevel.checkpoint()
            return [name for name, heard in zip(names, told, strict=True) if heard._records]

    with ControlStore.open(control_url(tmp_path)) as store:
        feed = Feed(store.changes)
        known = guards.Guards(feed)
        decider(store, policy()).decide(asked("agent-7", "warn"), project="shop", by=grant())
        assert run(rung, feed, known) == ["agent-7"]
        assert [record.what for record in looked] == ["agent.seen", "decision.warn"]
        looked.clear()
        store.stopping.stop("shop", "agent-7", by_name=True, reason="", actor="local")
        assert len(run(rung, feed, known)) == 1000
    assert (known._tells, feed._listeners) == ({}, [])


def test_a_guard_is_not_told_of_what_changes_nothing_for_it(
    served: Plane, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.2)
    with streaming(served, f"/v1/guard/stream?agent_id={agent}", "agent") as stream:
        stream.told("state")
        served.decide(f"{agent}-other", "note")
        served.post(f"/v1/agents/{agent}-other/stop", "olga")
        assert stream.told("lease", 1)["lease_seconds"] == streams.LEASE_SECONDS
        stream.told("lease", len(stream.events))
        assert [name for name, _ in stream.events].count("state") == 1


def test_a_stream_with_the_last_id_misses_nothing_however_much_there_was(
    served: Plane, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_RECORDS", 10)
    begin = served.store.changes.head()[0]
    for number in range(25):
        served.decide(f"{agent}-{number}", "ask")
    wanted = [record.sequence for record in served.store.changes.records(after=begin)]
    assert len(wanted) == 75
    for since in (begin, begin + 40):
        with streaming(served, "/v1/stream", "reader", **{"Last-Event-ID": str(since)}) as stream:
            expected = [sequence for sequence in wanted if sequence > since]
            stream.counted(len(expected))
            assert stream.ids == expected
    for strange in ("9" * 18, "-1", "x", "1.5"):
        with streaming(served, "/v1/stream", "reader", **{"Last-Event-ID": strange}) as stream:
            stream.begun()
            assert not stream.ids
    assert served.ask("GET", "/v1/stream", "reader", headers={"Last-Event-ID": "9" * 19}).status_code == 422


def test_a_stream_tells_of_the_topics_that_are_asked_for(served: Plane, agent: str) -> None:
    with streaming(served, "/v1/stream?topics=agent,%20approval", "reader") as stream:
        poll(lambda: stream.comments)
        served.decide(agent, "block")
        served.decide(agent, "ask")
        stream.told("approval.ask")
        assert {name for name, _ in stream.events} == {"agent.seen", "approval.ask"}
    with streaming(served, "/v1/stream?topics=key,person,sign_in", "reader") as stream:
        poll(lambda: stream.comments)
        served.store.keys.create(projects=["shop"], scopes={Scope.READ})
        served.decide(agent, "block")
        assert stream.ids == []


@pytest.mark.parametrize("path", ["/v1/stream", "/v1/guard/stream?agent_id=a"])
def test_a_stream_ends_with_the_key_it_was_asked_for_with(
    served: Plane, agent: str, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.1)
    scopes = {Scope.READ} if path == "/v1/stream" else {Scope.DECIDE}
    made = served.store.keys.create(projects=["shop"], scopes=scopes)
    served.keys["leaver"] = made.secret
    with streaming(served, path, "leaver") as stream:
        poll(lambda: stream.comments or stream.events)
        served.store.keys.revoke([made.key.key_id])
        served.decide(agent, "block")
        poll(stream.ended.is_set)
        assert agent not in json.dumps([data for _, data in stream.events])


def test_who_takes_too_slowly_is_let_go(served: Plane, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    head = f"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {served.keys['reader']}\r\n"
    feed = served.control.feed
    before = list(feed._listeners)

    def new() -> list[Any]:
        return [listener for listener in feed._listeners if listener not in before]

    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        host, _, port = served.address.partition(":")
        slow.connect((host, int(port)))
        slow.sendall(f"{head}\r\n".encode())
        poll(new)
        monkeypatch.setattr(connection, "TAKING_SECONDS", 0.2)
        # More than any buffer between the two holds: the same again and again, since nobody takes it.
        records = served.store.changes.records(limit=100)
        far = [
            record._replace(sequence=10**9 + n, detail=json.dumps({"x": "y" * 20_000}))
            for n, record in enumerate(records)
        ]

        def is_gone() -> bool:
            for listener in new():
                listener(far)
            return not new()

        poll(is_gone, 20.0)
    assert served.decide(agent, "note")["allowed"]


def test_what_is_told_faster_than_it_is_taken_is_not_kept_without_end() -> None:
    heard = waiting.Heard()
    record = Record(1, 2, "a", "b", "c", "d", "{}", "", "")
    for _ in range(waiting.MOST_QUEUED + 1):
        heard.put([record])
    assert len(heard._records) <= waiting.MOST_QUEUED
    assert heard._over


def test_a_service_with_open_streams_ends_in_its_time(
    tmp_path: Path, runs: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with plane(tmp_path, control_url(tmp_path), runs) as served:
        approval_id = served.decide("a", "ask")["approval_id"]
        with ThreadPoolExecutor(1) as threads, streaming(served, "/v1/stream", "reader") as one:
            waits = threads.submit(served.ask, "GET", f"/v1/approvals/{approval_id}?wait=60", "agent")
            with streaming(served, "/v1/guard/stream?agent_id=a", "agent") as other:
                other.told("state")
                poll(lambda: one.comments)
                began = time.monotonic()
                served.end()
                assert time.monotonic() - began < 2.0
                assert one.ended.wait(5.0)
                assert other.ended.wait(5.0)
                assert waits.result().json()["state"] == "pending"
    assert not caplog.records


def test_another_process_is_heard(served: Plane, url: str, agent: str) -> None:
    """Not another store in this process, but a process."""
    served.decide(agent, "note")
    code = (
        "import sys; from sentric_analyzer.control.store import ControlStore\n"
        "store = ControlStore.open(sys.argv[1]); print('ready', flush=True); sys.stdin.readline()\n"
        "store.stopping.stop('shop', sys.argv[2], reason='there', actor='local:root'); print('done', flush=True)\n"
    )
    command = [sys.executable, "-c", code, url, agent]
    with streaming(served, f"/v1/guard/stream?agent_id={agent}", "agent") as stream:
        stream.told("state", state="active")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"
        stream.soon("state", time.monotonic(), state="stopped", reason="there")
        process.communicate()


def test_no_lease_while_the_database_is_away_and_what_was_missed_is_told(
    postgresql: Postgres, postgresql_url: str, tmp_path: Path, runs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BEAT_SECONDS", 0.2)
    with plane(tmp_path, postgresql_url, runs) as served, ControlStore.open(postgresql_url) as elsewhere:
        served.decide("a", "note")
        with streaming(served, "/v1/guard/stream?agent_id=a", "agent") as stream:
            stream.told("lease", 1)
            with postgresql.paused():
                poll(served.control.feed.failure)
                known = len(stream.events) + 1  # one may have been on its way
                comments = stream.comments
                poll(lambda: stream.comments > comments + 1)
                assert len(stream.events) <= known
            stream.told("lease", known)
            known = len(stream.events)
            try:
                postgresql.kill()
                poll(served.control.feed.failure)
            finally:
                postgresql.start()
            poll(lambda: not elsewhere.agents.find("a", projects=None)[0].stops)
            elsewhere.stopping.stop("shop", "a", reason="meanwhile", actor="local:root")
            stream.told("state", known, state="stopped")
