"""What is decided about an action, as it is answered, kept and recorded."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, cast

from sentric.events import AgentState, Score
from sentric.policy.risk import BUDGET, STRIKES
from sentric.policy.rule import Decision
from sentric.policy.verdict import Verdict
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.approval import Approval, told
from sentric_analyzer.control.changes import Change
from sentric_analyzer.control.keys import moment


class Settled(StrEnum):
    """How an action ended about which a guard has decided alone, while nobody answered it."""

    DONE = "done"
    REFUSED = "refused"


class JudgedBy(StrEnum):
    """Whose verdict it is that was decided by."""

    SERVICE = "service"
    GUARD = "guard"
    """A claim of the guard that asks, to which the engine's own rules were added here."""


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
    judged_by: JudgedBy = JudgedBy.SERVICE
    happened: float | None = None
    """When it was settled, as its guard says; Unix seconds."""
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
class Known:
    """What is known of a wish before it is decided about."""

    state: AgentState
    """What the agent has added up to."""
    is_answered: bool
    """Whether there is an answer already, to the same idempotency key."""
    score: Score | None
    """What a language model has said of it that holds without its being asked again."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided, once approvals are looked at; or was, by a guard that was alone."""

    decision: Decision
    reasons: tuple[str, ...] = ()
    risk: int = 0
    """What is added to the agent's."""
    strike: bool = False
    approval: Approval | None = None
    used: bool = False
    settled: Settled | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether the action may be done, or was."""
        if self.settled is not None:
            return self.settled is Settled.DONE
        return self.decision.rank() <= Decision.WARN.rank()

    @property
    def is_plain(self) -> bool:
        """Whether nothing comes of it but that it is counted."""
        return (self.decision, self.risk) == (Decision.ALLOW, 0) and not self.used and self.settled is None


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer to a wish, and whether it was given before."""

    answer: dict[str, Any]
    again: bool = False


def answer_of(wish: Wish, agent: Agent, verdict: Verdict, ruling: Ruling, now: float) -> dict[str, Any]:
    """The answer to a wish.

    Args:
        wish: the action.
        agent: as it stood before the action.
        verdict: about the action.
        ruling: what comes of it.
        now: Unix seconds.
    """
    approval, strikes = ruling.approval, agent.strikes + ruling.strike
    return {
        **wish.answer,
        "decision_id": secrets.token_hex(16),
        "time": moment(now),
        "decision": ruling.decision.value,
        "allowed": ruling.is_allowed,
        "reasons": list(ruling.reasons),
        "rules": rules_of(verdict),
        "risk": verdict.risk,
        "score": score_of(verdict),
        "before": {"risk": agent.risk, "strikes": agent.strikes, "stopped": agent.stopped},
        "cumulative_risk": agent.risk + ruling.risk,
        "risk_budget": BUDGET,
        "strikes": strikes,
        "strikes_to_shut_down": STRIKES,
        "agent_state": replace(agent, strikes=strikes).state,
        "approval_id": approval.approval_id if approval else None,
        "approval_state": told(approval) if approval else None,
        "approval_expires": moment(approval.expires) if approval else None,
        "judged_by": wish.judged_by.value,
        "policy_digest": wish.policy_digest,
        "settled": ruling.settled.value if ruling.settled else None,
        "happened": moment(wish.happened),
    }


def score_of(verdict: Verdict) -> dict[str, Any] | None:
    """What a language model has said, as it is answered and kept; None where none was asked."""
    return None if verdict.score is None else asdict(verdict.score)


def kept_score(document: object) -> Score | None:
    """A score as it was kept; None where there is none."""
    if not isinstance(document, Mapping):
        return None
    kept = cast(Mapping[str, Any], document)
    return Score(kept["risk"], Decision(kept["decision"]), kept["explanation"], kept["model"])


def rules_of(verdict: Verdict, *, evidence: bool = False) -> list[dict[str, Any]]:
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


def record(change: Change, wish: Wish, answer: Mapping[str, Any]) -> None:
    """Have the audit say what was decided."""
    also = {name: answer[name] for name in ("approval_id", "settled", "happened") if answer[name]}
    if score := answer["score"]:
        also["score"] = {name: score[name] for name in ("risk", "decision", "model")}
    if wish.judged_by is not JudgedBy.SERVICE:
        also["judged_by"] = wish.judged_by.value
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
        **also,
    )
