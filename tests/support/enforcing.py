"""A service as a guard sees it, in memory: it decides by what it is told, and keeps one agent's sums."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sentric.events import AgentState, Score
from sentric.guard import enforcement
from sentric.guard.link import Answer, LinkError
from sentric.policy.risk import BUDGET
from sentric.policy.rule import Decision

BEGUN = AgentState(enforced=True)


@dataclass
class Service:
    """Answers as the REST API does. `person` is asked what an approval has become of: approved or denied."""

    person: Callable[[Mapping[str, Any]], str] = lambda wish: "approved"
    is_away: bool = False
    known: AgentState | None = BEGUN
    has_lease: bool = True
    wishes: list[Mapping[str, Any]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event | None = None
    """While it is not set, nobody answers."""
    score: Score | None = None
    """What a language model says of each action of which a rule wants that."""
    approvals: dict[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)

    # --- Link --------------------------------------------------------------------------------------------------

    def decide(self, wish: Mapping[str, Any]) -> Answer:
        if self.is_away:
            raise LinkError("the service does not answer")
        self.wishes.append(wish)
        before = self.known or BEGUN
        rules = wish["verdict"]["rules"]
        decision = max((Decision(rule["decision"]) for rule in rules), default=Decision.ALLOW, key=Decision.rank)
        risk = max((rule["risk"] for rule in rules), default=0)
        reasons = tuple(rule["title"] for rule in rules)
        score = self.score if any(rule.get("score") for rule in rules) else None
        if score is not None:
            decision, risk = max(decision, score.decision, key=Decision.rank), max(risk, score.risk)
        approval = ""
        if before.stopped or before.risk + risk > BUDGET:
            decision = Decision.BLOCK
        elif decision is Decision.ASK:
            decision, approval, reasons = self._asked(wish, reasons)
        allowed = decision.rank() <= Decision.WARN.rank()
        strikes = before.strikes + (decision is Decision.BLOCK and not before.stopped)
        self.known = AgentState(before.risk + (risk if allowed else 0), strikes, enforced=True, stopped=before.stopped)
        return Answer(
            decision_id=f"d-{len(self.wishes)}",
            decision=decision,
            allowed=allowed,
            reasons=reasons,
            before=before,
            cumulative_risk=self.known.risk,
            strikes=strikes,
            agent_state="stopped" if before.stopped else "shut_down" if strikes >= 3 else "active",
            approval_id=approval,
            approval_state="pending" if decision is Decision.ASK else "",
            score=score,
        )

    def _asked(self, wish: Mapping[str, Any], reasons: tuple[str, ...]) -> tuple[Decision, str, tuple[str, ...]]:
        approval = wish["approval_id"]
        if approval in self.approvals:
            bound, state = self.approvals[approval]
            if bound["arguments"] == wish["arguments"] and bound["url"] == wish["url"]:
                self.approvals[approval] = (bound, "used")
                if state == "approved":
                    return Decision.ALLOW, approval, reasons
                return Decision.BLOCK, approval, (*reasons, f"the approval is {state}: not today")
        approval = f"a-{len(self.approvals)}"
        self.approvals[approval] = (wish, "pending")
        return Decision.ASK, approval, reasons

    def wait(self, approval_id: str, given_up: threading.Event) -> None:
        self.waiting.set()
        while self.hold is not None and not self.hold.wait(0.01):
            if given_up.is_set():
                return
        wish, _ = self.approvals[approval_id]
        self.approvals[approval_id] = (wish, self.person(wish))

    def withdraw(self, approval_id: str) -> None:
        self.withdrawn.append(approval_id)

    def deliver(self, spool: object) -> None: ...

    def watch(self, agent_id: str, agent_name: str) -> "Service":
        return self

    # --- Watch -------------------------------------------------------------------------------------------------

    def state(self) -> AgentState | None:
        return self.known

    def told(self, answer: Answer) -> None: ...

    def close(self) -> None: ...


def linked(monkeypatch: pytest.MonkeyPatch, service: Service) -> Service:
    """Let the guard take this for the service."""
    monkeypatch.setattr(enforcement.Link, "of", lambda settings: service)
    return service
