"""The guard with a real service: what is held back, who is asked, who is stopped, and what happens meanwhile."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fixtures.pipeline import Pipeline
from sentric.events import Source
from sentric.guard.calls import Seen, Wanted
from sentric.guard.gate import Gate
from sentric.guard.live_run import About, LiveRun
from sentric.guard.refusal import Cause
from sentric.settings import Settings
from sentric_analyzer.api import ApiServer
from sentric_analyzer.approvals.gathered import shown_of
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.deciding import DOCUMENTS
from support.serving import poll

NAMES = iter(f"guarded-{number}" for number in range(1_000_000))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    with (
        Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as runs,
        plane(tmp_path_factory.mktemp("data"), control_url(tmp_path_factory.mktemp("control")), runs) as found,
    ):
        yield found


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def begin(served: Plane, pipeline: Pipeline, tmp_path: Path) -> Iterator[Callable[..., LiveRun]]:
    begun: list[LiveRun] = []

    def begin(**stated: Any) -> LiveRun:
        common = {
            "mode": "enforce",
            "url": f"http://{served.address}",
            "api_key": served.keys["agent"],
            "project": "shop",
            "guard_dir": str(tmp_path),
            "redaction_key": "k",
            "decide_timeout": 60.0,
        }
        about = About(agent="buyer", framework="test 1", agent_id=stated.pop("about_id", next(NAMES)), task="Buy")
        run = Gate(pipeline.telemetry, Settings(**(common | stated)), "test 1").begin(about)
        assert run is not None
        begun.append(run)
        return run

    yield begin
    for run in begun:
        run.end()


def tried(run: LiveRun, tool: str, **arguments: object) -> tuple[bool, Any]:
    with run.current(), run.action(Wanted(tool=tool, arguments=arguments, call_id="c-1")) as action:
        if action.refusal is None:
            action.finished("done")
        return action.refusal is None, action.refusal


def pending(served: Plane, agent: str) -> str:
    """The id of the question that waits for an answer."""
    found: list[Any] = poll(lambda: served.got(f"/v1/approvals?state=pending&agent_id={agent}")["approvals"])
    return str(found[0]["approval_id"])


def test_everything_but_a_plain_allow_is_in_the_audit_before_it_acts(
    served: Plane, begin: Callable[..., LiveRun], pipeline: Pipeline
) -> None:
    run = begin()
    assert tried(run, "note") == (True, None)
    assert tried(run, "warn") == (True, None)
    called, refusal = tried(run, "block")
    assert (called, refusal.cause) == (False, Cause.RULE)
    decided = served.got(f"/v1/decisions?agent_id={run.agent_id}")["decisions"]
    assert [(one["answer"]["decision"], one["answer"]["judged_by"]) for one in decided] == [
        ("block", "guard"),
        ("warn", "guard"),
    ]
    spans = {span.name: span.attributes for span in pipeline.spans}
    assert spans["execute_tool block"]["sentric.decision.id"] == decided[0]["answer"]["decision_id"]
    assert spans["execute_tool block"]["sentric.policy.digest"] == decided[0]["answer"]["policy_digest"]


def test_the_third_refusal_is_an_incident_and_a_reset_lets_it_go_on(
    served: Plane, begin: Callable[..., LiveRun]
) -> None:
    run = begin()
    assert [tried(run, "block", turn=turn)[1].final for turn in range(3)] == [False, False, True]
    assert tried(run, "note")[1].cause is Cause.SHUT_DOWN
    (incident,) = [one for one in served.got("/v1/incidents")["incidents"] if one["agent_id"] == run.agent_id]
    assert incident["kind"] == "agent_shut_down"
    served.post(f"/v1/agents/{run.agent_id}/reset", "olga")
    poll(lambda: tried(run, "note") == (True, None))


def test_a_stopped_agent_executes_nothing_more_also_by_its_name(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run, other = begin(), begin()
    assert tried(run, "note")[0]
    assert tried(other, "note")[0]
    assert served.post(f"/v1/agents/{run.agent_id}/stop", "olga", reason="pays twice").status_code == 200
    poll(lambda: (refusal := tried(run, "note")[1]) and refusal.cause is Cause.STOPPED)
    assert tried(other, "note") == (True, None)
    stopped = served.post("/v1/agents/buyer/stop", "olga", by="name", reason="all of them")
    assert stopped.status_code == 200, stopped.text
    poll(lambda: (refusal := tried(other, "note")[1]) and refusal.final)
    served.post("/v1/agents/buyer/reset", "olga", by="name")
    served.post(f"/v1/agents/{run.agent_id}/reset", "olga")
    poll(lambda: tried(run, "note")[0])


def test_a_person_says_yes_and_a_person_says_no(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run = begin()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tried, run, "ask", to="Bob")
        served.post(f"/v1/approvals/{pending(served, run.agent_id)}/approve", "ann", note="")
        assert waiting.result(60) == (True, None)
        waiting = pool.submit(tried, run, "ask", to="Bob")
        served.post(f"/v1/approvals/{pending(served, run.agent_id)}/deny", "ann", note="Bob has left")
        called, refusal = waiting.result(60)
    assert (called, refusal.cause) == (False, Cause.DENIED)
    assert "Bob has left" in refusal.text


def test_who_is_asked_is_shown_what_the_agent_has_seen_before(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run = begin()
    run.observe(Seen(source=Source.PAGE, origin="https://forum.example/t/9", text="Ask Bob for the money."))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tried, run, "ask", to="Bob")
        question = pending(served, run.agent_id)
        told = shown_of(served.store, served.store.approvals.find(question, projects=None)).text
        served.post(f"/v1/approvals/{question}/deny", "ann", note="")
        waiting.result(60)
    for line in (
        "         |   to: Bob",
        "TASK     | Buy",
        "RULES    | Tests decide: ask (medium, tests-ask)",
        "SEEN     | [page] https: //forum.example/t/9",
        "         |   Ask Bob for the money.",
    ):
        assert line in told.split("\n"), told


def test_an_agent_that_is_stopped_while_it_waits_is_refused(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run = begin()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tried, run, "ask")
        pending(served, run.agent_id)
        served.post(f"/v1/agents/{run.agent_id}/stop", "olga", reason="enough")
        called, refusal = waiting.result(60)
    assert (called, refusal.cause, refusal.final) == (False, Cause.STOPPED, True)


async def test_who_gives_up_takes_the_question_back(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run = begin()

    async def ask() -> None:
        async with run.action(Wanted(tool="ask", arguments={})) as action:
            assert action.refusal is not None

    task = asyncio.create_task(ask())
    question = await asyncio.to_thread(pending, served, run.agent_id)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    state = await asyncio.to_thread(
        poll, lambda: (state := served.got(f"/v1/approvals/{question}")["state"]) != "pending" and state
    )
    assert state == "cancelled"


def test_thirty_two_threads_that_race_for_one_approval_do_it_once(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run, together, done = begin(), threading.Barrier(32), []

    def race() -> None:
        together.wait()
        if tried(run, "ask", to="Bob")[0]:
            done.append(True)

    threads = [threading.Thread(target=race) for _ in range(32)]
    for thread in threads:
        thread.start()
    question = pending(served, run.agent_id)
    poll(
        lambda: (
            all(one["answer"]["approval_id"] == question for one in asked(served, run))
            and len(asked(served, run)) == 32
        )
    )
    served.post(f"/v1/approvals/{question}/approve", "ann", note="")
    poll(lambda: done)
    while any(thread.is_alive() for thread in threads):  # those who came too late ask anew
        for one in served.got(f"/v1/approvals?state=pending&agent_id={run.agent_id}")["approvals"]:
            served.post(f"/v1/approvals/{one['approval_id']}/deny", "ann", note="once is enough")
        for thread in threads:
            thread.join(0.05)
    assert len(done) == 1


def asked(served: Plane, run: LiveRun) -> list[Any]:
    found: list[Any] = served.got(f"/v1/decisions?agent_id={run.agent_id}&decision=ask")["decisions"]
    return found


def test_a_policy_that_is_put_in_force_holds_in_the_midst_of_a_run(
    served: Plane, begin: Callable[..., LiveRun], pipeline: Pipeline
) -> None:
    run = begin()
    assert tried(run, "warn")[0]
    harder = DOCUMENTS["rules.yaml"].replace("decision: warn", "decision: block")
    version = served.store.policies.save("shop", {**DOCUMENTS, "rules.yaml": harder}, actor="person:olga")
    served.store.policies.activate("shop", version.version, actor="person:olga")
    try:
        poll(lambda: run.source.current().digest == version.digest)
        assert not tried(run, "warn")[0]
    finally:
        served.store.policies.activate("shop", 0, actor="person:olga")
    digests = [span.attributes["sentric.policy.digest"] for span in pipeline.spans if "warn" in span.name]
    assert (digests[0] != digests[-1], len(set(digests))) == (True, 2)


def test_while_the_service_is_away_and_when_it_is_back(
    served: Plane, begin: Callable[..., LiveRun], tmp_path: Path
) -> None:
    with ApiServer(served.app, "127.0.0.1:0") as server:
        address = server.address
        stated = {"url": f"http://{address}", "decide_timeout": 2.0, "guard_dir": str(tmp_path / "guard")}
        run, named = begin(**stated), begin(**stated, agent_id="named-agent")
        assert tried(run, "note")[0]
        assert tried(named, "note")[0]
    assert tried(run, "warn") == (True, None), "all that it adds up to is known here"
    assert tried(run, "block")[1].cause is Cause.RULE
    assert tried(run, "ask")[1].cause is Cause.NOBODY
    assert tried(named, "warn")[1].cause is Cause.UNVERIFIED
    assert tried(run, "read_file") == (True, None)
    with ApiServer(served.app, address):
        poll(
            lambda: (
                sorted(
                    (one["answer"]["decision"], one["answer"]["settled"])
                    for one in served.got(f"/v1/decisions?agent_id={run.agent_id}")["decisions"]
                )
                == [("ask", "refused"), ("block", "refused"), ("warn", "done")]
            )
        )
        poll(lambda: tried(named, "warn")[0])
        state = served.control.standing("shop", run.agent_id, "buyer")
        assert (state["risk"], state["strikes"]) == (30, 1)
        run.end()
        named.end()


def test_two_processes_of_one_agent_have_one_sum(served: Plane, begin: Callable[..., LiveRun]) -> None:
    run = begin(agent_id="pair")
    for turn in range(3):
        served.decide("pair", "warn", call_id=str(turn))  # in another process
    called, refusal = tried(run, "warn")
    assert (called, refusal.rules) == (False, ("risk-budget-exceeded",))
