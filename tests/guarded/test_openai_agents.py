import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import agents
import pytest
from agents import Agent, ModelResponse, Runner, Usage, function_tool, set_tracing_disabled
from agents.mcp import MCPServer
from agents.models.interface import Model
from agents.tool_context import ToolContext
from mcp.types import CallToolResult, Tool
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseComputerToolCall,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseReasoningItem,
)
from openai.types.responses.response_output_item import LocalShellCall

from fixtures.pipeline import Pipeline
from sentric.errors import ActionBlocked
from sentric.instrumentors import _openai_agents_reading as reading
from sentric.instrumentors.openai_agents import OpenAIAgentsInstrumentor
from support.enforcing import Service, linked
from support.guarding import Done, calls, named, settings

set_tracing_disabled(True)


def call(name: str, what: str = "x", number: int = 0) -> ResponseFunctionToolCall:
    given = f'{{"what": "{what}"}}'
    return ResponseFunctionToolCall(type="function_call", call_id=f"{name}-{what}-{number}", name=name, arguments=given)


def text(words: str) -> ResponseOutputMessage:
    said = ResponseOutputText(type="output_text", text=words, annotations=[])
    return ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[said])


def thought(words: str) -> ResponseReasoningItem:
    return ResponseReasoningItem.model_validate(
        {"id": "r", "type": "reasoning", "summary": [{"type": "summary_text", "text": words}]}
    )


class Script(Model):
    """A model that answers what it is told to, turn by turn, and keeps what it was shown."""

    def __init__(self, *turns: list[Any]) -> None:
        self.turns: Iterator[list[Any]] = iter(turns)
        self.shown: list[Any] = []

    @property
    def results(self) -> list[str]:
        """What the tools gave back, as the model was shown it last."""
        return [str(item["output"]) for item in self.shown[-1] if str(item.get("type", "")).endswith("_output")]

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        return ModelResponse(output=self._next(args, kwargs), usage=Usage(), response_id=None)

    async def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        made: Any = Response.model_construct
        response = made(id="r", output=self._next(args, kwargs), usage=None)
        yield ResponseCompletedEvent.model_construct(type="response.completed", response=response, sequence_number=0)

    def _next(self, args: Any, kwargs: Any) -> list[Any]:
        given = args[1] if len(args) > 1 else kwargs["input"]
        self.shown.append(given if isinstance(given, list) else [])
        return next(self.turns)


@pytest.fixture
def guard(pipeline: Pipeline, policy: Path) -> Generator[Callable[..., None], None, None]:
    instrumentor = OpenAIAgentsInstrumentor()

    def guard(**stated: Any) -> None:
        instrumentor.instrument(
            settings=settings(policy, **stated), tracer_provider=pipeline.tracers, logger_provider=pipeline.loggers
        )

    yield guard
    instrumentor.uninstrument()


def agent(done: Done, *turns: list[Any], tools: Any = ("read", "erase", "wire"), **stated: Any) -> Any:
    made = [function_tool(done.tool(tool)) if isinstance(tool, str) else tool for tool in tools]
    kind: Any = Agent
    return kind(**({"name": "clerk", "instructions": "Be tidy", "model": Script(*turns), "tools": made} | stated))


async def streamed(one: Any, given: Any, **stated: Any) -> Any:
    result = Runner.run_streamed(one, given, **stated)
    async for _ in result.stream_events():
        pass
    return result


async def in_a_thread(one: Any, given: Any, **stated: Any) -> Any:
    """`Runner.run_sync`, which needs a thread without a loop."""
    return await asyncio.to_thread(_sync, one, given, stated)


def _sync(one: Any, given: Any, stated: dict[str, Any]) -> Any:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return Runner.run_sync(one, given, **stated)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


WAYS = pytest.mark.parametrize("run", [Runner.run, streamed, in_a_thread])


@WAYS
async def test_what_is_refused_is_not_done_beside_what_is_and_the_agent_goes_on(
    guard: Any, done: Done, pipeline: Pipeline, run: Any
) -> None:
    clerk = agent(done, [thought("Old."), call("erase", "a"), call("read"), call("erase", "b")], [text("Not allowed")])
    guard()
    result = await run(clerk, "Tidy up")
    assert result.final_output == "Not allowed"
    assert done == ["read x"]
    first, read, second = clerk.model.results
    assert first.startswith("erase was refused. The security policy does not allow it: The word erase (block-erase)")
    assert (read, second) == ("read: x is done", first)
    assert sorted(calls(pipeline)) == [("erase", "rule"), ("erase", "rule"), ("read", "")]
    (root,) = named(pipeline, "invoke_agent clerk")
    assert root.attributes["sentric.task"] == "Tidy up"
    span = named(pipeline, "execute_tool read")[0]
    assert span.attributes["sentric.reasoning.thinking"] == "Old."
    assert span.attributes["gen_ai.tool.call.id"] == "read-x-0"
    assert "read: x is done" in span.attributes["gen_ai.tool.call.result"]


async def test_an_agent_that_is_shut_down_ends(guard: Any, done: Done) -> None:
    for run in (Runner.run, streamed, in_a_thread):
        guard()
        clerk = agent(done, *([call("erase", str(turn))] for turn in range(4)), [text("never said")])
        with pytest.raises(ActionBlocked, match="refused too often") as caught:
            await run(clerk, "Tidy up")
        assert caught.value.final
        assert isinstance(caught.value, agents.AgentsException)
        assert len(clerk.model.shown) == 3
    assert done == []


class TestAsking:
    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Service:
        return linked(monkeypatch, Service())

    @WAYS
    @pytest.mark.parametrize("answer", ["approved", "denied"])
    async def test_a_person_decides(self, guard: Any, done: Done, service: Service, run: Any, answer: str) -> None:
        service.person = lambda wish: answer
        clerk = agent(done, [call("wire", "1000")], [text("well")])
        guard()
        assert (await run(clerk, "Pay")).final_output == "well"
        assert done == (["wire 1000"] if answer == "approved" else [])
        assert ("did not approve" in clerk.model.results[0]) is (answer == "denied")

    async def test_the_time_limit_of_a_tool_does_not_run_while_a_person_is_asked(
        self, guard: Any, done: Done, service: Service
    ) -> None:
        service.hold = threading.Event()
        limited = function_tool(done.tool("wire"))
        limited.timeout_seconds = 0.2

        async def wire(context: Any, given: str) -> str:
            done.append("wire")
            return "wired"

        limited.on_invoke_tool = wire
        clerk = agent(done, [call("wire")], [text("well")], tools=[limited])
        guard()
        running = asyncio.create_task(Runner.run(clerk, "Pay"))
        await asyncio.to_thread(service.waiting.wait, 20)
        await asyncio.sleep(0.4)  # twice the limit
        assert done == []
        service.hold.set()
        await running
        assert clerk.model.results == ["wired"]
        assert done == ["wire"]

    async def test_who_gives_up_withdraws_the_question(self, guard: Any, done: Done, service: Service) -> None:
        service.hold = threading.Event()
        guard()
        running = asyncio.create_task(Runner.run(agent(done, [call("wire"), call("read")]), "Pay"))
        await asyncio.to_thread(service.waiting.wait, 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        async with asyncio.timeout(20):
            while not service.withdrawn:  # noqa: ASYNC110  # the SDK ends its tools behind our back
                await asyncio.sleep(0.01)
        service.hold.set()
        assert service.withdrawn == ["a-0"]
        assert "wire x" not in done

    async def test_a_question_is_withdrawn_when_the_agent_is_shut_down_meanwhile(
        self, guard: Any, done: Done, service: Service
    ) -> None:
        service.hold = threading.Event()
        guard()
        turn = [call("wire"), *(call("erase", str(number)) for number in range(3))]
        with pytest.raises(ActionBlocked):
            await Runner.run(agent(done, turn), "Pay")
        async with asyncio.timeout(20):
            while not service.withdrawn:  # noqa: ASYNC110  # the SDK ends its tools behind our back
                await asyncio.sleep(0.01)
        service.hold.set()
        assert done == []

    async def test_the_sdks_own_approval_goes_before(self, guard: Any, done: Done, service: Service) -> None:
        careful = function_tool(done.tool("wire"), needs_approval=True)
        clerk = agent(done, [call("wire")], [text("well")], tools=[careful])
        guard()
        stopped = await Runner.run(clerk, "Pay")
        assert len(stopped.interruptions) == 1
        assert service.wishes == [], "it is asked when the tool is about to be called"
        state = stopped.to_state()
        state.approve(stopped.interruptions[0])
        assert (await Runner.run(clerk, state)).final_output == "well"
        assert done == ["wire x"]
        assert len(service.approvals) == 1


async def test_an_agent_as_a_tool_has_a_run_of_its_own_and_a_handoff_goes_on_with_it(
    guard: Any, done: Done, pipeline: Pipeline
) -> None:
    helper = agent(done, [call("erase", "a")], [text("I could not")], name="helper", tools=["erase"])
    ask = helper.as_tool(tool_name="ask_helper", tool_description="Ask")
    asked = ResponseFunctionToolCall(
        type="function_call", call_id="c", name="ask_helper", arguments='{"input": "Erase a"}'
    )
    heir = agent(done, [call("erase", "b")], [text("neither")], name="heir", tools=["erase"])
    passed = ResponseFunctionToolCall(type="function_call", call_id="d", name="transfer_to_heir", arguments="{}")
    clerk = agent(done, [asked], [passed], tools=[ask], handoffs=[heir])
    guard()
    assert (await Runner.run(clerk, "Tidy up")).final_output == "neither"
    assert done == []
    assert sorted(calls(pipeline)) == [("ask_helper", ""), ("erase", "rule"), ("erase", "rule")]
    assert len(named(pipeline, "invoke_agent clerk")) == 1
    (inner,) = named(pipeline, "invoke_agent helper")
    assert inner.parent == "execute_tool ask_helper"
    assert inner.attributes["sentric.task"] == "Tidy up", "what the model wrote is no task"
    assert not named(pipeline, "invoke_agent heir")


async def test_what_is_shown_and_said_is_heard(guard: Any, done: Done, pipeline: Pipeline) -> None:
    given: Any = [
        {"role": "user", "content": "Good morning"},
        {"role": "assistant", "content": "Morning"},
        {"role": "user", "content": [{"type": "input_text", "text": "Tidy up"}]},
    ]
    guard(mode="observe")
    await Runner.run(agent(done, [call("read")], [text("All done")]), given, conversation_id=None)
    (root,) = named(pipeline, "invoke_agent clerk")
    (span,) = named(pipeline, "execute_tool read")
    assert root.attributes["sentric.task"] == "Tidy up"
    heard = span.attributes["sentric.messages"] + root.attributes["sentric.messages"]
    for words in ("Good morning", "Morning", "Be tidy", "All done"):
        assert words in heard
    assert "read something." in span.attributes["sentric.observations"]


async def test_errors_of_tools_pass_as_they_are_and_are_noted(guard: Any, done: Done, pipeline: Pipeline) -> None:
    def read(what: str) -> str:
        """read something."""
        raise LookupError(f"no {what}")

    told = agent(done, [call("read")], [text("well")], tools=[function_tool(read)])
    loud = agent(done, [call("read")], tools=[function_tool(read, failure_error_function=None)])
    before = (await Runner.run(told, "Read")).final_output
    shown = told.model.results
    guard()
    again = agent(done, [call("read")], [text("well")], tools=told.tools)
    assert (await Runner.run(again, "Read")).final_output == before
    assert again.model.results == shown
    with pytest.raises(agents.UserError, match="no x") as caught:
        await Runner.run(loud, "Read")
    assert isinstance(caught.value.__cause__, LookupError)
    spans = named(pipeline, "execute_tool read")
    assert "no x" in spans[-1].attributes["sentric.outcome.error"]


async def test_one_call_through_two_layers_is_judged_once(guard: Any, done: Done, pipeline: Pipeline) -> None:
    def read(what: str) -> str:
        """read something."""
        from sentric.guard.calls import Wanted
        from sentric.guard.place import here

        place = here()
        assert place is not None
        with place.run.action(Wanted(tool="read", arguments={"what": what})) as inner:
            assert inner.refusal is None
            done.append("inside")
        return "read"

    guard()
    await Runner.run(agent(done, [call("read")], [text("well")], tools=[function_tool(read)]), "Read")
    assert (done, calls(pipeline)) == (["inside"], [("read", "")])


@pytest.mark.parametrize("broken", ["wanted", "thoughts", "about", "history", "offered"])
@pytest.mark.parametrize("mode", ["observe", "enforce"])
async def test_a_bug_of_ours_changes_nothing_or_refuses(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch, mode: str, broken: str
) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, broken, fails)
    clerk = agent(done, [call("read"), call("erase")], [text("well")])
    guard(mode=mode)
    assert (await Runner.run(clerk, "Tidy up")).final_output == "well"
    if mode == "observe":
        assert sorted(done) == ["erase x", "read x"]
    else:
        assert done == []
        assert all("could not be decided" in result for result in clerk.model.results)


async def test_nothing_is_refused_where_nothing_is_enforced_and_nothing_is_left_behind(
    guard: Any, done: Done, pipeline: Pipeline
) -> None:
    instrumentor = OpenAIAgentsInstrumentor()
    guard(mode="observe")
    assert (await Runner.run(agent(done, [call("erase")], [text("well")]), "Tidy up")).final_output == "well"
    assert done == ["erase x"]
    instrumentor.uninstrument()
    pipeline_before = len(pipeline.spans)
    await streamed(agent(done, [call("erase")], [text("well")]), "Tidy up")
    assert len(pipeline.spans) == pipeline_before


def shell(command: str) -> Any:
    action = {"commands": [command], "timeout_ms": 1000}
    return {"type": "shell_call", "call_id": command, "id": command, "status": "completed", "action": action}


def local_shell(command: str) -> Any:
    action = {"type": "exec", "command": command.split(), "env": {}}
    stated = {"type": "local_shell_call", "call_id": command, "id": "l", "status": "completed", "action": action}
    return LocalShellCall.model_validate(stated)


def patch(kind: str, path: str) -> Any:
    operation = {"type": kind, "path": path} | ({} if kind == "delete_file" else {"diff": "+x"})
    return {"type": "apply_patch_call", "call_id": path, "id": path, "status": "completed", "operation": operation}


def typed(words: str) -> Any:
    stated = {"type": "computer_call", "id": "c", "call_id": "c", "status": "completed", "pending_safety_checks": []}
    return ResponseComputerToolCall.model_validate(stated | {"action": {"type": "type", "text": words}})


class Editor:
    def __init__(self, done: Done) -> None:
        self.done = done

    def create_file(self, operation: Any) -> None:
        self.done.append(f"made {operation.path}")

    async def update_file(self, operation: Any) -> None:
        self.done.append(f"changed {operation.path}")

    def delete_file(self, operation: Any) -> None:
        self.done.append(f"deleted {operation.path}")


class Screen(agents.AsyncComputer):
    environment, dimensions = "browser", (800, 600)

    def __init__(self, done: Done) -> None:
        self.done = done

    async def screenshot(self) -> str:
        return "cGljdHVyZQ=="

    async def type(self, text: str) -> None:
        self.done.append(f"typed {text}")

    async def click(self, x: int, y: int, button: Any) -> None: ...
    async def double_click(self, x: int, y: int) -> None: ...
    async def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None: ...
    async def wait(self) -> None: ...
    async def move(self, x: int, y: int) -> None: ...
    async def keypress(self, keys: list[str]) -> None: ...
    async def drag(self, path: list[tuple[int, int]]) -> None: ...


class TestToolsOfTheSdksOwn:
    @pytest.fixture
    def kinds(self, done: Done) -> dict[str, tuple[Any, Any, Any]]:
        """Each with a call that is refused and one that is not."""

        async def ran(request: Any) -> str:
            done.append("ran")
            return "output"

        def ran_at_once(request: Any) -> str:
            done.append("ran")
            return "output"

        return {
            "shell": (agents.ShellTool(executor=ran), shell("erase all"), shell("look")),
            "local_shell": (agents.LocalShellTool(executor=ran_at_once), local_shell("erase all"), local_shell("look")),
            "delete_file": (agents.ApplyPatchTool(editor=Editor(done)), patch("delete_file", "erase"), None),
            "update_file": (
                agents.ApplyPatchTool(editor=Editor(done)),
                patch("update_file", "erase"),
                patch("update_file", "a"),
            ),
            "type": (agents.ComputerTool(computer=Screen(done)), typed("erase"), typed("hello")),
        }

    @pytest.mark.parametrize("kind", ["shell", "local_shell", "delete_file", "update_file", "type"])
    async def test_each(self, guard: Any, done: Done, pipeline: Pipeline, kinds: Any, kind: str) -> None:
        tool, refused, allowed = kinds[kind]
        clerk = agent(done, [refused], [text("well")], tools=[tool])
        guard()
        assert (await Runner.run(clerk, "Tidy up")).final_output == "well"
        assert done == []
        assert calls(pipeline) == [(kind, "rule")]
        if kind != "type":
            assert "was refused" in clerk.model.results[0]
        if allowed is not None:
            await streamed(agent(done, [allowed], [text("well")], tools=[tool]), "Tidy up")
            assert len(done) == 1
            assert calls(pipeline)[-1][1] == ""

    @pytest.mark.parametrize("kind", ["shell", "local_shell", "delete_file", "type"])
    async def test_an_agent_that_is_shut_down_ends(self, guard: Any, done: Done, kinds: Any, kind: str) -> None:
        tool, refused, _ = kinds[kind]
        again = [
            refused | {"call_id": str(turn)}
            if isinstance(refused, dict)
            else refused.model_copy(update={"call_id": str(turn)})
            for turn in range(4)
        ]
        guard()
        with pytest.raises(ActionBlocked) as caught:
            await Runner.run(agent(done, *([one] for one in again), tools=[tool]), "Tidy up")
        assert (caught.value.final, done) == (True, [])

    async def test_a_person_is_asked_before_a_shell_and_nothing_stands_still(
        self, guard: Any, done: Done, kinds: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        service = linked(monkeypatch, Service())
        guard()
        clerk = agent(done, [shell("wire 5")], [text("well")], tools=[kinds["shell"][0]])
        await Runner.run(clerk, "Tidy up")
        assert (done, len(service.approvals)) == (["ran"], 1)

    @pytest.mark.skipif(not hasattr(agents, "CustomTool"), reason="this version has none")
    async def test_custom_tools(self, guard: Any, done: Done, pipeline: Pipeline) -> None:
        from openai.types.responses import ResponseCustomToolCall

        async def ran(context: Any, given: str) -> str:
            done.append(given)
            return "output"

        tool = agents.CustomTool(name="query", description="Query", on_invoke_tool=ran)
        asked = [
            ResponseCustomToolCall(type="custom_tool_call", call_id=given, name="query", input=given)
            for given in ("erase all", "select")
        ]
        clerk = agent(done, asked, [text("well")], tools=[tool])
        guard()
        assert (await Runner.run(clerk, "Tidy up")).final_output == "well"
        assert done == ["select"]
        assert sorted(calls(pipeline)) == [("query", ""), ("query", "rule")]
        assert "was refused" in str(clerk.model.results)

    async def test_a_bug_of_ours(self, guard: Any, done: Done, kinds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "shell", lambda *_: 1 / 0)
        tool, _, allowed = kinds["shell"]
        guard(mode="observe")
        await Runner.run(agent(done, [allowed], [text("well")], tools=[tool]), "Look")
        assert done == ["ran"]
        OpenAIAgentsInstrumentor().uninstrument()
        guard()
        clerk = agent(done, [allowed], [text("well")], tools=[tool])
        await Runner.run(clerk, "Look")
        assert done == ["ran"]
        assert "could not be decided" in clerk.model.results[0]


class Server(MCPServer):
    """Tools in this process, as those of an MCP server."""

    def __init__(self, done: Done) -> None:
        super().__init__()
        self.done = done

    name = "files"

    async def connect(self) -> None: ...
    async def cleanup(self) -> None: ...
    async def list_prompts(self) -> Any: ...
    async def get_prompt(self, name: str, arguments: Any = None) -> Any: ...

    async def list_tools(self, *_: Any, **__: Any) -> Any:
        schema = {"type": "object", "properties": {"what": {"type": "string"}}}
        return [Tool.model_validate({"name": name, "inputSchema": schema}) for name in ("erase", "read")]

    async def call_tool(self, tool_name: str, arguments: Any, *_: Any, **__: Any) -> Any:
        self.done.append(f"{tool_name} {arguments['what']}")
        return CallToolResult.model_validate({"content": [{"type": "text", "text": "contents"}]})


async def test_tools_of_mcp_servers(guard: Any, done: Done, pipeline: Pipeline) -> None:
    clerk = agent(done, [call("erase"), call("read")], [text("well")], tools=[], mcp_servers=[Server(done)])
    guard()
    assert (await Runner.run(clerk, "Tidy up")).final_output == "well"
    assert done == ["read x"]
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["sentric.action.server"] == "files"
    assert "files/erase" in str([dict(each.attributes) for each in pipeline.spans])


async def test_tools_of_a_realtime_session(guard: Any, done: Done) -> None:
    pytest.importorskip("websockets")
    from agents.realtime import session

    guard()
    for name in ("erase", "read"):
        context: Any = ToolContext(context=None, tool_name=name, tool_call_id="c", tool_arguments="{}")
        invoke: Any = session.invoke_function_tool  # type: ignore[attr-defined]  # where it stands, it is called
        given = await invoke(function_tool=function_tool(done.tool(name)), context=context, arguments='{"what": "x"}')
        assert ("was refused" in given) is (name == "erase")
    assert done == ["read x"]


async def test_a_session_is_the_conversation(guard: Any, done: Done, pipeline: Pipeline) -> None:
    guard()
    session = agents.SQLiteSession("thread-7")
    try:
        await Runner.run(agent(done, [text("well")]), "Tidy up", session=session)
    finally:
        session.close()
    (root,) = named(pipeline, "invoke_agent clerk")
    assert root.attributes["gen_ai.conversation.id"] == "thread-7"


def test_what_hosted_tools_did_is_heard() -> None:
    output = [
        {"type": "mcp_call", "id": "1", "server_label": "crm", "name": "find", "arguments": "{}", "output": "Anna"},
        {"type": "code_interpreter_call", "id": "2", "outputs": [{"type": "logs", "logs": "42"}]},
        {"type": "web_search_call", "id": "3", "status": "completed"},
        {"type": "mcp_list_tools", "id": "4", "server_label": "crm", "tools": [{"name": "find", "input_schema": {}}]},
        text("Found her"),
    ]
    seen = [(one.origin, one.text) for one in reading.provided(output)]
    assert seen == [("crm/find", "Anna"), ("code_interpreter", "42")]
    assert [one.origin for one in reading.offered([], output)] == ["crm/find"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        7,
        [],
        ["x"],
        [None],
        [{"role": "user"}],
        [{"role": "user", "content": [None, 3]}],
        [{"role": 4}],
        "[" * 99999,
    ],
)
def test_whatever_is_given_is_read(given: Any) -> None:
    named = SimpleNamespace(name="a", model=None)
    reading.about(named, given, {"run_config": 3}, "f")
    list(reading.history(given))
    list(reading.provided([given]))
    reading.thoughts([given])
    reading.outcome(given)
    reading.wanted(named, None, given, {})


def test_arguments_that_are_no_object() -> None:
    def arguments(given: Any) -> Any:
        return reading.wanted(SimpleNamespace(name="a"), None, given, {}).arguments

    assert arguments('{"a": 1}') == {"a": 1}
    assert arguments("[1]") == {"input": [1]}
    assert arguments("not json") == {"input": "not json"}
    assert arguments("[" * 100_000) == {"input": "[" * 100_000}
    assert arguments("") == arguments(None) == {}
