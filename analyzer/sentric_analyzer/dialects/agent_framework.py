"""Microsoft's Agent Framework: the GenAI conventions, with the last response's id for the conversation's."""

from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.telling import Telling
from sentric_analyzer.spans import Span

SCOPE = "agent_framework"


class AgentFramework:
    """The spans of Microsoft's Agent Framework."""

    name = "agent_framework"
    marks = ()
    sessions = ()

    def recognises(self, span: Span) -> bool:
        """Whether the framework has made the span."""
        return span.origin.scope_name.startswith(SCOPE)

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        told = gen_ai.tell(span)
        return told._replace(dialect=self.name) if told else None
