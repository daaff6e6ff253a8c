"""The guard's link to a real service: what it decides, what people answer, stops, restarts, and what comes later."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentric.guard.link import Link, LinkError, Spool, Watch
from sentric.guard.link import delivery as deliveries
from sentric.guard.link import link as links
from sentric.policy.risk import STRIKES
from sentric.policy.rule import Decision
from sentric_analyzer.api import ApiServer
from sentric_analyzer.control.store import control_url
from sentric_analyzer.storage import Store, embedded_url
from support.controlling import Plane, plane
from support.deciding import DOCUMENTS
from support.serving import poll
from support.sse import SOON

NAMES = iter(f"guarded-{number}" for number in range(1_000_000))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    with (
        Store.open(embedded_url(tmp_path_factory.mktemp("runs"))) as runs,
        plane(tmp_path_factory.mktemp("data"), control_url(tmp_path_factory.mktemp("control")), runs) as found,
    ):
        yield found


@pytest.fixture
def link(served: Plane) -> Iterator[Link]:
    found = Link(f"http://{served.address}", served.keys["agent"], "shop", decide_timeout=60.0)
    yield found
    found.close()


@pytest.fixture
def agent() -> str:
    return next(NAMES)


def claimed(rule: str, decision: str, risk: int) -> dict[str, Any]:
    """A guard's own verdict."""
    matched = {"id": rule, "title": "T", "severity": "medium", "decision": decision, "risk": risk}
    return {"rules": [matched], "policy_digest": "0123456789abcdef"}


def watched(link: Link, agent: str) -> Watch:
    watch = link.watch(agent, "shopper")
    assert watch.wait(10)
    return watch


def test_what_the_service_decides_is_understood(link: Link, agent: str) -> None:
    for action, decision, allowed in (
        ("note", Decision.ALLOW, True),
        ("warn", Decision.WARN, True),
        ("ask", Decision.ASK, False),
        ("block", Decision.BLOCK, False),
    ):
        answer = link.decide({"agent_id": agent, "action": action})
        assert (answer.decision, answer.allowed, answer.agent_state) == (decision, allowed, "active")
        assert bool(answer.approval_id) is (action == "ask")
        assert 0 < answer.approval_seconds <= 300 if action == "ask" else not answer.approval_seconds
    assert (answer.before.risk, answer.before.strikes, answer.cumulative_risk, answer.strikes) == (30, 0, 30, 1)
    assert answer.reasons


def test_a_claimed_verdict_is_decided_by(link: Link, agent: str) -> None:
    answer = link.decide({"agent_id": agent, "action": "note", "verdict": claimed("of-guard", "warn", 60)})
    assert (answer.decision, answer.cumulative_risk) == (Decision.WARN, 60)
    answer = link.decide({"agent_id": agent, "action": "note", "verdict": claimed("of-guard", "warn", 60)})
    assert (answer.decision, answer.allowed, answer.before.risk) == (Decision.BLOCK, False, 60)


def test_what_a_key_may_not_is_told(served: Plane, agent: str) -> None:
    wish = {"agent_id": agent, "action": "note"}
    for link, words in (
        (Link(f"http://{served.address}", "sk-wrong"), "SENTRIC_API_KEY"),
        (Link(f"http://{served.address}", ""), "SENTRIC_API_KEY"),
        (Link(f"http://{served.address}", served.keys["reader"]), "scope decide"),
        (Link(f"http://{served.address}", served.keys["agent"], "elsewhere"), "SENTRIC_PROJECT"),
    ):
        with pytest.raises(LinkError, match=words):
            link.decide(wish)
        link.close()


def test_who_waits_is_woken_by_an_answer_and_does_it_once(served: Plane, link: Link, agent: str) -> None:
    wish = {"agent_id": agent, "action": "ask"}
    asked = link.decide(wish)
    thread = threading.Thread(target=link.wait, args=[asked.approval_id, threading.Event()])
    thread.start()
    served.post(f"/v1/approvals/{asked.approval_id}/approve", "ann", note="")
    thread.join(links.POLL_SECONDS / 2)
    assert not thread.is_alive()
    again = wish | {"approval_id": asked.approval_id}
    assert link.decide(again).allowed
    assert not link.decide(again).allowed


def test_a_question_can_be_withdrawn(served: Plane, link: Link, agent: str) -> None:
    asked = link.decide({"agent_id": agent, "action": "ask"})
    link.withdraw(asked.approval_id)
    link.wait(asked.approval_id, threading.Event())
    assert served.got(f"/v1/approvals/{asked.approval_id}")["state"] == "cancelled"


def test_a_stop_is_known_within_a_second(served: Plane, link: Link, agent: str) -> None:
    watch = watched(link, agent)
    assert watch.has_lease
    begun = time.monotonic()
    assert served.post(f"/v1/agents/{agent}/stop", "olga", reason="pays twice").status_code == 200
    poll(lambda: (state := watch.state()) and state.stopped == "pays twice")
    assert time.monotonic() - begun < SOON
    answer = link.decide({"agent_id": agent, "action": "note"})
    assert (answer.allowed, answer.agent_state, answer.before.stopped) == (False, "stopped", "pays twice")
    watch.told(answer)
    served.post(f"/v1/agents/{agent}/reset", "olga")
    poll(lambda: (state := watch.state()) and not state.stopped)
    watch.close()


def test_strikes_of_others_are_known_too(link: Link, served: Plane, agent: str) -> None:
    watch = watched(link, agent)
    for _ in range(STRIKES):
        served.decide(agent, "block")
    poll(lambda: (state := watch.state()) and state.strikes >= STRIKES)
    watch.close()


def test_another_policy_is_told_of(served: Plane, link: Link, agent: str) -> None:
    told = threading.Event()
    watch = watched(link, agent)
    link.on_policy(told.set)
    told.clear()
    text = DOCUMENTS["rules.yaml"].replace("risk: 30", "risk: 31")
    version = served.store.policies.save("shop", {**DOCUMENTS, "rules.yaml": text}, actor="person:olga")
    served.store.policies.activate("shop", version.version, actor="person:olga")
    assert told.wait(10)
    served.store.policies.activate("shop", 0, actor="person:olga")
    watch.close()


def test_all_goes_on_when_the_service_starts_anew(
    tmp_path: Path, served: Plane, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "FIRST_PAUSE", 0.05)
    with ApiServer(served.app, "127.0.0.1:0") as server:
        address = server.address
        link = Link(f"http://{address}", served.keys["agent"], "shop", decide_timeout=2.0)
        watch = watched(link, agent)
        asked = link.decide({"agent_id": agent, "action": "ask"})
        waiting = threading.Thread(target=link.wait, args=[asked.approval_id, threading.Event()])
        waiting.start()
    with pytest.raises(LinkError, match="no decision within 2 s"):
        link.decide({"agent_id": agent, "action": "note"})
    spool = Spool(str(tmp_path / "guard"), served=True)
    link.deliver(spool)
    done = {"agent_id": agent, "action": "note", "settled": "done", "verdict": claimed("of-guard", "warn", 25)}
    refused = {"agent_id": agent, "action": "note", "settled": "refused", "verdict": claimed("of-guard", "block", 50)}
    spool.keep(done)
    spool.keep(refused)
    assert watch.has_lease  # of before
    assert waiting.is_alive()
    with ApiServer(served.app, address):
        poll(lambda: (state := watch.state()) and (state.risk, state.strikes) == (25, 1))
        poll(lambda: spool.first() is None)
        assert link.decide({"agent_id": agent, "action": "note"}).cumulative_risk == 25
        served.post(f"/v1/approvals/{asked.approval_id}/deny", "ann", note="")
        waiting.join(10)
        assert not waiting.is_alive()
        watch.close()
    link.close()
    spool.close()
    assert not (tmp_path / "guard" / "rejected").exists()
