"""What a report says, decided once: the terminal, Markdown and HTML only differ in how they write it down.

Every text here has passed `visible`; nothing in it is markup of any kind.
"""

from dataclasses import dataclass
from typing import Literal

SEVERITIES = ("critical", "high", "medium", "low")
"""As a report orders them."""
NEXT_GOAL = "Next goal"


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the run something was found, with the reasoning next to it."""

    anchor: str
    """Names what the timeline shows of it; "" where the timeline does not have it."""
    label: str
    """Such as `step 12: input`."""
    finding_id: str
    evidence: tuple[Fact, ...]
    failure: str
    """Why the rule could not be evaluated, where it counts as matched for that."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Places that share their reasoning: the actions of one decision of the model."""

    places: tuple[Place, ...]
    shared: tuple[Fact, ...]
    """Evidence that is the same at all of several places, and so not repeated in them."""
    heading: str
    """Whose reasoning it is: of the step itself, or of what followed a text that was shown."""
    reasoning: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """Everything that one rule found, or that one model thinks of one thing."""

    rule_id: str
    title: str
    severity: str
    decision: str
    risk: int
    category: str
    references: tuple[str, ...]
    description: str
    occasions: tuple[Occasion, ...]
    model: str
    """Name of the language model whose opinion it is; "" where a rule matched."""

    @property
    def verdict(self) -> tuple[str, ...]:
        """What follows from it: what the policy says, or that it is an opinion."""
        if self.model:
            return (f"opinion of the model {self.model}", "no rule says so")
        return (f"policy says {self.decision}", f"risk {self.risk}")

    @property
    def count(self) -> int:
        """How many findings this is."""
        return sum(len(occasion.places) for occasion in self.occasions)


@dataclass(frozen=True, slots=True)
class Deed:
    """An action and how it ended."""

    anchor: str
    number: int
    """Counts the actions of the run, from 1."""
    tool: str
    effects: str
    url: str
    element: str
    arguments: str
    result: str
    error: str
    duration: str
    decision: str
    severity: str
    """The highest severity of what was found here; "" where nothing was."""
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One decision of the model: its reasoning, and the actions it took for it."""

    elapsed: str
    reasoning: tuple[Fact, ...]
    deeds: tuple[Deed, ...]
    kind: Literal["turn"] = "turn"

    @property
    def goal(self) -> str:
        """What it wanted, in its own words where there are any."""
        stated = (fact.value for fact in self.reasoning if fact.name == NEXT_GOAL)
        return next(stated, "Acted without recorded reasoning")

    @property
    def thoughts(self) -> tuple[Fact, ...]:
        """The reasoning but for the goal."""
        return tuple(fact for fact in self.reasoning if fact.name != NEXT_GOAL)

    @property
    def severity(self) -> str:
        """The highest severity of what was found in its actions; "" where nothing was."""
        found = {deed.severity for deed in self.deeds}
        return next((severity for severity in SEVERITIES if severity in found), "")


@dataclass(frozen=True, slots=True)
class Text:
    """Something said, or something that came into the model's view."""

    anchor: str
    elapsed: str
    heading: str
    origin: str
    text: str
    truncated: bool
    severity: str
    rules: tuple[str, ...]
    kind: Literal["text"] = "text"


Moment = Turn | Text


@dataclass(frozen=True, slots=True)
class Caveat:
    """One sentence about what the run lets us say."""

    sentence: str
    gap: bool
    """Whether it names something that was not seen."""


@dataclass(frozen=True, slots=True)
class Report:
    """A judged run, for reading."""

    title: str
    task: str
    headline: str
    highest: str
    """The highest severity; "" without findings."""
    risk: int
    risk_note: str
    counts: tuple[tuple[str, int], ...]
    lead: tuple[Fact, ...]
    """The facts that belong beside the title."""
    facts: tuple[Fact, ...]
    error: str
    coverage: tuple[Caveat, ...]
    loosened: tuple[str, ...]
    policy: str
    matters: tuple[Matter, ...]
    moments: tuple[Moment, ...]
