"""What the answers about runs hold. The models describe the documents; `sentric_analyzer.document` builds them."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from sentric.events import Author, Effect, Kind, Source
from sentric.policy.rule import Decision, Severity

Next: TypeAlias = Annotated[str | None, Field(description="Where the next page begins, for `after`; null at the end.")]


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the character NUL cannot be kept")
    return text


Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
"""Text that is kept as it is: not every database can keep NUL."""


class Document(BaseModel):
    """What an answer, or a part of one, holds."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Counts(Document):
    """Findings by severity."""

    critical: int
    high: int
    medium: int
    low: int


class RunIdentity(Document):
    """What a run was."""

    run_id: str
    trace_id: str
    project: str
    agent: str
    agent_id: str
    """What its risk is kept under; empty: the run's own."""
    conversation: str
    parent: str
    """Id of the run of the agent that called this one."""
    task: str
    """What the human asked for."""
    model: str
    service: str
    dialect: str
    """The convention its spans follow."""
    started: datetime | None
    ended: datetime | None
    """Null where the end was not seen."""
    error: str


class RunSummary(RunIdentity):
    """A judged run in a list."""

    steps: int
    risk: int
    highest_severity: Severity | None
    counts: Counts
    not_evaluated: int
    """Rules of which it says nothing that they did not match."""


class Runs(Document):
    """Some runs, newest first."""

    runs: list[RunSummary]
    next: Next


class Session(Document):
    """A conversation: runs that share its id."""

    conversation: str
    project: str
    runs: int
    agents: list[str]
    """The names of the first 16."""
    task: str
    """What was asked first."""
    first_started: datetime | None
    last_started: datetime | None
    risk: int
    highest_severity: Severity | None
    counts: Counts


class Sessions(Document):
    """Some conversations, that of the latest run first."""

    sessions: list[Session]
    next: Next


class Evidence(Document):
    """One value a finding rests on, with the event it was taken from."""

    name: str
    value: str
    event_id: str
    span_id: str


class Finding(Document):
    """A matched rule, kept with its evidence; or the opinion of a language model."""

    finding_id: str
    """The same however often the run is judged."""
    trace_id: str
    run_id: str
    rule_id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    category: str
    references: list[str]
    description: str
    evidence: list[Evidence]
    event_id: str
    span_id: str
    sequence: int
    error: str
    """Why the rule could not be evaluated, where it counts as matched for that reason."""
    would: Decision | None
    """What the rule would have decided, had the policy not held it in shadow."""
    model: str | None
    """Name of the language model whose opinion it is; null where a rule matched."""
    time: datetime | None


class Findings(Document):
    """Some findings, newest first."""

    findings: list[Finding]
    next: Next


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
    arguments: dict[str, JsonValue] = {}
    kind: Kind = Kind.OTHER
    effects: list[Effect] = []
    url: str = ""
    element: Element | None = None
    reasoning: Reasoning = Reasoning()
    context: dict[str, JsonValue] = {}
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


class Coverage(Document):
    """What a run lets us say. "No findings" means nothing beyond it."""

    guarded: int
    seen: int
    blind: int
    without_arguments: int
    without_results: int
    unheard: int
    lost: int
    truncated: int
    has_task: bool
    ended: bool
    notes: list[str]


class Risk(Document):
    """The sum of a run."""

    total: int
    highest_severity: Severity | None
    counts: Counts


class Policy(Document):
    """The policy that judged."""

    digest: str
    loosened: list[str]
    """Settings in force that let more pass than the default."""


class NotEvaluated(Document):
    """A rule of which it says nothing that it did not match, because what it reads was not captured."""

    rule: str
    needs: list[str]
    steps: int
    of: int


class Step(Document):
    """An action with its verdict and its outcome."""

    sequence: int
    span_id: str
    event_id: str
    tool: str
    kind: Kind
    effects: list[Effect]
    arguments: dict[str, JsonValue]
    result: str
    error: str
    duration_ms: float | None
    """Null where no outcome was seen."""
    reasoning: Reasoning
    url: str
    element: Element | None
    decision: Decision
    rules: list[str]


class JudgedRun(Document):
    """A judged run, whole."""

    run: RunIdentity
    risk: Risk
    policy: Policy
    coverage: Coverage
    not_evaluated: list[NotEvaluated]
    timeline: list[AnyEvent]
    steps: list[Step]
    findings: list[Finding]


class RecordedRun(Document):
    """A run with all its events, as it is judged again. Times in Unix nanoseconds."""

    project: str
    run_id: str
    trace_id: str
    agent: str
    agent_id: str
    conversation: str
    parent: str
    task: str
    model: str
    service: str
    dialect: str
    started: int
    ended: int
    error: str
    coverage: Coverage
    events: list[AnyEvent]


class FixtureRun(Document):
    """Which run a fixture is of. What is not known is left out."""

    run_id: str
    project: str = ""
    agent: str = ""
    agent_id: str = ""
    conversation: str = ""
    model: str = ""
    dialect: str = ""
    started: int = 0
    """Unix nanoseconds."""


class EarlierRun(FixtureRun):
    """A run of its conversation before it."""

    events: list[AnyEvent]


class Fixture(Document):
    """A run as a test: what is left out is empty."""

    fixture: int
    """Version of the format."""
    policy: str = ""
    """Digest of the policy that decided what is expected."""
    run: FixtureRun
    earlier: list[EarlierRun] = []
    """The oldest first."""
    events: list[AnyEvent]
    """In their order. One that a rule matched has its verdict in `expect`: `decision`, `severity`, `risk`, `rules`."""


class Recordings(Document):
    """Runs with all their events, the earliest first."""

    runs: list[RecordedRun]
    next: Next
