"""Decisions: a verdict meets what an agent has done before, and what people have approved.

One transaction each: the agent's sums, the approval that is asked for or used, the decision, and the audit.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import bindparam, insert, select

from sentric.events import AgentState
from sentric.policy.risk import BUDGET, STOPPED_RULE, STRIKES
from sentric.policy.rule import Decision, Severity
from sentric.policy.verdict import Verdict
from sentric_analyzer.control import agents, approvals
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.approval import Approval, State, told
from sentric_analyzer.control.approvals import MOST_PENDING, MOST_PENDING_OF_KEY, Patience
from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.errors import IdempotencyError, UnknownApprovalError
from sentric_analyzer.control.kept_decisions import KeptDecisions
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.plain import PlainAllows
from sentric_analyzer.control.tables import DECISIONS

_BEFORE = select(DECISIONS.c.request, DECISIONS.c.document).where(
    DECISIONS.c.project == bindparam("of_project"),
    DECISIONS.c.agent_id == bindparam("of_agent"),
    DECISIONS.c.idempotency_key == bindparam("of_key"),
)
_PLAIN = (Decision.ALLOW, 0)
_TOO_FEW = "by now more people must approve it: it has to be approved anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An action that an agent asks to be decided about. All text is redacted."""

    project: str
    agent_id: str
    agent_name: str = ""
    tool: str
    requester: str
    """Who asks: `person:ID` or `key:ID`."""
    key_id: str
    binding: str
    """HMAC of the action: what an approval holds for."""
    policy_digest: str
    request: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is asked, as people read it."""
    answer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else the answer says."""
    approval_id: str = ""
    """Of the approval that is to be used."""
    idempotency_key: str = ""
    fingerprint: str = ""
    """HMAC of all that is asked: the same key must not be used for something else."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """What is decided, once approvals are looked at."""

    decision: Decision
    reasons: tuple[str, ...] = ()
    risk: int = 0
    """What is added to the agent's."""
    strike: bool = False
    approval: Approval | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer to a wish, and whether it was given before."""

    answer: dict[str, Any]
    again: bool = False


class Decisions(KeptDecisions):
    """Decides, and reads what was decided."""

    def __init__(
        self, changes: Changes, plain: PlainAllows, patience: Patience, two_people: frozenset[Severity]
    ) -> None:
        """Begin.

        Args:
            changes: where everything is kept.
            plain: counts the decisions of which nothing is.
            patience: how long approvals last.
            two_people: severities of which an approval takes two people.
        """
        super().__init__(changes)
        self._plain = plain
        self._patience = patience
        self._two_people = two_people

    def decide(self, wish: Wish, judge: Callable[[AgentState], Verdict]) -> Decided:
        """Decide about an action, once what its agent has done is known for sure.

        Args:
            wish: the action.
            judge: gives the verdict of the policy, given what the agent's sums are. Called while others wait.

        Raises:
            IdempotencyError: the idempotency key was used for something else.
            UnknownApprovalError: the approval is none of this agent's.
            ControlError: it cannot be kept: then nothing is allowed.
        """
        if (plainly := self._plainly(wish, judge)) is not None:
            return plainly
        with self._changes.changing(f"key:{wish.key_id}") as change:
            agent = agents.seen(change, wish.project, wish.agent_id, wish.agent_name)
            if (before := _before(change, wish)) is not None:
                if agent.state == "active" or not before["allowed"]:
                    return Decided(before, again=True)
                wish = replace(wish, idempotency_key="")  # what it was allowed then, it is not now
            approval, was_late = _approval_of(change, wish)
            if was_late:  # that may have been a strike
                agent = agents.seen(change, wish.project, wish.agent_id, wish.agent_name)
            verdict = judge(AgentState(agent.risk, agent.strikes, enforced=True, stopped=agent.stopped))
            settled = self._settled(change, wish, verdict, approval)
            agents.counted(change, agent, settled.decision, settled.risk)
            return Decided(self._kept(change, wish, agent, verdict, settled))

    def _plainly(self, wish: Wish, judge: Callable[[AgentState], Verdict]) -> Decided | None:
        """The decision, where it is a plain allow and nothing has to be kept; None: it is none, or not for sure."""
        if wish.idempotency_key or wish.approval_id:
            return None
        if (agent := self._plain.agent(wish.project, wish.agent_id, wish.agent_name)) is None:
            return None
        verdict = judge(AgentState(agent.risk, agent.strikes, enforced=True))
        if (verdict.decision, verdict.risk) != _PLAIN:
            return None
        now = self._changes.clock()
        self._plain.add(agent, now)
        return Decided(_answer(wish, agent, verdict, _Settled(Decision.ALLOW), now))

    def _settled(self, change: Change, wish: Wish, verdict: Verdict, approval: Approval | None) -> _Settled:
        """The decision, given what people have approved."""
        reasons = tuple(match.rule.title for match in verdict.matches if match.decision is not Decision.ALLOW)
        if verdict.decision is Decision.BLOCK:
            only_stopped = all(match.rule.id == STOPPED_RULE.id for match in _blocking(verdict))
            return _Settled(Decision.BLOCK, reasons, strike=not only_stopped)
        if wish.approval_id:
            if approval is None:
                raise UnknownApprovalError("there is no approval of that id for this agent")
            if (approval.binding, approval.requester) != (wish.binding, wish.requester):
                reasons = (*reasons, "the action is not the one that was approved: it has to be approved itself")
            elif self._falls_short(approval, verdict):
                reasons = (*reasons, _TOO_FEW)
            else:
                return _with_approval(change, approval, verdict, reasons)
        if verdict.decision is not Decision.ASK:
            return _Settled(verdict.decision, reasons, risk=verdict.risk)
        return self._ask(change, wish, verdict, reasons)

    def _ask(self, change: Change, wish: Wish, verdict: Verdict, reasons: tuple[str, ...]) -> _Settled:
        if (same := _same(change, wish)) is not None:
            if not self._falls_short(same, verdict):
                return _Settled(Decision.ASK, reasons, approval=same)
            approvals.withdrawn(change, same, why=_TOO_FEW)
        for waiting, most, whose in (
            (approvals.waiting(change, wish.project, wish.agent_id), MOST_PENDING, "this agent"),
            (approvals.waiting_of_key(change, wish.key_id), MOST_PENDING_OF_KEY, "this key's agents"),
        ):
            if waiting >= most:
                why = f"{most} actions of {whose} wait for an approval already: it must wait, too"
                return _Settled(Decision.BLOCK, (*reasons, why), strike=True)
        tier, needed = self._tier(verdict)
        approval = Approval(
            approval_id=approvals.new_id(),
            project=wish.project,
            agent_id=wish.agent_id,
            state=State.PENDING,
            tier=tier.value,
            needed=needed,
            binding=wish.binding,
            requester=wish.requester,
            key_id=wish.key_id,
            created=change.now,
            expires=change.now + self._patience.answer,
            request={**wish.request, "rules": _rules(verdict, evidence=True), "risk": verdict.risk},
        )
        approvals.asked(change, approval)
        return _Settled(Decision.ASK, reasons, approval=approval)

    def _tier(self, verdict: Verdict) -> tuple[Severity, int]:
        """How severe a question is, and how many people must approve."""
        tier = verdict.severity or Severity.LOW
        return tier, 2 if tier in self._two_people else 1

    def _falls_short(self, approval: Approval, verdict: Verdict) -> bool:
        """Whether more people must approve by now than were asked, of an approval from which something can come."""
        return verdict.decision is Decision.ASK and approval.is_open and approval.needed < self._tier(verdict)[1]

    def _kept(self, change: Change, wish: Wish, agent: Agent, verdict: Verdict, settled: _Settled) -> dict[str, Any]:
        """The answer, kept and recorded as far as it has to be."""
        answer = _answer(wish, agent, verdict, settled, change.now)
        is_plain = (settled.decision, settled.risk) == _PLAIN and not settled.used
        if not is_plain or wish.idempotency_key:
            row = {
                "id": answer["decision_id"],
                "project": wish.project,
                "agent_id": wish.agent_id,
                "time": change.now,
                "key_id": wish.key_id,
                "tool": wish.tool,
                "decision": settled.decision.value,
                "risk": verdict.risk,
                "strike": settled.strike,
                "approval_id": answer["approval_id"],
                "idempotency_key": wish.idempotency_key or None,
                "request": wish.fingerprint or None,
                "document": json.dumps({"request": {**wish.request}, "answer": answer}),
            }
            change.connection.execute(insert(DECISIONS), row)
        if not is_plain:
            _record(change, wish, answer)
        if settled.strike and agents.struck(
            change, wish.project, wish.agent_id, why="; ".join(settled.reasons) or "refused"
        ):
            approvals.cancel_open(change, wish.project, wish.agent_id, why="the agent was shut down")
        return answer


def _answer(wish: Wish, agent: Agent, verdict: Verdict, settled: _Settled, now: float) -> dict[str, Any]:
    approval, strikes = settled.approval, agent.strikes + settled.strike
    return {
        **wish.answer,
        "decision_id": secrets.token_hex(16),
        "time": moment(now),
        "decision": settled.decision.value,
        "allowed": settled.decision.rank() <= Decision.WARN.rank(),
        "reasons": list(settled.reasons),
        "rules": _rules(verdict),
        "risk": verdict.risk,
        "cumulative_risk": agent.risk + settled.risk,
        "risk_budget": BUDGET,
        "strikes": strikes,
        "strikes_to_shut_down": STRIKES,
        "agent_state": replace(agent, strikes=strikes).state,
        "approval_id": approval.approval_id if approval else None,
        "approval_state": told(approval) if approval else None,
        "approval_expires": moment(approval.expires) if approval else None,
        "policy_digest": wish.policy_digest,
    }


def _before(change: Change, wish: Wish) -> dict[str, Any] | None:
    """The answer that the same idempotency key got before."""
    if not wish.idempotency_key:
        return None
    about = {"of_project": wish.project, "of_agent": wish.agent_id, "of_key": wish.idempotency_key}
    row = change.connection.execute(_BEFORE, about).one_or_none()
    if row is None:
        return None
    if row.request != wish.fingerprint:
        raise IdempotencyError("this idempotency key was used for something else: use a new one for each action")
    answer: dict[str, Any] = json.loads(row.document)["answer"]
    return answer


def _approval_of(change: Change, wish: Wish) -> tuple[Approval | None, bool]:
    """The approval that is to be used, None where this agent has none of that id; whether it has expired only now."""
    if not wish.approval_id:
        return None, False
    try:
        approval = approvals.loaded(change, wish.approval_id)
    except UnknownApprovalError:
        return None, False
    if (approval.project, approval.agent_id) != (wish.project, wish.agent_id):
        return None, False
    return approvals.on_time(change, approval)


def _same(change: Change, wish: Wish) -> Approval | None:
    """What was asked about the very same action already."""
    return approvals.of_binding(change, wish.project, wish.agent_id, wish.binding, wish.requester)


def _with_approval(change: Change, approval: Approval, verdict: Verdict, reasons: tuple[str, ...]) -> _Settled:
    """The decision about the very action that an approval is about."""
    match approval.state:
        case State.APPROVED if approval.consumed is None:
            approvals.consumed(change, approval)
            decision = Decision.ALLOW if verdict.decision is Decision.ASK else verdict.decision
            return _Settled(decision, reasons, risk=verdict.risk, approval=approval, used=True)
        case State.PENDING:
            return _Settled(Decision.ASK, reasons, approval=approval)
        case _:
            why = f"the approval is {told(approval)}"
            notes = [f"{why}: {answer.note}" for answer in approval.answers if answer.said == "deny" and answer.note]
            return _Settled(Decision.BLOCK, (*reasons, *(notes or [why])), approval=approval)


def _blocking(verdict: Verdict) -> list[Any]:
    return [match for match in verdict.matches if match.decision is Decision.BLOCK]


def _rules(verdict: Verdict, *, evidence: bool = False) -> list[dict[str, Any]]:
    """The rules that matched; with their evidence for people, who must not be told less than they need."""
    return [
        {
            "id": match.rule.id,
            "title": match.rule.title,
            "severity": match.rule.severity.value,
            "decision": match.decision.value,
            "risk": match.risk,
            **({"error": match.error} if match.error else {}),
            **({"would": match.would.value} if match.would else {}),
            **({"evidence": {one.name: one.value for one in match.evidence}} if evidence else {}),
        }
        for match in verdict.matches
    ]


def _record(change: Change, wish: Wish, answer: Mapping[str, Any]) -> None:
    change.record(
        f"decision.{answer['decision']}",
        project=wish.project,
        subject=str(answer["decision_id"]),
        agent_id=wish.agent_id,
        tool=wish.tool,
        rules=[rule["id"] for rule in answer["rules"]],
        risk=answer["risk"],
        cumulative_risk=answer["cumulative_risk"],
        strikes=answer["strikes"],
        binding=wish.binding,
        policy_digest=wish.policy_digest,
        **({"approval_id": answer["approval_id"]} if answer["approval_id"] else {}),
    )
