"""What must have been true of a control store, whatever was done to it: read from its audit and its tables."""

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from sentric_analyzer.control.approval import State
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.changes import MOST_RECORDS
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.control.tables import AGENTS, APPROVALS, DECISIONS, INCIDENTS

_REFUSING = {"tests-block", "risk-budget-exceeded", "agent-shut-down"}
"""Rules of which each block is a strike."""


@dataclass
class AgentModel:
    """What an agent adds up to, by what the audit says."""

    risk: int = 0
    strikes: int = 0
    stopped: bool = False
    open_incidents: Counter[str] = field(default_factory=Counter[str])


@dataclass
class ApprovalModel:
    """What has become of a question, by what the audit says."""

    agent_id: str
    requester: str
    needed: int
    state: str = "pending"
    used: int = 0
    approvers: list[str] = field(default_factory=list[str])
    strikes: int = 0


@dataclass
class History:
    """The audit, acted out again: whatever it says must have been possible when it says so."""

    agents: dict[str, AgentModel] = field(default_factory=dict[str, AgentModel])
    approvals: dict[str, ApprovalModel] = field(default_factory=dict[str, ApprovalModel])
    decisions: Counter[str] = field(default_factory=Counter[str])

    def take(self, record: Record) -> None:
        """Act out one record."""
        detail: dict[str, Any] = json.loads(record.detail)
        sort, _, what = record.what.partition(".")
        match sort:
            case "agent":
                self._agent(record, what)
            case "approval":
                self._approval(record, what, detail)
            case "decision":
                self._decision(record, what, detail)
            case "incident":
                model, kind = self._of(detail["agent_id"]), detail["kind"]
                model.open_incidents[kind] += 1 if what == "open" else -1
                assert model.open_incidents[kind] in (0, 1), record
            case _:
                pass

    def _of(self, agent_id: str) -> AgentModel:
        return self.agents.setdefault(agent_id, AgentModel())

    def _agent(self, record: Record, what: str) -> None:
        model = self._of(record.subject)
        match what:
            case "stop":
                assert not model.stopped, record
                model.stopped = True
            case "reset":
                model.risk, model.strikes, model.stopped = 0, 0, False
            case "shut_down":
                # It stands in the audit after what brought it about, and before anything else of this agent.
                assert model.strikes == 3, record
            case _:
                assert what in ("seen", "name"), record

    def _approval(self, record: Record, what: str, detail: dict[str, Any]) -> None:
        if what == "ask":
            assert record.subject not in self.approvals, record
            self.approvals[record.subject] = ApprovalModel(detail["agent_id"], detail["requester"], detail["needed"])
            return
        model = self.approvals[record.subject]
        assert not model.used, record
        match what:
            case "approve":
                assert model.state == "pending", record
                assert detail["approver"] not in (*model.approvers, model.requester), record
                model.approvers.append(detail["approver"])
                model.state = "approved" if len(model.approvers) == model.needed else "pending"
                assert detail["state"] == model.state, record
            case "deny":
                assert model.state == "pending", record
                assert detail["approver"] not in (*model.approvers, model.requester), record
                model.state = "denied"
                self._of(model.agent_id).strikes += 1
            case "expire":
                assert model.state in ("pending", "approved"), record
                self._of(model.agent_id).strikes += model.state == "pending"
                model.state = "expired"
            case "cancel":
                assert model.state in ("pending", "approved"), record
                model.state = "cancelled"
            case _:
                assert what == "use", record
                assert model.state == "approved", record
                assert len(model.approvers) == model.needed, record
                agent = self._of(model.agent_id)
                assert agent.strikes < 3, record
                assert not agent.stopped, record
                model.used += 1

    def _decision(self, record: Record, what: str, detail: dict[str, Any]) -> None:
        model = self._of(detail["agent_id"])
        self.decisions[what] += 1
        if "settled" in detail:  # by the guard alone: what must not be was not for the service to prevent
            model.risk += detail["risk"] * (detail["settled"] == "done")
            model.strikes += bool(
                what == "block" and detail["settled"] == "refused" and _REFUSING & set(detail["rules"])
            )
        elif what in ("allow", "warn"):
            assert model.strikes < 3, record
            assert not model.stopped, record
            model.risk += detail["risk"]
            assert model.risk <= 100, record
        elif what == "block" and _REFUSING & set(detail["rules"]):
            model.strikes += 1
        assert (detail["cumulative_risk"], detail["strikes"]) == (model.risk, model.strikes), record


def audit_of(store: ControlStore) -> list[Record]:
    """All of the audit, which has no gap."""
    found: list[Record] = []
    while page := store.changes.records(after=len(found)):
        found += page
        if len(page) < MOST_RECORDS:
            break
    assert [record.sequence for record in found] == list(range(1, len(found) + 1))
    assert all(one.previous == before.digest for before, one in pairwise(found))
    head = store.changes.head()
    assert head == ((found[-1].sequence, found[-1].digest) if found else head)
    return found


def acted_out(store: ControlStore) -> History:
    """What the audit says, which the tables say as well."""
    history = History()
    for record in audit_of(store):
        history.take(record)
    with store.changes.database.reading() as connection:
        agents = connection.execute(select(AGENTS)).all()
        approvals = connection.execute(select(APPROVALS)).all()
        incidents = connection.execute(select(INCIDENTS).where(INCIDENTS.c.closed.is_(None))).all()
        kept = connection.execute(select(DECISIONS.c.decision, DECISIONS.c.agent_id, DECISIONS.c.approval_id)).all()
    assert {row.id: (row.risk, row.strikes) for row in agents} == {
        agent_id: (model.risk, model.strikes) for agent_id, model in history.agents.items() if agent_id
    }
    assert {row.id: (State(row.state).value, int(row.consumed is not None)) for row in approvals} == {
        approval_id: (model.state, model.used) for approval_id, model in history.approvals.items()
    }
    assert Counter((row.agent_id, row.kind) for row in incidents) == Counter(
        {
            (agent_id, kind): count
            for agent_id, model in history.agents.items()
            for kind, count in model.open_incidents.items()
            if count
        }
    )
    used = Counter(row.approval_id for row in kept if row.approval_id and row.decision in ("allow", "warn"))
    assert used == {approval_id: 1 for approval_id, model in history.approvals.items() if model.used}
    return history
