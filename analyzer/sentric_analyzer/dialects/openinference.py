"""OpenInference, the conventions of Arize Phoenix: spans of a kind, with indexed messages."""

from collections.abc import Mapping
from typing import Any

from sentric import semconv
from sentric.events import JsonValue
from sentric_analyzer.dialects.indexed import indexed, indexed_messages
from sentric_analyzer.dialects.messages import messages, text_within
from sentric_analyzer.dialects.parts import Form, Parts, joined
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

_OUTPUT = "output.value"
KIND = "openinference.span.kind"
_OPERATIONS = {
    "AGENT": Operation.AGENT,
    "LLM": Operation.MODEL,
    "TOOL": Operation.TOOL,
    "RETRIEVER": Operation.TOOL,
}
_AGENT_NAME = "lc_agent_name"
"""In LangChain's metadata: of the agent's own span, which is a CHAIN of that name, and of all in it."""


_INSTRUMENTATIONS = "openinference.instrumentation."
"""Begins the scopes of those who make spans by themselves; whoever makes one of an agent calls it as the agent."""
_SMOLAGENTS = f"{_INSTRUMENTATIONS}smolagents"
"""Calls the span of an agent `NAME.run`."""


class OpenInference:
    """OpenInference. Chains are looked through, but for those that are LangChain's agents."""

    name = "openinference"
    marks = (KIND,)
    sessions = (semconv.SESSION_ID,)

    def recognises(self, span: Span) -> bool:
        """Whether the span has one of the kinds."""
        return KIND in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer, a tool call or a search."""
        metadata = _metadata(span)
        agent = _agent(span, metadata)
        operation = _operation(span, agent)
        if operation is None or (operation is Operation.TOOL and _is_handoff(span)):
            return None
        telling = Telling(
            dialect=self.name,
            operation=operation,
            agent=agent,
            conversation=conversation_in(span, *self.sessions) or text_of(metadata.get("thread_id")),
            model=attribute(span, "llm.model_name", "embedding.model_name"),
            error=error_of(span),
        )
        return _with_call(telling, span) if operation is Operation.TOOL else _with_dialogue(telling, span)


def _agent(span: Span, metadata: Mapping[str, Any]) -> str:
    named = attribute(span, "agent.name", semconv.GEN_AI_AGENT_NAME) or text_of(metadata.get(_AGENT_NAME))
    if named or text_of(span.attributes.get(KIND)) != "AGENT":
        return named
    if span.origin.scope_name == _SMOLAGENTS:
        return span.name.removesuffix(".run")
    return "" if span.origin.scope_name.startswith(_INSTRUMENTATIONS) else span.name


def _operation(span: Span, agent: str) -> Operation | None:
    kind = text_of(span.attributes.get(KIND))
    if kind == "CHAIN" and agent and span.name == agent:
        return Operation.AGENT
    return _OPERATIONS.get(kind)


def _metadata(span: Span) -> Mapping[str, Any]:
    found, _ = parsed(span.attributes.get("metadata"))
    return found if isinstance(found, dict) else {}


def _is_handoff(span: Span) -> bool:
    """Whether a span only says that another agent goes on: that was decided by a call, which its model tells of."""
    return "tool.name" not in span.attributes and span.name == f"handoff to {text_of(span.attributes.get(_OUTPUT))}"


def _with_call(telling: Telling, span: Span) -> Telling:
    found = span.attributes
    if found.get(KIND) == "RETRIEVER":
        documents = [one.get("document") for one in indexed(found, "retrieval.documents.") if isinstance(one, dict)]
        given: dict[str, JsonValue] = {"query": text_within(found.get("input.value"))}
        result = "\n".join(text_of(one.get("content")) for one in documents if isinstance(one, dict))
        return telling._replace(
            tool=span.name,
            arguments=given if "input.value" in found else None,
            result=result or result_within(found.get(_OUTPUT)),
        )
    arguments, cut, call_id = arguments_within(found.get("input.value"))
    return telling._replace(
        tool=attribute(span, "tool.name", semconv.GEN_AI_TOOL_NAME) or span.name,
        call_id=attribute(span, "tool.id", "tool_call.id", semconv.GEN_AI_TOOL_CALL_ID) or call_id,
        arguments=arguments,
        cut=cut,
        result=result_within(found.get(_OUTPUT)),
    )


def _with_dialogue(telling: Telling, span: Span) -> Telling:
    found = span.attributes
    answer = _messages(found, "output")
    if telling.operation is Operation.MODEL and not any(part.form is Form.REASONING for part in answer.items):
        answer = _with_reasoning(answer, found.get(_OUTPUT))
    return telling._replace(
        given=_messages(found, "input"),
        answer=answer,
        definitions=[one["tool"].get("json_schema") for one in indexed(found, "llm.tools.") if _is_tool(one)],
        input_tokens=count_of(found.get("llm.token_count.prompt")),
        output_tokens=count_of(found.get("llm.token_count.completion")),
    )


def _is_tool(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("tool"), dict)


def _messages(found: Mapping[str, Any], way: str) -> Parts:
    """Messages that were given (`input`) or answered (`output`)."""
    return indexed_messages(found, f"llm.{way}_messages.")


def _with_reasoning(answer: Parts, raw: Any) -> Parts:
    """An answer with the reasoning that only the raw output has, of LangChain's models or of chat completions."""
    if not isinstance(raw, str) or not ("reasoning" in raw or "thinking" in raw):
        return answer
    match parsed(raw)[0]:
        case {"generations": [[{"message": dict(message)}, *_], *_]} | {"choices": [{"message": dict(message)}, *_]}:
            told = messages([message]).items
        case _:
            return answer
    reasoning = tuple(part for part in told if part.form is Form.REASONING and part.text)
    return joined((Parts(reasoning), answer)) if reasoning else answer
