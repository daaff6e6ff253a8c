"""What to do next about an approval, given what was tried. Pure; times in Unix seconds.

One step of the route has its turn at a time. The next has its turn when somebody who was asked has not answered in
their time, cannot be reached, or has answered and somebody else must, too. After the last one, silence is a denial.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sentric_analyzer.approvals.configuration import Step
from sentric_analyzer.control.approval import Approval, State
from sentric_analyzer.control.attempt import OPEN, WAITING, Attempt, AttemptState

TELLING_SECONDS = 30.0
"""Seconds that a channel may take to tell somebody: after them it hangs, or its service ended, and the next follows."""


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be done now, in this order."""

    overdue: tuple[Attempt, ...] = ()
    """Whose turn is over."""
    withdraw: tuple[Attempt, ...] = ()
    """Who need not answer any more."""
    begin: int | None = None
    """The step whose turn it is."""
    again: float | None = None
    """When there is something to do unless something happens before; None: when something happens."""


def next_move(approval: Approval, attempts: Sequence[Attempt], steps: Sequence[Step], now: float) -> Move:
    """What is to be done about an approval.

    Args:
        approval: as it stands.
        attempts: all there were about it.
        steps: of its route.
        now: Unix seconds.
    """
    if approval.state is not State.PENDING:
        return Move(withdraw=tuple(attempt for attempt in attempts if attempt.state in OPEN))
    if now >= approval.expires:
        return Move()  # whoever notes that it has expired says so
    waiting = [attempt for attempt in attempts if attempt.state in WAITING]
    overdue = tuple(attempt for attempt in waiting if ends(attempt) <= now)
    if len(overdue) < len(waiting):
        return Move(overdue, again=min(ends(attempt) for attempt in waiting if attempt not in overdue))
    step = max((attempt.step + 1 for attempt in attempts), default=0)
    return Move(overdue, begin=step if step < len(steps) else None)


def ends(attempt: Attempt) -> float:
    """When the turn of an attempt is over."""
    if attempt.state is AttemptState.BEGUN:
        return min(attempt.due, attempt.created + TELLING_SECONDS)
    return attempt.due
