"""A fixture: a recorded run with what was decided about it, to be judged again.

    fixture: 1                       # version of the format
    description: Why it is kept.
    policy: 5e0c…                    # digest of the policy that decided; for information
    run: {run_id: 4bf9…, project: shop, agent: buyer, conversation: c-7}
    state: {risk: 40, strikes: 1}    # what is known of the agent from before
    earlier:                         # runs of its conversation before it, the oldest first
      - {run_id: 77aa…, agent: buyer, events: […]}
    events:                          # as in the examples of rules
      - event: action
        expect: {decision: block, severity: high, risk: 60, rules: [credential-over-http]}
        tool: input
        …

An event without `expect` is one that no rule matches. Reading is strict, and bounded: a fixture may be somebody else's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from sentric.event_json import event_to_json
from sentric.events import AgentState, AnyEvent, Run
from sentric.policy.engine import in_order
from sentric.policy.risk import BEGINNING
from sentric.policy.verdict import Replay
from sentric.testing.expected import NOTHING, Expected, judged

VERSION = 1
"""Of the format."""
RUN_KEYS = ("run_id", "project", "agent", "agent_id", "conversation", "model", "dialect", "started")
"""What a fixture tells of a run beside its events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """A recorded run with what is expected of each of its events."""

    run: Run
    """Its events are in their order."""
    expected: tuple[Expected, ...]
    """Of each event."""
    earlier: tuple[Run, ...] = ()
    """Runs of its conversation before it, the oldest first: the engine hears them in silence."""
    state: AgentState = BEGINNING
    """What is known of the agent from before; an action that has a state of its own goes by that."""
    policy_digest: str = ""
    """Of the policy that decided what is expected. Another one may decide the same."""
    description: str = ""
    file: str = ""
    """Where it was read from; empty where it was not."""
    lines: tuple[int, ...] = ()
    """Where each event stands in the file, from 1."""

    @classmethod
    def of(cls, replay: Replay, earlier: Sequence[Run] = ()) -> Self:
        """What was decided about a run, as what is expected.

        Args:
            replay: the run, judged now or when it was recorded.
            earlier: what was known of its conversation then.
        """
        run = replace(replay.run, events=tuple(in_order(replay.run)))
        expected = tuple(Expected.of(matched) for _, matched in judged(replay))
        return cls(run=run, expected=expected, earlier=tuple(earlier), policy_digest=replay.policy_digest)

    def expecting(self, replay: Replay) -> "Fixture":
        """The same run, with what was decided about it now."""
        expected = tuple(Expected.of(matched) for _, matched in judged(replay))
        return replace(self, expected=expected, policy_digest=replay.policy_digest)

    def to_json(self) -> dict[str, Any]:
        """The fixture as a JSON object; what is empty is left out."""
        stated: dict[str, Any] = {
            "description": self.description,
            "policy": self.policy_digest,
            "run": _run(self.run),
            "state": _told(self.state, (field.name for field in fields(AgentState))),
            "earlier": [{**_run(one), "events": list(map(event_to_json, in_order(one)))} for one in self.earlier],
        }
        told = {name: value for name, value in stated.items() if value}
        return {"fixture": VERSION, **told, "events": list(map(_event, self.run.events, self.expected))}


def _run(run: Run) -> dict[str, Any]:
    return _told(run, RUN_KEYS)


def _told(part: object, names: Iterable[str]) -> dict[str, Any]:
    stated: Mapping[str, Any] = {name: getattr(part, name) for name in names}
    return {name: value for name, value in stated.items() if value}


def _event(event: AnyEvent, expected: Expected) -> dict[str, Any]:
    record = event_to_json(event)
    wanted = {} if expected == NOTHING else {"expect": expected.to_json()}
    return {"event": record.pop("event"), **wanted, **record}
