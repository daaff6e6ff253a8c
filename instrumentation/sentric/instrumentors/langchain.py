"""LangChain and LangGraph: agents and graphs that call tools.

Wrapped are the running of tools, of graphs and of the older agent executors, and what every chat model and retriever
says before and after it works. A refused tool gives a `ToolMessage` with the status `error`, or a text where its
caller has no id of the call. An agent that was stopped or shut down may ask its model once more, to say so; the next
time, `ActionBlocked` is raised there, which ends the graph.
"""

from typing import TYPE_CHECKING

from sentric.instrumentors._instrumentor import FrameworkInstrumentor

if TYPE_CHECKING:
    from sentric.guard.gate import Gate

DISTRIBUTION = "langchain-core"
OLDEST = (0, 3, 63)
"""Oldest supported version."""
_EXECUTOR = {
    "AgentExecutor._call": "call",
    "AgentExecutor._acall": "acall",
    "AgentExecutor.stream": "stream",
    "AgentExecutor.astream": "astream",
}


class LangchainInstrumentor(FrameworkInstrumentor):
    """Watches every tool, graph and agent of LangChain in the process."""

    distribution = DISTRIBUTION
    oldest = OLDEST
    places = {  # noqa: RUF012  # it is a constant
        "langchain_core.tools.base": {"BaseTool.run": "run_tool", "BaseTool.arun": "arun_tool"},
        "langchain_core.tools.structured": {"StructuredTool.ainvoke": "ainvoke_tool"},
        "langchain_core.tools.simple": {"Tool.ainvoke": "ainvoke_tool"},
        "langchain_core.callbacks.manager": {
            "CallbackManager.on_chat_model_start": "ask",
            "AsyncCallbackManager.on_chat_model_start": "aask",
            "CallbackManager.on_llm_start": "ask_for_text",
            "AsyncCallbackManager.on_llm_start": "ask_for_text",
            "CallbackManagerForLLMRun.on_llm_end": "answered",
            "AsyncCallbackManagerForLLMRun.on_llm_end": "answered",
            "CallbackManagerForRetrieverRun.on_retriever_end": "retrieved",
            "AsyncCallbackManagerForRetrieverRun.on_retriever_end": "retrieved",
        },
        "langgraph.pregel": {"Pregel.stream": "stream", "Pregel.astream": "astream"},
        "langchain.agents.agent": _EXECUTOR,
        "langchain_classic.agents.agent": _EXECUTOR,
    }
    uncovered = (
        "the function of a tool, or its `_run`, where it is called directly; tools that override `run`, `arun` or "
        "`invoke`; other Runnables that act; tools that the model's provider runs; graphs that run elsewhere "
        "(RemoteGraph)"
    )

    def observer(self, gate: "Gate") -> object:
        """What wraps them."""
        from sentric.instrumentors._langchain_observer import Observer

        return Observer(gate)
