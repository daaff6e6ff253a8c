"""Microsoft's Agent Framework: the GenAI conventions, with the last response's id for the conversation's."""

from dataclasses import replace

from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.telling import Telling
from sentric_analyzer.spans import Span

SCOPE = "agent_framework"


class AgentFramework:
    """The spans of Microsoft's Agent Framework."""

    name = "agent_framework"
    marks = ()
    sessions = ()

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        if not span.origin.scope_name.startswith(SCOPE) or (told := gen_ai.tell(span)) is None:
            return None
        return replace(told, dialect=self.name)
