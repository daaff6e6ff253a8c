"""A judged run as the model is given it: within a bound, what rules found and what came last before the rest."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentric.events import Action, AnyEvent, Author, Message, Observation, Outcome
from sentric.policy.verdict import Finding, Replay
from sentric_analyzer.document import json_safe

LARGEST = 24_000
"""Characters of the events of one run: some 6,000 to 8,000 tokens."""
OF_FLAGGED = 16_000
"""Characters that the events with findings may take before the last ones have theirs."""
LONGEST_TEXT = 1_200
"""Characters of one text; of an event with findings twice as many."""
SHORT_TEXT = 200
"""The same of an event for which there is no more room."""
LONGEST_NAME = 200
LONGEST_TASK = 2_000
MOST_RULES = 8
"""Rules that are named of one event."""
_BESIDE = (0, 1, -1, -2)
"""Which events are shown with one that has findings: itself, what came of it, and what was seen before it."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Material:
    """What the model is given of a run."""

    text: str
    """One JSON object a line: of the run, then of each event that is shown."""
    events: Mapping[int, AnyEvent]
    """Those that are shown, by their numbers."""


def material_of(replay: Replay) -> Material:
    """The run as it is quoted. What a model thought of it before is not among it: it would believe itself."""
    found: dict[str, list[Finding]] = {}
    for finding in replay.findings:
        if not finding.model:
            found.setdefault(finding.event_id, []).append(finding)
    numbers = {event.event_id: number for number, event in enumerate(replay.run.events, start=1)}
    flagged, others = _in_turn(replay.run.events, found)
    lines: dict[int, str] = {}
    left = LARGEST
    for wanted, reserved in ((flagged, LARGEST - OF_FLAGGED), (others, 0)):
        for number in wanted:
            if left - reserved < SHORT_TEXT:
                break
            if number not in lines and (line := _fitting(replay, number, numbers, found, left - reserved)):
                lines[number] = line
                left -= len(line)
    head = _head(replay, len(lines))
    return Material(
        "\n".join([head, *(lines[number] for number in sorted(lines))]),
        {number: replay.run.events[number - 1] for number in lines},
    )


def _in_turn(events: Sequence[AnyEvent], found: Mapping[str, Sequence[Finding]]) -> tuple[Sequence[int], Sequence[int]]:
    """The numbers of what is to be shown in any case, the most important first; and of all events, the last first.

    In any case are shown the events with findings, with what is beside them, and what the human said.
    """
    flagged = [number for number, event in enumerate(events, start=1) if event.event_id in found]
    flagged.sort(key=lambda number: (-_gravity(found[events[number - 1].event_id]), -number))
    beside = (number + step for number in flagged for step in _BESIDE)
    last_first = range(len(events), 0, -1)
    of_human = (number for number in last_first if _is_of_human(events[number - 1]))
    first = dict.fromkeys((*beside, *of_human))
    return [number for number in first if 1 <= number <= len(events)], last_first


def _is_of_human(event: AnyEvent) -> bool:
    return isinstance(event, Message) and event.author is Author.USER


def _gravity(findings: Iterable[Finding]) -> int:
    return max(finding.severity.rank() for finding in findings)


def _fitting(
    replay: Replay, number: int, numbers: Mapping[str, int], found: Mapping[str, Sequence[Finding]], room: int
) -> str:
    """The line of an event, with shorter texts where it has no room else; "" where it has none at all."""
    event = replay.run.events[number - 1]
    findings = found.get(event.event_id, ())
    for longest in (LONGEST_TEXT * (2 if findings else 1), SHORT_TEXT):
        line = _line(number, event, numbers, findings, longest)
        if len(line) <= room:
            return line
    return ""


def _head(replay: Replay, shown: int) -> str:
    run, coverage = replay.run, replay.run.coverage
    return _json(
        {
            "agent": _cut(run.agent, LONGEST_NAME),
            "task": _cut(run.task, LONGEST_TASK),
            "task_is_known": coverage.has_task,
            "events": len(run.events),
            "events_shown": shown,
            "actions_without_captured_arguments": coverage.without_arguments,
            "error": _cut(run.error, LONGEST_NAME),
        }
    )


def _line(number: int, event: AnyEvent, numbers: Mapping[str, int], found: Sequence[Finding], longest: int) -> str:
    told = {"event": number, **_told(event, numbers, longest)}
    if found:
        gravest = sorted(found, key=lambda one: -one.severity.rank())[:MOST_RULES]
        told["rules"] = [{"rule": one.rule_id, "title": one.title, "severity": one.severity.value} for one in gravest]
        told["decision"] = max((one.decision for one in found), key=lambda decision: decision.rank()).value
    return _json({name: value for name, value in told.items() if value not in ("", [], False)})


def _told(event: AnyEvent, numbers: Mapping[str, int], longest: int) -> dict[str, Any]:
    match event:
        case Message():
            return {"what": "message", "author": event.author.value, "text": _cut(event.text, longest)}
        case Observation():
            return {
                "what": "observation",
                "source": event.source.value,
                "origin": _cut(event.origin, LONGEST_NAME),
                "text": _cut(event.text, longest),
            }
        case Action():
            return dict(_action(event, longest))
        case Outcome():
            return {
                "what": "outcome",
                "of_event": numbers.get(event.action_id, 0),
                "result": _cut(event.result, longest),
                "error": _cut(event.error, LONGEST_NAME),
                "refused": event.refused,
            }


def _action(action: Action, longest: int) -> Iterator[tuple[str, Any]]:
    yield "what", "action"
    yield "tool", _cut(action.tool, LONGEST_NAME)
    yield "server", _cut(action.server, LONGEST_NAME)
    yield "kind", action.kind.value
    yield "effects", sorted(effect.value for effect in action.effects)
    yield "page", _cut(action.url, LONGEST_NAME)
    yield "element", _cut(action.element.text, LONGEST_NAME) if action.element else ""
    yield "arguments", "" if action.uncaptured else _cut(_json(json_safe(action.arguments)), longest)
    yield "reasoning", _cut(action.reasoning.text, longest)


def _cut(text: str, longest: int) -> str:
    """A text without control characters; of a longer one its beginning and its end."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    left_out = len(text) - longest
    if left_out <= 0:
        return text
    return f"{text[: longest - longest // 2]} [… {left_out} characters left out …] {text[-(longest // 2) :]}"


def _json(value: Any) -> str:
    return json.dumps(json_safe(value), ensure_ascii=False, separators=(",", ":"))
