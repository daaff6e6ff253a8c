"""Holes in what is told of a run: missing numbers, ends without a beginning, a clock that goes back."""

from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar

from sentric.events import Action, Author, Event, Message, Observation, Outcome
from sentric.policy.content import Reads
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family

REORDERED = 4
"""How far behind the highest number one may still come: calls made at the same time overtake each other."""
MISSING_KEPT = 1024
"""Missing numbers that are waited for one by one."""
LOST = 2**31
"""Numbers from here on stand for one that was lost itself."""
CLOCK_BACK = 60
"""Seconds that a clock may go back: several machines may tell of one run, each by its own clock."""
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class GapFacts(Facts):
    """Facts about what is missing of the run."""

    reads: ClassVar[Reads] = frozenset()

    telemetry_gaps: tuple[str, ...] = ()
    """What has come to light since the event before: events missing, an outcome without its action, a clock that went
    back. Each is told once."""
    missing_events: int = 0
    """Events before this one that never came, in the whole run."""


class Gaps(Family[GapFacts]):
    """Counts what is missing."""

    facts = GapFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._waiting: dict[int, None] = {}
        self._told: dict[str, None] = {}
        self.begin()

    def begin(self) -> None:
        """Every run counts from its own beginning."""
        self._highest = -1
        self._missing = self._latest = 0
        self._waiting.clear()
        self._told.clear()

    def message(self, message: Message) -> GapFacts | None:
        """Its number and its time count. What has come to light waits for an event that rules look at."""
        self._hear(message)
        return self._facts() if message.author is Author.MODEL else None

    def observation(self, observation: Observation) -> GapFacts:
        """Its number and its time count."""
        self._hear(observation)
        return self._facts()

    def action(self, action: Action) -> GapFacts:
        """Its number and its time count."""
        self._hear(action)
        return self._facts()

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """An end needs a beginning."""
        self._hear(outcome)
        if action is None:
            self._told["an outcome without its action"] = None

    def _hear(self, event: Event) -> None:
        self._count(event.sequence)
        if not event.time:
            return
        if self._latest - event.time > CLOCK_BACK * NANOSECONDS:
            self._told[f"the clock went back by more than {CLOCK_BACK} s"] = None
        self._latest = event.time

    def _count(self, number: int) -> None:
        if number >= LOST:
            return
        if number <= self._highest:
            self._waiting.pop(number, None)
            return
        if self._highest >= 0 and number > self._highest + 1:
            skipped = number - self._highest - 1
            # More than can be waited for one by one are missing for good.
            self._lose(max(skipped - MISSING_KEPT, 0))
            self._waiting.update(dict.fromkeys(range(number - min(skipped, MISSING_KEPT), number)))
        self._highest = number
        if self._waiting:
            self._give_up(number - REORDERED)

    def _give_up(self, number: int) -> None:
        """Wait no longer for the numbers before one."""
        late = list(takewhile(lambda waiting: waiting < number, self._waiting))
        for lost in late:
            del self._waiting[lost]
        self._lose(len(late))

    def _lose(self, count: int) -> None:
        if count:
            self._missing += count
            self._told["events are missing"] = None

    def _facts(self) -> GapFacts:
        if not self._told and not self._missing:
            return _NOTHING
        told, self._told = tuple(self._told), {}
        return GapFacts(told, self._missing)


_NOTHING = GapFacts()
