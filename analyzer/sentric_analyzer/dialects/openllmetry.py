"""OpenLLMetry, Traceloop's conventions: the GenAI ones beside its own entities, and its older indexed messages."""

from collections.abc import Mapping
from operator import methodcaller
from typing import Any

from sentric import semconv
from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.indexed import indexed, indexed_messages
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import (
    attribute,
    conversation_in,
    count_of,
    error_of,
    parsed,
    text_of,
)
from sentric_analyzer.dialects.wrapped import arguments_within, result_within
from sentric_analyzer.spans import Span

KIND = "traceloop.span.kind"
REQUEST = "llm.request.type"
_is_own = methodcaller("startswith", "traceloop.")
_OPERATIONS = {"agent": Operation.AGENT, "tool": Operation.TOOL}
"""Workflows and tasks are looked through."""
_REQUESTS = frozenset({"chat", "completion"})
_SESSIONS = tuple(
    f"traceloop.association.properties.{name}"
    for name in ("session_id", "conversation_id", "thread_id", "chat_id", "session.id")
)


class OpenLlmetry:
    """OpenLLMetry, current and older."""

    name = "openllmetry"
    marks = (KIND, REQUEST)
    sessions = _SESSIONS

    def recognises(self, span: Span) -> bool:
        """Whether Traceloop's instrumentation has made the span."""
        return REQUEST in span.attributes or any(map(_is_own, span.attributes))

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        told = gen_ai.tell(span, encoded=True)
        if told is None:
            operation = _OPERATIONS.get(text_of(span.attributes.get(KIND)))
            if operation is None and text_of(span.attributes.get(REQUEST)) in _REQUESTS:
                operation = Operation.MODEL
            if operation is None:
                return None
            told = Telling(dialect=self.name, operation=operation, error=error_of(span))
        entity = attribute(span, "traceloop.entity.name") if told.operation is Operation.AGENT else ""
        told = told._replace(
            dialect=self.name,
            agent=attribute(span, semconv.GEN_AI_AGENT_NAME) or entity or attribute(span, "traceloop.workflow.name"),
            conversation=told.conversation or conversation_in(span, *self.sessions),
            model=told.model or attribute(span, semconv.GEN_AI_REQUEST_MODEL, semconv.GEN_AI_RESPONSE_MODEL),
        )
        match told.operation:
            case Operation.TOOL:
                return _with_call(told, span)
            case Operation.MODEL if not told.given.items:
                return _with_dialogue(told, span)
            case _:
                return told


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    given = _first(found, "traceloop.entity.input", semconv.GEN_AI_TOOL_CALL_ARGUMENTS)
    result = _first(found, "traceloop.entity.output", semconv.GEN_AI_TOOL_CALL_RESULT)
    arguments, cut, call_id = arguments_within(given)
    return told._replace(
        tool=attribute(span, semconv.GEN_AI_TOOL_NAME, "traceloop.entity.name") or span.name.removesuffix(".tool"),
        call_id=told.call_id or call_id,
        arguments=arguments,
        cut=cut,
        result=result_within(result),
    )


def _first(found: Mapping[str, Any], *names: str) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), None)


def _with_dialogue(told: Telling, span: Span) -> Telling:
    """The messages and tools of the older spans."""
    found = span.attributes
    return told._replace(
        given=indexed_messages(found, "gen_ai.prompt.", encoded=True, first=_decoded),
        answer=told.answer
        if told.answer.items
        else indexed_messages(found, "gen_ai.completion.", encoded=True, first=_decoded),
        definitions=told.definitions or indexed(found, "llm.request.functions."),
        input_tokens=told.input_tokens or count_of(found.get("gen_ai.usage.prompt_tokens")),
        output_tokens=told.output_tokens or count_of(found.get("gen_ai.usage.completion_tokens")),
    )


def _decoded(message: Any) -> Any:
    """A message of which the content is JSON of a list of blocks, as it is where it was more than a text."""
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str) or content[:2] not in ("[{", "[]"):
        return message
    blocks, readable = parsed(content)
    return {**message, "content": blocks} if readable and isinstance(blocks, list) else message
