"""What MCP's objects say, in our words. Written against 1.9.4 to 2.3.0, which names fields in two ways."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from sentric.guard.calls import Wanted
from sentric.guard.refusal import Refusal

AGENT = "mcp"
CALL, READ, PROMPT, LIST, INITIALIZE = "tools/call", "resources/read", "prompts/get", "tools/list", "initialize"
"""Methods of the protocol."""
SERVER_LIMIT = 128
"""Longest name of a server, in characters."""
PARTS_READ = 1000
"""Most parts of a result, and entries of a list, that are read."""


def server_name(info: Any) -> str:
    """What a server calls itself. A slash parts it from its tools' names, so it has none itself."""
    name = str(getattr(info, "name", "") or "")[:SERVER_LIMIT]
    return name.replace("/", "_") or AGENT


def request_of(request: Any) -> tuple[str, Any]:
    """Method and parameters of a request."""
    inner = getattr(request, "root", request)
    return str(getattr(inner, "method", "") or ""), getattr(inner, "params", None)


def wanted(method: str, params: Any, server: str) -> Wanted:
    """A request that is about to be made, as an action."""
    if method == CALL:
        return called(str(params.name), params.arguments, server)
    if method == PROMPT:
        return Wanted(tool="get_prompt", arguments={"name": params.name, **(params.arguments or {})}, server=server)
    uri = str(params.uri)
    return (
        Wanted(tool="read_resource", arguments={"uri": uri}, server=server)
        if (path := _path(uri)) is None
        else (Wanted(tool="read_file_resource", arguments={"uri": uri, "path": path}, server=server))
    )


def called(name: str, arguments: Mapping[str, object] | None, server: str) -> Wanted:
    """A tool that is about to be called."""
    return Wanted(tool=name, arguments=arguments or {}, server=server)


def definitions(result: Any) -> list[tuple[str, str]]:
    """The tools of a list, each its name and the JSON of its definition."""
    return [(str(tool.name), _definition(tool)) for tool in islice(result.tools, PARTS_READ)]


def described(result: Any) -> str:
    """What a list of resources or prompts says of them; "" where it is none."""
    names = ("resources", "prompts", "resourceTemplates", "resource_templates")
    entries = next((found for name in names if (found := getattr(result, name, None))), ())
    return "\n".join(_words(entries))


def outcome(result: Any) -> dict[str, str]:
    """What a request gave back, as arguments of `GuardedAction.finished`."""
    text = text_of(result)
    if getattr(result, "isError", False) or getattr(result, "is_error", False):
        return {"error": text or "error"}
    return {"result": text}


def text_of(result: Any) -> str:
    """The texts of a result, of a resource or of a prompt."""
    parts = getattr(result, "content", None) or getattr(result, "contents", None) or ()
    if messages := getattr(result, "messages", None):
        parts = [message.content for message in islice(messages, PARTS_READ)]
    found = [text for part in islice(_flat(parts), PARTS_READ) if (text := _text(part))]
    structured = getattr(result, "structuredContent", None) or getattr(result, "structured_content", None)
    if structured and not found:
        found.append(json.dumps(structured, ensure_ascii=False, default=str))
    return "\n".join(found)


def asked_of_model(params: Any) -> str:
    """What a server wants a model of the client's to be asked."""
    system = str(getattr(params, "systemPrompt", None) or getattr(params, "system_prompt", None) or "")
    return "\n".join(filter(None, (system, text_of(params))))


def refused(refusal: Refusal) -> Any:
    """The result of a call that is not made. It is an error, so no output schema is applied to it."""
    from mcp import types

    name = "is_error" if "is_error" in types.CallToolResult.model_fields else "isError"
    said: dict[str, Any] = {"content": [types.TextContent(type="text", text=refusal.text)], name: True}
    return types.CallToolResult(**said)


def error(refusal: Refusal) -> Exception:
    """The protocol's error for a request that is not made."""
    from mcp import types
    from mcp.shared import exceptions

    said = types.ErrorData(code=types.INVALID_REQUEST, message=refusal.text)
    newer: Any = getattr(exceptions, "MCPError", None)
    raised: Exception = getattr(exceptions, "McpError")(said) if newer is None else newer.from_error_data(said)  # noqa: B009  # only older versions have it
    return raised


def _definition(tool: Any) -> str:
    stated: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "schema": getattr(tool, "inputSchema", None) or getattr(tool, "input_schema", None),
    }
    output = getattr(tool, "outputSchema", None) or getattr(tool, "output_schema", None)
    hints = getattr(tool, "annotations", None)
    more = {
        "title": getattr(tool, "title", None),
        "output": output,
        "annotations": hints.model_dump(by_alias=True, exclude_none=True, mode="json") if hints is not None else None,
    }
    stated |= {name: value for name, value in more.items() if value}
    return json.dumps(stated, ensure_ascii=False, sort_keys=True, default=str)


def _words(entries: Iterable[Any]) -> Iterator[str]:
    for entry in islice(entries, PARTS_READ):
        named = (getattr(entry, name, None) for name in ("name", "title", "description"))
        yield ": ".join(str(word) for word in named if word)


def _flat(parts: Any) -> Iterator[Any]:
    """Parts, each of which may be several."""
    for part in parts if isinstance(parts, list | tuple) else (parts,):
        if isinstance(part, list | tuple):
            yield from part
        else:
            yield part


def _text(part: Any) -> str:
    if text := getattr(part, "text", None):
        return str(text)
    if resource := getattr(part, "resource", None):
        return str(getattr(resource, "text", "") or "")
    if uri := getattr(part, "uri", None):  # a link
        return ": ".join(str(word) for word in (uri, getattr(part, "description", None)) if word)
    return ""


def _path(uri: str) -> str | None:
    """The path of a file; None where it is none."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    return unquote(parts.path) if parts.scheme == "file" else None
