"""What the answers hold of events: what an agent did, saw and said."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from sentric.events import Author, Effect, Kind, Source
from sentric.policy.rule import Decision
from sentric_analyzer.api.documents import Document


class Element(Document):
    """The page element an action is about. What is left out is empty."""

    tag: str = ""
    type: str = ""
    name: str = ""
    xpath: str = ""
    text: str = ""
    autocomplete: str = ""
    form_action: str = ""
    frame_origin: str = ""


class Reasoning(Document):
    """Why the model did something, in its own words. What is left out is empty."""

    thinking: str = ""
    evaluation: str = ""
    memory: str = ""
    next_goal: str = ""


class Verdict(Document):
    """What was decided about an action."""

    decision: Decision
    rules: list[str]
    risk: int


class Event(Document):
    """Common to all events. What is left out of an event has its default: empty, false or 0."""

    sequence: int
    """Position in the run."""
    time: int = 0
    """Unix time in nanoseconds."""
    span_id: str = ""
    ordinal: int = 0
    """Tells apart several events of one span."""
    event_id: str = ""


class Message(Event):
    """Text with its author."""

    event: Literal["message"]
    author: Author
    text: str
    input_tokens: int = 0
    output_tokens: int = 0


class Observation(Event):
    """Text that came into the model's view."""

    event: Literal["observation"]
    source: Source
    origin: str
    text: str
    truncated: bool = False


class AgentState(Document):
    """What is known of an agent before an action."""

    risk: int = 0
    """Sum of the risks of what it has executed so far."""
    strikes: int = 0
    """Refusals so far."""
    enforced: bool = False
    stopped: str = ""
    """Why an operator has stopped it; empty where none has."""


class Score(Document):
    """What a language model said of the risk of an action, before it was decided about: an opinion."""

    risk: int = 0
    """0 to 100; 0 where it said nothing."""
    decision: Decision = Decision.ALLOW
    """`allow`: what the rules say stands. `ask`: above the threshold, or there is no score, so a person is asked."""
    explanation: str = ""
    """In the model's words, or why there is no score."""
    model: str = ""
    """Which one; empty where there is no score."""


class Action(Event):
    """What the agent was about to do."""

    event: Literal["action"]
    tool: str
    server: str = ""
    call_id: str = ""
    arguments: dict[str, JsonValue] = Field({})
    kind: Kind = Kind.OTHER
    effects: list[Effect] = Field([])
    url: str = ""
    element: Element | None = None
    reasoning: Reasoning = Reasoning()
    context: dict[str, JsonValue] = Field({})
    """What the caller asserts about the action: claims, not facts."""
    truncated: bool = False
    uncaptured: bool = False
    state: AgentState | None = None
    """What its agent had added up to before it, where verdicts are enforced."""
    score: Score | None = None
    """What a language model said of it, where a rule wanted that and verdicts are enforced."""
    verdict: Verdict | None = None


class Outcome(Event):
    """How an action ended."""

    event: Literal["outcome"]
    action_id: str
    """The `event_id` of the action."""
    result: str = ""
    error: str = ""
    refused: bool = False
    duration: int = 0
    """Nanoseconds."""
    truncated: bool = False
    uncaptured: bool = False


AnyEvent: TypeAlias = Annotated[Message | Observation | Action | Outcome, Field(discriminator="event")]
