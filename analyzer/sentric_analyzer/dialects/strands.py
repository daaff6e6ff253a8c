"""Strands: the GenAI conventions, of which the messages stand in events, in the blocks of Bedrock."""

from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.telling import Telling
from sentric_analyzer.spans import Span

SCOPE = "strands.telemetry.tracer"
_SYSTEMS = ("gen_ai.system", "gen_ai.provider.name")


class Strands:
    """The spans of Strands' agents. Its cycles, which tell again what lies in them, are looked through."""

    name = "strands"
    marks = ()
    sessions = ()

    def recognises(self, span: Span) -> bool:
        """Whether Strands has made the span."""
        return span.origin.scope_name == SCOPE or "strands-agents" in map(span.attributes.get, _SYSTEMS)

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        told = gen_ai.tell(span)
        return told._replace(dialect=self.name) if told else None
