"""What happens in a run, in the words every other module uses.

Events are plain frozen data. They are made by an instrumentor while the agent runs, or by a dialect from recorded
spans, and always after redaction: no text in them holds a secret in clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


class Author(StrEnum):
    """Who wrote a message."""

    USER = "user"
    """The human who gave the task. Only these turns say what is wanted."""
    SYSTEM = "system"
    """The operator, through the system prompt."""
    MODEL = "model"
    """The model's own words, or another agent's: never an authority."""


class Source(StrEnum):
    """How a text came into the model's view."""

    PAGE = "page"
    """What a browser showed the model of a page."""
    TOOL_RESULT = "tool_result"
    """What a tool gave back."""
    EXTRACT = "extract"
    """The page text that a sub-model was given to read."""
    RESOURCE = "resource"
    """A document or resource put into the context."""
    TOOL_DEFINITION = "tool_definition"
    """What a tool is said to be: JSON of its name, description and schema. The origin is `server/tool` or the tool."""


class Kind(StrEnum):
    """What sort of thing an action does."""

    NAVIGATE = "navigate"
    CLICK = "click"
    INPUT = "input"
    SUBMIT = "submit"
    EXTRACT = "extract"
    EVALUATE_SCRIPT = "evaluate_script"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    SHELL = "shell"
    FILE_READ = "file_read"
    FILE_WRITE = "file_write"
    DATABASE = "database"
    HTTP = "http"
    MESSAGE = "message"
    PAYMENT = "payment"
    PERMISSION = "permission"
    EXPORT = "export"
    DELETE = "delete"
    MEMORY_WRITE = "memory_write"
    OTHER = "other"


class Effect(StrEnum):
    """What an action changes in the world."""

    READ = "read"
    WRITE = "write"
    SEND = "send"
    EXECUTE = "execute"
    DELETE = "delete"
    PAY = "pay"
    GRANT = "grant"


IRREVERSIBLE = frozenset({Effect.SEND, Effect.DELETE, Effect.PAY, Effect.GRANT})
"""Effects that no later action of the agent can take back."""


@dataclass(frozen=True, slots=True)
class Element:
    """The page element an action is about. Empty strings where the page says nothing."""

    tag: str = ""
    type: str = ""
    name: str = ""
    xpath: str = ""
    text: str = ""
    """Its visible text, or its accessible name."""
    autocomplete: str = ""
    form_action: str = ""
    """Absolute URL the element's form is sent to, where it is known."""
    frame_origin: str = ""
    """Absolute URL of the frame the element is in, where that is known and not the page itself."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Why the model did something, in its own words, as far as the framework shows them."""

    thinking: str = ""
    evaluation: str = ""
    """How it judged its previous step."""
    memory: str = ""
    next_goal: str = ""

    @property
    def text(self) -> str:
        """All of it, for rules and for reading."""
        return "\n".join(part for part in (self.thinking, self.evaluation, self.memory, self.next_goal) if part)


@dataclass(frozen=True, slots=True)
class AgentState:
    """What is known of an agent before an action. It is kept with the action, so that a replay says the same."""

    risk: int = 0
    """Sum of the risks of what the agent has executed so far."""
    strikes: int = 0
    """Refusals so far."""
    enforced: bool = False
    """Whether refused actions are held back. Where they are not, sums and refusals are kept as they would have been:
    every action that would have been refused is decided so, and the finding that says why is made once in the run."""
    stopped: str = ""
    """Why an operator has stopped the agent; "" where it is not stopped."""


class Decision(StrEnum):
    """How much oversight is wanted."""

    ALLOW = "allow"
    WARN = "warn"
    ASK = "ask"
    BLOCK = "block"

    def rank(self) -> int:
        """0 for allow to 3 for block."""
        return _DECISIONS.index(self)


_DECISIONS = tuple(Decision)


@dataclass(frozen=True, slots=True)
class Score:
    """What a language model says of an event. It can only raise what rules say, and is kept with an action."""

    risk: int = 0
    """0 to 100."""
    decision: Decision = Decision.ALLOW
    """Ask: above the threshold, or there is no score. Allow: what the rules say stands."""
    explanation: str = ""
    """In the model's words, or why there is no score."""
    model: str = ""
    """Which one; empty where there is no score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Common to all events.

    Attributes:
        sequence: position in the run, given when the event happened; orders parallel calls too.
        time: Unix time in nanoseconds.
        span_id: hex id of the span that carries the event, "" where there is none.
        ordinal: tells apart several events of one span.
    """

    sequence: int
    time: int = 0
    span_id: str = ""
    ordinal: int = 0

    @property
    def event_id(self) -> str:
        """Names the event for good: the same however often, and in whatever company, the trace is read."""
        return f"{self.span_id or self.sequence}.{self.ordinal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Event):
    """Text with its author: a task, a system prompt, the model's answer."""

    author: Author
    text: str
    input_tokens: int = 0
    """Tokens read by the model call that wrote it; 0 where that is not known."""
    output_tokens: int = 0
    """Tokens written by that call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Event):
    """Text that came into the model's view, with the place it came from."""

    source: Source
    origin: str
    """The page's URL, or the tool's name: whose words these are."""
    text: str
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Event):
    """What the agent is about to do."""

    tool: str
    server: str = ""
    """The MCP server or toolset the tool belongs to."""
    call_id: str = ""
    arguments: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    kind: Kind = Kind.OTHER
    effects: frozenset[Effect] = frozenset()
    url: str = ""
    """The page the agent stands on; for requests and navigation the target is in the arguments."""
    element: Element | None = None
    reasoning: Reasoning = Reasoning()
    context: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What the caller asserts about the action (an approval number, a customer): claims, not facts."""
    truncated: bool = False
    uncaptured: bool = False
    """Nobody told its arguments: that there are none here says nothing."""
    state: AgentState | None = None
    """What its agent had added up to before it, where somebody else keeps that; None: what the run has seen so far."""
    score: Score | None = None
    """What a language model has said of it, where a rule wanted that, and it was decided by it."""

    @property
    def irreversible(self) -> bool:
        """Whether nothing the agent does later can take this back."""
        return not IRREVERSIBLE.isdisjoint(self.effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Event):
    """How an action ended."""

    action_id: str
    """The `event_id` of the action."""
    result: str = ""
    error: str = ""
    refused: bool = False
    """It was not done: the guard blocked it, or nobody approved it."""
    duration: int = 0
    """Nanoseconds."""
    truncated: bool = False
    uncaptured: bool = False
    """Nobody told its result: that it is empty here says nothing."""


AnyEvent: TypeAlias = Message | Observation | Action | Outcome


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a run lets us say. "No findings" means nothing beyond it."""

    guarded: int = 0
    """Actions that passed the guard before they ran."""
    seen: int = 0
    """Actions known only from spans."""
    blind: int = 0
    """Actions of which neither arguments nor result were captured."""
    without_arguments: int = 0
    """Actions whose arguments were not captured."""
    without_results: int = 0
    """Actions whose result was not captured, or whose end was not seen."""
    unheard: int = 0
    """Calls of models, where nothing that any of them was asked or answered was captured."""
    lost: int = 0
    """Spans that are known of and were not read: parents that others name, and what a trace too large left out."""
    truncated: int = 0
    """Events whose text was cut at a limit."""
    has_task: bool = False
    """Whether the human's task is known."""
    ended: bool = False
    """Whether the run's own end was seen."""
    notes: tuple[str, ...] = ()
    """Plain sentences about anything else that was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One agent invocation: its events in order, in one project."""

    project: str
    run_id: str
    trace_id: str = ""
    agent: str = ""
    agent_id: str = ""
    conversation: str = ""
    parent: str = ""
    """Id of the run of the agent that called this one, or that it goes on from."""
    task: str = ""
    """What the human asked for; of a run with a parent it may be what a model wrote, and is trusted by nobody."""
    model: str = ""
    service: str = ""
    dialect: str = ""
    started: int = 0
    ended: int = 0
    """Unix time in nanoseconds; 0 where the end was not seen."""
    error: str = ""
    events: tuple[AnyEvent, ...] = ()
    coverage: Coverage = Coverage()
