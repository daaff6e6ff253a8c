"""The Vercel AI SDK: from version 7 on in the GenAI conventions, before that in spans of its own (`ai.*`)."""

from collections.abc import Mapping
from typing import Any

from sentric import semconv
from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.messages import messages, text_within
from sentric_analyzer.dialects.parts import NOTHING, Parts
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import (
    arguments_of,
    attribute,
    conversation_in,
    count_of,
    error_of,
    parsed,
    text_of,
)
from sentric_analyzer.spans import Span

OPERATION = "ai.operationId"
SCOPE = "gen_ai"
"""Of version 7's spans."""
_OPERATIONS = {
    "ai.generateText": Operation.AGENT,
    "ai.streamText": Operation.AGENT,
    "ai.generateObject": Operation.AGENT,
    "ai.streamObject": Operation.AGENT,
    "ai.generateText.doGenerate": Operation.MODEL,
    "ai.streamText.doStream": Operation.MODEL,
    "ai.generateObject.doGenerate": Operation.MODEL,
    "ai.streamObject.doStream": Operation.MODEL,
    "ai.toolCall": Operation.TOOL,
}
_CONTEXTS = ("ai.telemetry.metadata.", "ai.settings.context.")
"""What an application says of a call, under names of its own."""
_SESSIONS = tuple(
    f"{context}{name}"
    for context in _CONTEXTS
    for name in ("sessionId", "session_id", "conversationId", "threadId", "chatId", "sessionID")
)


class Vercel:
    """The Vercel AI SDK's spans."""

    name = "vercel"
    marks = (OPERATION,)
    sessions = _SESSIONS

    def recognises(self, span: Span) -> bool:
        """Whether the SDK has made the span."""
        return OPERATION in span.attributes or span.origin.scope_name == SCOPE

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of a generation, a model's answer or a tool call."""
        told = _older(span) if OPERATION in span.attributes else _newer(span)
        if told is None:
            return None
        return told._replace(dialect=self.name, conversation=conversation_in(span, *self.sessions) or told.conversation)


def _newer(span: Span) -> Telling | None:
    if (told := gen_ai.tell(span)) is None:
        return None
    return told._replace(result=_result(told.result))


def _older(span: Span) -> Telling | None:
    operation = _OPERATIONS.get(text_of(span.attributes.get(OPERATION)))
    if operation is None:
        return None
    told = Telling(
        dialect=Vercel.name,
        operation=operation,
        agent=attribute(span, "ai.telemetry.functionId"),
        model=attribute(span, "ai.model.id", semconv.GEN_AI_REQUEST_MODEL),
        error=error_of(span),
    )
    return _with_call(told, span) if operation is Operation.TOOL else _with_dialogue(told, span.attributes)


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    arguments, cut = arguments_of(_first(found, "ai.toolCall.args", "ai.toolCall.input"))
    return told._replace(
        tool=attribute(span, "ai.toolCall.name"),
        call_id=attribute(span, "ai.toolCall.id"),
        arguments=arguments,
        cut=cut,
        result=_result(_first(found, "ai.toolCall.result", "ai.toolCall.output")),
    )


def _result(stated: Any) -> str | None:
    """A result, which is JSON also where it is a text."""
    if stated is None:
        return None
    found, readable = parsed(stated)
    return text_within(found if readable else stated)


def _with_dialogue(told: Telling, found: Mapping[str, Any]) -> Telling:
    return told._replace(
        given=_given(found),
        answer=_answer(found),
        definitions=_listed(found.get("ai.prompt.tools")),
        input_tokens=count_of(_first(found, "ai.usage.inputTokens", "ai.usage.promptTokens")),
        output_tokens=count_of(_first(found, "ai.usage.outputTokens", "ai.usage.completionTokens")),
    )


def _given(found: Mapping[str, Any]) -> Parts:
    if (listed := found.get("ai.prompt.messages")) is not None:
        return messages(listed)
    prompt, readable = parsed(found.get("ai.prompt"))
    if not isinstance(prompt, dict):
        return NOTHING if readable else Parts(readable=False)
    told: list[Any] = [{"role": "system", "content": prompt["system"]}] if prompt.get("system") else []
    for name in ("prompt", "messages"):
        match prompt.get(name):
            case str(text):
                told.append({"role": "user", "content": text})
            case [*several]:
                told += several
            case _:
                pass
    return messages(told)


def _answer(found: Mapping[str, Any]) -> Parts:
    calls = _listed(found.get("ai.response.toolCalls"))
    message = {
        "role": "assistant",
        "reasoning": _first(found, "ai.response.reasoning"),
        "content": _first(found, "ai.response.text", "ai.response.object"),
        "tool_calls": calls,
    }
    return messages([message]) if any(message[name] for name in ("reasoning", "content", "tool_calls")) else NOTHING


def _listed(stated: Any) -> list[Any]:
    found, _ = parsed(stated)
    return found if isinstance(found, list) else []


def _first(found: Mapping[str, Any], *names: str) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), None)
