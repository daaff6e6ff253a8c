"""Laminar: spans of a type. A model's messages have the names of the GenAI conventions, in the words of its maker."""

from typing import Any

from sentric import semconv
from sentric_analyzer.dialects.messages import messages
from sentric_analyzer.dialects.parts import Parts
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import attribute, conversation_in, count_of, error_of, parsed, text_of
from sentric_analyzer.dialects.wrapped import arguments_within, dialogue_within, result_within
from sentric_analyzer.spans import Span

TYPE = "lmnr.span.type"
_INPUT, _OUTPUT = "lmnr.span.input", "lmnr.span.output"
_OPERATIONS = {"LLM": Operation.MODEL, "TOOL": Operation.TOOL}


class Laminar:
    """Laminar's spans. Which of the others is an agent nobody says: the outermost gives the run its name."""

    name = "laminar"
    marks = (TYPE,)
    sessions = ("lmnr.association.properties.session_id",)

    def recognises(self, span: Span) -> bool:
        """Whether the span has one of the types."""
        return TYPE in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of a model's answer or a tool call."""
        operation = _OPERATIONS.get(text_of(span.attributes.get(TYPE)))
        if operation is None:
            return None
        found = span.attributes
        told = Telling(
            dialect=self.name,
            operation=operation,
            agent=_outermost(found.get("lmnr.span.path")),
            conversation=conversation_in(span, *self.sessions),
            model=attribute(span, semconv.GEN_AI_REQUEST_MODEL, semconv.GEN_AI_RESPONSE_MODEL),
            error=error_of(span),
        )
        if operation is Operation.TOOL:
            arguments, cut, call_id = arguments_within(found.get(_INPUT))
            result = result_within(found.get(_OUTPUT))
            return told._replace(tool=span.name, arguments=arguments, cut=cut, call_id=call_id, result=result)
        offered = found.get(semconv.GEN_AI_TOOL_DEFINITIONS)
        return told._replace(
            given=_messages(found.get(semconv.GEN_AI_INPUT_MESSAGES), found.get(_INPUT), "user"),
            answer=_messages(found.get(semconv.GEN_AI_OUTPUT_MESSAGES), found.get(_OUTPUT), "assistant"),
            definitions=() if offered is None else (offered,),
            input_tokens=count_of(found.get(semconv.GEN_AI_USAGE_INPUT_TOKENS)),
            output_tokens=count_of(found.get(semconv.GEN_AI_USAGE_OUTPUT_TOKENS)),
        )


def _messages(listed: Any, whole: Any, role: str) -> Parts:
    return dialogue_within(whole, role) if listed is None else messages(listed)


def _outermost(path: Any) -> str:
    found = parsed(path)[0]
    return text_of(found[0]) if isinstance(found, list) and len(found) > 1 else ""
