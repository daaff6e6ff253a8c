"""An attempt to reach somebody about an approval, and the states it goes through. Pure; times in Unix seconds.

    begun ── told ──> sent ── somebody picked up ──> reached
    begun, sent, reached ── its time has passed ──> unanswered
    begun, sent, reached ── could not be reached ──> failed
    begun, sent, reached, unanswered ── they answered ──> answered
    begun, sent, reached, unanswered ── somebody else answered, or nobody in time ──> withdrawn

Nothing leaves failed, answered and withdrawn. Of one that is unanswered it is the next step's turn, and it can still be
answered: the first answer counts, whoever gives it. That somebody was told may be known only after any of these.
"""

from dataclasses import dataclass
from enum import StrEnum


class AttemptState(StrEnum):
    """Where an attempt stands."""

    BEGUN = "begun"
    SENT = "sent"
    REACHED = "reached"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


WAITING = (AttemptState.BEGUN, AttemptState.SENT, AttemptState.REACHED)
"""Those whose turn it is."""
OPEN = (*WAITING, AttemptState.UNANSWERED)
"""Those that can still be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt to reach somebody."""

    attempt_id: str
    approval_id: str
    step: int
    """Of the route, from 0."""
    channel: str
    person: str
    """Id of the person who is asked; "" where there is no such person."""
    state: AttemptState
    created: float
    due: float
    """When it is the next step's turn."""
    sent: float | None = None
    ended: float | None = None
    reference: str = ""
    """How the other side names it."""
    detail: str = ""
    """Why it failed, or what else is to be said."""
