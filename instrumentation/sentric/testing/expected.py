"""What is expected of an event: the verdict about it, without what explains it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from sentric.events import Action, AnyEvent
from sentric.policy.engine import in_order
from sentric.policy.rule import Decision, Severity
from sentric.policy.verdict import Evidence, Finding, Match, Replay, Verdict


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule that matched an event, with what shows it."""

    rule_id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    evidence: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, match: Match) -> Self:
        """Of a match."""
        rule = match.rule
        return cls(rule.id, rule.title, rule.severity, match.decision, match.risk, match.evidence)

    @classmethod
    def found(cls, finding: Finding) -> Self:
        """Of a finding."""
        return cls(finding.rule_id, finding.title, finding.severity, finding.decision, finding.risk, finding.evidence)


@dataclass(frozen=True, slots=True)
class Expected:
    """A verdict about one event."""

    decision: Decision = Decision.ALLOW
    severity: Severity | None = None
    """The highest of the rules; None where none matched."""
    risk: int = 0
    rules: tuple[str, ...] = ()
    """Ids of the rules that matched, in the order of the alphabet."""

    @classmethod
    def of(cls, matched: Iterable[Matched]) -> Self:
        """The verdict of the rules that matched."""
        rules = tuple(matched)
        return cls(
            max((one.decision for one in rules), default=Decision.ALLOW, key=Decision.rank),
            max((one.severity for one in rules), default=None, key=Severity.rank),
            max((one.risk for one in rules), default=0),
            tuple(sorted({one.rule_id for one in rules})),
        )

    def to_json(self) -> dict[str, Any]:
        """The verdict as a JSON object."""
        severity = {"severity": self.severity.value} if self.severity else {}
        return {"decision": self.decision.value, **severity, "risk": self.risk, "rules": list(self.rules)}


NOTHING = Expected()
"""No rule matches: what is expected of an event where nothing else is said."""


def judged(replay: Replay) -> list[tuple[AnyEvent, tuple[Matched, ...]]]:
    """The events of a judged run in their order, each with the rules that matched it."""
    steps: dict[str, list[Verdict]] = {}
    for step in reversed(replay.steps):
        steps.setdefault(step.action.event_id, []).append(step.verdict)
    texts: dict[str, list[Finding]] = {}
    for found in replay.findings:
        if found.event_id not in steps and not found.model:
            texts.setdefault(found.event_id, []).append(found)
    return [(event, _matched(event, steps, texts)) for event in in_order(replay.run)]


def _matched(
    event: AnyEvent, steps: Mapping[str, list[Verdict]], texts: dict[str, list[Finding]]
) -> tuple[Matched, ...]:
    if isinstance(event, Action):
        verdicts = steps.get(event.event_id)
        return tuple(map(Matched.of, verdicts.pop().matches)) if verdicts else ()
    return tuple(map(Matched.found, texts.pop(event.event_id, ())))
