import asyncio
import json
import socket
import time
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from browser_use import Agent
from browser_use.agent.views import ActionResult

from e2e.browser_agent.servers import Sink, receiver
from sentric import SentricError, SentricMonitor
from sentric.guard.place import here
from sentric.guard.process import _telemetry
from sentric.settings import Settings
from sentric.tracing.exit import Provider
from sentric.tracing.telemetry import Telemetry, configured, own


class Model:
    model = name = model_name = "m-1"
    provider = "test"
    _verified_api_keys = True

    async def ainvoke(self, messages: list[Any], output_format: Any = None, **_: Any) -> Any:
        return SimpleNamespace(completion="x", usage=None)


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "false")
    monkeypatch.setenv("BROWSER_USE_CONFIG_DIR", str(tmp_path))
    return Agent(task="Buy a duck", llm=Model(), use_judge=False)  # type: ignore[arg-type]  # as much of one as it needs


@pytest.fixture
def hanging() -> Generator[str, None, None]:
    """A receiver that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(autouse=True)
def no_pipeline(monkeypatch: pytest.MonkeyPatch) -> Generator[None, None, None]:
    assert configured() == (), "these tests are about a process without OpenTelemetry"
    made: list[Provider] = []

    def kept(settings: Settings) -> tuple[Telemetry, tuple[Provider, ...]]:
        telemetry, providers = own(settings)
        made.extend(providers)
        return telemetry, providers

    monkeypatch.setattr("sentric.guard.process.own", kept)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")  # seconds it tries: bounds the shutdown below
    yield
    _telemetry.cache_clear()
    for provider in made:  # else their threads go on trying to send beside the tests that follow
        provider.shutdown()


async def act(agent: Any) -> ActionResult:
    action = agent.tools.registry.create_action_model()(wait={"seconds": 0})
    return await agent.tools.act(action, agent.browser_session)  # type: ignore[no-any-return]


def received(sink: Sink, spans: int) -> None:
    deadline = time.monotonic() + 20
    while len(sink.spans) < spans or len(sink.logs) < 2:
        assert time.monotonic() < deadline, f"got {[span.name for span in sink.spans]}"
        time.sleep(0.02)


def test_in_a_process_without_opentelemetry_it_sends_by_itself_with_its_key(agent: Any) -> None:
    with receiver() as sink:
        monitor = SentricMonitor(api_key="k-1", project_id="shop", endpoint=sink.url)
        with monitor.wrap(agent):
            monitor.log_message("user", "a yellow one")
            monitor.log_message("tool", "is no authority")
            monitor.log_reasoning("Yellow is what they like")
            monitor.log_tools([{"name": "find", "description": "Finds ducks."}], server="ponds")
            asyncio.run(act(agent))
            asyncio.run(agent.llm.ainvoke([SimpleNamespace(role="user", text="hello")]))
        received(sink, 3)
    assert {headers["authorization"] for headers in sink.headers} == {"Bearer k-1"}
    tool, chat, root = sink.spans
    assert [span.name for span in sink.spans] == ["execute_tool wait", "chat m-1", "invoke_agent browser-use"]
    assert tool.parent_span_id == chat.parent_span_id == root.span_id
    assert tool.attributes["sentric.project"] == "shop"
    assert tool.attributes["sentric.reasoning.thinking"] == "Yellow is what they like"
    said = [
        (message["sequence"], message["author"], message["text"])
        for message in json.loads(tool.attributes["sentric.messages"])
    ]
    assert said == [(1, "user", "a yellow one"), (2, "model", "is no authority")]
    assert [(seen["source"], seen["origin"]) for seen in json.loads(tool.attributes["sentric.observations"])] == [
        ("tool_definition", "ponds/find")
    ]
    assert [log.event_name for log in sink.logs] == ["sentric.run.started", "sentric.run.ended"]


async def test_afterwards_the_agent_is_as_it_was(agent: Any) -> None:
    tools, model = dict(vars(agent.tools)), dict(vars(agent.llm))
    with receiver() as sink:
        monitor = SentricMonitor(endpoint=sink.url)
        async with monitor.wrap(agent):
            async with monitor.wrap(agent):
                assert vars(agent.tools) != tools
            assert vars(agent.tools) != tools, "one block inside another is the same run"
        assert (vars(agent.tools), vars(agent.llm)) == (tools, model)
        assert here() is None
        await asyncio.to_thread(received, sink, 1)
    assert len(sink.spans) == 1


async def test_used_twice_it_is_two_runs_and_inside_itself_an_error(agent: Any) -> None:
    tools = dict(vars(agent.tools))
    with receiver() as sink:
        wrapped = SentricMonitor(endpoint=sink.url).wrap(agent)
        with wrapped:
            await act(agent)
            with pytest.raises(SentricError, match="in use: leave it first"):
                wrapped.__enter__()
            await act(agent)
        async with wrapped:
            await act(agent)
        await asyncio.to_thread(received, sink, 5)
    assert [span.name for span in sink.spans] == [
        *["execute_tool wait"] * 2,
        "invoke_agent browser-use",
        "execute_tool wait",
        "invoke_agent browser-use",
    ]
    assert len({span.attributes["sentric.run.id"] for span in sink.spans}) == 2
    assert vars(agent.tools) == tools


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("no words")


async def test_whatever_is_logged_never_raises_into_the_agent(agent: Any) -> None:
    anything: Any
    with receiver() as sink:
        monitor = SentricMonitor(endpoint=sink.url)
        async with monitor.wrap(agent):
            for anything in (3, None, b"x", Unspeakable()):
                monitor.log_message(anything, "role")
                monitor.log_message("user", anything)
                monitor.log_reasoning(anything)
                monitor.log_tools(anything, server=anything)
                monitor.log_tools([anything])
            await act(agent)
            anything = 5
            monitor.log_reasoning(anything)
        await asyncio.to_thread(received, sink, 2)
    tool, root = sink.spans
    assert tool.attributes["sentric.reasoning.thinking"] == "3\nNone\nb'x'"
    said = [(message["author"], message["text"]) for message in json.loads(tool.attributes["sentric.messages"])]
    assert said == [pair for text in ("3", "None", "b'x'") for pair in (("model", "role"), ("user", text))]
    assert [message["text"] for message in json.loads(root.attributes["sentric.messages"])] == ["5"]


async def test_the_agents_error_passes_and_ends_the_run(agent: Any) -> None:
    error = RuntimeError("out of ducks")
    with receiver() as sink:
        with pytest.raises(RuntimeError) as raised:
            async with SentricMonitor(endpoint=sink.url).wrap(agent):
                raise error
        await asyncio.to_thread(received, sink, 1)
    assert raised.value is error
    assert sink.spans[0].attributes["error.type"] == "RuntimeError"
    assert sink.spans[0].status_message == "out of ducks"


async def test_an_analyzer_that_never_answers_holds_nothing_up(agent: Any, hanging: str) -> None:
    async def seconds(endpoint: str) -> float:
        began = time.monotonic()
        async with SentricMonitor(endpoint=endpoint).wrap(agent):
            for _ in range(50):
                assert isinstance(await act(agent), ActionResult)
        return time.monotonic() - began

    # One export alone would wait ten seconds for an answer; leaving the block may wait for as long as is set.
    with receiver() as sink:
        answered = await seconds(sink.url)
    assert await seconds(hanging) < 5 * answered + 2 * Settings().exit_timeout


@pytest.mark.parametrize("other", [object(), "agent", None])
def test_what_cannot_be_observed_is_refused_at_once(other: object) -> None:
    with pytest.raises(SentricError, match=r"cannot observe builtins\.\w+: pass a browser_use\.Agent"):
        SentricMonitor().wrap(other)


def test_a_wrong_endpoint_or_policy_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SentricError, match="endpoint is 'localhost:4318': use http://HOST:PORT"):
        SentricMonitor(endpoint="localhost:4318")
    (tmp_path / "policy.yaml").write_text("rules: wrong")
    monkeypatch.setenv("SENTRIC_POLICY", str(tmp_path / "policy.yaml"))
    with pytest.raises(SentricError, match=r"policy\.yaml"):
        SentricMonitor()


async def test_switched_off_it_does_nothing(agent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRIC_DISABLED", "1")
    tools = dict(vars(agent.tools))
    monitor = SentricMonitor()
    async with monitor.wrap(agent):
        monitor.log_reasoning("unheard")
        assert vars(agent.tools) == tools


def test_what_is_logged_outside_of_a_run_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    SentricMonitor().log_message("user", "nobody hears this")
    assert [record.message for record in caplog.records] == [
        "sentric: logged outside of a wrapped run, so it is not recorded"
    ]
