"""What the service says, read strictly: whatever is not exactly what it must be is a `LinkError`, never an answer."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeVar, cast

from sentric.events import AgentState, Score
from sentric.guard.link.errors import LinkError
from sentric.policy.risk import STRIKES
from sentric.policy.rule import Decision

ACTIVE, SHUT_DOWN, STOPPED = AGENT_STATES = ("active", "shut_down", "stopped")
"""How an agent stands."""
APPROVAL_STATES = ("pending", "approved", "denied", "expired", "cancelled")
"""How an approval stands, in its document."""
APPROVAL_ID = re.compile("[0-9a-f]{1,32}")
_LONGEST_TEXT = 16_384
_LARGEST_SUM = 1 << 53
_HIGHEST_RISK = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service decided about an action."""

    decision_id: str
    decision: Decision
    allowed: bool
    """Whether the action may be done now."""
    reasons: tuple[str, ...]
    before: AgentState
    """The agent's sums before this action, as the service held them when it decided."""
    cumulative_risk: int
    """Of all that the agent was allowed since it was reset, this action too if it is allowed."""
    strikes: int
    """Refusals since it was reset."""
    agent_state: str
    """`active`, `shut_down` or `stopped`."""
    approval_id: str = ""
    """Of the approval that is waited for, or was used."""
    approval_state: str = ""
    approval_expires: str = ""
    """RFC 3339, by the service's clock."""
    approval_seconds: float = 0.0
    """How long after this answer that is; 0: it has expired, or there is no approval."""
    score: Score | None = None
    """What a language model said of the action, where a rule wanted that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a guard is told about its agent."""

    state: AgentState
    policy_number: int
    policy_digest: str


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object of which nothing is left to chance.

    Raises:
        ValueError: it is none: not JSON, no object, a name stands twice, a number is none, or it is nested too deeply.
    """
    try:
        found = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no object")
    return cast(dict[str, Any], found)


def read_answer(document: Mapping[str, Any]) -> Answer:
    """An answer to a wish.

    Raises:
        LinkError: it cannot be used; the message names the field.
    """
    decision = _one_of(document, "decision", tuple(Decision))
    allowed = _typed(document, "allowed", bool)
    if allowed is not (decision in (Decision.ALLOW, Decision.WARN)):
        raise _unusable("allowed")
    expires = _text(document, "approval_expires", empty=True)
    return Answer(
        decision_id=_text(document, "decision_id"),
        decision=Decision(decision),
        allowed=allowed,
        reasons=_texts(document, "reasons"),
        before=_sums(_typed(document, "before", dict)),
        cumulative_risk=_sum(document, "cumulative_risk"),
        strikes=_sum(document, "strikes"),
        agent_state=_one_of(document, "agent_state", AGENT_STATES),
        approval_id=approval_id(_text(document, "approval_id", empty=True), empty=True),
        approval_state=_text(document, "approval_state", empty=True),
        approval_expires=expires,
        approval_seconds=seconds_between(_text(document, "time"), expires) if expires else 0.0,
        score=_score(_typed(document, "score", dict)) if document.get("score") is not None else None,
    )


def read_standing(document: Mapping[str, Any], agent_id: str) -> Standing:
    """A `state` of the stream of an agent.

    Raises:
        LinkError: it cannot be used, or is about another agent.
    """
    if document.get("agent_id") != agent_id:
        raise _unusable("agent_id")
    state = _one_of(document, "state", AGENT_STATES)
    return Standing(
        state=stood(
            state, _sum(document, "risk"), _sum(document, "strikes"), reason=_text(document, "reason", empty=True)
        ),
        policy_number=_sum(document, "policy_number"),
        policy_digest=_text(document, "policy_digest"),
    )


def read_lease(document: Mapping[str, Any], longest: float) -> float:
    """How many seconds a lease is for: no more than the longest that is believed.

    Raises:
        LinkError: it cannot be used.
    """
    seconds: object = document.get("lease_seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds > 0:
        raise _unusable("lease_seconds")
    return float(min(seconds, longest))


def read_pending(document: Mapping[str, Any], wanted: str) -> bool:
    """Whether an approval is waited for still.

    Raises:
        LinkError: it cannot be used, or is about another approval.
    """
    if document.get("approval_id") != wanted:
        raise _unusable("approval_id")
    return _one_of(document, "state", APPROVAL_STATES) == "pending"


def approval_id(text: str, *, empty: bool = False) -> str:
    """An id of an approval, which can stand in a path.

    Raises:
        LinkError: it is none.
    """
    if not APPROVAL_ID.fullmatch(text) and not (empty and not text):
        raise _unusable("approval_id")
    return text


def stood(state: str, risk: int, strikes: int, *, reason: str = "") -> AgentState:
    """What is known of an agent, of which it is said how it stands: in doubt it may not go on."""
    return AgentState(
        risk=risk,
        strikes=max(strikes, STRIKES) if state == SHUT_DOWN else strikes,
        enforced=True,
        stopped=reason or ("stopped by an operator" if state == STOPPED else ""),
    )


def seconds_between(begin: str, end: str) -> float:
    """How long it is between two moments of the same clock, at least 0.

    Raises:
        LinkError: one is no moment.
    """
    try:
        return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds())
    except (ValueError, TypeError):  # one with a zone, one without
        raise _unusable("time") from None


def _sums(document: Mapping[str, Any]) -> AgentState:
    return AgentState(
        risk=_sum(document, "risk"),
        strikes=_sum(document, "strikes"),
        enforced=True,
        stopped=_text(document, "stopped", empty=True),
    )


def _score(document: Mapping[str, Any]) -> Score:
    risk = _sum(document, "risk")
    if risk > _HIGHEST_RISK:
        raise _unusable("score")
    return Score(
        risk=risk,
        decision=Decision(_one_of(document, "decision", (Decision.ALLOW, Decision.ASK))),
        explanation=_text(document, "explanation", empty=True),
        model=_text(document, "model", empty=True),
    )


def _typed(document: Mapping[str, Any], name: str, kind: Callable[..., T]) -> T:
    value = document.get(name)
    if type(value) is not kind:
        raise _unusable(name)
    return cast(T, value)


def _sum(document: Mapping[str, Any], name: str) -> int:
    value = _typed(document, name, int)
    if not 0 <= value < _LARGEST_SUM:
        raise _unusable(name)
    return value


def _text(document: Mapping[str, Any], name: str, *, empty: bool = False) -> str:
    """A text; one that may be empty may also be null."""
    if empty and document.get(name, "") is None:
        return ""
    value = _typed(document, name, str)
    if len(value) > _LONGEST_TEXT or not (value or empty):
        raise _unusable(name)
    return value


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values: list[Any] = _typed(document, name, list)
    return tuple(_text({name: value}, name, empty=True) for value in values)


def _one_of(document: Mapping[str, Any], name: str, known: Sequence[str]) -> str:
    value = _text(document, name)
    if value not in known:
        raise _unusable(name)
    return value


def _unusable(name: str) -> LinkError:
    return LinkError(f"the service's answer cannot be used: its {name} is not what it must be: is it of this version?")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
