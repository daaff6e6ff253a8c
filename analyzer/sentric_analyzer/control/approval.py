"""An approval: a person's answer to one question, and the states it goes through. Pure; times in Unix seconds.

    pending ── enough people approve ──> approved ── used by the action it is bound to, once ──> approved, consumed
       │── somebody denies ─────────────> denied        │── nobody uses it in time ──> expired
       │── nobody answers in time ──────> expired       └── withdrawn ───────────────> cancelled
       └── withdrawn ───────────────────> cancelled

Nothing leaves denied, expired and cancelled, and nothing is done with an approval that was consumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sentric_analyzer.control.errors import ApprovalStateError, NotAnApproverError


class State(StrEnum):
    """Where an approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Said(StrEnum):
    """What a person answers."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer."""

    approver: str
    """`person:ID`, or `key:ID` of a key that belongs to nobody."""
    said: Said
    time: float
    note: str = ""
    channel: str = ""
    """How it came: api, cli, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question to people, what they have answered, and what has become of it."""

    approval_id: str
    project: str
    agent_id: str
    state: State
    tier: str
    """Severity of what it is about."""
    needed: int
    """People who must approve."""
    binding: str
    """HMAC of what is approved: project, agent, run, call, tool, arguments, origin and element."""
    requester: str
    """Who asked, as an approver would be named: this one may not answer."""
    key_id: str
    """The key that asked."""
    created: float
    expires: float
    ended: float | None = None
    """When it left pending."""
    consumed: float | None = None
    request: dict[str, Any]
    """What is asked, redacted, for people."""
    answers: tuple[Answer, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something can still come of it."""
        return self.state is State.PENDING or (self.state is State.APPROVED and self.consumed is None)

    def is_late(self, now: float) -> bool:
        """Whether its time has passed, and nobody has noted that yet."""
        return self.is_open and now >= self.expires


def answered(approval: Approval, answer: Answer, *, use_seconds: float) -> Approval:
    """The approval after an answer.

    Args:
        approval: as it is, its time not passed.
        answer: of somebody who may approve.
        use_seconds: how long it can be used, once enough people have approved.

    Raises:
        ApprovalStateError: it is not pending any more.
        NotAnApproverError: the answer is that of who asks, or the second of the same person.
    """
    if approval.state is not State.PENDING:
        raise ApprovalStateError(f"approval {approval.approval_id} is {told(approval)}: it can no longer be answered")
    if answer.approver == approval.requester or answer.approver == f"key:{approval.key_id}":
        raise NotAnApproverError("nobody approves their own request: somebody else must answer")
    if any(answer.approver == given.approver for given in approval.answers):
        raise NotAnApproverError("you have approved it already: somebody else must, too")
    answers = (*approval.answers, answer)
    if answer.said is Said.DENY:
        return replace(approval, answers=answers, state=State.DENIED, ended=answer.time)
    if _people(answers) < approval.needed:
        return replace(approval, answers=answers)
    expires = answer.time + use_seconds
    return replace(approval, answers=answers, state=State.APPROVED, ended=answer.time, expires=expires)


def late(approval: Approval) -> Approval:
    """The approval after its time has passed: silence is a denial."""
    return replace(approval, state=State.EXPIRED, ended=approval.ended or approval.expires)


def cancelled(approval: Approval, now: float) -> Approval:
    """The approval after it was withdrawn.

    Raises:
        ApprovalStateError: nothing can come of it any more.
    """
    if not approval.is_open:
        raise ApprovalStateError(f"approval {approval.approval_id} is {told(approval)}: nothing is left to cancel")
    return replace(approval, state=State.CANCELLED, ended=now)


def told(approval: Approval) -> str:
    """Its state, in words."""
    return "used already" if approval.consumed is not None else approval.state.value


def _people(answers: Sequence[Answer]) -> int:
    """How many different people have answered. Keys of nobody may all be one person's: they count as one."""
    return len({answer.approver if answer.approver.startswith("person:") else "" for answer in answers})
