"""Pydantic AI, in the versions 2 to 6 of its instrumentation: the GenAI conventions, and names of its own."""

from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import arguments_of, attribute, shown
from sentric_analyzer.spans import Span

SCOPE = "pydantic-ai"
_ARGUMENTS, _RESPONSE = "tool_arguments", "tool_response"
"""Until version 3."""
_REQUEST = "model_request_parameters"
"""Tells of tools, among other things, before there were definitions."""
_OWN = frozenset({_ARGUMENTS, _RESPONSE, _REQUEST})


class PydanticAi:
    """Pydantic AI's spans."""

    name = "pydantic_ai"
    marks = ()
    sessions = ()

    def recognises(self, span: Span) -> bool:
        """Whether Pydantic AI has made the span."""
        return span.origin.scope_name == SCOPE or not _OWN.isdisjoint(span.attributes)

    def tell(self, span: Span) -> Telling | None:
        """What a span tells in the conventions, and where it has that under a name of its own."""
        if (told := gen_ai.tell(span)) is None:
            return None
        told = told._replace(
            dialect=self.name,
            agent=told.agent or attribute(span, "agent_name"),
            model=told.model or attribute(span, "model_name"),
        )
        if told.operation is Operation.TOOL:
            return _with_call(told, span)
        offered = span.attributes.get(_REQUEST)
        return told._replace(definitions=told.definitions or (() if offered is None else (offered,)))


def _with_call(told: Telling, span: Span) -> Telling:
    found = span.attributes
    if told.arguments is None and _ARGUMENTS in found:
        arguments, cut = arguments_of(found[_ARGUMENTS])
        told = told._replace(arguments=arguments, cut=cut)
    if told.result is None and _RESPONSE in found:
        told = told._replace(result=shown(found[_RESPONSE]))
    return told
