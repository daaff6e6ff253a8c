"""The OpenAI Agents SDK.

Wrapped are the runs of agents, what a model answers in a turn, and whatever calls a tool in this process: function
tools, those of MCP servers and of other agents among them, shells, patches, computers and custom tools. The time limit
of a function tool begins when it has been decided about.

An agent that is stopped or shut down ends its run: whoever runs it gets `ActionBlocked`, which is an `AgentsException`
too. A refused action on a computer gives the model the screen as it is, since it can be told nothing else there.
"""

from typing import TYPE_CHECKING

from sentric.instrumentors._instrumentor import FrameworkInstrumentor

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

_INVOKE = "_invoke_function_tool_with_metadata|invoke_function_tool"


class OpenAIAgentsInstrumentor(FrameworkInstrumentor):
    """Watches every agent of the SDK in the process."""

    distribution = "openai-agents"
    oldest = (0, 9)  # the first that calls all function tools in one place
    places = {  # noqa: RUF012  # it is a constant
        "agents.run": {"AgentRunner.run": "run", "start_streaming": "stream"},
        "agents.agent": {"Agent.get_system_prompt": "instruct"},
        "agents.run_internal.run_loop": {"get_single_step_result_from_response": "turn"},
        "agents.run_internal.tool_execution": {_INVOKE: "invoke"},
        "agents.realtime.session": {_INVOKE: "invoke"},
        "agents.tool": {"maybe_invoke_function_tool_failure_error_function": "failed"},
        "agents.mcp.util": {"MCPUtil.to_function_tool": "from_server"},
        "agents.run_internal.tool_actions": {
            "LocalShellAction.execute": "local_shell",
            "ShellAction.execute": "shell",
            "ApplyPatchAction.execute": "apply_patch",
            "CustomToolAction.execute": "custom",
            "ComputerAction._execute_action_and_capture": "computer",
        },
    }
    optional = frozenset({"maybe_invoke_function_tool_failure_error_function", "CustomToolAction.execute"})
    uncovered = (
        "tools that run at the provider (web and file search, code interpreter, image generation, hosted MCP servers "
        "and shells), handoffs and their on_handoff functions, and what the Codex tool does once it is called"
    )

    def observer(self, gate: "Gate") -> object:
        """What wraps them."""
        from sentric.instrumentors._openai_agents_observer import Observer

        return Observer(gate)
