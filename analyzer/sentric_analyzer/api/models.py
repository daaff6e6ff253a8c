"""What the answers about runs hold. The models describe the documents; `sentric_analyzer.document` builds them."""

from datetime import datetime

from pydantic import Field, JsonValue

from sentric.events import Effect, Kind
from sentric.policy.rule import Decision, Severity
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.event_models import AnyEvent, Element, Reasoning


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
    earlier: list[EarlierRun] = Field([])
    """The oldest first."""
    events: list[AnyEvent]
    """In their order. One that a rule matched has its verdict in `expect`: `decision`, `severity`, `risk`, `rules`."""


class Recordings(Document):
    """Runs with all their events, the earliest first."""

    runs: list[RecordedRun]
    next: Next
