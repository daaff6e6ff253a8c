"""What happens at each wrapped place of the OpenAI Agents SDK."""

import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from agents.exceptions import AgentsException

from sentric.errors import ActionBlocked
from sentric.events import Author, Reasoning
from sentric.guard.boundary import shielded
from sentric.guard.calls import Wanted, said
from sentric.guard.gate import Gate, Guarded
from sentric.guard.live_run import LiveRun
from sentric.guard.place import here
from sentric.guard.refusal import UNDECIDED, Refusal
from sentric.instrumentors import _openai_agents_reading as reading
from sentric.instrumentors._asking import Asking
from sentric.instrumentors._layer import Wrapped

_failures: ContextVar[list[BaseException] | None] = ContextVar("sentric-failures", default=None)
"""What the function tool that is called now has raised, where the SDK makes a text of it."""


class RunBlocked(ActionBlocked, AgentsException):
    """An agent may do nothing any more: the SDK passes on what is an exception of its own."""

    def __init__(self, refusal: Refusal) -> None:
        ActionBlocked.__init__(
            self, refusal.text, refusal.reason, refusal.decision.value, refusal.rules, final=refusal.final
        )
        self.run_data = None


@dataclass(slots=True)
class Heard:
    """What is kept of a run between its events."""

    reasons: Mapping[str, Reasoning] = field(default_factory=dict[str, Reasoning])
    """Of the calls of this turn."""
    instructions: str = ""
    asking: Asking = field(default_factory=Asking)


class Observer:
    """Watches the agents of the SDK through one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._heard: WeakKeyDictionary[LiveRun, Heard] = WeakKeyDictionary()

    # --- runs ----------------------------------------------------------------------------------------------------

    async def run(self, wrapped: Wrapped, runner: Any, args: Any, kwargs: Any) -> Any:
        """`AgentRunner.run`, which `run_sync` calls too."""
        agent = args[0] if args else kwargs.get("starting_agent")
        given = args[1] if len(args) > 1 else kwargs.get("input")
        with self._running(agent, given, kwargs):
            return await wrapped(*args, **kwargs)

    async def stream(self, wrapped: Wrapped, module: Any, args: Any, kwargs: Any) -> Any:
        """`start_streaming`, the task behind `run_streamed`."""
        with self._running(kwargs.get("starting_agent"), kwargs.get("starting_input"), kwargs):
            return await wrapped(*args, **kwargs)

    @contextmanager
    def _running(self, agent: Any, given: object, options: Mapping[str, Any]) -> Generator[None, None, None]:
        run = self._begin(agent, given, options)
        if run is None:
            yield
            return
        with run.current():
            try:
                yield
            except BaseException as error:
                name = type(error).__qualname__
                run.end(error=said(error) or name, error_type=name)
                self._of(run).asking.give_up()
                raise
        run.end()

    @shielded(None)
    def _begin(self, agent: Any, given: object, options: Mapping[str, Any]) -> LiveRun | None:
        is_root = here() is None
        run = self._gate.begin(lambda: reading.about(agent, given, options, self._gate.framework), subject=agent)
        if run is not None:
            with run.hearing():
                for author, text in reading.history(given):
                    run.message(author if is_root or author is not Author.USER else Author.MODEL, text)
        return run

    # --- turns ---------------------------------------------------------------------------------------------------

    async def instruct(self, wrapped: Wrapped, agent: Any, args: Any, kwargs: Any) -> Any:
        """`Agent.get_system_prompt`."""
        text = await wrapped(*args, **kwargs)
        if (place := here()) is not None and isinstance(text, str):
            heard = self._of(place.run)
            if text != heard.instructions:
                heard.instructions = text
                place.run.message(Author.SYSTEM, text)
        return text

    async def turn(self, wrapped: Wrapped, module: Any, args: Any, kwargs: Any) -> Any:
        """`get_single_step_result_from_response`: a model has answered, and its tools are called in here."""
        if (place := here()) is not None:
            with place.run.hearing():
                self._hear(place.run, kwargs["new_response"].output, kwargs["all_tools"])
        return await wrapped(*args, **kwargs)

    def _hear(self, run: LiveRun, output: Any, tools: Any) -> None:
        run.offer(reading.offered(tools, output))
        for seen in reading.provided(output):
            run.observe(seen)
        text, self._of(run).reasons = reading.thoughts(output)
        if text:
            run.message(Author.MODEL, text)

    def _of(self, run: LiveRun) -> Heard:
        return self._heard.setdefault(run, Heard())

    def _reasons(self, run: LiveRun) -> Mapping[str, Reasoning]:
        return self._of(run).reasons

    # --- function tools ------------------------------------------------------------------------------------------

    async def invoke(self, wrapped: Wrapped, module: Any, args: Any, kwargs: Any) -> Any:
        """`invoke_function_tool`, in which the tool's own time limit runs."""

        def read(run: LiveRun) -> Wanted:
            return reading.wanted(kwargs["function_tool"], kwargs["context"], kwargs["arguments"], self._reasons(run))

        async with self._action(read) as action:
            if action.refusal is not None:
                return _refused(action.refusal, wrapped)
            failures: list[BaseException] = []
            token = _failures.set(failures)
            try:
                result = await wrapped(*args, **kwargs)
            finally:
                _failures.reset(token)
            _finish(action, getattr(result, "output", result) if _tells_more(wrapped) else result, failures)
        return result

    async def failed(self, wrapped: Wrapped, module: Any, args: Any, kwargs: Any) -> Any:
        """`maybe_invoke_function_tool_failure_error_function`: what a tool raised becomes a text, or goes its way."""
        failures, error = _failures.get(), kwargs.get("error")
        text = await wrapped(*args, **kwargs)
        if text is not None and failures is not None and isinstance(error, BaseException):
            failures.append(error)
        return text

    def from_server(self, wrapped: Callable[..., Any], util: Any, args: Any, kwargs: Any) -> Any:
        """`MCPUtil.to_function_tool`."""
        made = wrapped(*args, **kwargs)
        shielded(None)(_remember_server)(made, args, kwargs)
        return made

    # --- tools of the SDK's own ----------------------------------------------------------------------------------

    async def local_shell(self, wrapped: Wrapped, action: Any, args: Any, kwargs: Any) -> Any:
        """`LocalShellAction.execute`: what the executor gives back is all that the model is told."""

        def guarded(tool: Any, call: Any, ended: "Ended") -> None:
            tool.executor = self._executor(tool.executor, "local_shell", ended)

        return await self._native(wrapped, args, kwargs, "local_shell_tool", guarded)

    async def shell(self, wrapped: Wrapped, action: Any, args: Any, kwargs: Any) -> Any:
        """`ShellAction.execute`: an executor that raises has failed, and the model is told what it says."""

        def guarded(tool: Any, call: Any, ended: "Ended") -> None:
            if tool.executor is not None:
                tool.executor = self._executor(tool.executor, str(tool.name), ended, raises=True)

        return await self._native(wrapped, args, kwargs, "shell_tool", guarded)

    async def custom(self, wrapped: Wrapped, action: Any, args: Any, kwargs: Any) -> Any:
        """`CustomToolAction.execute`."""

        def guarded(tool: Any, call: Any, ended: "Ended") -> None:
            invoke = tool.on_invoke_tool

            async def on_invoke(context: Any, given: str) -> Any:
                def read(run: LiveRun) -> Wanted:
                    return reading.wanted(tool, context, {"input": given}, self._reasons(run))

                return await self._held(read, lambda: invoke(context, given), ended, raises=True)

            tool.on_invoke_tool = on_invoke

        return await self._native(wrapped, args, kwargs, "custom_tool", guarded)

    async def apply_patch(self, wrapped: Wrapped, action: Any, args: Any, kwargs: Any) -> Any:
        """`ApplyPatchAction.execute`: each file is an action of its own."""

        def guarded(tool: Any, call: Any, ended: "Ended") -> None:
            named = getattr(call.tool_call, "call_id", None) or ""

            async def edit(change: Callable[..., Any], operation: Any) -> Any:
                def read(run: LiveRun) -> Wanted:
                    return reading.patch(operation, str(tool.name), str(named), self._reasons(run))

                return await self._held(read, lambda: change(operation), ended, refused=_patch_refused)

            tool.editor = _Editor(tool.editor, edit)

        return await self._native(wrapped, args, kwargs, "apply_patch_tool", guarded)

    async def computer(self, wrapped: Wrapped, action: Any, args: Any, kwargs: Any) -> Any:
        """`ComputerAction._execute_action_and_capture`."""
        screen = args[0] if args else kwargs["computer"]
        call = args[1] if len(args) > 1 else kwargs["tool_call"]
        async with self._action(lambda run: reading.computer(call, self._reasons(run))) as done:
            if done.refusal is None:
                picture = await wrapped(*args, **kwargs)
                done.finished()
                return picture
            if done.refusal.final:
                raise RunBlocked(done.refusal)
        return await _result(screen.screenshot())

    def _executor(
        self, executor: Callable[..., Any], tool: str, ended: "Ended", *, raises: bool = False
    ) -> Callable[..., Any]:
        async def guarded(request: Any) -> Any:
            def read(run: LiveRun) -> Wanted:
                return reading.shell(request, tool, self._reasons(run))

            return await self._held(read, lambda: executor(request), ended, raises=raises)

        return guarded

    async def _native(
        self, wrapped: Wrapped, args: Any, kwargs: Any, name: str, guarded: Callable[[Any, Any, "Ended"], None]
    ) -> Any:
        """Call a tool of the SDK's own, with a copy of the tool whose part that acts is guarded."""
        ended = Ended()
        made = await wrapped(*args, **self._with_copy(kwargs, name, guarded, ended))
        if ended.refusal is not None:  # the SDK takes it for a text
            raise RunBlocked(ended.refusal)
        return made

    def _with_copy(
        self, kwargs: Mapping[str, Any], name: str, guarded: Callable[[Any, Any, "Ended"], None], ended: "Ended"
    ) -> Mapping[str, Any]:
        def made() -> Mapping[str, Any]:
            call = kwargs["call"]
            tool = copy(getattr(call, name))
            guarded(tool, call, ended)
            return {**kwargs, "call": replace(call, **{name: tool})}

        found = shielded(None)(made)()
        if found is None and self._gate.enforces:
            raise RunBlocked(UNDECIDED)
        return kwargs if found is None else found

    async def _held(
        self,
        read: Callable[[LiveRun], Wanted],
        act: Callable[[], Any],
        ended: "Ended",
        *,
        raises: bool = False,
        refused: Callable[[str], Any] = str,
    ) -> Any:
        """Act, if it is allowed; else `refused` makes of the text what is given back, unless it is raised."""
        async with self._action(read) as action:
            if action.refusal is not None:
                if action.refusal.final:
                    ended.refusal = action.refusal
                if raises:
                    raise action.refusal.error()
                return refused(action.refusal.text)
            result = await _result(act())
            _finish(action, result)
        return result

    def _action(self, read: Callable[[LiveRun], Wanted]) -> Guarded:
        place = here()
        pause = nullcontext if place is None else self._of(place.run).asking.pause
        return self._gate.action(read, agent=reading.AGENT, pause=pause)


@dataclass(slots=True)
class Ended:
    """Whether the run is over after this tool."""

    refusal: Refusal | None = None


class _Editor:
    """The editor of an `ApplyPatchTool`, each of whose changes goes through `edit`."""

    def __init__(self, editor: Any, edit: Callable[[Callable[..., Any], Any], Any]) -> None:
        self._editor, self._edit = editor, edit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._editor, name)

    def create_file(self, operation: Any) -> Any:
        return self._edit(self._editor.create_file, operation)

    def update_file(self, operation: Any) -> Any:
        return self._edit(self._editor.update_file, operation)

    def delete_file(self, operation: Any) -> Any:
        return self._edit(self._editor.delete_file, operation)


async def _result(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _tells_more(wrapped: Any) -> bool:
    """Whether a function gives back more than what the tool did."""
    return str(getattr(wrapped, "__name__", "")).endswith("_with_metadata")


def _refused(refusal: Refusal, wrapped: Any) -> Any:
    """What a function tool gives back that is not called."""
    if refusal.final:
        raise RunBlocked(refusal)
    if not _tells_more(wrapped):
        return refusal.text
    from agents import tool

    # Its name is private; a tool with a schema of its output has no other way to say that it failed.
    return vars(tool)["_FunctionToolInvocationResult"](refusal.text, is_sdk_generated_error=True)


def _patch_refused(text: str) -> Any:
    from agents.editor import ApplyPatchResult

    return ApplyPatchResult(status="failed", output=text)


@shielded(None)
def _finish(action: Guarded, result: object, failures: Any = ()) -> None:
    action.finished(**reading.outcome(result, failures))


def _remember_server(made: Any, args: Any, kwargs: Any) -> None:
    tool = args[0] if args else kwargs["tool"]
    server = args[1] if len(args) > 1 else kwargs["server"]
    reading.remember_server(made, str(server.name), str(tool.name))
