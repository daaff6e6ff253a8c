"""Google's Agent Development Kit: the GenAI conventions, and names of its own from before these."""

from typing import Any

from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.events import beside
from sentric_analyzer.dialects.messages import instructions, messages, text_within
from sentric_analyzer.dialects.parts import joined
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import arguments_of, attribute, conversation_in, count_of, error_of, parsed
from sentric_analyzer.spans import Span

SCOPE = "gcp.vertex.agent"
_REQUEST, _RESPONSE = f"{SCOPE}.llm_request", f"{SCOPE}.llm_response"
_ARGUMENTS, _RESULT = f"{SCOPE}.tool_call_args", f"{SCOPE}.tool_response"
_SESSION = f"{SCOPE}.session_id"


class GoogleAdk:
    """The spans of ADK's agents."""

    name = "google_adk"
    marks = (_REQUEST, _ARGUMENTS)
    sessions = (_SESSION,)

    def recognises(self, span: Span) -> bool:
        """Whether ADK has made the span."""
        return span.origin.scope_name == SCOPE or any(mark in span.attributes for mark in self.marks)

    def tell(self, span: Span) -> Telling | None:
        """What a span tells in the conventions, and where it has that under a name of its own."""
        told = gen_ai.tell(span)
        if told is None and span.attributes.get(_REQUEST):
            told = Telling(dialect=self.name, operation=Operation.MODEL, error=error_of(span))
        if told is None:
            return None
        told = told._replace(
            dialect=self.name,
            conversation=told.conversation or conversation_in(span, *self.sessions),
            model=told.model or attribute(span, "gen_ai.request.model"),
        )
        return _with_call(told, span) if told.operation is Operation.TOOL else _with_dialogue(told, span)


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    if told.arguments is None:
        arguments, cut = arguments_of(found.get(_ARGUMENTS))
        told = told._replace(arguments=arguments, cut=cut)
    if told.result is None and (result := found.get(_RESULT)) is not None:
        told = told._replace(result=text_within(parsed(result)[0]))
    return told


def _with_dialogue(told: Telling, span: Span) -> Telling:
    found = span.attributes
    request, response = (_object(found.get(name)) for name in (_REQUEST, _RESPONSE))
    settings = _object(request.get("config"))
    given = joined((instructions(settings.get("system_instruction")), messages(request.get("contents"))))
    return told._replace(
        given=beside(told.given, given),
        answer=beside(told.answer, messages(response.get("content"))),
        definitions=told.definitions or _definitions(settings.get("tools")),
        input_tokens=told.input_tokens or count_of(found.get("gen_ai.usage.input_tokens")),
        output_tokens=told.output_tokens or count_of(found.get("gen_ai.usage.output_tokens")),
    )


def _definitions(tools: Any) -> list[Any]:
    listed = tools if isinstance(tools, list) else []
    declared = [tool.get("function_declarations") for tool in listed if isinstance(tool, dict)]
    return [one for some in declared if isinstance(some, list) for one in some]


def _object(value: Any) -> dict[Any, Any]:
    found = parsed(value)[0]
    return found if isinstance(found, dict) else {}
