"""Calls that fail, and are made again and again."""

import re
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Author, Message, Outcome
from sentric.policy.content import Content, Reads
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

SAME_ERRORS = 5
"""Errors of one tool that say the same, within `PERIOD`, that make a storm."""
PERIOD = 60
"""Seconds of the run's own clock."""
CALLS = 20
"""Calls among which the share of failures is taken."""
SHARE = 0.5
"""Share of failures above which an agent is only failing."""
ERROR_LENGTH = 160
"""Characters of an error that are compared."""
NANOSECONDS = 1_000_000_000

_DIGITS = re.compile(r"\d+")
_FAILURE = re.compile(
    r"\s*(?:[\[{(\"'*#]\s*)*(?:error|exception|traceback|failed|failure|fatal|unauthori[sz]ed|forbidden|timed out"
    r"|timeout|rate limit)\b",
    re.IGNORECASE,
)
"""How results begin that are errors, where a framework has no other way to tell of one."""


@dataclass(frozen=True, slots=True)
class RetryFacts(Facts):
    """Facts about failures."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    reads: ClassVar[Reads] = frozenset({Content.RESULTS})

    same_errors: int = 0
    """How many times this tool has lately ended with the same error, within a minute, its latest one."""
    error_rate: float = 0.0
    """Share of failures among the latest 20 calls; 0 while there are fewer."""
    retry_storm: bool = False
    """The action calls once more what has just failed the same way five times within a minute, or more than half of the
    latest 20 calls have failed, that tool's latest among them."""
    latest_error: str = ""
    """What that tool ended with."""


_NOTHING = RetryFacts()


@dataclass(frozen=True, slots=True)
class _End:
    """How a call ended."""

    tool: str
    error: str
    """With its numbers made alike; "" where it did not fail."""
    time: int
    shown: str = ""


class Retries(Family[RetryFacts]):
    """Counts failures."""

    facts = RetryFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._ends: deque[_End] = deque(maxlen=CALLS)

    def message(self, message: Message) -> None:
        """A human who speaks again has seen what failed."""
        if message.author is Author.USER:
            self._ends.clear()

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """Remember how a call ended."""
        if action is None or outcome.refused:
            return
        error = (outcome.error or _told(outcome.result))[:ERROR_LENGTH]
        self._ends.append(_End(_name(action), _DIGITS.sub("#", error), outcome.time, error))

    def action(self, action: Action) -> RetryFacts:
        """Tell whether the action tries once more what keeps failing."""
        name = _name(action)
        latest = next((end for end in reversed(self._ends) if end.tool == name), None)
        if latest is None or not latest.error:
            return _NOTHING
        same = sum(
            end.tool == name and end.error == latest.error and _is_recent(end.time, action.time) for end in self._ends
        )
        failed = sum(bool(end.error) for end in self._ends)
        rate = failed / CALLS if len(self._ends) == CALLS else 0.0
        return RetryFacts(same, rate, same >= SAME_ERRORS or rate > SHARE, latest.shown)


def _name(action: Action) -> str:
    return f"{action.server}/{action.tool}"


def _told(result: str) -> str:
    """A result that is an error."""
    head = result[:ERROR_LENGTH]
    return head if _FAILURE.match(head) else ""


def _is_recent(time: int, now: int) -> bool:
    """Within the period, or at an unknown time."""
    return not time or not now or now - time <= PERIOD * NANOSECONDS
