"""What the objects of the OpenAI Agents SDK say, in our words. Nothing here changes them.

Written against 0.9.0 to 0.24.0; names that only some versions have are looked up with a default.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sentric.events import Author, Reasoning, Source
from sentric.guard.calls import Offered, Seen, Wanted, said
from sentric.guard.live_run import About
from sentric.instrumentors import _written as written

AGENT = "openai-agents"
HISTORY = 64
"""Most turns before the task that are read; the oldest are left out."""
_SERVER = "_sentric_server"
"""Where a function tool that stands for one of an MCP server is told which."""
_PROVIDED = ("file_search_call", "code_interpreter_call", "mcp_call", "shell_call_output")
"""Items that say what a tool at the provider has done."""


def about(agent: Any, given: object, options: Mapping[str, Any], framework: str) -> About:
    """An agent whose run begins.

    Args:
        agent: the one that begins.
        given: what the run was given: a text, items, or the state of one that was interrupted.
        options: of the run.
        framework: its name and version.
    """
    _, task = _split(given)
    return About(
        agent=str(agent.name),
        framework=framework,
        conversation=_conversation(options),
        model=_model(agent.model),
        task=task,
    )


def history(given: object) -> Iterator[tuple[Author, str]]:
    """What was said before the task, as far as the run was given it."""
    before, _ = _split(given)
    for item in before[-HISTORY:]:
        author = _AUTHORS.get(str(_of(item, "role")))
        if author is not None and (text := _content(_of(item, "content"))):
            yield author, text


_AUTHORS = {
    "user": Author.USER,
    "assistant": Author.MODEL,
    "system": Author.SYSTEM,
    "developer": Author.SYSTEM,
}


def _split(given: object) -> tuple[Sequence[object], str]:
    """Items before the user's last turn, and that turn."""
    given = getattr(given, "_original_input", given)
    if isinstance(given, str):
        return (), given
    items = given if isinstance(given, list) else []
    end = len(items)
    while end and _of(items[end - 1], "role") != "user":
        end -= 1
    begin = end
    while begin and _of(items[begin - 1], "role") == "user":
        begin -= 1
    texts = [_content(_of(item, "content")) for item in items[begin:end]]
    return items[:begin], "\n".join(filter(None, texts))


def _conversation(options: Mapping[str, Any]) -> str:
    session, config = options.get("session"), options.get("run_config")
    known = (
        getattr(session, "session_id", None),
        options.get("conversation_id"),
        _of(config, "group_id"),
    )
    return next((str(name) for name in known if name), "")


def _model(model: object) -> str:
    return model if isinstance(model, str) else str(getattr(model, "model", "") or "")


# --- a turn ------------------------------------------------------------------------------------------------------


def thoughts(output: Sequence[object]) -> tuple[str, dict[str, Reasoning]]:
    """What a model said in a turn: its words, where it calls no tool; else its reasoning for each call, by id."""
    reasons: list[str] = []
    calls: list[str] = []
    for item in output:
        kind = str(_of(item, "type"))
        if kind == "reasoning":
            reasons += [_content(_of(item, "summary")), _content(_of(item, "content"))]
        elif kind == "message":
            reasons.append(_content(_of(item, "content")))
        elif call := _of(item, "call_id") or (kind.endswith("_call") and _of(item, "id")):
            calls.append(str(call))
    text = "\n".join(filter(None, reasons))
    return ("" if calls else text), dict.fromkeys(calls, Reasoning(thinking=text))


def provided(output: Sequence[object]) -> Iterator[Seen]:
    """What tools at the provider brought into the model's view, as far as it is told."""
    for item in output:
        kind = str(_of(item, "type"))
        if kind not in _PROVIDED:
            continue
        found = [_of(item, name) for name in ("results", "outputs", "output", "error")]
        if text := "\n".join(filter(None, map(_content, found))):
            name = _named(_of(item, "server_label"), _of(item, "name") or kind.removesuffix("_call"))
            yield Seen(source=Source.TOOL_RESULT, origin=name, text=text)


def offered(tools: Sequence[object], output: Sequence[object]) -> Iterator[Offered]:
    """The tools that a model is offered, those of hosted MCP servers too, as far as they are told."""
    for tool in tools:
        if callable(getattr(tool, "on_invoke_tool", None)):
            server, name = origin(tool)
            yield _offered(server, name, _of(tool, "description"), getattr(tool, "params_json_schema", None))
    for item in output:
        if _of(item, "type") == "mcp_list_tools":
            for tool in _of(item, "tools") or ():
                stated = _of(tool, "description"), _of(tool, "input_schema")
                yield _offered(str(_of(item, "server_label") or ""), str(_of(tool, "name")), *stated)


def _offered(server: str, name: str, description: object, schema: object) -> Offered:
    stated = {"name": name, "description": description, "schema": schema}
    definition = json.dumps(stated, ensure_ascii=False, sort_keys=True, default=str)
    return Offered(origin=_named(server, name), definition=definition)


def _named(server: object, name: object) -> str:
    return f"{server}/{name}" if server else str(name)


# --- a call ------------------------------------------------------------------------------------------------------


def remember_server(tool: Any, server: str, name: str) -> None:
    """Keep with a function tool which tool of an MCP server it stands for."""
    tool.__dict__[_SERVER] = (server, name)


def origin(tool: Any) -> tuple[str, str]:
    """The server of a function tool, "" where it has none, and the tool's name there."""
    server, name = getattr(tool, _SERVER, ("", tool.name))
    return str(server), str(name)


def wanted(tool: Any, context: Any, arguments: object, reasons: Mapping[str, Reasoning]) -> Wanted:
    """A function or custom tool that is about to be called."""
    server, name = origin(tool)
    call = str(getattr(context, "tool_call_id", "") or "")
    return Wanted(
        tool=name,
        server=server,
        call_id=call,
        arguments=written.arguments(arguments),
        reasoning=reasons.get(call, Reasoning()),
    )


def shell(request: Any, tool: str, reasons: Mapping[str, Reasoning]) -> Wanted:
    """Commands that are about to be run on this machine."""
    call = str(_of(request.data, "call_id") or "")
    action = _of(request.data, "action")
    command = _of(action, "commands") or _of(action, "command") or ()
    if not isinstance(command, str):
        joint = "\n" if _of(action, "commands") else " "
        command = joint.join(map(str, command))
    given = {"command": command, "cwd": _of(action, "working_directory"), "env": _of(action, "env")}
    return Wanted(
        tool=tool,
        call_id=call,
        arguments={name: value for name, value in given.items() if value},
        reasoning=reasons.get(call, Reasoning()),
    )


def patch(operation: Any, tool: str, call: str, reasons: Mapping[str, Reasoning]) -> Wanted:
    """A file that is about to be made, changed or deleted."""
    kind, path, diff = str(operation.type), operation.path, operation.diff
    return Wanted(
        tool=kind,
        server=tool,
        call_id=call,
        arguments={"path": path} if diff is None else {"path": path, "diff": diff},
        reasoning=reasons.get(call, Reasoning()),
    )


def computer(call: Any, reasons: Mapping[str, Reasoning]) -> Wanted:
    """What is about to be done on a screen: one action, or several in their order."""
    name = str(_of(call, "call_id") or "")
    actions = [_plain(action) for action in _of(call, "actions") or [_of(call, "action")] if action is not None]
    one = actions[0] if len(actions) == 1 else {"actions": actions}
    return Wanted(
        tool=str(one.pop("type", "computer")),
        server="computer",
        call_id=name,
        arguments=one,
        reasoning=reasons.get(name, Reasoning()),
    )


def _plain(action: Any) -> dict[str, Any]:
    return dict(action) if isinstance(action, Mapping) else action.model_dump(exclude_none=True)


def outcome(result: object, failures: Sequence[BaseException] = ()) -> dict[str, str]:
    """What a tool gave back, as arguments of `GuardedAction.finished`."""
    if not failures:
        return {"result": _content(result)}
    error = failures[-1]
    kind = type(error).__qualname__
    return {"error": said(error) or kind, "error_type": kind}


# --- texts -------------------------------------------------------------------------------------------------------


def _of(item: object, name: str) -> Any:
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def _content(content: object) -> str:
    """The texts in what a message, a tool's result or a list of such parts holds."""
    if isinstance(content, str) or content is None:
        return content or ""
    if isinstance(content, list | tuple):
        return "\n".join(filter(None, map(_part, content)))
    return _part(content)


def _part(part: object) -> str:
    for name in ("text", "refusal", "logs", "transcript", "stdout"):
        if isinstance(text := _of(part, name), str) and text:
            return text
    if _of(part, "type") in ("input_image", "image", "input_file", "file", "output_image", "input_audio"):
        return ""
    return part if isinstance(part, str) else str(part)
