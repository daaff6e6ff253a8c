"""The OpenTelemetry conventions for generative AI, as many instrumentations write them."""

from typing import Any

from sentric import semconv
from sentric_analyzer.dialects import events
from sentric_analyzer.dialects.messages import instructions, messages
from sentric_analyzer.dialects.parts import joined
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import (
    arguments_of,
    attribute,
    conversation_in,
    count_of,
    error_of,
    text_of,
)
from sentric_analyzer.dialects.wrapped import result_within
from sentric_analyzer.spans import Span

_OPERATIONS = {
    semconv.OPERATION_INVOKE_AGENT: Operation.AGENT,
    semconv.OPERATION_CHAT: Operation.MODEL,
    "generate_content": Operation.MODEL,
    "text_completion": Operation.MODEL,
    semconv.OPERATION_EXECUTE_TOOL: Operation.TOOL,
}


_WRAPPED = ('"', "[{", '{"result"')
"""What a result begins with that may be a text in JSON."""


class GenAi:
    """The OpenTelemetry GenAI conventions."""

    name = "gen_ai"
    marks = (semconv.GEN_AI_OPERATION_NAME,)
    sessions = (semconv.GEN_AI_CONVERSATION_ID, semconv.SESSION_ID)

    def recognises(self, span: Span) -> bool:
        """Whether the span says what is done, as the conventions have it."""
        return semconv.GEN_AI_OPERATION_NAME in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        return tell(span)


def tell(span: Span, *, encoded: bool = False) -> Telling | None:
    """What a span tells in the conventions, whoever's own stand beside them.

    Args:
        span: any.
        encoded: texts of the model may be JSON of the block that they really are.
    """
    if (operation := _operation(span)) is None:
        return None
    telling = Telling(
        dialect=GenAi.name,
        operation=operation,
        agent=attribute(span, semconv.GEN_AI_AGENT_NAME),
        agent_id=attribute(span, semconv.GEN_AI_AGENT_ID),
        conversation=conversation_in(span, *GenAi.sessions),
        model=attribute(span, semconv.GEN_AI_REQUEST_MODEL, semconv.GEN_AI_RESPONSE_MODEL),
        error=error_of(span),
    )
    if operation is Operation.TOOL:
        return _with_call(telling, span)
    return _with_dialogue(telling, span, encoded=encoded)


def _operation(span: Span) -> Operation | None:
    return _OPERATIONS.get(text_of(span.attributes.get(semconv.GEN_AI_OPERATION_NAME)))


def _with_call(telling: Telling, span: Span) -> Telling:
    found = span.attributes
    told, back = events.call(span.events)
    arguments, cut = arguments_of(found.get(semconv.GEN_AI_TOOL_CALL_ARGUMENTS, told))
    result = found.get(semconv.GEN_AI_TOOL_CALL_RESULT, back)
    return telling._replace(
        tool=_tool(span),
        call_id=attribute(span, semconv.GEN_AI_TOOL_CALL_ID),
        arguments=arguments,
        cut=cut,
        result=None if result is None else _shown(result),
        url=attribute(span, semconv.URL_FULL),
    )


def _shown(result: Any) -> str:
    """A result as a text; one in blocks, or JSON of them or of a text, without what is around its texts."""
    if isinstance(result, str) and not result.startswith(_WRAPPED):
        return text_of(result)
    return result_within(result) or ""


def _with_dialogue(telling: Telling, span: Span, *, encoded: bool) -> Telling:
    found = span.attributes
    given = joined(
        (
            instructions(found.get(semconv.GEN_AI_SYSTEM_INSTRUCTIONS)),
            messages(found.get(semconv.GEN_AI_INPUT_MESSAGES), encoded=encoded),
        )
    )
    answer = messages(found.get(semconv.GEN_AI_OUTPUT_MESSAGES), encoded=encoded)
    if span.events:
        given = events.beside(given, joined(events.given(span.events)))
        answer = events.beside(answer, joined(events.answered(span.events)))
    offered = found.get(semconv.GEN_AI_TOOL_DEFINITIONS)
    return telling._replace(
        given=given,
        answer=answer,
        definitions=list(events.definitions(span.events)) or ([] if offered is None else [offered]),
        input_tokens=count_of(found.get(semconv.GEN_AI_USAGE_INPUT_TOKENS, found.get("gen_ai.usage.prompt_tokens"))),
        output_tokens=count_of(
            found.get(semconv.GEN_AI_USAGE_OUTPUT_TOKENS, found.get("gen_ai.usage.completion_tokens"))
        ),
    )


def _tool(span: Span) -> str:
    """The tool a span tells of: by its attribute, else by the span's name."""
    name = text_of(span.name)
    return attribute(span, semconv.GEN_AI_TOOL_NAME) or name.removeprefix(f"{semconv.OPERATION_EXECUTE_TOOL} ")
