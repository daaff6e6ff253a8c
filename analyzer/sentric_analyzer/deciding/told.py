"""What is told of an action that is decided about: to who asks, and to the people who answer for it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, cast

from sentric.events import Action, AnyEvent, Observation, Outcome, Source
from sentric.policy.engine import brought_by
from sentric.policy.seen import Excerpt
from sentric.redaction import Redactor
from sentric_analyzer.control.rulings import JudgedBy
from sentric_analyzer.deciding.asked import Asked

TEXT_SHOWN = 4096
"""Characters of the reasoning and of each value of the arguments that people are shown."""

MOST_SHOWN = 64
"""Entries of each object and list among the arguments that they are shown."""


def echo_of(asked: Asked, action: Action, project: str) -> dict[str, Any]:
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


def shown_of(asked: Asked, action: Action, redactor: Redactor, seen: Iterable[Excerpt]) -> dict[str, Any]:
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


def observed(events: Iterable[AnyEvent]) -> Iterator[Observation]:
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
