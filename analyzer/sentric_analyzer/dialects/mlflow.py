"""MLflow: spans of a type, with inputs and outputs; every attribute is JSON."""

from collections.abc import Mapping
from typing import Any

from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import count_of, error_of, parsed, text_of
from sentric_analyzer.dialects.wrapped import arguments_within, dialogue_within, offered_in, result_within
from sentric_analyzer.spans import Span

TYPE = "mlflow.spanType"
_INPUTS, _OUTPUTS = "mlflow.spanInputs", "mlflow.spanOutputs"
_OPERATIONS = {
    "AGENT": Operation.AGENT,
    "CHAT_MODEL": Operation.MODEL,
    "LLM": Operation.MODEL,
    "TOOL": Operation.TOOL,
    "RETRIEVER": Operation.TOOL,
}
_SESSION = "mlflow.trace.session"


class MlFlow:
    """MLflow's spans; chains are looked through."""

    name = "mlflow"
    marks = (TYPE,)
    sessions = (_SESSION,)

    def recognises(self, span: Span) -> bool:
        """Whether the span has one of the types."""
        return TYPE in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        found = span.attributes
        operation = _OPERATIONS.get(_stated(found, TYPE))
        if operation is None:
            return None
        beside = parsed(found.get("metadata"))[0]  # LangChain's
        metadata = beside if isinstance(beside, dict) else {}
        named = operation is Operation.AGENT and "." not in span.name  # else it is a method's
        told = Telling(
            dialect=self.name,
            operation=operation,
            agent=text_of(metadata.get("lc_agent_name")) or (span.name if named else ""),
            conversation=_stated(found, _SESSION) or text_of(metadata.get("thread_id")),
            model=_stated(found, "mlflow.llm.model") or _stated(found, "model"),
            error=error_of(span),
        )
        if operation is Operation.TOOL:
            arguments, cut, call_id = arguments_within(found.get(_INPUTS))
            result = result_within(found.get(_OUTPUTS))
            return told._replace(tool=span.name, arguments=arguments, cut=cut, call_id=call_id, result=result)
        usage = parsed(found.get("mlflow.chat.tokenUsage"))[0]
        used = usage if isinstance(usage, dict) else {}
        return told._replace(
            given=dialogue_within(found.get(_INPUTS), "user"),
            answer=dialogue_within(found.get(_OUTPUTS), "assistant"),
            definitions=_offered(found),
            input_tokens=count_of(used.get("input_tokens")),
            output_tokens=count_of(used.get("output_tokens")),
        )


def _stated(found: Mapping[str, Any], name: str) -> str:
    return text_of(parsed(found.get(name))[0]) or text_of(found.get(name))


def _offered(found: Mapping[str, Any]) -> list[Any]:
    tools = found.get("mlflow.chat.tools")
    return offered_in(found.get(_INPUTS)) if tools is None else [tools]
