"""Pydantic AI.

Wrapped are the runs of agents, and the place where a tool is called that the model wants: a function, one of a toolset
or of an MCP server, after everything that may still change its arguments, and before its time limit begins. What a
model gives as its final output is no action, also where it does so through a tool; but a function that makes the output
of it is one, each time it is called. Where it is refused, the model is asked for another output, as often as it may be.

An agent that is stopped or shut down ends its run: whoever runs it gets `ActionBlocked`.
"""

from typing import TYPE_CHECKING

from sentric.instrumentors._instrumentor import FrameworkInstrumentor

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

_EXECUTE = "ToolManager._raw_execute|ToolManager._execute_tool_call_impl|ToolManager._call_tool"
_MAKE = "execute_output_function|execute_traced_output_function"


class PydanticAIInstrumentor(FrameworkInstrumentor):
    """Watches every Pydantic AI agent of the process."""

    distribution = "pydantic-ai-slim"
    oldest = (1, 0)
    places = {  # noqa: RUF012  # it is a constant
        "pydantic_ai.agent": {"Agent.iter": "iter"},
        "pydantic_ai.tool_manager": {_EXECUTE: "execute"},
        "pydantic_ai._tool_manager": {_EXECUTE: "execute"},  # its name before 1.77
        "pydantic_ai._output": {_MAKE: "make", "execute_choice_action": "choose"},
    }
    optional = frozenset({"execute_choice_action"})
    uncovered = (
        "tools that run at the provider (web search, code execution, hosted MCP servers), external tools, which your "
        "program calls itself, validators of the output, and agents that run in Temporal workflows"
    )

    def observer(self, gate: "Gate") -> object:
        """What wraps them."""
        from sentric.instrumentors._pydantic_ai_observer import Observer

        return Observer(gate)
