"""claude-agent-sdk: agents that Claude Code drives, in a process of its own.

Claude Code asks the hooks of this process before it calls a tool. Wrapped is the one class through which every session
speaks with it, `query()` and `ClaudeSDKClient` alike; a hook of ours is put before those of the program. Hooks hold in
every permission mode, and settings files do not turn them off. An agent that was stopped, or is shut down, is told so
and its turn ends (`continue: false`).
"""

from typing import TYPE_CHECKING

from sentric.instrumentors._instrumentor import FrameworkInstrumentor

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

DISTRIBUTION = "claude-agent-sdk"
OLDEST = (0, 2, 110)
"""Oldest supported version: before it, hooks were not heard any more once the prompt was sent. To be held to verdicts,
an agent needs 0.2.178: before it, Claude Code called a tool whose hook had failed."""


class ClaudeAgentSdkInstrumentor(FrameworkInstrumentor):
    """Watches every Claude Code session of the process."""

    distribution = DISTRIBUTION
    oldest = OLDEST
    places = {  # noqa: RUF012  # it is a constant
        "claude_agent_sdk._internal.query": {
            "Query.__init__": "begin",
            "Query.close": "close",
            "Query._handle_sdk_mcp_request": "serve",
        },
    }
    uncovered = (
        "what hooks and slash commands of settings files run by themselves, or change in a tool's input; "
        "and Claude Code that the program starts without the SDK"
    )

    def observer(self, gate: "Gate") -> object:
        """What wraps them."""
        from sentric.instrumentors._claude_agent_sdk_observer import Observer

        return Observer(gate)
