"""What happens at each wrapped place of Pydantic AI."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from pydantic_ai.exceptions import ModelRetry

from sentric.events import Author
from sentric.guard.boundary import shielded
from sentric.guard.calls import Seen, Wanted, said
from sentric.guard.gate import Gate, Guarded
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.instrumentors import _pydantic_ai_reading as reading
from sentric.instrumentors._asking import Asking
from sentric.instrumentors._layer import Wrapped


@dataclass(slots=True)
class Heard:
    """What is kept of a run between its events."""

    is_root: bool
    task: str = ""
    last: object = None
    """The message that was heard last."""
    tools: object = None
    """Those that the model was offered last."""
    instructions: str = ""
    own: set[str] = field(default_factory=set[str])
    """Ids of the calls that were made in the run."""
    asking: Asking = field(default_factory=Asking)


class Observer:
    """Watches Pydantic AI's agents through one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._heard: WeakKeyDictionary[LiveRun, Heard] = WeakKeyDictionary()

    # --- runs ----------------------------------------------------------------------------------------------------

    def iter(self, wrapped: Callable[..., Any], agent: Any, args: Any, kwargs: Any) -> AbstractAsyncContextManager[Any]:
        """`Agent.iter`, through which every run goes."""
        return self._running(wrapped, agent, args, kwargs)

    @asynccontextmanager
    async def _running(
        self, wrapped: Callable[..., Any], agent: Any, args: Any, kwargs: Any
    ) -> AsyncGenerator[Any, None]:
        run = self._begin(agent, args[0] if args else kwargs.get("user_prompt"), kwargs)
        if run is None:
            async with wrapped(*args, **kwargs) as agent_run:
                yield agent_run
            return
        with run.current():
            try:
                async with wrapped(*args, **kwargs) as agent_run:
                    yield agent_run
            except BaseException as error:
                name = type(error).__qualname__
                run.end(error=said(error) or name, error_type=name)
                self._of(run).asking.give_up()
                raise
            with run.hearing():
                self._hear(run, reading.all_messages(agent_run))
        run.end()

    @shielded(None)
    def _begin(self, agent: Any, prompt: object, options: Any) -> LiveRun | None:
        is_root = here() is None
        run = self._gate.begin(lambda: reading.about(agent, prompt, options, self._gate.framework), subject=agent)
        if run is not None:
            with run.hearing():
                self._heard[run] = Heard(is_root, reading.content(prompt))
        return run

    # --- tools ---------------------------------------------------------------------------------------------------

    async def execute(self, wrapped: Wrapped, manager: Any, args: Any, kwargs: Any) -> Any:
        """`ToolManager._raw_execute`, and what it was called before."""

        def read(run: LiveRun) -> Wanted:
            given = _given(args, kwargs)
            return reading.wanted(manager, given, reading.tool_of(manager, given))

        if _is_no_action(manager, args, kwargs):
            return await wrapped(*args, **kwargs)
        self._listen(manager, args, kwargs)
        place = here()
        pause = nullcontext if place is None else self._of(place.run).asking.pause
        async with self._gate.action(read, agent=reading.AGENT, pause=pause) as action:
            if action.refusal is not None:
                if action.refusal.final:
                    raise action.refusal.error()
                return action.refusal.text
            try:
                result = await wrapped(*args, **kwargs)
            except Exception as error:
                _note(action, error)
                raise
            _finish(action, result)
        return result

    async def make(self, wrapped: Wrapped, module: Any, args: Any, kwargs: Any) -> Any:
        """`execute_output_function`, and what it was called before."""

        async def call(function: Any, given: Any, context: Any) -> Any:
            read = partial(reading.output, function, given, context)
            return await self._made(read, lambda: function.call(given, context))

        if args:
            return await wrapped(_Function(args[0], call), *args[1:], **kwargs)
        return await wrapped(**(kwargs | {"function_schema": _Function(kwargs["function_schema"], call)}))

    async def choose(self, wrapped: Wrapped, module: Any, args: Any, kwargs: Any) -> Any:
        """`execute_choice_action`."""
        action = args[0] if args else kwargs.get("action")
        return await self._made(partial(reading.choice, action), lambda: wrapped(*args, **kwargs))

    async def _made(self, read: Callable[[], Wanted], call: Callable[[], Awaitable[Any]]) -> Any:
        place = here()
        pause = nullcontext if place is None else self._of(place.run).asking.pause
        async with self._gate.action(lambda _: read(), agent=reading.AGENT, pause=pause) as action:
            if action.refusal is not None:
                raise action.refusal.error() if action.refusal.final else ModelRetry(action.refusal.text)
            result = await call()
            _finish(action, result)
        return result

    def _listen(self, manager: Any, args: Any, kwargs: Any) -> None:
        """Hear what the model was shown and said up to this call."""
        if (place := here()) is None:
            return
        with place.run.hearing():
            heard = self._of(place.run)
            heard.own.add(reading.call_id(_given(args, kwargs)))
            if heard.tools is not manager.tools:
                heard.tools = manager.tools
                place.run.offer(reading.offered(manager))
            self._hear(place.run, reading.messages(manager))

    def _hear(self, run: LiveRun, all_said: Sequence[Any]) -> None:
        heard = self._of(run)
        new = reading.since(all_said, heard.last)
        if new:
            heard.last = new[-1]
        for message in new:
            for one in reading.told(message, heard.own):
                if isinstance(one, Seen):
                    run.observe(one)
                else:
                    _say(run, heard, *one)

    def _of(self, run: LiveRun) -> Heard:
        return self._heard.setdefault(run, Heard(is_root=False))


class _Function:
    """The schema of a function, each of whose calls goes through `call`."""

    def __init__(self, function: Any, call: Callable[..., Awaitable[Any]]) -> None:
        self._function, self._call = function, call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)

    def call(self, given: Any, context: Any) -> Awaitable[Any]:
        return self._call(self._function, given, context)


def _say(run: LiveRun, heard: Heard, author: Author, text: str) -> None:
    """Let the run hear a message. The task is known, and instructions come again with each request."""
    if author is Author.USER:
        if text == heard.task:
            return
        author = Author.USER if heard.is_root else Author.MODEL
    elif author is Author.SYSTEM:
        if text == heard.instructions:
            return
        heard.instructions = text
    run.message(author, text)


def _given(args: Any, kwargs: Any) -> Any:
    """What is about to be executed: a call whose arguments are validated, or, in old versions, the call."""
    return args[0] if args else kwargs.get("validated", kwargs.get("call"))


@shielded(False)
def _is_no_action(manager: Any, args: Any, kwargs: Any) -> bool:
    return reading.tool_of(manager, _given(args, kwargs)) is None


@shielded(None)
def _finish(action: Guarded, result: object) -> None:
    action.finished(result=reading.text(result))


@shielded(None)
def _note(action: Guarded, error: Exception) -> None:
    """Note what a tool asks the model to do better; what else it raises is noted by itself."""
    if (retry := getattr(error, "tool_retry", None)) is not None:
        action.finished(error=reading.text(retry.content), error_type="ModelRetry")
