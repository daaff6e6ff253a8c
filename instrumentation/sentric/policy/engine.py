"""The engine: judges events one by one, as they happen or as they were recorded.

The guard feeds it before each action; the analyzer replays recorded runs through the same code, so what is found
afterwards is what would have been decided before.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sentric.events import Action, AgentState, AnyEvent, Author, Message, Observation, Outcome, Run, Source
from sentric.policy.families import NO_FAILURES, Families
from sentric.policy.needs import not_evaluated
from sentric.policy.program import Stage, built_in, programs
from sentric.policy.readers.actions.meaning import KnownTools
from sentric.policy.risk import BEGINNING, RiskLedger, standing
from sentric.policy.rule import Decision, Policy, Scope
from sentric.policy.signals.family import Facts
from sentric.policy.variables import Moment, RunFacts
from sentric.policy.verdict import ALLOW, Finding, Match, Replay, Score, Step, Verdict, finding, scored

TASK_LIMIT = 65_536
"""Longest task a rule sees, in characters: the end of it."""
OPEN_ACTIONS = 1024
"""Actions without an outcome that are remembered; the oldest is forgotten first."""
NO_SCORES: Mapping[str, Score] = {}


class Engine:
    """Judges one run.

    Not thread-safe. Events are judged in the order in which they are given; whoever gives them numbers them in that
    order, so that a replay, which goes by the numbers, says the same.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        project: str,
        run_id: str,
        trace_id: str = "",
        agent: str = "",
        state: AgentState = BEGINNING,
        scores: Mapping[str, Score] = NO_SCORES,
    ) -> None:
        """Begin a run.

        Args:
            policy: the whole policy; what it says of this project and agent is in force.
            project: of the run.
            run_id: of the run.
            trace_id: of the run, "" where it has none.
            agent: name of the agent.
            state: what is known of the agent from before.
            scores: what a language model says of events, by their ids: for rules that ask for it. Of an action that
                is not named here, its own score holds.
        """
        self.policy = policy.for_run(project, agent)
        self.risk = RiskLedger(state.risk, state.strikes)
        self._enforced, self._stopped = state.enforced, state.stopped
        self._project, self._run_id, self._trace_id = project, run_id, trace_id
        self._run = RunFacts(agent=agent, project=project)
        self._scores = scores
        self._programs = programs(self.policy)
        self._tools = KnownTools(self.policy.tuning)
        self._families = Families(self.policy.tuning)
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._forgotten: dict[str, None] = {}
        self._reported = set[str]()
        self._told: frozenset[str] = frozenset()
        self._silent = False

    def adopt(self, policy: Policy) -> None:
        """Go on by another policy, from the next event on. What was heard so far stands."""
        self.policy = policy.for_run(self._project, self._run.agent)
        self._programs = programs(self.policy)
        self._tools.tune(self.policy.tuning)
        self._families.tune(self.policy.tuning)

    @property
    def state(self) -> AgentState:
        """What is known of the agent now: the next run's beginning."""
        return AgentState(self.risk.total, self.risk.strikes, self._enforced, self._stopped)

    @property
    def has_task(self) -> bool:
        """Whether the human's words are known, those of earlier runs of the conversation too."""
        return bool(self._run.task)

    def meant(self, action: Action) -> Action:
        """The action with the kind and the effects that the policy, or its tool's definition, gives it."""
        return self._tools.meant(action)

    def check(self, action: Action) -> Verdict:
        """Judge an action that is about to run."""
        action = self._tools.meant(action)
        if action.state is not None:
            self._take(action.state)
        moment = self._moment(Scope.ACTION, action, self._families.action(action))
        matches = () if self._silent else self._programs.of(action.kind, Stage.FIRST).matches(moment)
        score = self._scores.get(action.event_id, action.score)
        opened = self._open[action.event_id] = self._opened(moment, action, matches, score)
        if len(self._open) > OPEN_ACTIONS:
            self._open.popitem(last=False)
            self._forgotten["actions without an outcome"] = None
        return opened.verdict

    def rescore(self, action: Action, score: Score) -> Verdict:
        """Judge the action checked last once more, now that a language model has said something of it.

        The same is said as if the score had been known before.
        """
        opened = self._open.get(action.event_id)
        if opened is None:
            return ALLOW
        self.risk.strikes -= opened.struck
        return self._opened_again(opened, score)

    def restate(self, action: Action, state: AgentState, score: Score | None = None) -> Verdict:
        """Judge the action checked last once more, now that it is certain what was known of the agent before it.

        The same is said as by an engine that began with that state, and heard what this one has heard in silence. The
        rules that do not speak of it are not evaluated again.

        Args:
            action: the one that was checked last.
            state: what the agent has added up to before the action, in this run too.
            score: what a language model has said of it; None: what was known of that before stands.

        Raises:
            LookupError: the action was not checked, or has ended.
        """
        opened = self._open.get(action.event_id)
        if opened is None:  # not to be taken for an action that is allowed
            raise LookupError(f"the action {action.event_id!r} is not under way: check it first")
        self._take(state)
        self._tell_run()
        return self._opened_again(opened, score or opened.score)

    def observe(self, event: Message | Observation | Outcome) -> Verdict:
        """Hear what happened, and judge the text it brought into the model's view."""
        match event:
            case Message():
                return self._hear(event)
            case Observation():
                return self._see(event)
            case Outcome():
                return self._conclude(event)

    def warm(self, earlier: Run) -> None:
        """Hear an earlier run of the same conversation, silently: nothing is judged, and nothing adds to the risk."""
        self._silent = True
        for event in in_order(earlier):
            self.judge(event)
        self._open.clear()
        self._families.begin()
        self._silent = False

    def judge(self, event: AnyEvent) -> Verdict:
        """Judge an event of any sort."""
        return self.check(event) if isinstance(event, Action) else self.observe(event)

    def findings(self, verdict: Verdict, event: AnyEvent) -> list[Finding]:
        """What a verdict about an event amounts to, for keeping: nothing that was told before."""
        where = {"project": self._project, "run_id": self._run_id, "trace_id": self._trace_id}
        digest = self.policy.digest
        return [finding(match, event, **where, digest=digest) for match in verdict.matches if not match.again]

    def _opened(self, moment: Moment, action: Action, matches: tuple[Match, ...], score: Score | None) -> "_Open":
        """What is decided about an action, given the rules that match without regard to what has added up."""
        if self._silent:
            return _Open(action, ALLOW, moment)
        so_far = self._with_late(Stage.SUMMED, moment, action, scored(matches, score), score)
        risk = Verdict(so_far).risk if so_far else 0
        self._run.projected_risk = self.risk.total + risk
        own = standing(self.state, risk)
        so_far = self._with_late(Stage.PROJECTED, moment, action, so_far, score)
        if not so_far and not own:
            return _Open(action, ALLOW, moment, matches, score)
        told = frozenset(rule.id for rule in own) - self._told
        known = frozenset[str]() if self._enforced else self._told
        added = tuple(built_in(rule, moment, again=rule.id in known) for rule in own)
        verdict = Verdict((*so_far, *added))
        refused = verdict.decision is Decision.BLOCK
        struck = verdict.is_strike
        self.risk.strikes += struck
        self._told |= told
        return _Open(action, verdict, moment, matches, score, refused, struck, told)

    def _opened_again(self, opened: "_Open", score: Score | None) -> Verdict:
        """Decide once more about the action checked last, of which no strike is counted now."""
        self._told -= opened.told
        again = self._opened(opened.moment, opened.action, opened.matches, score)
        self._open[opened.action.event_id] = again
        return again.verdict

    def _with_late(
        self, late: Stage, moment: Moment, action: Action, before: tuple[Match, ...], score: Score | None
    ) -> tuple[Match, ...]:
        """The matches of the rules judged so far, and of those that are judged now, in the order of the policy."""
        program = self._programs.of(action.kind, late)
        if not program.rules:
            return before
        return self._in_order((*before, *scored(program.matches(moment.again()), score)))

    def _in_order(self, matches: tuple[Match, ...]) -> tuple[Match, ...]:
        place = {rule.id: index for index, rule in enumerate(self.policy.rules)}
        return tuple(sorted(matches, key=lambda match: place[match.rule.id]))

    def _hear(self, message: Message) -> Verdict:
        if message.author is Author.USER:
            task = "\n".join(filter(None, (self._run.task, message.text)))
            if len(task) > TASK_LIMIT:
                self._forgotten["the beginning of the task"] = None
            self._run.task = task[-TASK_LIMIT:]
        facts = self._families.message(message)
        return self._judge(Scope.MESSAGE, message, facts) if message.author is Author.MODEL else ALLOW

    def _see(self, observation: Observation) -> Verdict:
        self._tools.hear(observation)
        return self._judge(Scope.OBSERVATION, observation, self._families.observation(observation))

    def _conclude(self, outcome: Outcome) -> Verdict:
        opened = self._open.pop(outcome.action_id, None)
        action = opened.action if opened is not None else None
        if opened is not None and not outcome.refused:
            self.risk.executed(opened.verdict.risk, refused=opened.refused)
        if opened is not None and outcome.refused and not opened.refused:
            self.risk.strike()
        self._families.outcome(outcome, action)
        brought = brought_by(outcome, action)
        return ALLOW if brought is None else self._see(brought)

    def _judge(self, scope: Scope, event: AnyEvent, facts: tuple[Facts, ...]) -> Verdict:
        program = self._programs.others[scope]
        moment = self._moment(scope, event, facts)
        matches = () if self._silent or not program.rules else program.matches(moment)
        return Verdict(scored(matches, self._scores.get(event.event_id))) if matches else ALLOW

    def _moment(self, scope: Scope, event: AnyEvent, facts: tuple[Facts, ...]) -> Moment:
        self._tell_run()
        self._run.evicted = self._newly_forgotten()
        return Moment(scope, self._run, event, facts, NO_FAILURES if self._silent else self._families.failures())

    def _take(self, state: AgentState) -> None:
        """Go on from what somebody else knows of the agent."""
        self.risk.total, self.risk.strikes = state.risk, state.strikes
        self._enforced, self._stopped = state.enforced, state.stopped

    def _tell_run(self) -> None:
        run = self._run
        run.risk, run.strikes, run.stopped = self.risk.total, self.risk.strikes, self._stopped
        run.projected_risk = self.risk.total

    def _newly_forgotten(self) -> tuple[str, ...]:
        """What has had to be forgotten, and was not told before."""
        self._forgotten.update(dict.fromkeys(self._families.evicted()))
        if len(self._forgotten) == len(self._reported):
            return ()
        fresh = tuple(what for what in self._forgotten if what not in self._reported)
        self._reported.update(fresh)
        return fresh


def replay(
    policy: Policy,
    run: Run,
    *,
    earlier: Sequence[Run] = (),
    state: AgentState = BEGINNING,
    scores: Mapping[str, Score] = NO_SCORES,
) -> Replay:
    """Judge a recorded run, event by event in the order of their numbers.

    Args:
        policy: the whole policy.
        run: what is judged.
        earlier: runs of the same conversation before it, the oldest first: what was said and seen in them is known.
        state: what is known of the agent from before.
        scores: what a language model says of events, by their ids.
    """
    engine = Engine(
        policy,
        project=run.project,
        run_id=run.run_id,
        trace_id=run.trace_id,
        agent=run.agent,
        state=state,
        scores=scores,
    )
    for before in earlier:
        engine.warm(before)
    judged = [(event, engine.judge(event)) for event in in_order(run)]
    findings = tuple(found for event, verdict in judged for found in engine.findings(verdict, event))
    matched = {found.rule_id for found in findings}
    return Replay(
        run=run,
        steps=tuple(_steps(judged)),
        findings=findings,
        risk=engine.risk.taken,
        policy_digest=engine.policy.digest,
        loosened=engine.policy.loosened(),
        not_evaluated=not_evaluated(engine.policy, run, has_task=engine.has_task, matched=matched),
        state=engine.state,
    )


def in_order(run: Run) -> Sequence[AnyEvent]:
    """The events of a run in the order of their numbers; those with equal ones as they stand."""
    return sorted(run.events, key=attrgetter("sequence"))


@dataclass(frozen=True, slots=True)
class _Open:
    """An action without an outcome so far."""

    action: Action
    verdict: Verdict
    moment: Moment
    matches: tuple[Match, ...] = ()
    """The rules that matched without regard to what has added up."""
    score: Score | None = None
    refused: bool = False
    """Whether it is refused, or would be where nothing is held back."""
    struck: bool = False
    """Whether that is a strike: all but what an operator's word alone refuses is."""
    told: frozenset[str] = frozenset()
    """What was told with it for the first time in the run."""


def brought_by(outcome: Outcome, action: Action | None) -> Observation | None:
    """What an outcome brought into the model's view; None where that is nothing."""
    text = "\n".join(filter(None, (outcome.result, outcome.error)))
    if not text:
        return None
    return Observation(
        sequence=outcome.sequence,
        time=outcome.time,
        span_id=outcome.span_id,
        ordinal=outcome.ordinal,
        source=Source.TOOL_RESULT,
        origin=_place(action),
        text=text,
        truncated=outcome.truncated,
    )


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
