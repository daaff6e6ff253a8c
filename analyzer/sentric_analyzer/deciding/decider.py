"""The way of a decision: redaction, the engine, and what is known of the agent.

What takes long, redaction and the rules, is done before anybody else has to wait; then the agent's sums are locked, and
the verdict is stated once more with what they are. Where a guard has judged already, with more of the run before it,
its verdict takes the place of the rules.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, NamedTuple, cast

from sentric.events import (
    Action,
    AgentState,
    AnyEvent,
    Author,
    Element,
    JsonValue,
    Kind,
    Message,
    Observation,
    Outcome,
    Reasoning,
    Source,
)
from sentric.policy.claimed import with_certain_sums
from sentric.policy.engine import Engine, brought_by
from sentric.policy.readers.actions.effects import classify
from sentric.policy.rule import Policy
from sentric.policy.seen import Excerpt, excerpts
from sentric.policy.verdict import Verdict
from sentric.redaction import Redactor
from sentric_analyzer.control import Grant
from sentric_analyzer.control.decisions import Decisions
from sentric_analyzer.control.rulings import Decided, JudgedBy, Wish
from sentric_analyzer.deciding.asked import Asked
from sentric_analyzer.deciding.counts import Metric
from sentric_analyzer.declaration import OnCount, OnTime

TEXT_SHOWN = 4096
"""Characters of the reasoning and of each value of the arguments that people are shown."""

MOST_SHOWN = 64
"""Entries of each object and list among the arguments that they are shown."""


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
    ) -> None:
        self._decisions = decisions
        self._policy_of = policy_of
        self._new_redactor = new_redactor
        self._key = key
        self._clock = clock
        self._on_count = on_count
        self._on_time = on_time

    def decide(self, asked: Asked, *, project: str, by: Grant) -> Decided:
        """Decide about an action for good.

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
        began = time.perf_counter()
        try:
            decided = self._decided(asked, project, by)
        except Exception:
            self._on_count(Metric.DECISIONS, "failed", 1)
            raise
        self._on_count(Metric.DECISIONS, decided.answer["decision"], 1)
        self._on_time(Metric.SECONDS, (), time.perf_counter() - began)
        return decided

    def _decided(self, asked: Asked, project: str, by: Grant) -> Decided:
        redactor = self._new_redactor()
        if asked.verdict is None:
            judged = self._judged(asked, project, redactor)
            request = _shown(asked, judged.action, redactor, asked.seen or judged.seen)
            return self._decisions.decide(
                self._wish(asked, judged.action, request, judged.policy_digest, project, by), judged.judge
            )
        action = replace(_action(asked, redactor), sequence=1, time=self._clock())
        claimed = asked.verdict.matches(redactor)
        request = _shown(asked, action, redactor, asked.seen)
        wish = self._wish(asked, action, request, asked.verdict.policy_digest, project, by)
        if asked.settled is not None:
            return self._decisions.settle(wish, Verdict(claimed), asked.settled)
        return self._decisions.decide(wish, lambda state: with_certain_sums(claimed, action, state))

    def _judged(self, asked: Asked, project: str, redactor: Redactor) -> "_Judged":
        """The action, judged by the policy in force."""
        policy = self._policy_of(project)
        engine = Engine(policy, project=project, run_id=asked.run_id, agent=asked.agent_name or asked.agent_id)
        events = _told(engine, asked, redactor)
        sequence = max((event.sequence for event in events), default=0) + 1
        action = replace(_action(asked, redactor), sequence=sequence, time=self._clock())
        seen = excerpts(list(_observed(events)), engine.check(action).matches)
        return _Judged(policy.digest, action, seen, lambda state: engine.restate(action, state))

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
            answer=_echo(asked, action, project),
            approval_id=asked.approval_id,
            idempotency_key=asked.idempotency_key,
            fingerprint=asked.fingerprint(project, self._key) if asked.idempotency_key else "",
        )

    def _past(self, claimed: float | None) -> float:
        """A time as somebody claims it, which is not in the future; Unix seconds."""
        now = self._clock() / 1e9
        return now if claimed is None else min(max(claimed, 0.0), now)


class _Judged(NamedTuple):
    """An action that the policy in force has judged."""

    policy_digest: str
    action: Action
    seen: list[Excerpt]
    """What people are shown of what was seen before it."""
    judge: Callable[[AgentState], Verdict]
    """Gives its verdict by what its agent adds up to."""


def _told(engine: Engine, asked: Asked, redactor: Redactor) -> list[AnyEvent]:
    """Let the engine hear what happened before."""
    if asked.task:
        engine.judge(Message(sequence=0, author=Author.USER, text=redactor.text(asked.task)))
    events = asked.read_events(redactor)
    for event in events:
        engine.judge(event)
    return events


def _observed(events: Iterable[AnyEvent]) -> Iterator[Observation]:
    """What came into the model's view; what tools are said to be is left out."""
    actions: dict[str, Action] = {}
    for event in events:
        match event:
            case Action():
                actions[event.event_id] = event
            case Observation() if event.source is not Source.TOOL_DEFINITION:
                yield event
            case Outcome() if (brought := brought_by(event, actions.get(event.action_id))) is not None:
                yield brought
            case _:
                pass


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


def _echo(asked: Asked, action: Action, project: str) -> dict[str, Any]:
    """What the answer repeats of what was asked. Whatever the caller asserts is marked so."""
    return {
        "project": project,
        "agent_id": asked.agent_id,
        "agent_name": asked.agent_name or asked.agent_id,
        "action": action.tool,
        "kind": action.kind.value,
        "effects": sorted(effect.value for effect in action.effects),
        "asserted": dict(action.context),
    }


def _shown(asked: Asked, action: Action, redactor: Redactor, seen: Iterable[Excerpt]) -> dict[str, Any]:
    """What people are shown of an action: enough to answer for it."""
    read = cast("list[list[str]]", redactor.value([[one.source.value, one.origin, one.text] for one in seen]))
    given = {
        "tool": action.tool,
        "server": action.server,
        "kind": action.kind.value,
        "effects": sorted(effect.value for effect in action.effects),
        "arguments": _cut(dict(action.arguments)),
        "url": action.url,
        "element": None if action.element is None else {k: v for k, v in asdict(action.element).items() if v},
        "reasoning": action.reasoning.text[:TEXT_SHOWN],
        "task": redactor.text(asked.task[: 2 * TEXT_SHOWN])[:TEXT_SHOWN],
        "seen": [{"source": source, "origin": origin, "excerpt": text} for source, origin, text in read],
        "asserted": _cut(dict(action.context)),
        "agent_name": asked.agent_name or asked.agent_id,
        "run_id": asked.run_id,
        "call_id": asked.call_id,
        "judged_by": "" if asked.verdict is None else JudgedBy.GUARD.value,
    }
    return {name: value for name, value in given.items() if value not in ("", None, {}, [])}


def _cut(value: Any) -> Any:
    match value:
        case str():
            return value if len(value) <= TEXT_SHOWN else f"{value[:TEXT_SHOWN]}… ({len(value)} characters)"
        case dict():
            shown = {key: _cut(item) for key, item in islice(value.items(), MOST_SHOWN)}
            return shown if len(value) <= MOST_SHOWN else shown | {"…": f"{len(value) - MOST_SHOWN} more"}
        case list():
            first = [_cut(item) for item in value[:MOST_SHOWN]]
            return first if len(value) <= MOST_SHOWN else [*first, f"… ({len(value) - MOST_SHOWN} more)"]
        case _:
            return value
