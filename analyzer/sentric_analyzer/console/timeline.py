"""The timeline of a run document, for reading: what was said and shown, and what the model decided to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sentric_analyzer.console.report import NEXT_GOAL, SEVERITIES, Deed, Fact, Moment, Text, Turn
from sentric_analyzer.visible import one_line, visible

Json = Mapping[str, Any]

_SOURCES = {
    "page": "Page shown to the model",
    "tool_result": "Tool result shown to the model",
    "extract": "Page text given to the extracting model",
    "resource": "Resource put into the context",
    "tool_definition": "Tool offered to the model",
}
_REFUSED = "refused: it was not done"
_AUTHORS = {"user": "The user said", "system": "The operator's instructions", "model": "The model said"}
_REASONING = {"thinking": "Thinking", "evaluation": "Previous step", "memory": "Memory", "next_goal": NEXT_GOAL}


@dataclass(frozen=True, slots=True)
class Moments:
    """The timeline, and where its events are in it."""

    shown: tuple[Moment, ...]
    anchors: Mapping[str, str]
    """By event id."""
    labels: Mapping[str, str]
    """By event id, such as `step 12: input`."""
    reasoning: Mapping[str, tuple[Fact, ...]]
    """By event id: of the step itself; for what came into the model's view, of the next step."""


@dataclass(slots=True)
class _Reader:
    document: Json
    steps: dict[str, Json] = field(default_factory=dict[str, Any])
    outcomes: dict[str, str] = field(default_factory=dict[str, str])
    """Event ids, by the actions they conclude."""
    refused: set[str] = field(default_factory=set[str])
    """Actions that were not done."""
    marks: dict[str, list[Json]] = field(default_factory=dict[str, Any])
    shown: list[Moment] = field(default_factory=list[Moment])
    anchors: dict[str, str] = field(default_factory=dict[str, str])
    labels: dict[str, str] = field(default_factory=dict[str, str])
    reasoning: dict[str, tuple[Fact, ...]] = field(default_factory=dict[str, tuple[Fact, ...]])
    waiting: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """What came into the model's view, by event id and heading, while its next step has not come yet."""
    began: int = 0
    number: int = 0

    def read(self) -> Moments:
        self.steps = {step["event_id"]: step for step in self.document["steps"]}
        for finding in self.document["findings"]:
            self.marks.setdefault(finding["event_id"], []).append(finding)
        concluded = [event for event in self.document["timeline"] if event["event"] == "outcome"]
        self.outcomes = {event["action_id"]: event["event_id"] for event in concluded}
        self.refused = {event["action_id"] for event in concluded if event.get("refused")}
        for index, event in enumerate(self.document["timeline"]):
            self.began = self.began or event.get("time", 0)
            self.anchors[event["event_id"]] = f"event-{index}"
            match event["event"]:
                case "action":
                    self._action(event)
                case "outcome":
                    self._outcome(event)
                case _:
                    self._text(event)
        for event_id, heading in self.waiting:
            self.labels[event_id] = f"{heading}, after the last step"
        return Moments(tuple(self.shown), self.anchors, self.labels, self.reasoning)

    def _action(self, event: Json) -> None:
        self.number += 1
        event_id = event["event_id"]
        reasoning = reasoning_of(event.get("reasoning", {}))
        self.labels[event_id] = f"step {self.number}: {one_line(event['tool'])}"
        self.reasoning[event_id] = reasoning
        for text_id, heading in self.waiting:
            self.labels[text_id] = f"{heading}, before step {self.number}"
            self.reasoning[text_id] = reasoning
        self.waiting.clear()
        deed = self._deed(event, self.steps.get(event_id, {}))
        last = self.shown[-1] if self.shown else None
        if isinstance(last, Turn) and last.reasoning == reasoning and reasoning:
            self.shown[-1] = replace(last, deeds=(*last.deeds, deed))
        else:
            self.shown.append(Turn(self._elapsed(event), reasoning, (deed,)))

    def _deed(self, event: Json, step: Json) -> Deed:
        severity, rules = self._found(event["event_id"], self.outcomes.get(event["event_id"], ""))
        return Deed(
            anchor=self.anchors[event["event_id"]],
            number=self.number,
            tool=one_line(event["tool"]),
            effects=", ".join(event.get("effects", ())),
            url=one_line(event.get("url", "")),
            element=element_of(event.get("element") or {}),
            arguments=arguments_of(event.get("arguments", {})),
            result=visible(step.get("result") or ""),
            error=_REFUSED if event["event_id"] in self.refused else visible(step.get("error") or ""),
            duration=_duration(step.get("duration_ms")),
            decision=event.get("verdict", {}).get("decision", "allow"),
            severity=severity,
            rules=rules,
        )

    def _outcome(self, event: Json) -> None:
        action = event["action_id"]
        self.anchors[event["event_id"]] = self.anchors.get(action, "")
        self.waiting.append((event["event_id"], f"result of {self.labels.get(action, 'an unknown step')}"))

    def _text(self, event: Json) -> None:
        message = event["event"] == "message"
        if message and not event["text"] and event["event_id"] not in self.marks:
            return  # it only says what a model call took: the steps it led to tell its words
        heading = _AUTHORS[event["author"]] if message else _SOURCES[event["source"]]
        if message:
            self.labels[event["event_id"]] = heading.lower()
        else:
            self.waiting.append((event["event_id"], heading.lower()))
        severity, rules = self._found(event["event_id"])
        self.shown.append(
            Text(
                anchor=self.anchors[event["event_id"]],
                elapsed=self._elapsed(event),
                heading=heading,
                origin=one_line(event.get("origin", "")),
                text=visible(event["text"]),
                truncated=event.get("truncated", False),
                severity=severity,
                rules=rules,
            )
        )

    def _found(self, *event_ids: str) -> tuple[str, tuple[str, ...]]:
        """The highest severity of what was found at some events, and the rules that found it."""
        findings = [finding for event_id in event_ids for finding in self.marks.get(event_id, [])]
        severities = {finding["severity"] for finding in findings}
        highest = next((severity for severity in SEVERITIES if severity in severities), "")
        return highest, tuple(visible(finding["rule_id"]) for finding in findings)

    def _elapsed(self, event: Json) -> str:
        time = event.get("time", 0)
        return elapsed(time - self.began) if time else ""


def read_timeline(document: Json) -> Moments:
    """Read the timeline of a run document.

    Actions that follow each other for the same reasoning are one decision of the model, and shown as one turn.
    """
    return _Reader(document).read()


def reasoning_of(reasoning: Json) -> tuple[Fact, ...]:
    """What is known of a reasoning, in the order in which a model gives it."""
    return tuple(Fact(name, visible(reasoning[key])) for key, name in _REASONING.items() if reasoning.get(key))


def arguments_of(arguments: Json) -> str:
    """Arguments as a reader wants them: one a line."""
    return "\n".join(f"{one_line(name)}: {visible(_plain(value))}" for name, value in arguments.items())


def element_of(element: Json) -> str:
    """A page element as a person would point at it."""
    if not any(element.values()):
        return ""
    marks = "".join(f' {name}="{element[name]}"' for name in ("type", "name") if element.get(name))
    text = f" {element['text']}" if element.get("text") else ""
    return one_line(f"<{element.get('tag') or '?'}{marks}>{text}")


def elapsed(nanoseconds: int) -> str:
    """Time since the run began."""
    seconds = nanoseconds / 1e9
    return f"+{seconds:.1f} s" if abs(seconds) < 60 else f"+{timedelta(seconds=round(seconds))}"


def _duration(milliseconds: float | None) -> str:
    match milliseconds:
        case None:
            return ""
        case short if short < 1000:
            return f"{short:.0f} ms"
        case long:
            return f"{long / 1000:.1f} s"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
