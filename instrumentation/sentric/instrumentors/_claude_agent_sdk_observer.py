"""What happens where a session with Claude Code begins, is served and is closed."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sentric.guard.boundary import report, shielded
from sentric.guard.gate import Gate
from sentric.instrumentors import _claude_agent_sdk_reading as reading
from sentric.instrumentors._claude_agent_sdk_session import Session
from sentric.instrumentors._instrumentor import GuardError
from sentric.instrumentors._layer import Wrapped

PATIENCE = 7 * 24 * 3600
"""Seconds that Claude Code waits for the hook, in which a person may be asked; longer than any approval is open."""


class Observer:
    """Watches sessions through one gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()

    def begin(self, wrapped: Callable[..., None], query: Any, args: Any, kwargs: Any) -> None:
        """`Query.__init__`."""
        session = Session(self._gate)
        try:
            bound = inspect.signature(wrapped).bind(*args, **kwargs)
            self._check()
            given = dict(bound.arguments) | {
                "hooks": self._hooks(session, bound.arguments.get("hooks")),
                "can_use_tool": _permitting(session, bound.arguments.get("can_use_tool")),
                "transport": _Overheard(bound.arguments["transport"], session),
            }
        except GuardError:
            raise
        except Exception as error:
            report(Observer.begin.__qualname__, error)
            if self._gate.enforces:
                raise GuardError("sentric: this session of Claude Code cannot be guarded") from error
            wrapped(*args, **kwargs)
            return
        wrapped(**given)
        self._sessions[query] = session

    async def close(self, wrapped: Wrapped, query: Any, args: Any, kwargs: Any) -> Any:
        """`Query.close`."""
        try:
            return await wrapped(*args, **kwargs)
        finally:
            if (session := self._sessions.pop(query, None)) is not None:
                session.end()

    async def serve(self, wrapped: Wrapped, query: Any, args: Any, kwargs: Any) -> Any:
        """`Query._handle_sdk_mcp_request`: what a tool of this process calls is within the action that was judged.

        With mcp 1 the tool runs in another task, so that what it calls is judged by itself.
        """
        session = self._sessions.get(query)
        called = _called(args, kwargs) if session is not None else None
        if session is None or called is None:
            return await wrapped(*args, **kwargs)
        with session.inside(*called):
            return await wrapped(*args, **kwargs)

    def _check(self) -> None:
        """Where a hook fails or is not heard, older versions of Claude Code call the tool."""
        if self._gate.enforces and not _can_block():
            raise GuardError("sentric: SENTRIC_MODE=enforce needs claude-agent-sdk>=0.2.178: before, hooks fail open")

    def _hooks(self, session: Session, theirs: Any) -> dict[str, list[dict[str, Any]]]:
        """Ours beside theirs. Claude Code runs them side by side, and one that denies is enough."""
        before: dict[str, Any] = {"matcher": None, "hooks": [session.wants]}
        if self._gate.enforces:
            before |= {"timeout": PATIENCE, "on_failure": "block"}
        found: dict[str, list[dict[str, Any]]] = {event: list(matchers) for event, matchers in (theirs or {}).items()}
        held = [
            matcher | {"hooks": [_rewriting(session, hook) for hook in matcher.get("hooks", [])]}
            for matcher in found.get("PreToolUse", [])
        ]
        prompted = {"matcher": None, "hooks": [session.prompted]}
        return found | {
            "PreToolUse": [before, *held],
            "UserPromptSubmit": [prompted, *found.get("UserPromptSubmit", [])],
        }


class _Overheard:
    """The way to Claude Code, with somebody who listens: what it says is heard before it asks the next hook."""

    def __init__(self, transport: Any, session: Session) -> None:
        self._transport, self._session = transport, session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def read_messages(self) -> AsyncIterator[Any]:
        """What Claude Code says."""
        return _overheard(self._transport.read_messages(), self._session)


async def _overheard(messages: AsyncIterator[Any], session: Session) -> AsyncGenerator[Any, None]:
    try:
        async for message in messages:
            session.hear(message)
            yield message
    finally:
        if (close := getattr(messages, "aclose", None)) is not None:
            await close()


def _rewriting(session: Session, hook: Callable[..., Any]) -> Callable[..., Any]:
    """A hook of the program that may change a tool's input: what it makes of it is judged too."""

    async def held(given: Any, call_id: str | None, context: Any) -> Any:
        answer = await hook(given, call_id, context)
        if (instead := reading.changed(answer)) is None:
            return answer
        refusal = await session.refusal(given, call_id, instead)
        return answer if refusal is None else reading.denied(refusal)

    return held


def _permitting(session: Session, can_use_tool: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """The program's own permission callback: what it makes of a tool's input is judged too."""
    if can_use_tool is None:
        return None

    async def held(tool: str, arguments: Any, context: Any) -> Any:
        answer = await can_use_tool(tool, arguments, context)
        instead = getattr(answer, "updated_input", None)
        if instead is None or instead == arguments:
            return answer
        given = {"tool_name": tool, "tool_input": arguments}
        refusal = await session.refusal(given, getattr(context, "tool_use_id", None), instead)
        if refusal is None:
            return answer
        from claude_agent_sdk.types import PermissionResultDeny  # pyright: ignore[reportMissingImports]  # too large to be installed for development

        return PermissionResultDeny(message=refusal.text, interrupt=refusal.final)

    return held


def _can_block() -> bool:
    """Whether this version can be told to hold a tool back where a hook fails."""
    from claude_agent_sdk.types import HookMatcher  # pyright: ignore[reportMissingImports]  # the same

    return "on_failure" in getattr(HookMatcher, "__dataclass_fields__", {})


@shielded(None)
def _called(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]] | None:
    """The server, tool and arguments of a request to a server of this process, where it calls a tool."""
    server, message = (*args, kwargs.get("server_name"), kwargs.get("message"))[:2]
    if reading.mapping(message).get("method") != "tools/call":
        return None
    asked = reading.mapping(reading.mapping(message).get("params"))
    return reading.text(server), reading.text(asked.get("name")), reading.mapping(asked.get("arguments"))
