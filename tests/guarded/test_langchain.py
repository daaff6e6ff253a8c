"""Agents and graphs of LangChain and LangGraph that are held to a policy, with a model that follows a script."""

import asyncio
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Annotated, Any

import pytest

pytest.importorskip("langgraph")

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool, InjectedToolArg, InjectedToolCallId, StructuredTool, Tool, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, ToolNode
from langgraph.types import Command, interrupt
from pydantic import BaseModel, Field

from fixtures.pipeline import Pipeline
from sentric.errors import ActionBlocked
from sentric.instrumentors import _langchain_reading as reading
from sentric.instrumentors.langchain import LangchainInstrumentor
from sentric.instrumentors.mcp import McpInstrumentor
from support.enforcing import Service, linked
from support.guarding import Done, calls, named, settings


class Script(BaseChatModel):
    """A model that answers what it is told to, turn by turn, and keeps what it was shown."""

    turns: Any
    shown: Any = None

    @property
    def _llm_type(self) -> str:
        return "script"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        self.shown = [*(self.shown or []), messages]
        return ChatResult(generations=[ChatGeneration(message=next(self.turns))])

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(one) for one in tools])

    @property
    def results(self) -> list[str]:
        """What the tools gave back, as the model was shown it last."""
        return [str(message.content) for message in self.shown[-1] if isinstance(message, ToolMessage)]


def wants(*called: tuple[str, str], says: Any = "", **stated: Any) -> AIMessage:
    """An answer that calls tools."""
    made = [{"name": name, "args": {"what": what}, "id": f"{name}-{what}"} for name, what in called]
    return AIMessage(content=says, tool_calls=made, **stated)


def script(*turns: AIMessage | str) -> Script:
    return Script(turns=iter([AIMessage(content=turn) if isinstance(turn, str) else turn for turn in turns]))


def agent(model: Any, tools: Any, **stated: Any) -> Any:
    try:
        from langchain.agents import create_agent
    except ImportError:
        from langgraph.prebuilt import create_react_agent

        return create_react_agent(model, tools, prompt="Be tidy", name="clerk", **stated)
    return create_agent(model, tools, system_prompt="Be tidy", name="clerk", **stated)


def tools(done: Done, *names: str) -> list[Any]:
    return [tool(done.tool(name)) for name in names or ("read", "erase", "wire")]


@pytest.fixture
def guard(pipeline: Pipeline, policy: Path) -> Generator[Callable[..., None], None, None]:
    instrumentors: list[Any] = [LangchainInstrumentor(), McpInstrumentor()]

    def guard(**stated: Any) -> None:
        providers = {"tracer_provider": pipeline.tracers, "logger_provider": pipeline.loggers}
        for one in instrumentors:
            one.instrument(settings=settings(policy, **stated), **providers)

    yield guard
    for one in instrumentors:
        one.uninstrument()


async def invoked(graph: Any, given: Any, config: Any = None) -> Any:
    return await asyncio.to_thread(graph.invoke, given, config)


async def ainvoked(graph: Any, given: Any, config: Any = None) -> Any:
    return await graph.ainvoke(given, config)


async def streamed(graph: Any, given: Any, config: Any = None) -> Any:
    return list(graph.stream(given, config, stream_mode="values"))[-1]


async def astreamed(graph: Any, given: Any, config: Any = None) -> Any:
    last = None
    async for kind, last_now in graph.astream(given, config, stream_mode=["messages", "values"]):
        last = last_now if kind == "values" else last
    return last


WAYS = pytest.mark.parametrize("run", [invoked, ainvoked, streamed, astreamed])
TASK = {"messages": [("user", "Tidy up")]}


@WAYS
async def test_what_is_refused_is_not_done_beside_what_is_and_the_agent_goes_on(
    guard: Any, done: Done, pipeline: Pipeline, run: Any
) -> None:
    guard()
    extra = {"additional_kwargs": {"reasoning_content": "Old things."}}
    model = script(wants(("erase", "a"), ("read", "x"), ("erase", "b"), says="I shall.", **extra), "Not allowed")
    result = await run(agent(model, tools(done)), TASK)
    assert result["messages"][-1].content == "Not allowed"
    assert done == ["read x"]
    first, read, second = model.results
    assert first.startswith("erase was refused. The security policy does not allow it: The word erase (block-erase)")
    assert (read, second) == ("read: x is done", first)
    status = [message.status for message in model.shown[-1] if isinstance(message, ToolMessage)]
    assert status == ["error", "success", "error"]
    assert sorted(calls(pipeline)) == [("erase", "rule"), ("erase", "rule"), ("read", "")]
    (root,) = (span for span in pipeline.spans if span.name.startswith("invoke_agent"))
    assert root.name == "invoke_agent clerk"
    assert root.attributes["sentric.task"] == "Tidy up"
    (span,) = named(pipeline, "execute_tool read")
    assert span.parent == "invoke_agent clerk"
    assert span.attributes["sentric.reasoning.thinking"] == "Old things.\nI shall."
    assert span.attributes["gen_ai.tool.call.id"] == "read-x"
    assert "read: x is done" in span.attributes["gen_ai.tool.call.result"]
    heard = [str(span.attributes.get("sentric.messages")) for span in pipeline.spans]
    assert any("Be tidy" in one for one in heard)
    offered = [str(span.attributes.get("sentric.observations")) for span in pipeline.spans]
    assert any("erase something" in one for one in offered)


@WAYS
async def test_an_agent_that_is_shut_down_may_say_so_and_then_ends(guard: Any, done: Done, run: Any) -> None:
    guard()
    obedient = script(wants(("erase", "a"), ("erase", "b"), ("erase", "c")), "I was stopped")
    assert (await run(agent(obedient, tools(done)), TASK))["messages"][-1].content == "I was stopped"
    model = script(wants(*(("erase", str(turn)) for turn in range(3))), wants(("read", "x")), "never said")
    with pytest.raises(ActionBlocked, match="refused") as caught:
        await run(agent(model, tools(done)), TASK)
    assert caught.value.final
    assert len(model.shown) == 2
    assert done == []


@pytest.mark.parametrize("answer", ["approved", "denied"])
@WAYS
async def test_a_person_is_asked_while_other_tools_go_on(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch, answer: str, run: Any
) -> None:
    service = linked(monkeypatch, Service(person=lambda wish: answer, hold=threading.Event()))
    assert service.hold is not None
    guard()
    has_read = threading.Event()

    @tool
    def read(what: str) -> str:
        """Read."""
        done.append("read")
        has_read.set()
        return "done"

    model = script(wants(("wire", "x"), ("read", "y")), "Finished")
    one = agent(model, [*tools(done, "wire"), read])
    ended = asyncio.create_task(asyncio.to_thread(asyncio.run, run(one, TASK)))
    await asyncio.to_thread(service.waiting.wait, 10)
    await asyncio.to_thread(has_read.wait, 10)
    done_before = list(done)
    service.hold.set()
    result = await ended
    assert result["messages"][-1].content == "Finished"
    assert done_before == ["read"]
    assert done == (["read", "wire x"] if answer == "approved" else ["read"])


@pytest.mark.parametrize("kind", ["function", "coroutine"])
async def test_who_is_cancelled_while_a_person_is_asked_takes_the_question_back(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch, kind: str, pipeline: Pipeline
) -> None:
    service = linked(monkeypatch, Service(hold=threading.Event()))
    guard()

    async def wire(what: str) -> str:
        """Wire."""
        done.append("wire")
        return "done"

    made = tool(wire) if kind == "coroutine" else tools(done, "wire")[0]
    call = asyncio.create_task(agent(script(wants(("wire", "x"))), [made]).ainvoke(TASK))
    await asyncio.to_thread(service.waiting.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert service.withdrawn == ["a-0"]
    assert done == []
    (root,) = named(pipeline, "invoke_agent clerk")
    assert root.attributes["error.type"] == "CancelledError"


async def test_a_graph_whose_own_time_for_a_step_is_over_takes_the_question_back(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = linked(monkeypatch, Service(hold=threading.Event()))
    guard()
    one = agent(script(wants(("wire", "x"))), tools(done))
    one.step_timeout = 0.5
    with pytest.raises(TimeoutError):
        await one.ainvoke(TASK)
    assert service.withdrawn == ["a-0"]
    assert done == []


async def test_a_stream_that_nobody_looks_at_any_more_ends_its_run(guard: Any, done: Done, pipeline: Pipeline) -> None:
    guard()
    one = agent(script(wants(("read", "x")), "Finished"), tools(done))
    stream = one.stream(TASK)
    next(stream)
    stream.close()
    (root,) = named(pipeline, "invoke_agent clerk")
    assert root.status == "UNSET"
    assert done == []
    never = agent(script(), tools(done)).stream(TASK)
    del never
    assert len(named(pipeline, "invoke_agent clerk")) == 1


async def test_what_stands_between_two_steps_of_a_stream_is_not_in_the_run(guard: Any, done: Done) -> None:
    from sentric.guard.place import here

    guard()
    one = agent(script(wants(("read", "x")), "Finished"), tools(done))
    assert [here() for _ in one.stream(TASK)] == [None] * 3
    one = agent(script(wants(("read", "x")), "Finished"), tools(done))
    assert [here() async for _ in one.astream(TASK)] == [None] * 3


async def test_tools_outside_of_any_run(guard: Any, done: Done, pipeline: Pipeline) -> None:
    guard()
    read, erase, _ = tools(done)
    assert read.invoke({"what": "x"}) == "read: x is done"
    assert erase.invoke({"what": "x"}).startswith("erase was refused.")
    message = await erase.ainvoke({"type": "tool_call", "id": "1", "name": "erase", "args": {"what": "y"}})
    assert (message.status, message.tool_call_id, message.name) == ("error", "1", "erase")
    assert done == ["read x"]
    assert calls(pipeline) == [("read", ""), ("erase", "rule"), ("erase", "rule")]


class Wiper(BaseTool):
    name: str = "erase_all"
    description: str = "Erase everything."
    response_format: Any = "content_and_artifact"
    done: Any = None

    def _run(self, what: str) -> tuple[str, Any]:
        self.done.append(what)
        return "done", 1


@pytest.mark.parametrize("call_id", ["", "1"])
async def test_every_kind_of_tool(guard: Any, done: Done, call_id: str) -> None:
    guard(agent_id=f"kinds-{call_id}")
    act = done.tool("erase")
    kinds: list[Any] = [
        Wiper(done=done),
        StructuredTool.from_function(act, response_format="content_and_artifact"),
    ]
    if not call_id:
        kinds[1] = Tool(name="erase", description="Erase.", func=act)
    for one in kinds:
        given: Any = {"what": "x"} if not isinstance(one, Tool) else "x"
        given = {"type": "tool_call", "id": call_id, "name": one.name, "args": given} if call_id else given
        for result in (one.invoke(given), await one.ainvoke(given)):
            assert getattr(result, "content", result).startswith(one.name) or "refused" in str(result)
            assert getattr(result, "status", "error") == "error"
    assert done == []


async def test_what_a_graph_adds_to_arguments_is_left_out(guard: Any, done: Done, pipeline: Pipeline) -> None:
    @tool
    def read(what: str, state: Annotated[Any, InjectedState]) -> str:
        """Read."""
        done.append(f"{what} after {len(state['messages'])}")
        return "done"

    guard()
    await invoked(agent(script(wants(("read", "x")), "Finished"), [read]), TASK)
    assert done == ["x after 2"]
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["gen_ai.tool.call.arguments"] == '{"what":"x"}'


class Sent(BaseModel):
    what: str = Field(alias="text")
    to: str = "erase"


class Sender(BaseTool):
    name: str = "send"
    description: str = "Send."
    done: Any = None

    def _run(self, what: str, to: str = "erase") -> str:
        self.done.append(what)
        return "done"


async def test_arguments_that_nobody_states_or_that_a_model_adds_are_judged(
    guard: Any, done: Done, pipeline: Pipeline
) -> None:
    def send(what: str, to: str) -> str:
        """Send."""
        done.append(what)
        return "done"

    @tool
    def hand(what: str, call: Annotated[str, InjectedToolCallId], to: Annotated[Any, InjectedToolArg] = "ann") -> str:
        """Hand over."""
        done.append(f"{what} to {to}")
        return "done"

    def call(name: str, **given: Any) -> Any:
        return {"type": "tool_call", "id": "1", "name": name, "args": given}

    guard(agent_id="arguments")
    by_schema = StructuredTool.from_function(send, name="send", description="Send.", args_schema=Sent)
    assert "refused" in by_schema.invoke(call("send", text="x")).content
    assert "refused" in (await Sender(done=done).ainvoke(call("send", what="x"))).content
    assert done == []
    assert hand.invoke(call("hand", what="x")).content == "done"
    assert done == ["x to ann"]
    span = named(pipeline, "execute_tool hand")[0]
    assert span.attributes["gen_ai.tool.call.arguments"] == '{"what":"x","to":"ann"}'
    assert "refused" in hand.invoke(call("hand", what="x", to=["bob", {"and": "erase"}])).content
    assert done == ["x to ann"]


async def test_only_what_the_caller_gives_is_the_users(guard: Any, done: Done, pipeline: Pipeline) -> None:
    class Shelf(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> Any:
            return [Document("Ducks are birds", metadata={"source": "https://a.example"})]

    model = script(wants(("read", "x")))

    def think(state: Any) -> Any:
        Shelf().invoke("ducks")
        old = ToolMessage("of another layer", tool_call_id="other", name="search")
        prompt = [SystemMessage("Rules"), *state["messages"], HumanMessage("made by a node"), old]
        return {"messages": [model.invoke(prompt)]}

    graph = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("act", ToolNode(tools(done)))
    graph.add_edge(START, "think")
    graph.add_edge("think", "act")
    graph.add_edge("act", END)
    guard()
    given = {"messages": [HumanMessage("I like ducks"), AIMessage("So do I"), {"role": "user", "content": "Tidy up"}]}
    await ainvoked(graph.compile(), given)
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["sentric.task"] == "Tidy up"
    messages = _entries(span.attributes["sentric.messages"])
    assert ("user", "I like ducks") in messages
    assert ("system", "Rules") in messages
    assert ("model", "made by a node") in messages
    seen = span.attributes["sentric.observations"]
    assert "Ducks are birds" in seen
    assert "https://a.example" in seen
    assert "of another layer" in seen


def _entries(encoded: Any) -> list[tuple[str, str]]:
    import json

    return [(entry["author"], entry["text"]) for entry in json.loads(encoded)]


async def test_a_thread_goes_on_with_its_task(guard: Any, done: Done, pipeline: Pipeline) -> None:
    @tool
    def confirm(what: str) -> str:
        """Ask the user."""
        return str(interrupt(what))

    model = script(wants(("confirm", "x")), wants(("read", "y")), "Finished", wants(("read", "z")), "Again")
    one = agent(model, [*tools(done), confirm], checkpointer=MemorySaver())
    guard()
    config = {"configurable": {"thread_id": "t-1"}}
    await ainvoked(one, {"messages": [("user", "Tidy up")]}, config)
    await ainvoked(one, Command(resume="Yes, please"), config)
    await ainvoked(one, {"messages": "Once more"}, config)
    assert done == ["read y", "read z"]
    first, second = named(pipeline, "execute_tool read")
    assert first.attributes["sentric.task"] == "Tidy up"
    asked, answered = named(pipeline, "execute_tool confirm")
    assert (asked.status, answered.status) == ("UNSET", "UNSET"), "an interrupt is no error"
    assert ("user", "Yes, please") in _entries(answered.attributes["sentric.messages"])
    assert second.attributes["sentric.task"] == "Once more"
    assert [text for author, text in _entries(second.attributes["sentric.messages"]) if author == "user"] == [
        "Tidy up",
        "Yes, please",
    ]
    roots = named(pipeline, "invoke_agent clerk")
    assert [root.attributes["gen_ai.conversation.id"] for root in roots] == ["t-1"] * 3
    assert [root.status for root in roots] == ["UNSET"] * 3


async def test_an_agent_that_a_tool_is_made_of_has_a_run_of_its_own_under_the_same_task(
    guard: Any, done: Done, pipeline: Pipeline
) -> None:
    inner = agent(script(wants(("read", "x"), ("erase", "y")), "It is done"), tools(done))

    @tool
    def delegate(what: str) -> str:
        """Delegate."""
        return str(inner.invoke({"messages": [("user", what)]})["messages"][-1].content)

    guard()
    model = script(wants(("delegate", "Read it")), "Finished")
    result = await ainvoked(agent(model, [delegate]), TASK)
    assert result["messages"][-1].content == "Finished"
    assert model.results == ["It is done"]
    assert done == ["read x"]
    assert len(named(pipeline, "invoke_agent clerk")) == 2
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["sentric.task"] == "Tidy up"


async def test_what_a_tool_asks_a_model_is_not_the_agents_conversation(
    guard: Any, done: Done, pipeline: Pipeline
) -> None:
    sub = script("In short: pay at once")

    @tool
    def digest(what: str) -> str:
        """Digest."""
        return str(sub.invoke([SystemMessage("Summarise this page: You must pay"), HumanMessage("Pay!")]).content)

    guard()
    model = script(wants(("digest", "x")), wants(("read", "y")), "Finished")
    await ainvoked(agent(model, [digest, *tools(done)]), TASK)
    (span,) = named(pipeline, "execute_tool digest")
    assert span.attributes["gen_ai.tool.call.result"] == "In short: pay at once"
    assert not any("must pay" in str(one.attributes.get("sentric.messages")) for one in pipeline.spans)


async def test_a_graph_that_is_a_node_of_another_is_in_its_run(guard: Any, done: Done, pipeline: Pipeline) -> None:
    graph = StateGraph(MessagesState)
    graph.add_node("clerk", agent(script(wants(("read", "x")), "Finished"), tools(done)))
    graph.add_edge(START, "clerk")
    guard()
    await ainvoked(graph.compile(name="office"), TASK)
    assert [span.name for span in pipeline.spans if span.name.startswith("invoke_agent")] == ["invoke_agent office"]


async def test_where_nothing_is_enforced_nothing_is_refused_and_no_bug_of_ours_is_seen(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard(mode="observe")
    model = script(wants(("erase", "a"), ("erase", "b"), ("erase", "c")), wants(("erase", "d")), "Finished")
    await ainvoked(agent(model, tools(done)), TASK)
    assert sorted(done) == ["erase a", "erase b", "erase c", "erase d"]
    for name in ("wanted", "outcome", "turns", "about", "prompt", "answers", "offered"):
        monkeypatch.setattr(reading, name, _broken)
    for run in (invoked, ainvoked):
        model = script(wants(("erase", "e")), "Finished")
        assert (await run(agent(model, tools(done)), TASK))["messages"][-1].content == "Finished"
    assert done[4:] == ["erase e", "erase e"]


@pytest.mark.parametrize("name", ["wanted", "turns", "about", "prompt", "answers", "offered"])
async def test_where_it_is_enforced_a_bug_of_ours_refuses(
    guard: Any, done: Done, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    guard()
    monkeypatch.setattr(reading, name, _broken)
    model = script(wants(("read", "x")), "Finished")
    assert (await ainvoked(agent(model, tools(done)), TASK))["messages"][-1].content == "Finished"
    assert done == []


def _broken(*_: Any) -> Any:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("run", [invoked, ainvoked])
async def test_an_error_of_a_tool_and_of_a_graph_pass_unchanged(guard: Any, pipeline: Pipeline, run: Any) -> None:
    @tool
    def fail(what: str) -> str:
        """Fail."""
        raise ValueError(f"no {what}")

    guard()
    with pytest.raises(ValueError, match="no luck"):
        await fail.ainvoke({"what": "luck"})
    with pytest.raises((StopIteration, RuntimeError, StopAsyncIteration)):
        await run(agent(script(), [fail]), TASK)
    (span,) = named(pipeline, "execute_tool fail")
    assert span.attributes["sentric.outcome.error"] == "no luck"
    (root,) = named(pipeline, "invoke_agent clerk")
    assert root.status == "ERROR"


def executor(model: Any, made: Any) -> Any:
    from langchain_core.prompts import ChatPromptTemplate

    agents: Any = pytest.importorskip("langchain.agents")
    if not hasattr(agents, "AgentExecutor"):
        agents = pytest.importorskip("langchain_classic.agents")
    said = [("system", "Be tidy"), ("placeholder", "{chat_history}"), ("user", "{input}")]
    prompt = ChatPromptTemplate.from_messages([*said, ("placeholder", "{agent_scratchpad}")])
    return agents.AgentExecutor(agent=agents.create_tool_calling_agent(model, made, prompt), tools=made)


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream", "astream"])
async def test_the_older_executor_of_agents(guard: Any, done: Done, pipeline: Pipeline, way: str) -> None:
    guard()
    model = script(wants(("erase", "a"), ("read", "x"), says="Hm"), "Not allowed")
    one = executor(model, tools(done))
    given = {"input": "Tidy up", "chat_history": [HumanMessage("I like ducks")]}
    match way:
        case "invoke":
            result = one.invoke(given)
        case "ainvoke":
            result = await one.ainvoke(given)
        case "stream":
            result = list(one.stream(given))[-1]
        case _:
            result = [step async for step in one.astream(given)][-1]
    assert result["output"] == "Not allowed"
    assert done == ["read x"]
    assert sorted(calls(pipeline)) == [("erase", "rule"), ("read", "")]
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["sentric.task"] == "Tidy up"
    assert span.attributes["sentric.reasoning.thinking"] == "Hm"


async def test_a_tool_of_a_server_is_judged_once_and_as_the_servers(guard: Any, done: Done, pipeline: Pipeline) -> None:
    adapters = pytest.importorskip("langchain_mcp_adapters.tools")
    from support.mcp_servers import connected, server

    guard()
    async with connected(server("cabinet", *(done.tool(name) for name in ("read", "erase")))) as session:
        made = await adapters.load_mcp_tools(session)
        model = script(wants(("erase", "a"), ("read", "x")), "Not allowed")
        result = await agent(model, made).ainvoke(TASK)
    assert result["messages"][-1].content == "Not allowed"
    assert done == ["read x"]
    assert calls(pipeline) == [("erase", "rule"), ("read", "")]
    (span,) = named(pipeline, "execute_tool read")
    assert span.attributes["sentric.action.server"] == "cabinet"
    assert span.attributes["sentric.task"] == "Tidy up"
