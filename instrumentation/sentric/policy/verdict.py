"""What the engine says: verdicts about actions, findings to keep."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from sentric.events import Action, AgentState, AnyEvent, Outcome, Run
from sentric.events import Score as Score  # noqa: PLC0414  # part of what the engine says
from sentric.policy.risk import BEGINNING, STOPPED_RULE
from sentric.policy.rule import Decision, Rule, Severity


class Basis(StrEnum):
    """Why a rule counts as matched."""

    CONDITION = "condition"
    """Its condition holds."""
    FAILURE = "failure"
    """Its condition could not be evaluated, which must not pass for a no."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value a finding rests on, with the event it was taken from."""

    name: str
    value: str
    event_id: str = ""
    span_id: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched an event."""

    rule: Rule
    evidence: tuple[Evidence, ...] = ()
    basis: Basis = Basis.CONDITION
    error: str = ""
    score: Score | None = None
    """What a language model has said of the event, where the rule wants that."""
    again: bool = False
    """Whether the run's findings tell it already: it decides about this event too, and makes no finding of its own."""

    @property
    def risk(self) -> int:
        """The rule's risk, or the score's where that is higher, 0 to 100; 0 for a rule in shadow."""
        if self.rule.shadow or self.score is None:
            return 0 if self.rule.shadow else self.rule.risk
        return max(self.rule.risk, min(self.score.risk, 100))

    @property
    def decision(self) -> Decision:
        """The rule's decision, or the score's where that is stronger; of a rule in shadow, a warning at most."""
        return self.rule.counted(self._decision)

    @property
    def would(self) -> Decision | None:
        """What it would decide if its rule were not in shadow; None where it decides just that."""
        return self._decision if self._decision is not self.decision else None

    @property
    def wants_score(self) -> bool:
        """Whether a language model is to be asked first, and was not. Of a rule in shadow nobody is asked."""
        return self.rule.score and self.score is None and not self.rule.shadow

    @property
    def _decision(self) -> Decision:
        if self.score is None:
            return self.rule.decision
        return max(self.rule.decision, self.score.decision, key=Decision.rank)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The strongest decision of the rules that matched one event."""

    matches: tuple[Match, ...] = ()

    @property
    def decision(self) -> Decision:
        """The strongest decision of the matched rules; allow where none matched."""
        return max((match.decision for match in self.matches), default=Decision.ALLOW, key=Decision.rank)

    @property
    def severity(self) -> Severity | None:
        """The highest severity of the matched rules; None where none matched."""
        return max((match.rule.severity for match in self.matches), default=None, key=Severity.rank)

    @property
    def risk(self) -> int:
        """The largest risk of the matched rules, 0 to 100."""
        return max((match.risk for match in self.matches), default=0)

    @property
    def is_strike(self) -> bool:
        """Whether it is a refusal that counts against the agent: all but what an operator's word alone refuses."""
        return any(match.decision is Decision.BLOCK and match.rule.id != STOPPED_RULE.id for match in self.matches)

    @property
    def wants_score(self) -> bool:
        """Whether a language model is to be asked first, and was not: what asks or blocks anyhow is not scored."""
        return any(match.wants_score for match in self.matches) and self.decision.rank() < Decision.ASK.rank()

    @property
    def score(self) -> Score | None:
        """What a language model has said; None where none was asked."""
        return next((match.score for match in self.matches if match.score is not None), None)

    @property
    def shadow(self) -> tuple[str, ...]:
        """Ids of the matched rules that are held to a warning, in their order."""
        return tuple(match.rule.id for match in self.matches if match.would is not None)


ALLOW = Verdict()
"""No rule matched."""


def unscored(why: str) -> Score:
    """What stands in for a score that there is none of: a person is asked instead."""
    return Score(decision=Decision.ASK, explanation=why)


def scored(matches: Iterable[Match], score: Score | None) -> tuple[Match, ...]:
    """The same matches, raised by a score where the rule asks for one."""
    if score is None:
        return tuple(matches)
    return tuple(replace(match, score=score) if match.rule.score else match for match in matches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A matched rule, kept with its evidence; or what a language model thinks of an event."""

    finding_id: str
    project: str
    run_id: str
    trace_id: str
    span_id: str
    event_id: str
    sequence: int
    time: int
    """Unix time in nanoseconds of the event it is anchored to."""
    rule_id: str
    title: str
    description: str
    severity: Severity
    decision: Decision
    risk: int
    category: str
    references: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    policy_digest: str
    error: str = ""
    """Why the rule could not be evaluated, where it counts as matched for that reason."""
    would: Decision | None = None
    """What the rule would have decided, had the policy not held it in shadow; None where it was not held."""
    model: str = ""
    """Name of the language model whose opinion it is; "" where a rule matched."""


def finding_id(project: str, run_id: str, rule_id: str, event_id: str) -> str:
    """The id of a finding: never of its evidence or its rule's version, so that re-analysis revises it."""
    return sha256("\x1f".join((project, run_id, rule_id, event_id)).encode("utf-8", "replace")).hexdigest()[:32]


def finding(match: Match, event: AnyEvent, *, project: str, run_id: str, trace_id: str, digest: str) -> Finding:
    """The finding that a match at an event amounts to."""
    rule = match.rule
    return Finding(
        finding_id=finding_id(project, run_id, rule.id, event.event_id),
        project=project,
        run_id=run_id,
        trace_id=trace_id,
        span_id=event.span_id,
        event_id=event.event_id,
        sequence=event.sequence,
        time=event.time,
        rule_id=rule.id,
        title=rule.title,
        description=rule.description,
        severity=rule.severity,
        decision=match.decision,
        risk=match.risk,
        category=rule.category,
        references=rule.references,
        evidence=match.evidence,
        policy_digest=digest,
        error=match.error,
        would=match.would,
    )


@dataclass(frozen=True, slots=True)
class NotEvaluated:
    """A rule of which it says nothing that it did not match, because what it reads was not captured."""

    rule_id: str
    needs: tuple[str, ...]
    """What of it was missing: names out of `Content`."""
    steps: int
    """In how many of the run's steps; of a rule that looks at actions and at texts, both are counted."""
    of: int
    """How many there are that it looks at, or whose results it compares with what it looks at."""


@dataclass(frozen=True, slots=True)
class Step:
    """An action with what was decided about it and how it ended, for reading."""

    action: Action
    verdict: Verdict
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded run, judged: what the engine says of every event, from the first to the last."""

    run: Run
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    risk: int
    """Sum of the risks of the executed actions, those that should have been refused too."""
    policy_digest: str
    loosened: tuple[str, ...] = ()
    """Policy settings in force that let more pass than the default."""
    not_evaluated: tuple[NotEvaluated, ...] = ()
    """The rules in force that could not be judged in all steps, in their order."""
    state: AgentState = BEGINNING
    """What the agent's sums are at the end; in a run that was only observed, what they would have been."""
