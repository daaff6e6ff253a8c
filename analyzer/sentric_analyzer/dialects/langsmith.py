"""LangSmith, where it sends to OpenTelemetry: runs of a kind, with inputs and outputs as prompt and completion."""

from sentric import semconv
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import attribute, conversation_in, count_of, error_of, text_of
from sentric_analyzer.dialects.wrapped import arguments_within, dialogue_within, offered_in, result_within
from sentric_analyzer.spans import Span

KIND = "langsmith.span.kind"
_INPUT, _OUTPUT = "gen_ai.prompt", "gen_ai.completion"
_OPERATIONS = {"llm": Operation.MODEL, "tool": Operation.TOOL, "retriever": Operation.TOOL}
_METADATA = "langsmith.metadata."
_AGENT = f"{_METADATA}lc_agent_name"


class LangSmith:
    """LangSmith's runs. Chains are looked through, but for those that are LangChain's agents."""

    name = "langsmith"
    marks = (KIND,)
    sessions = tuple(f"{_METADATA}{name}" for name in ("session_id", "thread_id", "conversation_id"))

    def recognises(self, span: Span) -> bool:
        """Whether the span is a run."""
        return KIND in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What a run tells of an agent, a model's answer or a tool call."""
        found = span.attributes
        agent = attribute(span, _AGENT)
        operation = _OPERATIONS.get(text_of(found.get(KIND)))
        if found.get(KIND) == "chain" and agent and agent == span.name:
            operation = Operation.AGENT
        if operation is None:
            return None
        told = Telling(
            dialect=self.name,
            operation=operation,
            agent=agent,
            conversation=conversation_in(span, *self.sessions),
            model=attribute(span, semconv.GEN_AI_REQUEST_MODEL, semconv.GEN_AI_RESPONSE_MODEL),
            error=error_of(span),
        )
        if operation is Operation.TOOL:
            arguments, cut, call_id = arguments_within(found.get(_INPUT))
            return told._replace(
                tool=attribute(span, semconv.GEN_AI_TOOL_NAME) or span.name,
                arguments=arguments,
                cut=cut,
                call_id=call_id,
                result=result_within(found.get(_OUTPUT)),
            )
        offered = found.get(semconv.GEN_AI_TOOL_DEFINITIONS)
        return told._replace(
            given=dialogue_within(found.get(_INPUT), "user"),
            answer=dialogue_within(found.get(_OUTPUT), "assistant"),
            definitions=offered_in(found.get(_INPUT)) if offered is None else [offered],
            input_tokens=count_of(found.get(semconv.GEN_AI_USAGE_INPUT_TOKENS)),
            output_tokens=count_of(found.get(semconv.GEN_AI_USAGE_OUTPUT_TOKENS)),
        )
