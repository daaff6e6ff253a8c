"""Events as span attributes: pure functions, one for each kind of span.

Ordinals: on a tool span the action is 0 and its outcome 1; on a model's span the answer is 1; messages, then
observations that a span brings along count on from 2; on a run's root span the task is 0. So an event has the same id
here and where the span is read.
"""

from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

from sentric import semconv
from sentric.events import Action, AgentState, Element, JsonValue, Message, Observation, Outcome, Reasoning, Score
from sentric.policy.verdict import Verdict
from sentric.tracing.limits import encode

Value: TypeAlias = str | bool | int | tuple[str, ...]
Attributes: TypeAlias = dict[str, Value]

ACTION, OUTCOME, ANSWER, CARRIED, TASK = 0, 1, 1, 2, 0
"""Ordinals."""

_REASONING = {
    semconv.SENTRIC_REASONING_THINKING: "thinking",
    semconv.SENTRIC_REASONING_EVALUATION: "evaluation",
    semconv.SENTRIC_REASONING_MEMORY: "memory",
    semconv.SENTRIC_REASONING_NEXT_GOAL: "next_goal",
}
_ELEMENT = {
    semconv.SENTRIC_ELEMENT_TAG: "tag",
    semconv.SENTRIC_ELEMENT_TYPE: "type",
    semconv.SENTRIC_ELEMENT_NAME: "name",
    semconv.SENTRIC_ELEMENT_XPATH: "xpath",
    semconv.SENTRIC_ELEMENT_TEXT: "text",
    semconv.SENTRIC_ELEMENT_AUTOCOMPLETE: "autocomplete",
    semconv.SENTRIC_ELEMENT_FORM_ACTION: "form_action",
    semconv.SENTRIC_ELEMENT_FRAME_ORIGIN: "frame_origin",
}
_STRUCTURE = (semconv.SENTRIC_ELEMENT_TAG, semconv.SENTRIC_ELEMENT_TYPE, semconv.SENTRIC_ELEMENT_AUTOCOMPLETE)
"""What of an element is no content."""


def action(event: Action, arguments: str, *, content: bool) -> Attributes:
    """What an action span says before the tool is called.

    Args:
        event: the action.
        arguments: its arguments as JSON.
        content: whether content is captured; else only what says what kind of action it is.
    """
    found: Attributes = {
        semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_EXECUTE_TOOL,
        semconv.GEN_AI_TOOL_NAME: event.tool,
        semconv.GEN_AI_TOOL_TYPE: "function",
        semconv.SENTRIC_SEQUENCE: event.sequence,
        semconv.SENTRIC_ACTION_KIND: event.kind.value,
        semconv.SENTRIC_ACTION_EFFECTS: tuple(sorted(effect.value for effect in event.effects)),
    }
    _put(found, semconv.GEN_AI_TOOL_CALL_ID, event.call_id)
    _put(found, semconv.SENTRIC_ACTION_SERVER, event.server)
    _put(found, semconv.URL_FULL, event.url if content else place(event.url))
    if event.element is not None:
        found |= _element(event.element, content=content)
    if content:
        found[semconv.GEN_AI_TOOL_CALL_ARGUMENTS] = arguments
        found |= _reasoning(event.reasoning)
        if event.context:
            found[semconv.SENTRIC_ACTION_CONTEXT] = encode(dict(event.context))
    return found


def verdict(found: Verdict, digest: str, mode: str) -> Attributes:
    """What was decided about an action or an observation."""
    decided: Attributes = {
        semconv.SENTRIC_VERDICT_DECISION: found.decision.value,
        semconv.SENTRIC_VERDICT_RULES: tuple(match.rule.id for match in found.matches),
        semconv.SENTRIC_VERDICT_RISK: found.risk,
        semconv.SENTRIC_POLICY_DIGEST: digest,
        semconv.SENTRIC_MODE: mode,
    }
    if (severity := found.severity) is not None:
        decided[semconv.SENTRIC_VERDICT_SEVERITY] = severity.value
    if shadow := found.shadow:
        decided[semconv.SENTRIC_VERDICT_SHADOW] = shadow
    return decided


def state(known: AgentState) -> Attributes:
    """What its agent had added up to before an action that is held to its verdict: a replay begins there."""
    found: Attributes = {semconv.SENTRIC_STATE_RISK: known.risk, semconv.SENTRIC_STATE_STRIKES: known.strikes}
    _put(found, semconv.SENTRIC_STATE_STOPPED, known.stopped)
    return found


def score(said: Score | None, *, content: bool) -> Attributes:
    """What a language model has said of an action that was decided by it: a replay is told the same."""
    if said is None:
        return {}
    found: Attributes = {semconv.SENTRIC_SCORE_RISK: said.risk, semconv.SENTRIC_SCORE_DECISION: said.decision.value}
    _put(found, semconv.SENTRIC_SCORE_MODEL, said.model)
    if content:
        _put(found, semconv.SENTRIC_SCORE_EXPLANATION, said.explanation)
    return found


def outcome(event: Outcome, *, content: bool) -> Attributes:
    """How an action ended."""
    found: Attributes = {semconv.SENTRIC_OUTCOME_SEQUENCE: event.sequence}
    if content:
        _put(found, semconv.GEN_AI_TOOL_CALL_RESULT, event.result)
        _put(found, semconv.SENTRIC_OUTCOME_ERROR, event.error)
    return found


def carried(messages: Sequence[Message], observations: Sequence[Observation], *, content: bool) -> Attributes:
    """What a span brings along.

    Args:
        messages: in their order.
        observations: in their order.
        content: whether content is captured; else only that there was something, so that nothing seems to be missing.
    """
    found: Attributes = {}
    if messages:
        found[semconv.SENTRIC_MESSAGES] = encode([_message(message, content=content) for message in messages])
    if observations:
        found[semconv.SENTRIC_OBSERVATIONS] = encode([_observation(seen, content=content) for seen in observations])
    return found


def place(url: str) -> str:
    """Scheme and host: where the agent is, without what it does there."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        return ""


def structure(element: Element) -> Element:
    """What of an element is no content: what sort of field or button it is."""
    return Element(**{part: getattr(element, part) for part in map(_ELEMENT.__getitem__, _STRUCTURE)})


def _message(message: Message, *, content: bool) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {
        "sequence": message.sequence,
        "time": message.time,
        "author": message.author.value,
    }
    return stated | ({"text": message.text} if content else {})


def _observation(seen: Observation, *, content: bool) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {"sequence": seen.sequence, "time": seen.time, "source": seen.source.value}
    return stated | ({"origin": seen.origin, "text": seen.text, "truncated": seen.truncated} if content else {})


def _reasoning(reasoning: Reasoning) -> Attributes:
    return {name: text for name, part in _REASONING.items() if (text := getattr(reasoning, part))}


def _element(element: Element, *, content: bool) -> Attributes:
    return {
        name: text
        for name, part in _ELEMENT.items()
        if (text := getattr(element, part)) and (content or name in _STRUCTURE)
    }


def _put(found: Attributes, name: str, text: str) -> None:
    if text:
        found[name] = text
