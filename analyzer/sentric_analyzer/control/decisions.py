"""Decisions: a verdict meets what an agent has done before, and what people have approved.

One transaction each: the agent's sums, the approval that is asked for or used, the decision, and the audit.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from sentric.events import AgentState
from sentric.policy.rule import Decision, Severity
from sentric.policy.verdict import Verdict
from sentric_analyzer.control import agents, approvals
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.approval import Approval, State, told
from sentric_analyzer.control.approvals import MOST_PENDING, MOST_PENDING_OF_KEY, Patience
from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.errors import IdempotencyError, UnknownApprovalError
from sentric_analyzer.control.kept_decisions import KeptDecisions
from sentric_analyzer.control.plain import PlainAllows
from sentric_analyzer.control.rulings import (
    Decided,
    Known,
    Ruling,
    Settled,
    Wish,
    answer_of,
    record,
    rules_of,
    score_of,
)
from sentric_analyzer.control.scores import score_known
from sentric_analyzer.control.tables import DECISIONS

_BEFORE = select(DECISIONS.c.request, DECISIONS.c.document).where(
    DECISIONS.c.project == bindparam("of_project"),
    DECISIONS.c.agent_id == bindparam("of_agent"),
    DECISIONS.c.idempotency_key == bindparam("of_key"),
)
_PLAIN = (Decision.ALLOW, 0)
_TOO_FEW = "by now more people must approve it: it has to be approved anew"


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
            if (before := _before(change.connection, wish)) is not None:
                if before.get("settled"):
                    raise IdempotencyError("this idempotency key is that of an action that has ended already")
                if agent.state == "active" or not before["allowed"]:
                    return Decided(before, again=True)
                wish = replace(wish, idempotency_key="")  # what it was allowed then, it is not now
            approval, was_late = _approval_of(change, wish)
            if was_late:  # that may have been a strike
                agent = agents.seen(change, wish.project, wish.agent_id, wish.agent_name)
            verdict = judge(AgentState(agent.risk, agent.strikes, enforced=True, stopped=agent.stopped))
            ruling = self._ruling(change, wish, verdict, approval)
            agents.counted(change, agent, ruling.decision, ruling.risk)
            return Decided(self._kept(change, wish, agent, verdict, ruling))

    def known(self, wish: Wish) -> Known:
        """What is known of a wish before it is decided about, so that nobody is asked in vain. It may change meanwhile.

        Raises:
            IdempotencyError: the idempotency key was used for something else.
            ControlError: the database does not answer.
        """
        with self._changes.database.reading() as connection:
            before = _before(connection, wish)
            agent = agents.standing(connection, wish.project, wish.agent_id, wish.agent_name)
            score = score_known(connection, wish, self._changes.clock())
        state = AgentState(agent.risk, agent.strikes, enforced=True, stopped=agent.stopped)
        return Known(state, is_answered=before is not None, score=score)

    def settle(self, wish: Wish, verdict: Verdict, settled: Settled) -> Decided:
        """Count and record what a guard has decided alone, while nobody answered it. Nothing is decided by that.

        Risk is added where the action was done. A block that was refused is a strike; what was refused because nobody
        could be asked is none. Where the guard was answered after all, and has not heard it, nothing counts twice.

        Args:
            wish: the action, with an idempotency key.
            verdict: the guard's own.
            settled: how it ended.

        Raises:
            IdempotencyError: the idempotency key was used for something else.
            ControlError: it cannot be kept: it is to be told again.
        """
        is_done = settled is Settled.DONE
        with self._changes.changing(f"key:{wish.key_id}") as change:
            agent = agents.seen(change, wish.project, wish.agent_id, wish.agent_name)
            if (before := _before(change.connection, wish)) is not None:
                _not_asked_any_more(change, before)
                if before.get("settled") or before["allowed"] or not is_done:
                    return Decided(before, again=True)
                _release(change, wish)  # it was done although it was refused: that is what the key is for from now on
            ruling = Ruling(
                verdict.decision,
                _reasons(verdict),
                risk=verdict.risk if is_done else 0,
                strike=verdict.is_strike and not is_done,
                settled=settled,
            )
            agents.counted(change, agent, ruling.decision, ruling.risk)
            return Decided(self._kept(change, wish, agent, verdict, ruling))

    def _plainly(self, wish: Wish, judge: Callable[[AgentState], Verdict]) -> Decided | None:
        """The decision, where it is a plain allow and nothing has to be kept; None: it is none, or not for sure."""
        if wish.idempotency_key or wish.approval_id:
            return None
        if (agent := self._plain.agent(wish.project, wish.agent_id, wish.agent_name)) is None:
            return None
        verdict = judge(AgentState(agent.risk, agent.strikes, enforced=True))
        if (verdict.decision, verdict.risk) != _PLAIN or verdict.score is not None:
            return None
        now = self._changes.clock()
        self._plain.add(agent, now)
        return Decided(answer_of(wish, agent, verdict, Ruling(Decision.ALLOW), now))

    def _ruling(self, change: Change, wish: Wish, verdict: Verdict, approval: Approval | None) -> Ruling:
        """The decision, given what people have approved."""
        reasons = _reasons(verdict)
        if verdict.decision is Decision.BLOCK:
            return Ruling(Decision.BLOCK, reasons, strike=verdict.is_strike)
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
            return Ruling(verdict.decision, reasons, risk=verdict.risk)
        return self._ask(change, wish, verdict, reasons)

    def _ask(self, change: Change, wish: Wish, verdict: Verdict, reasons: tuple[str, ...]) -> Ruling:
        if (same := _same(change, wish)) is not None:
            if not self._falls_short(same, verdict):
                return Ruling(Decision.ASK, reasons, approval=same)
            approvals.withdrawn(change, same, why=_TOO_FEW)
        for waiting, most, whose in (
            (approvals.waiting(change, wish.project, wish.agent_id), MOST_PENDING, "this agent"),
            (approvals.waiting_of_key(change, wish.key_id), MOST_PENDING_OF_KEY, "this key's agents"),
        ):
            if waiting >= most:
                why = f"{most} actions of {whose} wait for an approval already: it must wait, too"
                return Ruling(Decision.BLOCK, (*reasons, why), strike=True)
        tier, needed = self._tier(verdict)
        scored = {} if verdict.score is None else {"score": score_of(verdict)}
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
            request={**wish.request, "rules": rules_of(verdict, evidence=True), "risk": verdict.risk, **scored},
        )
        approvals.asked(change, approval)
        return Ruling(Decision.ASK, reasons, approval=approval)

    def _tier(self, verdict: Verdict) -> tuple[Severity, int]:
        """How severe a question is, and how many people must approve."""
        tier = verdict.severity or Severity.LOW
        return tier, 2 if tier in self._two_people else 1

    def _falls_short(self, approval: Approval, verdict: Verdict) -> bool:
        """Whether more people must approve by now than were asked, of an approval from which something can come."""
        return verdict.decision is Decision.ASK and approval.is_open and approval.needed < self._tier(verdict)[1]

    def _kept(self, change: Change, wish: Wish, agent: Agent, verdict: Verdict, ruling: Ruling) -> dict[str, Any]:
        """The answer, kept and recorded as far as it has to be."""
        answer = answer_of(wish, agent, verdict, ruling, change.now)
        is_plain = ruling.is_plain and verdict.score is None
        if not is_plain or wish.idempotency_key:
            row = {
                "id": answer["decision_id"],
                "project": wish.project,
                "agent_id": wish.agent_id,
                "time": change.now,
                "key_id": wish.key_id,
                "tool": wish.tool,
                "decision": ruling.decision.value,
                "risk": verdict.risk,
                "strike": ruling.strike,
                "approval_id": answer["approval_id"],
                "idempotency_key": wish.idempotency_key or None,
                "request": wish.fingerprint or None,
                "document": json.dumps({"request": {**wish.request}, "answer": answer}),
            }
            change.connection.execute(insert(DECISIONS), row)
        if not is_plain:
            record(change, wish, answer)
        if ruling.strike and agents.struck(
            change, wish.project, wish.agent_id, why="; ".join(ruling.reasons) or "refused"
        ):
            approvals.cancel_open(change, wish.project, wish.agent_id, why="the agent was shut down")
        return answer


def _before(connection: Connection, wish: Wish) -> dict[str, Any] | None:
    """The answer that the same idempotency key got before."""
    if not wish.idempotency_key:
        return None
    about = {"of_project": wish.project, "of_agent": wish.agent_id, "of_key": wish.idempotency_key}
    row = connection.execute(_BEFORE, about).one_or_none()
    if row is None:
        return None
    if row.request != wish.fingerprint:
        raise IdempotencyError("this idempotency key was used for something else: use a new one for each action")
    answer: dict[str, Any] = json.loads(row.document)["answer"]
    return answer


def _release(change: Change, wish: Wish) -> None:
    """Let the idempotency key be used for what is kept next."""
    about = (DECISIONS.c.project == wish.project, DECISIONS.c.agent_id == wish.agent_id)
    released = update(DECISIONS).where(*about, DECISIONS.c.idempotency_key == wish.idempotency_key)
    change.connection.execute(released.values(idempotency_key=None, request=None))


def _not_asked_any_more(change: Change, before: Mapping[str, Any]) -> None:
    """Withdraw the question to which an answer has led that nobody has heard: nobody waits for it."""
    if before["decision"] == Decision.ASK and before["approval_id"]:
        approval = approvals.loaded(change, before["approval_id"])
        if approval.is_open:
            approvals.withdrawn(change, approval, why="its guard has ended the action without an answer")


def _reasons(verdict: Verdict) -> tuple[str, ...]:
    """Why it is not simply allowed: in our own words and those of the rules, not in a model's."""
    titles = tuple(match.rule.title for match in verdict.matches if match.decision is not Decision.ALLOW)
    score = verdict.score
    if score is None or score.decision is not Decision.ASK:
        return titles
    return (*titles, f"a model scores its risk {score.risk} of 100" if score.model else "its risk is not scored")


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


def _with_approval(change: Change, approval: Approval, verdict: Verdict, reasons: tuple[str, ...]) -> Ruling:
    """The decision about the very action that an approval is about."""
    match approval.state:
        case State.APPROVED if approval.consumed is None:
            approvals.consumed(change, approval)
            decision = Decision.ALLOW if verdict.decision is Decision.ASK else verdict.decision
            return Ruling(decision, reasons, risk=verdict.risk, approval=approval, used=True)
        case State.PENDING:
            return Ruling(Decision.ASK, reasons, approval=approval)
        case _:
            why = f"the approval is {told(approval)}"
            notes = [f"{why}: {answer.note}" for answer in approval.answers if answer.said == "deny" and answer.note]
            return Ruling(Decision.BLOCK, (*reasons, *(notes or [why])), approval=approval)
