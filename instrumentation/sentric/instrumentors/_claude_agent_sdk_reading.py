"""What Claude Code says, in our words: the input of hooks, and the messages of its stream, all of them JSON.

Written against claude-agent-sdk 0.2.110 to 0.2.189. Nothing here trusts its shape.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from sentric.events import Reasoning
from sentric.guard.calls import Wanted
from sentric.guard.refusal import Refusal

AGENT = "claude-agent-sdk"
_MCP = "mcp__"


def text(value: object) -> str:
    """A text; "" for whatever is none."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """An object; an empty one for whatever is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def wanted(tool: str, arguments: object, call_id: str, reasoning: str) -> Wanted:
    """A tool that is about to be called. Those of MCP servers are named `mcp__SERVER__TOOL`."""
    server, _, name = tool.removeprefix(_MCP).partition("__") if tool.startswith(_MCP) else ("", "", "")
    return Wanted(
        tool=name or tool,
        arguments=mapping(arguments) if isinstance(arguments, Mapping) else {"input": arguments},
        server=server if name else "",
        call_id=call_id,
        reasoning=Reasoning(thinking=reasoning),
    )


def denied(refusal: Refusal) -> dict[str, Any]:
    """What a `PreToolUse` hook answers when the tool must not be called."""
    answer: dict[str, Any] = {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": refusal.text,
        }
    }
    return answer | ({"continue_": False, "stopReason": refusal.text} if refusal.final else {})


def changed(answer: object) -> object:
    """The input that a hook of the program wants the tool to have instead; None where it leaves it alone."""
    return mapping(mapping(answer).get("hookSpecificOutput")).get("updatedInput")


def blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The parts of a message of the stream."""
    content = mapping(message.get("message")).get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [mapping(block) for block in cast("Iterable[object]", content)] if isinstance(content, list) else []


def said(block: Mapping[str, Any]) -> str:
    """What the model says or thinks in a part of its message."""
    return text(block.get(text(block.get("type")))) if block.get("type") in {"text", "thinking"} else ""


def result(block: Mapping[str, Any]) -> dict[str, str]:
    """How a call ended, as arguments of `GuardedAction.finished`: what the model is shown of it."""
    content = block.get("content")
    if isinstance(content, list):
        parts = [mapping(part) for part in cast("Iterable[object]", content)]
        shown = "\n".join(text(part.get("text")) or f"[{text(part.get('type'))}]" for part in parts)
    else:
        shown = content if isinstance(content, str) else json.dumps(content, default=str)
    return {"error": shown or "failed"} if block.get("is_error") else {"result": shown}


def failure(message: Mapping[str, Any]) -> str:
    """Why a turn failed, "" where it did not: out of the message that ends it."""
    return (text(message.get("result")) or text(message.get("subtype")) or "failed") if message.get("is_error") else ""
