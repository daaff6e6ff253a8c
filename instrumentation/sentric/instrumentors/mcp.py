"""MCP clients: tools, resources and prompts of servers.

Wrapped are `ClientSession.call_tool` and what every other request of a session goes through. A refused call gives a
result that says so and is marked as an error, whatever its tool's output schema is; a refused read of a resource or
prompt raises the protocol's own error. There is no run of an agent here that could be ended: whoever is stopped or
shut down is refused everything.
"""

from typing import TYPE_CHECKING

from sentric.instrumentors._instrumentor import FrameworkInstrumentor

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

DISTRIBUTION = "mcp"
OLDEST = (1, 9)
"""Oldest supported version."""


class McpInstrumentor(FrameworkInstrumentor):
    """Watches every MCP client session of the process."""

    distribution = DISTRIBUTION
    oldest = OLDEST
    places = {  # noqa: RUF012  # it is a constant
        "mcp.client.session": {
            "ClientSession.call_tool": "call_tool",
            "ClientSession.send_request": "send",
            "ClientSession.__init__": "begin",
        },
    }
    uncovered = (
        "requests that servers make: of models (sampling; what they say is heard), of people (elicitation), for roots; "
        "completions of arguments; messages written to a transport without a ClientSession"
    )

    def observer(self, gate: "Gate") -> object:
        """What wraps them."""
        from sentric.instrumentors._mcp_observer import Observer

        return Observer(gate)
