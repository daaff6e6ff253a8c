"""The engine: judges events one by one, as they happen or as they were recorded.

The guard feeds it before each action; the analyzer replays recorded runs through the same code, so what is found
afterwards is what would have been decided before.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sentric.events import Action, AnyEvent, Author, Kind, Message, Observation, Outcome, Run, Source
from sentric.policy.expression import Conditions
from sentric.policy.risk import RiskLedger
from sentric.policy.rule import OBSERVATION, Policy, Rule
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.registry import FAMILIES
from sentric.policy.variables import RunFacts, Scope, Value, values
from sentric.policy.verdict import ALLOW, Basis, Evidence, Finding, Match, Replay, Step, Verdict, finding

EVIDENCE_LIMIT = 400
"""Longest evidence value, in characters."""
TASK_LIMIT = 65_536
"""Longest task a rule sees, in characters."""
OPEN_ACTIONS = 1024
"""Actions without an outcome that are remembered; the oldest is forgotten first."""


class Engine:
    """Judges one run.

    Not thread-safe: events of one run are judged in the order of their sequence numbers.
    """

    def __init__(self, policy: Policy, *, project: str, run_id: str, trace_id: str = "", agent: str = "") -> None:
        self.policy = policy
        self.risk = RiskLedger()
        self._project, self._run_id, self._trace_id = project, run_id, trace_id
        self._run = RunFacts(agent=agent)
        self._programs = _programs(policy)
        self._families: tuple[Family[Any], ...] = tuple(family(policy.tuning) for family in FAMILIES)
        self._open: OrderedDict[str, tuple[Action, Verdict]] = OrderedDict()

    def check(self, action: Action) -> Verdict:
        """Judge an action that is about to run."""
        facts = tuple(family.action(action) for family in self._families)
        verdict = self._judge(self._programs.actions[action.kind], action, facts)
        self._open[action.event_id] = (action, verdict)
        if len(self._open) > OPEN_ACTIONS:
            self._open.popitem(last=False)
        return verdict

    def observe(self, event: Message | Observation | Outcome) -> Verdict:
        """Hear what happened, and judge the text it brought into the model's view."""
        match event:
            case Message():
                self._hear(event)
                return ALLOW
            case Observation():
                return self._see(event)
            case Outcome():
                return self._conclude(event)

    def findings(self, verdict: Verdict, event: AnyEvent) -> list[Finding]:
        """What a verdict about an event amounts to, for keeping."""
        where = {"project": self._project, "run_id": self._run_id, "trace_id": self._trace_id}
        return [finding(match, event, **where, digest=self.policy.digest) for match in verdict.matches]

    def _hear(self, message: Message) -> None:
        if message.author is Author.USER:
            self._run.task = "\n".join(filter(None, (self._run.task, message.text)))[:TASK_LIMIT]
        for family in self._families:
            family.message(message)

    def _see(self, observation: Observation) -> Verdict:
        facts = tuple(family.observation(observation) for family in self._families)
        return self._judge(self._programs.observations, observation, facts)

    def _conclude(self, outcome: Outcome) -> Verdict:
        action, verdict = self._open.pop(outcome.action_id, (None, ALLOW))
        self.risk.executed(verdict.risk)
        for family in self._families:
            family.outcome(outcome, action)
        text = "\n".join(filter(None, (outcome.result, outcome.error)))
        if not text:
            return ALLOW
        return self._see(
            Observation(
                sequence=outcome.sequence,
                time=outcome.time,
                span_id=outcome.span_id,
                ordinal=outcome.ordinal,
                source=Source.TOOL_RESULT,
                origin=_place(action),
                text=text,
                truncated=outcome.truncated,
            )
        )

    def _judge(self, program: "_Program", event: AnyEvent, facts: tuple[Facts, ...]) -> Verdict:
        if not program.rules:
            return ALLOW
        bound = values(program.conditions.names, program.scope, self._run, event, facts)
        outcomes = program.conditions.evaluate(bound)
        if True not in outcomes and not any(outcomes):
            return ALLOW
        return Verdict(
            tuple(
                _match(rule, outcome, values(rule.evidence, program.scope, self._run, event, facts), event)
                for rule, outcome in zip(program.rules, outcomes, strict=True)
                if outcome is not False
            )
        )


def replay(policy: Policy, run: Run) -> Replay:
    """Judge a recorded run, event by event in its order."""
    engine = Engine(policy, project=run.project, run_id=run.run_id, trace_id=run.trace_id, agent=run.agent)
    judged = [
        (event, engine.check(event) if isinstance(event, Action) else engine.observe(event)) for event in run.events
    ]
    return Replay(
        run=run,
        steps=tuple(_steps(judged)),
        findings=tuple(found for event, verdict in judged for found in engine.findings(verdict, event)),
        risk=engine.risk.total,
        policy_digest=policy.digest,
        loosened=policy.tuning.loosened(),
    )


@dataclass(frozen=True, slots=True)
class _Program:
    """The rules that look at one kind of event, compiled."""

    scope: Scope
    rules: tuple[Rule, ...]
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class _Programs:
    actions: dict[Kind, _Program]
    observations: _Program


@lru_cache(maxsize=16)
def _programs(policy: Policy) -> _Programs:
    def program(scope: Scope, rules: Iterable[Rule]) -> _Program:
        chosen = tuple(rules)
        return _Program(scope, chosen, Conditions([rule.when for rule in chosen], scope))

    by_rules: dict[tuple[str, ...], _Program] = {}
    actions: dict[Kind, _Program] = {}
    for kind in Kind:
        chosen = [rule for rule in policy.rules if rule.applies_to(kind)]
        ids = tuple(rule.id for rule in chosen)
        if ids not in by_rules:
            by_rules[ids] = program(Scope.ACTION, chosen)
        actions[kind] = by_rules[ids]
    observations = program(Scope.OBSERVATION, (rule for rule in policy.rules if OBSERVATION in rule.on))
    return _Programs(actions, observations)


def _match(rule: Rule, outcome: bool | str, bound: dict[str, Value], event: AnyEvent) -> Match:
    evidence = tuple(
        Evidence(name, _shown(value), event.event_id, event.span_id) for name, value in bound.items() if value != ""
    )
    if outcome is True:
        return Match(rule, evidence)
    return Match(rule, evidence, Basis.FAILURE, f"could not be evaluated: {outcome}")


def _shown(value: Value) -> str:
    match value:
        case bool():
            text = str(value).lower()
        case tuple():
            text = ", ".join(value)
        case _:
            text = str(value)
    return text if len(text) <= EVIDENCE_LIMIT else text[: EVIDENCE_LIMIT - 1] + "…"


def _place(action: Action | None) -> str:
    """Whose words a tool's result is: the page's where the agent stands on one, else the tool's."""
    if action is None:
        return ""
    return action.url or "/".join(filter(None, (action.server, action.tool)))


def _steps(judged: list[tuple[AnyEvent, Verdict]]) -> Iterable[Step]:
    outcomes = {event.action_id: event for event, _ in judged if isinstance(event, Outcome)}
    for event, verdict in judged:
        if isinstance(event, Action):
            yield Step(event, verdict, outcomes.get(event.event_id))
