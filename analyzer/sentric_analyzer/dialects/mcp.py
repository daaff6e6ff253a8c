"""The spans that the SDKs of the Model Context Protocol make: one at the client of a call, one at its server.

They have no content: the arguments and the result are in the spans of whoever made the call, if anywhere.
"""

from sentric import semconv
from sentric_analyzer.dialects import gen_ai
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import attribute, conversation_in, error_of, text_of
from sentric_analyzer.spans import Span

_TOOLS_CALL = "tools/call"
_SERVER = 2
"""SPAN_KIND_SERVER of opentelemetry-proto."""


class Mcp:
    """MCP's own spans."""

    name = "mcp"
    marks = (semconv.MCP_METHOD_NAME,)
    sessions = ()

    def recognises(self, span: Span) -> bool:
        """Whether the span is one of the protocol's."""
        return semconv.MCP_METHOD_NAME in span.attributes

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of a call of a server's tool."""
        if span.attributes.get(semconv.MCP_METHOD_NAME) != _TOOLS_CALL:
            return None
        told = gen_ai.tell(span) or Telling(
            dialect=self.name,
            operation=Operation.TOOL,
            conversation=conversation_in(span, *gen_ai.GenAi.sessions),
            error=error_of(span),
        )
        named = attribute(span, semconv.GEN_AI_TOOL_NAME) or text_of(span.name).rpartition(f"{_TOOLS_CALL} ")[2]
        return told._replace(dialect=self.name, tool=named, server=_server(span))


def _server(span: Span) -> str:
    """The server a call went to, which names itself as the service of its own span."""
    return text_of(span.origin.resource.get(semconv.SERVICE_NAME)) if span.kind == _SERVER else ""
