"""Plain functions as tools: refused by an exception, before they run."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import partial, wraps
from typing import Any, TypeVar, cast, overload

from sentric.errors import SentricError
from sentric.guard import process
from sentric.guard.called import Context, checked, is_method, named, told, wanted
from sentric.guard.gate import Guarded
from sentric.guard.streams import Begun, guarded_async_generator, guarded_generator

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")


@overload
def guard(function: F, /) -> F: ...
@overload
def guard(*, agent: str = "", action: str = "", server: str = "", context: Context = None) -> Callable[[F], F]: ...
def guard(
    function: Any = None, /, *, agent: str = "", action: str = "", server: str = "", context: Context = None
) -> Any:
    """Judge every call of a function before it runs. Its signature and its type stay as they are.

        @sentric.guard(agent="shopper", action="send_mail")
        async def send(to: str, text: str) -> str: ...

    It may be a plain or an async function, a generator or an async generator, and a method. What it returns, or raises,
    is recorded. Calling a generator runs nothing, so it is judged when its first item is wanted.

    Args:
        function: the function, where the decorator is used without arguments.
        agent: name of the agent, where the call is in no run: calls of the same agent that follow each other are one.
        action: name of the action; the function's own where it is empty.
        server: the server or toolset that the function belongs to.
        context: what is asserted about the action, such as a ticket: a mapping, or a function of the arguments.

    Raises:
        ActionBlocked: calling the function, when that is refused.
        SettingError: calling the function, where a setting cannot be used and verdicts are to be enforced.
        SentricError: what is decorated is no function, or does not say what its parameters are.
    """
    decorate = partial(_guarded, agent=agent, action=action, server=server, context=context)
    return decorate if function is None else decorate(function)


def call(
    tool: str,
    arguments: Mapping[str, Any],
    fn: Callable[..., R],
    *,
    agent: str = "",
    server: str = "",
    call_id: str = "",
    reasoning: str = "",
    context: Context = None,
) -> R:
    """Call a tool that a model has asked for, when that is allowed: `fn(**arguments)`.

    Args:
        tool: its name, as the model was told it.
        arguments: by name, decoded.
        fn: what does it.
        agent: name of the agent, where the call is in no run.
        server: the server or toolset that the tool belongs to.
        call_id: the model's id of this call.
        reasoning: what the model said about it.
        context: what is asserted about the action: a mapping, or a function of the arguments.

    Returns:
        What `fn` returns.

    Raises:
        ActionBlocked: it is refused; its text is for the model. `fn` was not called.
        SentricError: `tool` or `arguments` are none, `fn` is asynchronous, or a setting cannot be used and verdicts
            are to be enforced.
    """
    if inspect.iscoroutinefunction(fn):
        raise SentricError(f"{tool} is asynchronous: use `await sentric.acall(…)`")
    checked(tool, arguments)
    read = partial(wanted, tool, arguments, server=server, call_id=call_id, reasoning=reasoning, context=context)
    with process.action(lambda _: read(), agent=agent) as action:
        _allowed(action)
        result = fn(**arguments)
        action.finished(told(result))
    return result


@overload
async def acall(
    tool: str,
    arguments: Mapping[str, Any],
    fn: Callable[..., Awaitable[R]],
    *,
    agent: str = "",
    server: str = "",
    call_id: str = "",
    reasoning: str = "",
    context: Context = None,
) -> R: ...
@overload
async def acall(
    tool: str,
    arguments: Mapping[str, Any],
    fn: Callable[..., R],
    *,
    agent: str = "",
    server: str = "",
    call_id: str = "",
    reasoning: str = "",
    context: Context = None,
) -> R: ...
async def acall(
    tool: str,
    arguments: Mapping[str, Any],
    fn: Callable[..., Any],
    *,
    agent: str = "",
    server: str = "",
    call_id: str = "",
    reasoning: str = "",
    context: Context = None,
) -> Any:
    """As `call`, in asynchronous code: other tasks go on while a person is asked. `fn` may be of either sort."""
    checked(tool, arguments)
    read = partial(wanted, tool, arguments, server=server, call_id=call_id, reasoning=reasoning, context=context)
    async with process.action(lambda _: read(), agent=agent) as action:
        _allowed(action)
        result = fn(**arguments)
        if inspect.isawaitable(result):
            result = await result
        action.finished(told(result))
    return result


def _guarded(function: Any, *, agent: str, action: str, server: str, context: Context, is_static: bool = False) -> Any:
    if isinstance(function, staticmethod | classmethod):
        inner = cast("Callable[..., Any]", function.__func__)
        kind = cast("Callable[[Any], Any]", type(cast("object", function)))
        static = isinstance(function, staticmethod)
        return kind(_guarded(inner, agent=agent, action=action, server=server, context=context, is_static=static))
    if not callable(function) or inspect.isclass(function):
        raise SentricError(f"sentric.guard decorates functions and methods, and {function!r} is none")
    signature = _signature(function)
    has_self = not is_static and is_method(function, signature)
    tool = action or getattr(function, "__name__", type(function).__name__)

    def begun(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Guarded:
        arguments = named(signature, args, kwargs, has_self=has_self)
        return process.action(lambda _: wanted(tool, arguments, server=server, context=context), agent=agent)

    if inspect.isgeneratorfunction(function):
        return guarded_generator(function, begun)
    if inspect.isasyncgenfunction(function):
        return guarded_async_generator(function, begun)
    return _guarded_aside(function, begun) if inspect.iscoroutinefunction(function) else _guarded_plain(function, begun)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # of many that are written in C
        raise SentricError(
            f"{function!r} does not say what its parameters are: call it in a function of yours, and guard that"
        ) from None


def _guarded_plain(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with begun(args, kwargs) as action:
            _allowed(action)
            result = function(*args, **kwargs)
            action.finished(told(result))
        return result

    return guarded


def _guarded_aside(function: Callable[..., Any], begun: Begun) -> Callable[..., Any]:
    @wraps(function)
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        async with begun(args, kwargs) as action:
            _allowed(action)
            result = await function(*args, **kwargs)
            action.finished(told(result))
        return result

    return guarded


def _allowed(action: Guarded) -> None:
    if action.refusal is not None:
        raise action.refusal.error()
