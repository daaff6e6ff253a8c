"""What a signal family is: a pure, bounded, incremental observer of one run."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from sentric.events import Action, Message, Observation, Outcome
from sentric.policy.rule import Tuning


@dataclass(frozen=True, slots=True)
class Facts:
    """Base of what a family states about one event.

    A subclass is a frozen dataclass whose fields all have defaults (the value of "nothing to say") and one of the
    types bool, int, float, str, tuple[str, ...]. A field `x` is the variable `signals.x` in a rule.
    """


F = TypeVar("F", bound=Facts)


class Family(Generic[F]):
    """One family of signals, for one run.

    Memory is bounded, work per event is O(length of the event) amortised, and nothing here does I/O, reads a clock
    or raises on hostile content.
    """

    facts: ClassVar[type[Facts]]

    def __init__(self, tuning: Tuning) -> None:
        self.tuning = tuning

    def message(self, message: Message) -> None:
        """Hear what a user, the operator or the model said."""

    def observation(self, observation: Observation) -> F:
        """Remember a text that came into the model's view, and state facts about it. Tool results come here too."""
        raise NotImplementedError

    def action(self, action: Action) -> F:
        """State facts about an action, given everything before it, and remember it."""
        raise NotImplementedError

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """Hear how an action ended; its result is also given to `observation`."""


def variables(facts: type[Facts]) -> dict[str, Any]:
    """The fields of a Facts class and their types, in order."""
    hints = get_type_hints(facts)
    return {field.name: hints[field.name] for field in fields(facts)}
