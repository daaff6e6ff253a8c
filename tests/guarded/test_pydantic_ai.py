import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, TextOutput, ToolOutput
from pydantic_ai.exceptions import ToolRetryError, UnexpectedModelBehavior
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.toolsets import FunctionToolset

from fixtures.pipeline import Pipeline
from sentric.errors import ActionBlocked
from sentric.guard.calls import Wanted
from sentric.guard.place import here
from sentric.instrumentors import _pydantic_ai_reading as reading
from sentric.instrumentors.pydantic_ai import PydanticAIInstrumentor
from support.enforcing import Service, linked
from support.guarding import Done, calls, named, settings

_RESULTS = ("tool-return", "retry-prompt")


def call(name: str, what: str = "x") -> ToolCallPart:
    return ToolCallPart(name, {"what": what}, tool_call_id=f"{name}-{what}")


def text(words: str) -> TextPart:
    return TextPart(words)


class Script:
    """A model that answers what it is told to, turn by turn, and keeps what it was shown."""

    def __init__(self, *turns: list[Any]) -> None:
        self.turns: Iterator[list[Any]] = iter(turns)
        self.shown: list[Any] = []
        self.model = FunctionModel(self.answer, stream_function=self.stream)

    @property
    def results(self) -> list[str]:
        """What the tools gave back, as the model was shown it last."""
        return [
            str(part.content) for part in self.shown[-1][-1].parts if part.part_kind in ("tool-return", "retry-prompt")
        ]

    async def answer(self, said: Any, info: Any) -> ModelResponse:
        return ModelResponse(parts=self._next(said))

    async def stream(self, said: Any, info: Any) -> AsyncIterator[Any]:
        for index, part in enumerate(self._next(said)):
            if isinstance(part, ToolCallPart):
                yield {index: DeltaToolCall(part.tool_name, part.args_as_json_str(), tool_call_id=part.tool_call_id)}
            elif isinstance(part, TextPart):
                yield part.content

    def _next(self, said: Any) -> list[Any]:
        self.shown.append(list(said))
        return next(self.turns, [TextPart("no more")])


@pytest.fixture
def guard(pipeline: Pipeline, policy: Path) -> Generator[Callable[..., None], None, None]:
    instrumentor = PydanticAIInstrumentor()

    def guard(**stated: Any) -> None:
        instrumentor.instrument(
            settings=settings(policy, **stated), tracer_provider=pipeline.tracers, logger_provider=pipeline.loggers
        )

    yield guard
    instrumentor.uninstrument()


def agent(done: Done, *turns: list[Any], tools: Any = ("read", "erase", "wire"), **stated: Any) -> tuple[Any, Script]:
    script = Script(*turns)
    made: Any = Agent(script.model, **({"name": "clerk", "instructions": "Be tidy"} | stated))
    for tool in tools:
        made.tool_plain(done.tool(tool) if isinstance(tool, str) else tool)
    return made, script


async def plain(one: Any, given: Any, **stated: Any) -> Any:
    return (await one.run(given, **stated)).output


async def streamed(one: Any, given: Any, **stated: Any) -> Any:
    async with one.run_stream(given, **stated) as result:
        return await result.get_output()


async def stepped(one: Any, given: Any, **stated: Any) -> Any:
    async with one.iter(given, **stated) as run:
        async for _ in run:
            pass
    return run.result.output


async def in_a_thread(one: Any, given: Any, **stated: Any) -> Any:
    """`Agent.run_sync`, which needs a thread without a loop."""
    return await asyncio.to_thread(_sync, one, given, stated)


def _sync(one: Any, given: Any, stated: dict[str, Any]) -> Any:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return one.run_sync(given, **stated).output
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def listened(one: Any, given: Any, **stated: Any) -> Any:
    if not hasattr(one, "run_stream_events"):
        pytest.skip("this version has no stream of events")
    stream = one.run_stream_events(given, **stated)
    if not hasattr(stream, "__aenter__"):
        return [event async for event in stream][-1].result.output
    async with stream as events:
        return [event async for event in events][-1].result.output


WAYS = pytest.mark.parametrize("run", [plain, streamed, stepped, listened, in_a_thread])


@WAYS
async def test_what_is_refused_is_not_done_beside_what_is_and_the_agent_goes_on(
    guard: Any, done: Done, pipeline: Pipeline, run: Any
) -> None:
    clerk, script = agent(done, [call("erase", "a"), call("read"), call("erase", "b")], [text("Not allowed")])
    guard()
    assert await run(clerk, "Tidy up") == "Not allowed"
    assert done == ["read x"]
    first, read, second = script.results
    assert first.startswith("erase was refused. The security policy does not allow it: The word erase (block-erase)")
    assert (read, second) == ("read: x is done", first)
    assert sorted(calls(pipeline)) == [("erase", "rule"), ("erase", "rule"), ("read", "")]
    (root,) = named(pipeline, "invoke_agent clerk")
    assert root.attributes["sentric.task"] == "Tidy up"
    span = named(pipeline, "execute_tool read")[0]
    assert span.attributes["gen_ai.tool.call.id"] == "read-x"
    assert span.attributes["gen_ai.tool.call.result"] == "read: x is done"


@WAYS
async def test_an_agent_that_is_shut_down_ends(guard: Any, done: Done, run: Any) -> None:
    guard()
    clerk, script = agent(done, *([call("erase", str(turn)), call("read")] for turn in range(5)))
    with pytest.raises(ActionBlocked, match="refused too often") as caught:
        await run(clerk, "Tidy up")
    assert caught.value.final
    assert len(script.shown) == 3
    assert not any(what.startswith("erase") for what in done)


class TestAsking:
    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Service:
        return linked(monkeypatch, Service())

    @WAYS
    @pytest.mark.parametrize("answer", ["approved", "denied"])
    async def test_a_person_decides(self, guard: Any, done: Done, service: Service, run: Any, answer: str) -> None:
        service.person = lambda wish: answer
        clerk, script = agent(done, [call("wire", "1000")], [text("well")])
        guard()
        assert await run(clerk, "Pay") == "well"
        assert done == (["wire 1000"] if answer == "approved" else [])
        assert ("did not approve" in script.results[0]) is (answer == "denied")

    async def test_the_time_limit_of_a_tool_does_not_run_while_a_person_is_asked(
        self, guard: Any, done: Done, service: Service
    ) -> None:
        service.hold = threading.Event()
        clerk, script = agent(done, [call("wire")], [text("well")], tools=())
        try:
            clerk.tool_plain(done.tool("wire"), timeout=0.2)
        except TypeError:
            pytest.skip("tools of this version have no time limit")
        guard()
        running = asyncio.create_task(clerk.run("Pay"))
        await asyncio.to_thread(service.waiting.wait, 20)
        await asyncio.sleep(0.4)  # twice the limit
        assert done == []
        service.hold.set()
        await running
        assert (script.results, done) == (["wire: x is done"], ["wire x"])

    async def test_who_gives_up_withdraws_the_question(self, guard: Any, done: Done, service: Service) -> None:
        service.hold = threading.Event()
        clerk, _ = agent(done, [call("wire"), call("read")])
        guard()
        running = asyncio.create_task(clerk.run("Pay"))
        await asyncio.to_thread(service.waiting.wait, 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        async with asyncio.timeout(20):
            while not service.withdrawn:  # noqa: ASYNC110  # its tasks end behind our back
                await asyncio.sleep(0.01)
        service.hold.set()
        assert service.withdrawn == ["a-0"]
        assert "wire x" not in done

    async def test_a_question_is_withdrawn_when_the_agent_is_shut_down_meanwhile(
        self, guard: Any, done: Done, service: Service
    ) -> None:
        service.hold = threading.Event()
        clerk, _ = agent(done, [call("wire"), *(call("erase", str(number)) for number in range(3))])
        guard()
        with pytest.raises(ActionBlocked):
            await clerk.run("Pay")
        async with asyncio.timeout(20):
            while not service.withdrawn:  # noqa: ASYNC110  # its tasks end behind our back
                await asyncio.sleep(0.01)
        service.hold.set()
        assert done == []

    async def test_its_own_approval_goes_before(self, guard: Any, done: Done, service: Service) -> None:
        clerk, _ = agent(done, [call("wire")], [text("well")], tools=(), output_type=[str, DeferredToolRequests])
        try:
            clerk.tool_plain(done.tool("wire"), requires_approval=True)
        except TypeError:
            pytest.skip("tools of this version need no approval")
        guard()
        stopped = await clerk.run("Pay")
        assert len(stopped.output.approvals) == 1
        assert service.wishes == [], "it is asked when the tool is about to be called"
        approved = DeferredToolResults(approvals={"wire-x": True})
        result = await clerk.run(message_history=stopped.all_messages(), deferred_tool_results=approved)
        assert (result.output, done, len(service.approvals)) == ("well", ["wire x"], 1)


async def test_tools_that_run_one_after_the_other(guard: Any, done: Done, pipeline: Pipeline) -> None:
    clerk, _ = agent(done, [call("read", "a"), call("erase"), call("read", "b")], [text("well")], tools=())
    try:
        for name in ("read", "erase"):
            clerk.tool_plain(done.tool(name), sequential=True)
    except TypeError:
        pytest.skip("tools of this version all run side by side")
    guard()
    await clerk.run("Tidy up")
    assert done == ["read a", "read b"]
    assert calls(pipeline) == [("read", ""), ("erase", "rule"), ("read", "")]


async def test_a_final_output_is_no_action_also_through_a_tool(guard: Any, done: Done, pipeline: Pipeline) -> None:
    class Report(BaseModel):
        erase: str

    final = ToolCallPart("final_result", {"erase": "all of it"}, tool_call_id="f")
    clerk, _ = agent(done, [call("read")], [final], output_type=Report)
    guard()
    assert (await clerk.run("Tidy up")).output == Report(erase="all of it")
    assert calls(pipeline) == [("read", "")]


async def test_an_unknown_tool_and_bad_arguments_are_no_actions_that_are_done(
    guard: Any, done: Done, pipeline: Pipeline
) -> None:
    bad = ToolCallPart("read", {"where": 1}, tool_call_id="b")
    clerk, script = agent(done, [call("erase_nothing"), bad], [text("well")])
    guard()
    assert (await clerk.run("Tidy up")).output == "well"
    assert done == []
    assert "erase_nothing" in script.results[0] or "Unknown tool" in str(script.results)
    assert all(tool == "read" for tool, _ in calls(pipeline))


async def test_an_agent_in_a_tool_has_a_run_of_its_own(guard: Any, done: Done, pipeline: Pipeline) -> None:
    helper, inner_script = agent(done, [call("erase", "a")], [text("I could not")], name="helper")

    async def ask_helper(what: str) -> str:
        """Ask."""
        return str((await helper.run(f"Do {what}")).output)

    clerk, script = agent(done, [call("ask_helper", "it")], [text("well")], tools=[ask_helper])
    guard()
    assert (await clerk.run("Tidy up")).output == "well"
    assert (done, script.results) == ([], ["I could not"])
    (inner,) = named(pipeline, "invoke_agent helper")
    assert inner.parent == "execute_tool ask_helper"
    assert inner.attributes["sentric.task"] == "Tidy up", "what the model wrote is no task"
    assert len(inner_script.shown) == 2


async def test_what_is_shown_and_said_is_heard(guard: Any, done: Done, pipeline: Pipeline) -> None:
    history = [
        ModelRequest(parts=[SystemPromptPart("Be kind"), UserPromptPart("Good morning")]),
        ModelResponse(parts=[call("look"), text("Morning")]),
        ModelRequest(parts=[ToolReturnPart("look", "a grey sky", "look-x")]),
        ModelResponse(parts=[text("Grey")]),
    ]
    turn = [ThinkingPart("It is old."), text("I read it."), call("read")]
    clerk, _ = agent(done, turn, [text("All done")])
    guard(mode="observe")
    await clerk.run(["Tidy up"], message_history=history)
    (root,) = named(pipeline, "invoke_agent clerk")
    (span,) = named(pipeline, "execute_tool read")
    assert root.attributes["sentric.task"] == "Tidy up"
    for words in ("Be kind", "Good morning", "Morning", "Grey", "Be tidy"):
        assert words in span.attributes["sentric.messages"]
    assert "Tidy up" not in span.attributes["sentric.messages"]
    assert "a grey sky" in span.attributes["sentric.observations"]
    assert "read something." in span.attributes["sentric.observations"]
    assert span.attributes["sentric.reasoning.thinking"] == "It is old.\nI read it."
    assert "All done" in root.attributes["sentric.messages"]
    assert "read: x is done" not in str(root.attributes), "what an action gave back is heard once"


async def test_errors_of_tools_pass_as_they_are_and_are_noted(guard: Any, done: Done, pipeline: Pipeline) -> None:
    def read(what: str) -> str:
        """read something."""
        if what == "x":
            raise ModelRetry("try y")
        raise LookupError(f"no {what}")

    clerk, script = agent(done, [call("read")], [call("read", "y")], tools=[read])
    guard()
    with pytest.raises(LookupError, match="no y"):
        await clerk.run("Read")
    assert script.results == ["try y"]
    first, second = named(pipeline, "execute_tool read")
    assert first.attributes["sentric.outcome.error"] == "try y"
    assert first.attributes["error.type"] == "ModelRetry"
    assert "no y" in second.attributes["sentric.outcome.error"]
    assert second.attributes["error.type"] == "LookupError"


async def test_one_call_through_two_layers_is_judged_once(guard: Any, done: Done, pipeline: Pipeline) -> None:
    def read(what: str) -> str:
        """read something."""
        place = here()
        assert place is not None
        with place.run.action(Wanted(tool="read", arguments={"what": what})) as inner:
            assert inner.refusal is None
            done.append("inside")
        return "read"

    clerk, _ = agent(done, [call("read")], [text("well")], tools=[read])
    guard()
    await clerk.run("Read")
    assert (done, calls(pipeline)) == (["inside"], [("read", "")])


async def test_toolsets(guard: Any, done: Done) -> None:
    tools: Any = FunctionToolset(tools=[done.tool("erase"), done.tool("read")])
    clerk, _ = agent(done, [call("a_erase"), call("a_read")], [text("well")], tools=(), toolsets=[tools.prefixed("a")])
    guard()
    await clerk.run("Tidy up")
    assert done == ["read x"]


@pytest.mark.parametrize("broken", ["wanted", "tool_of", "about", "told", "offered", "text", "since"])
@pytest.mark.parametrize("mode", ["observe", "enforce"])
async def test_a_bug_of_ours_changes_nothing_or_refuses(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch, mode: str, broken: str
) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, broken, fails)
    clerk, script = agent(done, [call("read"), call("erase")], [text("well")])
    guard(mode=mode)
    assert (await clerk.run("Tidy up")).output == "well"
    if mode == "observe":
        assert sorted(done) == ["erase x", "read x"]
    elif broken == "text":
        assert done == ["read x"]
    else:
        assert done == []
        assert all("could not be decided" in result for result in script.results)


class Wish(BaseModel):
    what: str


@WAYS
@pytest.mark.parametrize("way", ["function", "tool", "model", "text"])
async def test_a_function_that_makes_the_output_is_an_action(
    guard: Any, done: Done, pipeline: Pipeline, way: str, run: Any
) -> None:
    act = done.tool("file")

    async def file(wish: Wish) -> str:
        return str(act(wish.what))

    kind: Any = {"function": act, "tool": ToolOutput(act, name="answer"), "model": file, "text": TextOutput(act)}[way]
    name = "answer" if way == "tool" else "final_result"
    said = [text("erase")] if way == "text" else [call(name, "erase")]
    good = [text("notes")] if way == "text" else [call(name, "notes")]
    # A stream may have no second output: there a refusal ends the run, as a ModelRetry of the function itself does.
    clerk, script = agent(done, said, good, [text("no more")], output_type=kind, tools=())
    guard()
    try:
        assert await run(clerk, "Tidy up") == "file: notes is done"
        assert "file was refused" in str(script.shown[-1][-1])
    except (ModelRetry, ToolRetryError, UnexpectedModelBehavior):
        assert run is streamed
    assert set(done) <= {"file notes"}
    assert calls(pipeline)[0] == ("file", "rule")


async def test_what_a_model_chooses_is_an_action(guard: Any, done: Done, pipeline: Pipeline) -> None:
    output = pytest.importorskip("pydantic_ai.output")
    if not hasattr(output, "Choices"):
        pytest.skip("this version has no choices")
    act = done.tool("file")
    kind = output.Choices(
        {
            "one": output.Choice("Erase", value=partial(act, what="erase")),
            "two": output.Choice("Notes", value=partial(act, "notes")),
        }
    )
    chosen = [[ToolCallPart("final_result", {"response": key}, tool_call_id=key)] for key in ("one", "two")]
    clerk, _ = agent(done, *chosen, output_type=kind, tools=())
    guard()
    assert await plain(clerk, "Tidy up") == "file: notes is done"
    assert (done, calls(pipeline)) == (["file notes"], [("file", "rule"), ("file", "")])


async def test_nothing_is_left_behind(guard: Any, done: Done, pipeline: Pipeline) -> None:
    guard(mode="observe")
    assert (await agent(done, [call("erase")], [text("well")])[0].run("Tidy up")).output == "well"
    assert done == ["erase x"]
    PydanticAIInstrumentor().uninstrument()
    before = len(pipeline.spans)
    await agent(done, [call("erase")], [text("well")])[0].run("Tidy up")
    assert len(pipeline.spans) == before > 0


async def test_results_of_any_type() -> None:
    class Found(BaseModel):
        name: str

    assert reading.text(Found(name="a")) == '{"name": "a"}'
    assert reading.text(None) == ""
    assert reading.text([1, b"\xff", object]) != ""
    assert reading.text(SimpleNamespace(return_value="x")) == "x"


def test_tools_of_mcp_servers_are_known_by_their_own_names() -> None:
    class MCPServer:
        id, tool_prefix = "files", "f"

    def origin(toolset: Any, name: str) -> Any:
        return reading._origin(SimpleNamespace(toolset=toolset, tool_def=SimpleNamespace(name=name)))

    assert origin(MCPServer(), "f_read") == ("files", "read")
    prefixed = SimpleNamespace(wrapped=MCPServer(), prefix="g")
    assert origin(prefixed, "g_f_read") == ("files", "read")
    assert origin(SimpleNamespace(wrapped=None, prefix="g"), "g_read") == ("", "g_read")
