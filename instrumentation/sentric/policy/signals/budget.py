"""What a run has used up: tokens, money, steps, time."""

from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Event, Message, Observation
from sentric.policy.content import Reads
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

NANOSECONDS = 1_000_000_000
PRICED = 1_000_000
"""Tokens that the policy's prices are for."""


@dataclass(frozen=True, slots=True)
class BudgetFacts(Facts):
    """Facts about what the run has used up so far."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION, Scope.MESSAGE)
    reads: ClassVar[Reads] = frozenset()

    steps: int = 0
    """Actions of the run, this one too."""
    tokens: int = 0
    """Tokens that its models have read and written, as far as that is known."""
    cost: float = 0.0
    """What these cost by the policy's prices; 0 where it states none."""
    seconds: float = 0.0
    """Time from the run's first event to this one."""
    over_budget: tuple[str, ...] = ()
    """Which of the policy's limits are exceeded: steps, tokens, cost, seconds."""


_NOTHING = BudgetFacts()


class Budget(Family[BudgetFacts]):
    """Adds up what a run takes."""

    facts = BudgetFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self.begin()

    def begin(self) -> None:
        """A budget is for one run."""
        self._steps = self._read = self._written = 0
        self._first = self._last = 0

    def message(self, message: Message) -> BudgetFacts:
        """A model's words have a price."""
        self._at(message)
        self._read += max(message.input_tokens, 0)
        self._written += max(message.output_tokens, 0)
        return self._facts()

    def observation(self, observation: Observation) -> BudgetFacts:
        """Only its time counts."""
        self._at(observation)
        return _NOTHING

    def action(self, action: Action) -> BudgetFacts:
        """Count a step."""
        self._at(action)
        self._steps += 1
        return self._facts()

    def _at(self, event: Event) -> None:
        """Hear a time; 0 is an unknown one, and clocks may go back."""
        if event.time > 0:
            self._first = min(self._first, event.time) if self._first else event.time
            self._last = max(self._last, event.time)

    def _facts(self) -> BudgetFacts:
        tuning = self.tuning
        tokens, seconds = self._read + self._written, (self._last - self._first) / NANOSECONDS
        cost = (self._read * tuning.input_token_price + self._written * tuning.output_token_price) / PRICED
        used = (
            ("steps", self._steps, tuning.max_steps),
            ("tokens", tokens, tuning.max_tokens),
            ("cost", cost, tuning.max_cost),
            ("seconds", seconds, tuning.max_seconds),
        )
        over = tuple([name for name, taken, limit in used if 0 < limit < taken])
        return BudgetFacts(self._steps, tokens, cost, seconds, over)
