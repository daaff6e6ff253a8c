"""What Pydantic AI's objects say, in our words. Nothing here changes them.

Written against 1.0.0 to 2.68.0; names that only some versions have are looked up with a default.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic_core import to_jsonable_python

from sentric.events import Author, Reasoning, Source
from sentric.guard.calls import Offered, Seen, Wanted
from sentric.guard.live_run import About
from sentric.instrumentors import _written as written

AGENT = "pydantic-ai"
HISTORY = 64
"""Most messages that are read at once; the oldest are left out."""
_ELSEWHERE = ("output", "external")
"""Kinds of tools that are no action of the agent, or are not done here."""
_PROVIDED = ("builtin-tool-return", "native-tool-return")
_SERVERS = ("MCPServer", "MCPToolset", "FastMCPToolset")
"""Toolsets that stand for an MCP server."""


def about(agent: Any, prompt: object, options: Mapping[str, Any], framework: str) -> About:
    """An agent whose run begins."""
    conversation = options.get("conversation_id") or getattr(options.get("conversation"), "id", None)
    return About(
        agent=str(agent.name or AGENT),
        framework=framework,
        conversation=str(conversation or ""),
        model=_model(options.get("model") or agent.model),
        task=content(prompt),
    )


def _model(model: object) -> str:
    return model if isinstance(model, str) else str(getattr(model, "model_name", "") or "")


# --- what was said -----------------------------------------------------------------------------------------------


def messages(manager: Any) -> Sequence[Any]:
    """All that was said so far in the run of a tool manager."""
    found = getattr(manager.ctx, "messages", None)
    return found if isinstance(found, list) else []


def all_messages(agent_run: Any) -> Sequence[Any]:
    """All that was said in a run, or was given to it."""
    found = agent_run.ctx.state.message_history
    return found if isinstance(found, list) else []


def since(all_said: Sequence[Any], last: object) -> Sequence[Any]:
    """Messages after the last one that was heard, but no more than `HISTORY`."""
    recent = all_said[-HISTORY:]
    for index in range(len(recent) - 1, -1, -1):
        if recent[index] is last:
            return recent[index + 1 :]
    return recent if last is None else recent[-1:]  # else a program of its own has rewritten what was said


def told(message: Any, own: frozenset[str] | set[str]) -> Iterator[tuple[Author, str] | Seen]:
    """What a message says, in its order.

    Args:
        message: a request to the model, or its answer.
        own: ids of the calls whose results are heard already.
    """
    if instructions := getattr(message, "instructions", None):
        yield Author.SYSTEM, str(instructions)
    for part in message.parts:
        kind, said = str(part.part_kind), getattr(part, "content", None)
        if kind == "system-prompt":
            yield Author.SYSTEM, content(said)
        elif kind == "user-prompt":
            yield Author.USER, content(said)
        elif kind in _PROVIDED or (kind == "tool-return" and str(part.tool_call_id) not in own):
            yield Seen(source=Source.TOOL_RESULT, origin=str(part.tool_name), text=text(said))
        elif kind == "text" and not _calls(message) & own:
            yield Author.MODEL, content(said)


def _calls(message: Any) -> set[str]:
    return {str(part.tool_call_id) for part in message.parts if str(part.part_kind) == "tool-call"}


def content(prompt: object) -> str:
    """The words of a prompt; its pictures and files say nothing."""
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, list | tuple):
        return ""
    found = (part if isinstance(part, str) else getattr(part, "content", None) for part in prompt)
    return "\n".join(part for part in found if isinstance(part, str) and part)


def offered(manager: Any) -> Iterator[Offered]:
    """The tools that a model is offered."""
    for tool in list((manager.tools or {}).values()):
        server, name = _origin(tool)
        stated = tool.tool_def
        definition = {"name": name, "description": stated.description, "schema": stated.parameters_json_schema}
        yield Offered(
            origin=f"{server}/{name}" if server else name,
            definition=json.dumps(definition, ensure_ascii=False, sort_keys=True, default=str),
        )


# --- a call ------------------------------------------------------------------------------------------------------


def tool_of(manager: Any, wanted: Any) -> Any:
    """The tool that is about to be called; None where nothing is done here: it is unknown, or no action."""
    if hasattr(wanted, "call"):
        tool = wanted.tool if wanted.args_valid and getattr(wanted, "deferral", None) is None else None
    else:
        tool = (manager.tools or {}).get(wanted.tool_name)
    return None if tool is None or tool.tool_def.kind in _ELSEWHERE else tool


def wanted(manager: Any, given: Any, tool: Any) -> Wanted:
    """A tool that is about to be called."""
    call = getattr(given, "call", given)
    server, name = _origin(tool)
    arguments = getattr(given, "validated_args", None)
    return Wanted(
        tool=name,
        server=server,
        call_id=str(call.tool_call_id),
        arguments=written.arguments(call.args if arguments is None else _plain(arguments)),
        reasoning=Reasoning(thinking=_reasons(messages(manager), str(call.tool_call_id))),
    )


def output(function: Any, given: object, context: Any) -> Wanted:
    """A function that is about to make an output, by its schema."""
    call, single = str(context.tool_call_id or ""), getattr(function, "single_arg_name", None)
    return Wanted(
        tool=_name(function.function),
        call_id=call,
        arguments=written.arguments(_plain({single: given} if single else given)),
        reasoning=Reasoning(thinking=_reasons(context.messages or [], call)),
    )


def choice(action: object) -> Wanted:
    """What a model has chosen is about to be done."""
    if not isinstance(action, partial):
        return Wanted(tool=_name(action), arguments={})
    given = ({"args": action.args} if action.args else {}) | action.keywords
    return Wanted(tool=_name(action.func), arguments=written.arguments(_plain(given)))


def _name(function: object) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)


def call_id(given: Any) -> str:
    """The id of a call."""
    return str(getattr(given, "call", given).tool_call_id)


def _reasons(said: Sequence[Any], call: str) -> str:
    """What the model thought and said with a call."""
    for message in reversed(said[-HISTORY:]):
        if call in _calls(message):
            parts = [part for part in message.parts if str(part.part_kind) in ("thinking", "text")]
            return "\n".join(str(part.content) for part in parts if part.content)
    return ""


def _origin(tool: Any) -> tuple[str, str]:
    """The MCP server of a tool, "" where it is of none, and its name there."""
    name, toolset = str(tool.tool_def.name), tool.toolset
    while (inner := getattr(toolset, "wrapped", None)) is not None:
        if isinstance(prefix := getattr(toolset, "prefix", None), str):
            name = name.removeprefix(f"{prefix}_")
        toolset = inner
    if not any(kind.__name__ in _SERVERS for kind in type(toolset).__mro__):
        return "", str(tool.tool_def.name)
    if isinstance(prefix := getattr(toolset, "tool_prefix", None), str):
        name = name.removeprefix(f"{prefix}_")
    return str(getattr(toolset, "id", None) or type(toolset).__name__), name


def text(result: object) -> str:
    """What a tool gave back, as text."""
    value = getattr(result, "return_value", result)
    if isinstance(value, str) or value is None:
        return value or ""
    return json.dumps(_plain(value), ensure_ascii=False, default=str)


def _plain(value: object) -> Any:
    return to_jsonable_python(value, serialize_unknown=True, bytes_mode="base64")
