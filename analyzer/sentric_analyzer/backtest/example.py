"""Examples of what two policies decide: a step, or a text that was shown, small enough to keep by the hundred."""

import json
from dataclasses import dataclass, field, replace

from sentric.event_json import event_to_json
from sentric.events import Action, AnyEvent, Message, Observation, Outcome, Run
from sentric.policy.rule import Decision, Severity
from sentric.policy.verdict import Evidence, Finding
from sentric_analyzer.document import clean_text, json_safe

TEXT_LIMIT = 1_500
"""Longest text in an example, in characters."""
EVIDENCE_LIMIT = 12
"""Pieces of evidence kept of one match."""
CHANGED_EXAMPLES = 3
"""Examples of each rule where the policies differ."""
SAME_EXAMPLES = 1
"""Examples of each rule where they agree."""

Likeness = tuple[str, str, Decision, Decision]
"""Agent, tool or origin, and what the two policies decide."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule that matched at the place of an example."""

    rule_id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    evidence: tuple[Evidence, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one policy says of the place."""

    decision: Decision
    matched: tuple[Matched, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One place in a recorded run, before and after."""

    project: str
    run_id: str
    trace_id: str
    agent: str
    task: str
    event_id: str
    number: int
    """Of the action, or of the action a result is of, among those of the run, from 1; 0 for any other text."""
    what: str
    """The tool, or where the text came from."""
    event: str
    """What the place is, as events are called in JSON."""
    kind: str
    url: str
    arguments: str
    """As JSON; the text itself where the place is one."""
    reasoning: str
    result: str
    before: Judged
    after: Judged

    @property
    def key(self) -> tuple[str, str, str]:
        """Tells the place."""
        return self.project, self.run_id, self.event_id


def _matched(finding: Finding) -> Matched:
    """A finding, as an example keeps it."""
    evidence = tuple(replace(piece, value=_cut(piece.value)) for piece in finding.evidence[:EVIDENCE_LIMIT])
    return Matched(
        finding.rule_id, finding.title, finding.severity, finding.decision, finding.risk, evidence, finding.error
    )


def name_of(event: AnyEvent, action: Action | None = None) -> str:
    """The tool of an action or a result, else where the text came from. `action`: the one a result is of."""
    match event:
        case Action():
            return "/".join(filter(None, (event.server, event.tool)))
        case Observation():
            return event.origin
        case Message():
            return event.author.value
        case Outcome():
            return name_of(action) if action else "unknown tool"


@dataclass(frozen=True, slots=True)
class Place:
    """An event of a run, and what the two policies found at it."""

    event: AnyEvent
    what: str
    number: int
    outcome: Outcome | None
    decided: tuple[Decision, Decision]
    found: tuple[list[Finding], list[Finding]]

    def likeness(self, run: Run) -> Likeness:
        """What examples are alike in: a second one that is alike teaches little."""
        return run.agent, self.what, *self.decided


def example(run: Run, place: Place) -> Example:
    """The example that a place makes."""
    event = place.event
    before, after = (
        Judged(decision, tuple(_matched(finding) for finding in findings))
        for decision, findings in zip(place.decided, place.found, strict=True)
    )
    kind, arguments = _shown(event)
    return Example(
        project=_cut(run.project),
        run_id=_cut(run.run_id),
        trace_id=_cut(run.trace_id),
        agent=_cut(run.agent),
        task=_cut(run.task),
        event_id=event.event_id,
        number=place.number,
        what=_cut(place.what),
        event=event_to_json(event)["event"],
        kind=kind,
        url=_cut(event.url) if isinstance(event, Action) else "",
        arguments=_cut(arguments),
        reasoning=_cut(event.reasoning.text) if isinstance(event, Action) else "",
        result=_cut(place.outcome.error or place.outcome.result) if place.outcome else "",
        before=before,
        after=after,
    )


def _shown(event: AnyEvent) -> tuple[str, str]:
    """The kind of an event, and what there is to read of it."""
    match event:
        case Action():
            return event.kind.value, json.dumps(json_safe(event.arguments), ensure_ascii=False)
        case Observation():
            return event.source.value, event.text
        case Message():
            return "message", event.text
        case Outcome():
            return "tool_result", "\n".join(filter(None, (event.result, event.error)))


def _cut(text: str) -> str:
    left_out = len(text) - TEXT_LIMIT
    return clean_text(text if left_out <= 0 else f"{text[:TEXT_LIMIT]} … ({left_out:,} more characters)")


@dataclass(slots=True)
class Choice:
    """The first few of many examples, as unlike one another as they come."""

    limit: int
    kept: list[tuple[Likeness, Example]] = field(default_factory=list[tuple[Likeness, Example]])

    def place_for(self, one: Likeness) -> int | None:
        """Where one more example would go: at the end, or in place of one that is like another; None: nowhere."""
        if len(self.kept) < self.limit:
            return len(self.kept)
        known = [likeness for likeness, _ in self.kept]
        if one in known:
            return None
        return next((n for n, likeness in enumerate(known) if likeness in known[:n]), None)

    def put(self, place: int, one: Likeness, kept: Example) -> None:
        """Keep an example at a place that `place_for` gave."""
        self.kept[place : place + 1] = [(one, kept)]
