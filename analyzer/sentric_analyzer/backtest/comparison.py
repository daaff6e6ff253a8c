"""What two policies make of the same recorded runs, run by run, in bounded memory."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sentric.events import Outcome, Run
from sentric.policy.engine import replay
from sentric.policy.risk import BUILT_IN
from sentric.policy.rule import Decision, Policy, Severity
from sentric.policy.verdict import Finding, Replay, Step, finding
from sentric_analyzer.backtest.example import (
    CHANGED_EXAMPLES,
    SAME_EXAMPLES,
    Choice,
    Example,
    Place,
    example,
    name_of,
)
from sentric_analyzer.backtest.habits import is_honest
from sentric_analyzer.backtest.tally import AGENT_LIMIT, OTHER_AGENTS, AgentTally, Change, RuleSide, Side
from sentric_analyzer.detection import Conversations


@dataclass(slots=True)
class RuleTally:
    """What one rule does under either policy."""

    rule_id: str
    title: str
    before: RuleSide = field(default_factory=RuleSide)
    after: RuleSide = field(default_factory=RuleSide)
    changed: int = 0
    """Places where it matches under one policy only, or with another decision."""
    differing: Choice = field(default_factory=lambda: Choice(CHANGED_EXAMPLES))
    alike: Choice = field(default_factory=lambda: Choice(SAME_EXAMPLES))

    @property
    def examples(self) -> tuple[Example, ...]:
        """Where the policies differ first."""
        return tuple(kept for _, kept in (*self.differing.kept, *self.alike.kept))


@dataclass(slots=True)
class Comparison:
    """Judges runs under two policies and counts what differs.

    Memory does not grow with the number of runs: counts, and a few examples of each rule.

    Args:
        before: the policy of today.
        after: the policy that is tried.
    """

    before: Policy
    after: Policy
    runs: int = 0
    honest_runs: int = 0
    """Runs in which today's policy finds nothing of severity high or critical."""
    first: int = 0
    """Unix nanoseconds of the start of the earliest run that has one."""
    last: int = 0
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    actions: Counter[Change] = field(default_factory=Counter[Change])
    by_rules: Counter[Change] = field(default_factory=Counter[Change])
    """Actions, by what the rules of the policies decide alone, without what has added up: an action that is refused
    adds nothing to the risk budget, so that a stricter policy lets later ones pass."""
    strictest: Counter[Change] = field(default_factory=Counter[Change])
    """Runs, by the strictest decision about any of their actions."""
    rules: dict[str, RuleTally] = field(default_factory=dict[str, RuleTally])
    agents: dict[str, AgentTally] = field(default_factory=dict[str, AgentTally])
    _conversations: Conversations = field(default_factory=Conversations)

    def add(self, run: Run) -> None:
        """Judge one more run; those of a conversation come in their order."""
        earlier = self._conversations.earlier(run)
        judged = replay(self.before, run, earlier=earlier), replay(self.after, run, earlier=earlier)
        self._count_run(run, judged)
        for place in _places(run, judged):
            self._count_place(run, place)

    def _count_run(self, run: Run, judged: tuple[Replay, Replay]) -> None:
        self.runs += 1
        honest = is_honest(judged[0])
        self.honest_runs += honest
        if run.started:
            self.first = min(self.first or run.started, run.started)
            self.last = max(self.last, run.started)
        for side, replayed in zip(self.sides, judged, strict=True):
            side.findings.update(found.severity for found in replayed.findings)
            side.flagged += any(found.severity.rank() >= Severity.HIGH.rank() for found in replayed.findings)
        agent = self.agents.get(run.agent)
        if agent is None:
            name = run.agent if len(self.agents) < AGENT_LIMIT else OTHER_AGENTS
            agent = self.agents.setdefault(name, AgentTally())
        changes = Counter(
            (one.verdict.decision, other.verdict.decision)
            for one, other in zip(judged[0].steps, judged[1].steps, strict=True)
        )
        self.by_rules.update(
            (_by_policy(one), _by_policy(other)) for one, other in zip(judged[0].steps, judged[1].steps, strict=True)
        )
        strictest = _strictest(one for one, _ in changes), _strictest(other for _, other in changes)
        agent.runs += 1
        for tally, strict in ((agent.actions, agent.strictest), (self.actions, self.strictest)):
            tally.update(changes)
            strict[strictest] += 1
        for index in (0, 1):
            for rule_id, decision in _by_rule(judged[index]).items():
                of_rule = self._side(judged[index], rule_id, index)
                of_rule.runs += 1
                holds_up = decision.rank() >= Decision.ASK.rank()
                of_rule.held_up += holds_up
                of_rule.honest_held_up += holds_up and honest

    def _side(self, judged: Replay, rule_id: str, index: int) -> RuleSide:
        if (tally := self.rules.get(rule_id)) is None:
            title = next(found.title for found in judged.findings if found.rule_id == rule_id)
            tally = self.rules[rule_id] = RuleTally(rule_id, title)
        return tally.after if index else tally.before

    def _count_place(self, run: Run, place: Place) -> None:
        by_rule = [{found.rule_id: found for found in findings} for findings in place.found]
        for rule_id in dict.fromkeys((*by_rule[0], *by_rule[1])):
            tally = self.rules[rule_id]
            sides = [findings.get(rule_id) for findings in by_rule]
            for side, found in zip((tally.before, tally.after), sides, strict=True):
                if found is not None:
                    side.decisions[found.decision] += 1
                    side.severities[found.severity] += 1
            decisions = [found.decision if found else None for found in sides]
            differs = decisions[0] is not decisions[1]
            tally.changed += differs
            _keep(tally.differing if differs or place.decided[0] is not place.decided[1] else tally.alike, run, place)


def _by_rule(judged: Replay) -> dict[str, Decision]:
    """The rules that found something, with the strictest decision of each."""
    strictest: dict[str, Decision] = {}
    for found in judged.findings:
        strictest[found.rule_id] = max(strictest.get(found.rule_id, found.decision), found.decision, key=Decision.rank)
    return strictest


def _by_policy(step: Step) -> Decision:
    """What is decided without the rules that no policy states: the risk budget, the shut-down and the stop."""
    return _strictest(match.decision for match in step.verdict.matches if match.rule not in BUILT_IN)


def _strictest(decisions: Iterable[Decision]) -> Decision:
    return max(decisions, key=Decision.rank, default=Decision.ALLOW)


def _places(run: Run, judged: tuple[Replay, Replay]) -> Iterator[Place]:
    """The events at which either policy found something, in their order."""
    found: dict[str, tuple[list[Finding], list[Finding]]] = {}
    for index, replayed in enumerate(judged):
        for one in (*replayed.findings, *_told_before(replayed)):
            found.setdefault(one.event_id, ([], []))[index].append(one)
    steps = {one.action.event_id: (one, other) for one, other in zip(judged[0].steps, judged[1].steps, strict=True)}
    numbers = {event_id: number for number, event_id in enumerate(steps, start=1)}
    for event in run.events:
        if (findings := found.pop(event.event_id, None)) is None:
            continue
        if (pair := steps.get(event.event_id)) is not None:
            decided = pair[0].verdict.decision, pair[1].verdict.decision
            yield Place(event, name_of(event), numbers[event.event_id], pair[0].outcome, decided, findings)
        else:
            decided = _strictest(one.decision for one in findings[0]), _strictest(one.decision for one in findings[1])
            action_id = event.action_id if isinstance(event, Outcome) else ""
            what = name_of(event, steps[action_id][0].action if action_id in steps else None)
            yield Place(event, what, numbers.get(action_id, 0), None, decided, findings)


def _told_before(judged: Replay) -> Iterator[Finding]:
    """What would have refused an action without a finding of its own: it is counted action by action."""
    run = judged.run
    of = {"project": run.project, "run_id": run.run_id, "trace_id": run.trace_id, "digest": judged.policy_digest}
    for step in judged.steps:
        for match in step.verdict.matches:
            if match.again:
                yield finding(match, step.action, **of)


def _keep(choice: Choice, run: Run, place: Place) -> None:
    """Keep a place as an example, if one more is wanted."""
    alike = place.likeness(run)
    if (index := choice.place_for(alike)) is not None:
        choice.put(index, alike, example(run, place))
