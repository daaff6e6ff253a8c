"""What happens at each wrapped place of LangChain and LangGraph: their own call, inside a block of a live run."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from sentric.events import Author
from sentric.forks import process_lock
from sentric.guard.boundary import shielded
from sentric.guard.calls import Wanted, said
from sentric.guard.gate import Gate, Guarded
from sentric.guard.live_run import About, LiveRun
from sentric.guard.place import here
from sentric.guard.refusal import Refusal
from sentric.instrumentors import _langchain_reading as reading
from sentric.instrumentors._langchain_conversation import Conversations
from sentric.instrumentors._layer import Wrapped
from sentric.instrumentors._listed import listed

THREADS_LIMIT = 256
"""Most threads of which is remembered what their users have said; the one heard longest ago is forgotten first."""
TURNS_LIMIT = 8
"""Most turns of a thread that are remembered."""
TURN_LIMIT = 4096
"""Longest turn that is remembered, in characters."""

Call = Callable[..., Any]


class Observer:
    """Watches LangChain through one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._conversations = Conversations()
        self._threads: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._lock = process_lock()

    # --- tools -------------------------------------------------------------------------------------------------

    def run_tool(self, wrapped: Call, tool: Any, args: Any, kwargs: Any) -> Any:
        """`BaseTool.run`."""
        given, call_id = _argument(args, kwargs, 0, "tool_input"), str(kwargs.get("tool_call_id") or "")
        with self._action(tool, given, call_id) as action:
            if action.refusal is not None:
                return self._refused(action.refusal, tool, call_id)
            with _interrupted(action):
                result = wrapped(*args, **kwargs)
            self._finished(action, call_id, result)
        return result

    async def arun_tool(self, wrapped: Wrapped, tool: Any, args: Any, kwargs: Any) -> Any:
        """`BaseTool.arun`."""
        given, call_id = _argument(args, kwargs, 0, "tool_input"), str(kwargs.get("tool_call_id") or "")
        return await self._acted(wrapped, tool, (given, call_id), args, kwargs)

    async def ainvoke_tool(self, wrapped: Wrapped, tool: Any, args: Any, kwargs: Any) -> Any:
        """`ainvoke` of tools that a thread may run: it is waited for a person here, where that can be cancelled."""
        call = reading.tool_call(_argument(args, kwargs, 0, "input"))
        return await self._acted(wrapped, tool, call, args, kwargs)

    async def _acted(self, wrapped: Wrapped, tool: Any, call: tuple[Any, str], args: Any, kwargs: Any) -> Any:
        given, call_id = call
        async with self._action(tool, given, call_id) as action:
            if action.refusal is not None:
                return self._refused(action.refusal, tool, call_id)
            with _interrupted(action):
                result = await wrapped(*args, **kwargs)
            self._finished(action, call_id, result)
        return result

    @shielded(None)
    def _finished(self, action: Guarded, call_id: str, result: Any) -> None:
        outcome = reading.outcome(result)
        action.finished(**outcome)
        if not call_id and (place := here()) is not None:
            self._conversations.of(place.run).gave("".join(outcome.values()))

    def _action(self, tool: Any, given: Any, call_id: str) -> Guarded:
        def read(run: LiveRun) -> Wanted:
            wanted = reading.wanted(tool, given, call_id, self._conversations.of(run).called(call_id))
            run.offer(listed.offered(wanted.server, wanted.tool))
            return wanted

        return self._gate.action(read, agent=reading.AGENT)

    def _refused(self, refusal: Refusal, tool: Any, call_id: str) -> Any:
        place = here()
        if refusal.final and place is not None:
            self._conversations.of(place.run).stop(refusal)
        return reading.refused(refusal, tool, call_id)

    # --- models and retrievers -----------------------------------------------------------------------------------

    def ask(self, wrapped: Call, manager: Any, args: Any, kwargs: Any) -> Any:
        """`CallbackManager.on_chat_model_start`."""
        self._asked(args, kwargs)
        return wrapped(*args, **kwargs)

    def ask_for_text(self, wrapped: Call, manager: Any, args: Any, kwargs: Any) -> Any:
        """`on_llm_start` of models that are not chat models, also where it is a coroutine."""
        if (place := here()) is not None:
            self._conversations.of(place.run).let_speak()
        return wrapped(*args, **kwargs)

    async def aask(self, wrapped: Wrapped, manager: Any, args: Any, kwargs: Any) -> Any:
        """`AsyncCallbackManager.on_chat_model_start`."""
        self._asked(args, kwargs)
        return await wrapped(*args, **kwargs)

    def answered(self, wrapped: Call, manager: Any, args: Any, kwargs: Any) -> Any:
        """`on_llm_end`, also where it is a coroutine."""
        self._answered(_argument(args, kwargs, 0, "response"))
        return wrapped(*args, **kwargs)

    def retrieved(self, wrapped: Call, manager: Any, args: Any, kwargs: Any) -> Any:
        """`on_retriever_end`, also where it is a coroutine."""
        self._retrieved(_argument(args, kwargs, 0, "documents"))
        return wrapped(*args, **kwargs)

    def _asked(self, args: Any, kwargs: Any) -> None:
        place = here()
        if place is None:
            return
        conversation = self._conversations.of(place.run)
        conversation.let_speak()
        if place.calls:  # a tool asks it: what it makes of it is the tool's result
            return
        with place.run.hearing():
            place.run.offer(reading.offered(kwargs.get("invocation_params")))
            conversation.shown(place.run, reading.prompt(_argument(args, kwargs, 1, "messages")))

    @shielded(None)
    def _answered(self, response: Any) -> None:
        if (place := here()) is not None and not place.calls:
            with place.run.hearing():
                for message in reading.answers(response):
                    self._conversations.of(place.run).answered(place.run, message)

    @shielded(None)
    def _retrieved(self, found: Any) -> None:
        if (place := here()) is not None:
            with place.run.hearing():
                for seen in reading.documents(found):
                    place.run.observe(seen)

    # --- runs ----------------------------------------------------------------------------------------------------

    def stream(self, wrapped: Call, graph: Any, args: Any, kwargs: Any) -> Any:
        """`Pregel.stream`, which `invoke` goes through too; `AgentExecutor.stream`."""
        return wrapped(*args, **kwargs) if _is_inside() else self._stream(wrapped, graph, args, kwargs)

    def astream(self, wrapped: Call, graph: Any, args: Any, kwargs: Any) -> Any:
        """`Pregel.astream`, which `ainvoke` goes through too; `AgentExecutor.astream`."""
        return wrapped(*args, **kwargs) if _is_inside() else self._astream(wrapped, graph, args, kwargs)

    def call(self, wrapped: Call, executor: Any, args: Any, kwargs: Any) -> Any:
        """`AgentExecutor._call`."""
        if _is_inside() or (run := self._begin(executor, args, kwargs)) is None:
            return wrapped(*args, **kwargs)
        with _ended(run), run.current():
            return wrapped(*args, **kwargs)

    async def acall(self, wrapped: Wrapped, executor: Any, args: Any, kwargs: Any) -> Any:
        """`AgentExecutor._acall`."""
        if _is_inside() or (run := self._begin(executor, args, kwargs)) is None:
            return await wrapped(*args, **kwargs)
        with _ended(run), run.current():
            return await wrapped(*args, **kwargs)

    def _stream(self, wrapped: Call, graph: Any, args: Any, kwargs: Any) -> Iterator[Any]:
        """The steps of a run, each taken in it; between them whoever looks at them is not in the run."""
        run = self._begin(graph, args, kwargs)
        if run is None:
            yield from wrapped(*args, **kwargs)
            return
        with _ended(run), _closed(run, wrapped(*args, **kwargs)) as steps:
            while True:
                with run.current():
                    try:
                        step = next(steps)
                    except StopIteration:
                        return
                yield step

    async def _astream(self, wrapped: Call, graph: Any, args: Any, kwargs: Any) -> AsyncIterator[Any]:
        """The same, asynchronous."""
        run = self._begin(graph, args, kwargs)
        if run is None:
            async for step in wrapped(*args, **kwargs):
                yield step
            return
        with _ended(run):
            async with _aclosed(run, wrapped(*args, **kwargs)) as steps:
                while True:
                    with run.current():
                        try:
                            step = await anext(steps)
                        except StopAsyncIteration:
                            return
                    yield step

    @shielded(None)
    def _begin(self, graph: Any, args: Any, kwargs: Any) -> LiveRun | None:
        """Begin a run."""
        turns = reading.Turns()

        def read() -> About:
            nonlocal turns
            turns, begun = self._read(graph, args, kwargs)
            return begun

        run = self._gate.begin(read)
        if run is not None:
            with run.hearing():
                self._conversations.of(run).said(turns.all)
                for turn in turns.others if here() is None else ():
                    run.message(Author.USER, turn)
        return run

    def _read(self, graph: Any, args: Any, kwargs: Any) -> tuple[reading.Turns, About]:
        turns = reading.turns(_argument(args, kwargs, 0, "inputs" if "inputs" in kwargs else "input"))
        config = _argument(args, kwargs, 1, "config")
        begun = reading.about(graph, config, self._gate.framework)
        if here() is None:
            turns = replace(turns, earlier=self._remembered(begun.conversation, turns.now))
        return turns, replace(begun, task=turns.task)

    def _remembered(self, thread: str, now: tuple[str, ...]) -> tuple[str, ...]:
        """What the users of a thread have said before: its state is kept elsewhere, and others speak in it too."""
        if not thread:
            return ()
        with self._lock:
            earlier = self._threads.pop(thread, ())
            short = [turn for turn in now if len(turn) <= TURN_LIMIT]
            self._threads[thread] = tuple(dict.fromkeys((*earlier, *short)))[-TURNS_LIMIT:]
            if len(self._threads) > THREADS_LIMIT:
                self._threads.popitem(last=False)
        return earlier


def _is_inside() -> bool:
    """Whether the code is in a run already, which goes on; an agent that a tool is made of has a run of its own."""
    place = here()
    return place is not None and not place.calls


@contextmanager
def _interrupted(action: Guarded) -> Generator[None, None, None]:
    """A tool that lets its graph wait for somebody has not failed; it is run once more when the graph goes on."""
    try:
        yield
    except Exception as error:
        if reading.is_interrupt(error):
            action.finished()
        raise


@contextmanager
def _ended(run: LiveRun) -> Generator[None, None, None]:
    """End a run with the block; an error that leaves it goes on its way. Nobody need look at a stream to its end."""
    try:
        yield
    except GeneratorExit:
        run.end()
        raise
    except BaseException as error:
        name = type(error).__qualname__
        run.end(error=said(error) or name, error_type=name)
        raise
    run.end()


@contextmanager
def _closed(run: LiveRun, steps: Iterator[Any]) -> Generator[Iterator[Any], None, None]:
    try:
        yield steps
    finally:
        if (close := getattr(steps, "close", None)) is not None:
            with run.current():
                close()


@asynccontextmanager
async def _aclosed(run: LiveRun, steps: AsyncIterator[Any]) -> AsyncGenerator[AsyncIterator[Any], None]:
    try:
        yield steps
    finally:
        if (close := getattr(steps, "aclose", None)) is not None:
            with run.current():
                await close()


def _argument(args: tuple[Any, ...], kwargs: Any, position: int, name: str) -> Any:
    return args[position] if len(args) > position else kwargs.get(name)
