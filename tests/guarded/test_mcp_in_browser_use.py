"""A tool of an MCP server that a browser agent calls passes two layers: browser-use's and MCP's."""

from pathlib import Path
from typing import Any

import pytest

from fixtures.pipeline import Pipeline
from sentric.instrumentors.mcp import McpInstrumentor
from support.guarding import Done, calls, named, settings

pytest.importorskip("browser_use")
pytest.importorskip("mcp")

from browser_use import Agent
from browser_use.mcp.client import MCPClient
from browser_use.tools.service import Tools

from sentric.guard.gate import Gate
from sentric.instrumentors._browser_use_observer import Observer
from support.mcp_servers import connected, server


class Model:
    model = name = model_name = "m-1"
    provider = "test"
    _verified_api_keys = True

    async def ainvoke(self, messages: list[Any], output_format: Any = None, **_: Any) -> Any:
        raise NotImplementedError


async def test_it_is_judged_once_by_what_is_known_of_the_server(
    pipeline: Pipeline, policy: Path, done: Done, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "false")
    monkeypatch.setenv("BROWSER_USE_CONFIG_DIR", str(tmp_path))
    chosen, instrumentor = settings(policy), McpInstrumentor()
    instrumentor.instrument(settings=chosen, tracer_provider=pipeline.tracers, logger_provider=pipeline.loggers)
    model: Any = Model()
    tools: Any = Tools()
    agent: Any = Agent(task="Tidy up", llm=model, tools=tools, use_judge=False)
    try:
        async with connected(server("drawer", *(done.tool(name) for name in ("read", "erase")))) as session:
            client = MCPClient("my drawer", "none")
            client.session, client._connected = session, True
            client._tools = {one.name: one for one in (await session.list_tools()).tools}
            await client.register_to_tools(tools, prefix="drawer_")
            with Observer(Gate(pipeline.telemetry, chosen, "browser-use 0.13")).watch(agent):
                made = agent.tools.registry.create_action_model()
                for name in ("drawer_erase", "drawer_read"):
                    await agent.tools.act(made(**{name: {"what": "x"}}), None)
    finally:
        instrumentor.uninstrument()
    assert done == ["read x"]
    assert calls(pipeline) == [("erase", "rule"), ("read", "")]
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["sentric.action.server"] == "drawer"
