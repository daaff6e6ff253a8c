"""Langfuse: observations of a type, with what went in and came out as they were recorded."""

from typing import Any

from sentric import semconv
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import attribute, conversation_in, count_of, error_of, parsed, text_of
from sentric_analyzer.dialects.wrapped import arguments_within, dialogue_within, offered_in, result_within
from sentric_analyzer.spans import Span

TYPE = "langfuse.observation.type"
_INPUT, _OUTPUT = "langfuse.observation.input", "langfuse.observation.output"
_OPERATIONS = {
    "agent": Operation.AGENT,
    "generation": Operation.MODEL,
    "tool": Operation.TOOL,
    "retriever": Operation.TOOL,
}


class Langfuse:
    """Langfuse's observations; spans and chains are looked through."""

    name = "langfuse"
    marks = (TYPE,)
    sessions = (semconv.SESSION_ID, "langfuse.session.id")

    def recognises(self, span: Span) -> bool:
        """Whether the span is an observation."""
        return TYPE in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What an observation tells of an agent, a model's answer or a tool call."""
        operation = _OPERATIONS.get(text_of(span.attributes.get(TYPE)))
        if operation is None:
            return None
        found = span.attributes
        told = Telling(
            dialect=self.name,
            operation=operation,
            agent=_of_langchain(span) or (span.name if operation is Operation.AGENT else ""),
            conversation=conversation_in(span, *self.sessions),
            model=attribute(span, "langfuse.observation.model.name", semconv.GEN_AI_REQUEST_MODEL),
            error=error_of(span) or attribute(span, "langfuse.observation.status_message"),
        )
        if operation is Operation.TOOL:
            arguments, cut, call_id = arguments_within(found.get(_INPUT))
            result = result_within(found.get(_OUTPUT))
            return told._replace(tool=span.name, arguments=arguments, cut=cut, call_id=call_id, result=result)
        given, offered = _apart(found.get(_INPUT))
        usage = parsed(found.get("langfuse.observation.usage_details"))[0]
        used = usage if isinstance(usage, dict) else {}
        return told._replace(
            given=dialogue_within(given, "user"),
            answer=dialogue_within(found.get(_OUTPUT), "assistant"),
            definitions=offered or offered_in(given),
            input_tokens=count_of(used.get("input")),
            output_tokens=count_of(used.get("output")),
        )


def _of_langchain(span: Span) -> str:
    """The agent that LangChain names, as JSON."""
    stated = attribute(span, "langfuse.observation.metadata.lc_agent_name", "langfuse.trace.metadata.lc_agent_name")
    return text_of(parsed(stated)[0])


def _apart(stated: Any) -> tuple[Any, list[Any]]:
    """What a model was called with, and the tools that stand among the messages as if they were some."""
    told, _ = parsed(stated)
    if not isinstance(told, list):
        return stated, []
    offered = [one["content"] for one in told if _is_offer(one)]
    return [one for one in told if not _is_offer(one)], offered


def _is_offer(message: Any) -> bool:
    match message:
        case {"role": "tool", "content": {"type": "function", "function": dict(), **more}}:
            return not more
        case _:
            return False
