"""What a signal family is: a pure, bounded, incremental observer of one run."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import NoneType
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from sentric.events import Action, Message, Observation, Outcome
from sentric.policy.content import OWN, Content, Reads
from sentric.policy.rule import Scope, Tuning


@dataclass(frozen=True, slots=True)
class Facts:
    """Base of what a family states about one event.

    A subclass is a frozen dataclass whose fields all have defaults (the value of "nothing to say") and one of the
    types bool, int, float, str, tuple[str, ...]. A field `x` is the variable `signals.x` in a rule.

    A rule that asks a fact of events it is never stated about can never match, and does not load: so a subclass says
    what its facts are about, where that is not everything its family is asked about. And because silence about what
    nobody captured must not pass for a no, it says what they are read from, where that is not the event's own text.
    """

    stated_about: ClassVar[tuple[Scope, ...]] = tuple(Scope)
    """What sort of event the facts are about."""
    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = {}
    """The same for single fields, where it is something else."""
    reads: ClassVar[Reads] = frozenset({Content.TEXT})
    """What must have been captured for the facts to be stated: without it, silence says nothing. Not what only adds
    to the ways in which they are."""
    fields_read: ClassVar[Mapping[str, Reads]] = {}
    """The same for single fields, where it is something else."""


F = TypeVar("F", bound=Facts)


class Family(Generic[F]):
    """One family of signals, for one run.

    Memory is bounded, work per event is O(length of the event) amortised, and nothing here does I/O, reads a clock
    or raises on hostile content.
    """

    facts: ClassVar[type[Facts]]

    def __init__(self, tuning: Tuning) -> None:
        self.evicted: dict[str, None] = {}
        self.tune(tuning)

    def tune(self, tuning: Tuning) -> None:
        """Go by a policy, or by another one in the midst of a run. What was heard so far stands."""
        self.tuning = tuning

    def evict(self, what: str) -> None:
        """Note that something remembered had to be forgotten, because a limit was reached.

        Rules hear of it once in a run, as `run.evicted`.

        Args:
            what: what is forgotten, in the plural: "values", "secrets".
        """
        self.evicted[what] = None

    def begin(self) -> None:
        """Hear that the earlier runs of the conversation are over: what is counted for one run starts anew."""

    def message(self, message: Message) -> F | None:
        """Hear what a user, the operator or the model said. None where the family has nothing to say about it.

        Only what is stated about the model's own words reaches a rule.
        """
        return None

    def observation(self, observation: Observation) -> F | None:
        """Remember a text that came into the model's view, and state facts about it. Tool results come here too.

        None where the family has nothing to say about texts.
        """
        return None

    def action(self, action: Action) -> F:
        """State facts about an action, given everything before it, and remember it."""
        raise NotImplementedError

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """Hear how an action ended; its result is also given to `observation`."""


def stated_about(family: "type[Family[Any]]", field: str) -> tuple[Scope, ...]:
    """What sort of event a fact of a family is about."""
    about = family.facts.fields_stated_about.get(field, family.facts.stated_about)
    hears_only = get_type_hints(family.message).get("return") is NoneType
    return tuple(scope for scope in about if not (hears_only and scope is Scope.MESSAGE))


def read_for(family: "type[Family[Any]]", field: str, scope: Scope) -> Reads:
    """What must have been captured for a fact of a family to be stated about an event of some sort."""
    stated = family.facts.fields_read.get(field, family.facts.reads)
    return frozenset(OWN[scope] if content is Content.TEXT else content for content in stated)


def variables(facts: type[Facts]) -> dict[str, Any]:
    """The fields of a Facts class and their types, in order."""
    hints = get_type_hints(facts)
    return {field.name: hints[field.name] for field in fields(facts)}
