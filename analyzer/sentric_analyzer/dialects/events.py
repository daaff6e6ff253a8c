"""Events that tell what attributes of newer spans do: of a model's input and output, each message by itself.

They stand on spans, or come as log records, which are put to the spans they belong to. Before there was one event for
a whole request (`gen_ai.client.inference.operation.details`), each message was one, and before that all were in two.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sentric import semconv
from sentric_analyzer.dialects.messages import instructions, messages
from sentric_analyzer.dialects.parts import Parts, joined
from sentric_analyzer.dialects.values import parsed, text_of
from sentric_analyzer.spans import SpanEvent

DETAILS = "gen_ai.client.inference.operation.details"
CHOICE = "gen_ai.choice"
TOOL_MESSAGE = "gen_ai.tool.message"
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    TOOL_MESSAGE: "tool",
}
_OLDEST = {"gen_ai.content.prompt": "gen_ai.prompt", "gen_ai.content.completion": "gen_ai.completion"}
WHOLE = "gen_ai.event.content"
"""Where Azure's SDK puts the message, as JSON."""
MESSAGES = (*_ROLES, DETAILS, *_OLDEST, CHOICE)
"""The names of all these events, in the order in which one request has them."""


def given(events: Sequence[SpanEvent]) -> Iterator[Parts]:
    """What was told to an agent or a model."""
    for event in events:
        found = event.attributes
        if event.name == DETAILS:
            yield instructions(found.get(semconv.GEN_AI_SYSTEM_INSTRUCTIONS))
            yield messages(found.get(semconv.GEN_AI_INPUT_MESSAGES))
        elif event.name in _ROLES:
            yield messages([_message(found, _ROLES[event.name])])
        elif event.name == "gen_ai.content.prompt":
            yield messages(found.get(_OLDEST[event.name]))


def answered(events: Sequence[SpanEvent]) -> Iterator[Parts]:
    """What it answered."""
    for event in events:
        found = event.attributes
        if event.name == DETAILS:
            yield messages(found.get(semconv.GEN_AI_OUTPUT_MESSAGES))
        elif event.name == CHOICE:
            yield messages([_message(found, "assistant")])
        elif event.name == "gen_ai.content.completion":
            yield messages(found.get(_OLDEST[event.name]))


def beside(stated: Parts, told: Parts) -> Parts:
    """What attributes state and events tell; where both do, of what is the same once."""
    if not stated.items or not told.items:
        return joined((stated, told))
    missing = Counter(part.key for part in told.items) - Counter(part.key for part in stated.items)
    if not missing:
        return stated
    return joined((stated, told._replace(items=tuple(part for part in told.items if part.key in missing))))


def definitions(events: Sequence[SpanEvent]) -> Iterator[Any]:
    """The tools it was offered."""
    for event in events:
        if event.name == DETAILS and (stated := event.attributes.get(semconv.GEN_AI_TOOL_DEFINITIONS)) is not None:
            yield stated


def call(events: Sequence[SpanEvent]) -> tuple[Any, Any]:
    """Arguments and result of a tool's span; None where they are not told."""
    arguments = next((one.attributes.get("content") for one in events if one.name == TOOL_MESSAGE), None)
    result = next((one.attributes.get("message") for one in events if one.name == CHOICE), None)
    return arguments, result


def _message(found: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """The message of an event, whose content may be a text, or JSON of blocks or of all of it."""
    whole, readable = parsed(found.get(WHOLE, found.get("message")))
    if not readable:
        whole = {"content": whole}
    if isinstance(whole, list):
        whole = {"content": whole}
    told = {**found, **whole} if isinstance(whole, dict) else dict(found)
    if isinstance(content := told.get("content"), dict) and "parts" in content:  # Gemini's
        return {"role": text_of(content.get("role")) or role, "parts": content["parts"]}
    stated = {"role": text_of(told.get("role")) or role, "content": _content(told.get("content"))}
    if isinstance(calls := parsed(told.get("tool_calls"))[0], list):
        stated["tool_calls"] = calls
    if role == "tool":
        stated["tool_call_id"] = text_of(told.get("id")) or text_of(told.get("tool_call_id"))
    return stated


def _content(value: Any) -> Any:
    """JSON of blocks as these; a text that only looks like it stays one."""
    if not isinstance(value, str) or value[:2] != "[{":
        return value
    found, readable = parsed(value)
    return found if readable else value
