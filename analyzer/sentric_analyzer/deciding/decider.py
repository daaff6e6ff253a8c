"""The way of a decision: redaction, the engine, and what is known of the agent.

What takes long, redaction and the rules, is done before anybody else has to wait; then the agent's sums are locked, and
the verdict is stated once more with what they are. Where a guard has judged already, with more of the run before it,
its verdict takes the place of the rules.

Where a rule wants a language model's score, it is asked for before anybody is locked out: see `Decider.begin`.
"""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, TypeAlias, cast

from sentric.event_json import event_to_json
from sentric.events import Action, AgentState, AnyEvent, Author, Element, JsonValue, Kind, Message, Reasoning, Score
from sentric.policy.claimed import with_certain_sums
from sentric.policy.engine import Engine
from sentric.policy.readers.actions.effects import classify
from sentric.policy.risk import BEGINNING
from sentric.policy.rule import Policy
from sentric.policy.seen import excerpts
from sentric.policy.verdict import Verdict, unscored
from sentric.redaction import Redactor
from sentric_analyzer.control import Grant
from sentric_analyzer.control.decisions import Decisions
from sentric_analyzer.control.rulings import Decided, JudgedBy, Wish
from sentric_analyzer.deciding.asked import Asked
from sentric_analyzer.deciding.counts import Metric
from sentric_analyzer.deciding.scores import Material, Scorer
from sentric_analyzer.deciding.told import echo_of, observed, shown_of
from sentric_analyzer.declaration import OnCount, OnTime

_ASKED_ALREADY = unscored("a person was asked about it already")
_TOO_LATE = unscored("a rule that wants a score matched only when it was decided")

Judge: TypeAlias = Callable[[AgentState, Score | None], Verdict]
"""Gives the verdict about an action, by what its agent adds up to and what a language model has said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An action that is judged, and not yet decided about."""

    asked: Asked
    wish: Wish
    judge: Judge
    action: Action
    redactor: Redactor
    began: float
    """By the clock that measures."""
    events: Sequence[AnyEvent] = ()
    """What was told of before it, redacted."""
    score: Score | None = None
    """Where it is known without asking a model."""
    wanting: Verdict | None = None
    """The verdict on account of which a model must be asked; None where none is."""


class Decider:
    """Decides about actions. Any thread may use it.

    Args:
        decisions: where decisions are kept.
        policy_of: gives the policy that is in force for a project now.
        new_redactor: gives a redactor for one decision.
        key: secret that actions are told apart by.
        clock: gives Unix nanoseconds.
        on_count: called with each decision.
        on_time: called with how long it took.
        scorer: gives the scores that rules want; None: there are none, so that a person is asked instead.
    """

    def __init__(
        self,
        decisions: Decisions,
        policy_of: Callable[[str], Policy],
        new_redactor: Callable[[], Redactor],
        key: bytes,
        clock: Callable[[], int],
        on_count: OnCount = lambda name, value, amount: None,
        on_time: OnTime = lambda name, value, seconds: None,
        scorer: Scorer | None = None,
    ) -> None:
        self._decisions = decisions
        self._policy_of = policy_of
        self._new_redactor = new_redactor
        self._key = key
        self._clock = clock
        self._scorer = scorer or Scorer(None)
        self._on_count = on_count
        self._on_time = on_time

    def decide(self, asked: Asked, *, project: str, by: Grant) -> Decided:
        """Decide about an action for good; that takes as long as a model, where a rule wants its score.

        Args:
            asked: the action.
            project: whose policy and agents it is about.
            by: the key that asks.

        Raises:
            AskedError: an event cannot be read.
            IdempotencyError: the idempotency key was used for something else.
            UnknownApprovalError: the approval is none of this agent's.
            ControlError: it cannot be kept: then nothing is allowed.
        """
        return self.finish(self.begin(asked, project=project, by=by))

    def begin(self, asked: Asked, *, project: str, by: Grant) -> Begun:
        """Judge an action, and see whether a model must be asked. That is soon done; the same arguments and errors."""
        began = time.perf_counter()
        with self._counted_failures():
            begun = self._begun(asked, project, by, began)
            return begun if begun.wanting is None else self._with_what_is_known(begun)

    def finish(self, begun: Begun) -> Decided:
        """Ask a model, where one must be asked, and then decide for good; the same errors."""
        with self._counted_failures():
            if begun.wanting is not None:
                begun = replace(begun, score=self._score(begun, begun.wanting))
            decided = self._decided(begun)
        self._on_count(Metric.DECISIONS, decided.answer["decision"], 1)
        self._on_time(Metric.SECONDS, (), time.perf_counter() - begun.began)
        return decided

    @contextmanager
    def _counted_failures(self) -> Generator[None]:
        try:
            yield
        except Exception:
            self._on_count(Metric.DECISIONS, "failed", 1)
            raise

    def _begun(self, asked: Asked, project: str, by: Grant, began: float) -> Begun:
        redactor = self._new_redactor()
        events: Sequence[AnyEvent] = ()
        if asked.verdict is None:
            policy = self._policy_of(project)
            engine = Engine(policy, project=project, run_id=asked.run_id, agent=asked.agent_name or asked.agent_id)
            events = _told(engine, asked, redactor)
            sequence = max((event.sequence for event in events), default=0) + 1
            action = replace(_action(asked, redactor), sequence=sequence, time=self._clock())
            first = engine.check(action)
            seen = asked.seen or excerpts(list(observed(events)), first.matches)
            digest, judge = policy.digest, partial(engine.restate, action)
        else:
            action = replace(_action(asked, redactor), sequence=1, time=self._clock())
            claimed = asked.verdict.matches(redactor)
            digest, judge = asked.verdict.policy_digest, partial(with_certain_sums, claimed, action)
            first, seen = judge(BEGINNING), asked.seen
        request = shown_of(asked, action, redactor, seen)
        return Begun(
            asked=asked,
            wish=self._wish(asked, action, request, digest, project, by),
            judge=judge,
            action=action,
            redactor=redactor,
            began=began,
            events=events,
            wanting=first if first.wants_score and asked.settled is None else None,
        )

    def _with_what_is_known(self, begun: Begun) -> Begun:
        """Nobody is asked for a score in vain: not twice, and not where the agent may do nothing at all."""
        known = self._decisions.known(begun.wish)
        if begun.wish.approval_id:  # asking again would hold up what a person has approved
            return replace(begun, score=known.score or _ASKED_ALREADY, wanting=None)
        if known.score is not None:
            return replace(begun, score=known.score, wanting=None)
        verdict = begun.judge(known.state, None)
        return replace(begun, wanting=verdict if verdict.wants_score and not known.is_answered else None)

    def _score(self, begun: Begun, wanting: Verdict) -> Score:
        task = begun.redactor.text(begun.asked.task)
        seen = begun.wish.request.get("seen", ())  # the latest first
        before = [event_to_json(event) for event in begun.events] or [*reversed(seen)]
        material = Material(action=begun.action, matches=wanting.matches, task=task, before=before)
        score = self._scorer.score(material)
        return replace(score, explanation=begun.redactor.text(score.explanation))

    def _decided(self, begun: Begun) -> Decided:
        if begun.asked.settled is not None and begun.asked.verdict is not None:
            claimed = begun.asked.verdict.matches(begun.redactor)
            return self._decisions.settle(begun.wish, Verdict(claimed), begun.asked.settled)
        return self._decisions.decide(begun.wish, lambda state: _scored(begun, state))

    def _wish(
        self, asked: Asked, action: Action, request: dict[str, Any], policy_digest: str, project: str, by: Grant
    ) -> Wish:
        return Wish(
            project=project,
            agent_id=asked.agent_id,
            agent_name=asked.agent_name,
            tool=asked.action,
            requester=by.identity,
            key_id=by.key_id,
            binding=asked.binding(project, self._key),
            policy_digest=policy_digest,
            judged_by=JudgedBy.SERVICE if asked.verdict is None else JudgedBy.GUARD,
            happened=None if asked.settled is None else self._past(asked.happened),
            request=request,
            answer=echo_of(asked, action, project),
            approval_id=asked.approval_id,
            idempotency_key=asked.idempotency_key,
            fingerprint=asked.fingerprint(project, self._key) if asked.idempotency_key else "",
        )

    def _past(self, claimed: float | None) -> float:
        """A time as somebody claims it, which is not in the future; Unix seconds."""
        now = self._clock() / 1e9
        return now if claimed is None else min(max(claimed, 0.0), now)


def _scored(begun: Begun, state: AgentState) -> Verdict:
    """The verdict by the exact sums. A score that is wanted only now is too late to be asked for: others wait."""
    verdict = begun.judge(state, begun.score)
    return begun.judge(state, _TOO_LATE) if verdict.wants_score else verdict


def _told(engine: Engine, asked: Asked, redactor: Redactor) -> list[AnyEvent]:
    """Let the engine hear what happened before: the events, redacted."""
    if asked.task:
        engine.judge(Message(sequence=0, author=Author.USER, text=redactor.text(asked.task)))
    events = asked.read_events(redactor)
    for event in events:
        engine.judge(event)
    return events


def _action(asked: Asked, redactor: Redactor) -> Action:
    """The action, redacted. What its name and arguments tell of its effects is not lessened by what is stated."""
    arguments = cast("dict[str, JsonValue]", redactor.value(cast("JsonValue", dict(asked.arguments))))
    element = None
    if asked.element is not None:
        element = Element(**{name: redactor.text(text) for name, text in asdict(asked.element).items()})
    kind, effects = classify(asked.action, arguments, element)
    return Action(
        sequence=0,
        tool=asked.action,
        server=asked.server,
        call_id=asked.call_id,
        arguments=arguments,
        kind=kind if kind is not Kind.OTHER else asked.kind or kind,
        effects=effects | asked.effects,
        url=redactor.text(asked.url),
        element=element,
        reasoning=Reasoning(thinking=redactor.text(asked.reasoning)),
        context=cast("dict[str, JsonValue]", redactor.value(cast("JsonValue", dict(asked.context)))),
    )
