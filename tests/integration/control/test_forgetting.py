"""What is forgotten in time, and what never is while somebody could begin anew by it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from sentric_analyzer.control import agents
from sentric_analyzer.control.approval import Said
from sentric_analyzer.control.approvals import Patience
from sentric_analyzer.control.kept_decisions import KEPT
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.control.tables import APPROVAL_ANSWERS, APPROVALS
from support.deciding import Clock, asked, decider, grant, policy

DAY = 86_400.0
BY = grant()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(control_url: str, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=clock, patience=Patience(100 * DAY, 100 * DAY)) as opened:
        yield opened


def ask(store: ControlStore, agent_id: str, tool: str, **more: Any) -> dict[str, Any]:
    return decider(store, policy()).decide(asked(agent_id, tool, **more), project="shop", by=BY).answer


def known(store: ControlStore) -> set[str]:
    return {agent.agent_id for agent in store.agents.page(projects=None, limit=100)}


def test_agents_of_which_nothing_is_are_forgotten_when_they_were_not_seen_for_long(
    store: ControlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "FORGOTTEN_AT_ONCE", 2)
    for number in range(5):
        ask(store, f"idle-{number}", "note")
    ask(store, "risky", "warn")
    ask(store, "refused", "block")
    for agent_id in ("reset", "stopped", "named"):
        ask(store, agent_id, "note", agent_name=f"{agent_id}-name")
    ask(store, "reset", "block")
    store.stopping.reset("shop", "reset", reason="", actor="person:olga")
    store.stopping.stop("shop", "stopped", reason="", actor="person:olga")
    store.stopping.stop("shop", "named-name", by_name=True, reason="", actor="person:olga")
    ask(store, "waiting", "ask")
    store.agents.there("shop", "subscribed", "", actor="key:1")
    store.agents.there("shop", "gone", "", actor="key:1")
    clock.now += 29 * DAY
    assert store.agents.forget(30 * DAY) == 0
    store.agents.there("shop", "subscribed", "", actor="key:1")
    ask(store, "idle-0", "note")
    store.plain.write()
    clock.now += 2 * DAY
    assert store.agents.forget(30 * DAY) == 4 + len({"reset", "named", "gone"})
    assert known(store) == {"risky", "refused", "stopped", "waiting", "subscribed", "idle-0"}
    assert store.agents.forget(30 * DAY) == 0
    # Who comes back begins as one who was never seen, and a name that is stopped is still so.
    assert ask(store, "idle-1", "note")["allowed"]
    assert ask(store, "named", "note", agent_name="named-name")["agent_state"] == "stopped"


def test_an_agent_whose_row_is_held_by_another_is_not_waited_for(postgresql_url: str, clock: Clock) -> None:
    with ControlStore.open(postgresql_url, clock=clock) as store, ControlStore.open(postgresql_url) as other:
        for agent_id in ("a", "b"):
            ask(store, agent_id, "note")
        clock.now += 31 * DAY
        with other.changes.changing("local") as change:
            agents.locked(change, "shop", "a")
            assert store.agents.forget(30 * DAY) == 1
        assert known(store) == {"a"}


def test_approvals_of_long_ago_are_forgotten_when_nothing_can_come_of_them(store: ControlStore, clock: Clock) -> None:
    ids = {end: ask(store, end, "ask")["approval_id"] for end in ("denied", "used", "approved", "pending")}
    for end, approval_id in ids.items():
        if end != "pending":
            said = Said.DENY if end == "denied" else Said.APPROVE
            store.approvals.answer(approval_id, said, approver="person:ann", actor="person:ann")
    assert ask(store, "used", "ask", approval_id=ids["used"])["allowed"]
    clock.now += KEPT + 1
    newer = ask(store, "new", "ask")["approval_id"]
    store.approvals.answer(newer, Said.DENY, approver="person:ann", actor="person:ann")
    assert store.approvals.forget() == 2
    left = {approval.approval_id for approval in store.approvals.page(projects=None, limit=9)}
    assert left == {ids["approved"], ids["pending"], newer}
    with store.changes.database.reading() as connection:
        answers = set(connection.scalars(select(APPROVAL_ANSWERS.c.approval_id)))
        assert connection.execute(select(func.count()).select_from(APPROVALS)).scalar_one() == 3
    assert answers == {ids["approved"], newer}
    assert store.approvals.forget() == 0
