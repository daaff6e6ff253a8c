"""What instrumentations record of a call as a whole: what a function was called with, and what it gave back."""

from collections.abc import Mapping
from typing import Any

from sentric.events import JsonValue
from sentric_analyzer.dialects.messages import messages, text_within
from sentric_analyzer.dialects.parts import NOTHING, Parts
from sentric_analyzer.dialects.values import UNNAMED, arguments_of, parsed, text_of

_LANGCHAIN = frozenset({"input_str", "inputs", "tags", "metadata", "kwargs"})
_FUNCTION = frozenset({"args", "kwargs", "sanitize_inputs_outputs"})
_CALL = frozenset({"type", "args", "id", "name"})
"""All that there is in each wrapping: arguments with a further name are a tool's own."""


def arguments_within(given: Any) -> tuple[dict[str, JsonValue] | None, bool, str]:
    """Arguments of a tool, whether they were cut, and the call's id, out of what its function was called with."""
    call_id = ""
    match parsed(given)[0]:
        case {"inputs": dict(inputs), "input_str": _} as stated if _LANGCHAIN.issuperset(stated):
            given, call_id = inputs, _call_id(stated)
        case {"input_str": str(written)} as stated if _LANGCHAIN.issuperset(stated):
            given, call_id = written, _call_id(stated)
        case {"tool_name": _, "arguments": inner} as stated if len(stated) == 2:  # a client's of MCP
            given = inner
        case {"args": [], "kwargs": dict(named)} as stated if _FUNCTION.issuperset(stated):
            given = named
        case {"args": [*positional], "kwargs": dict(named)} as stated if _FUNCTION.issuperset(stated):
            given = {UNNAMED: positional[0] if len(positional) == 1 else positional, **named}
        case {"type": "tool_call", "args": dict(named)} as stated if _CALL.issuperset(stated):
            given, call_id = named, text_of(stated.get("id"))
        case _:
            pass
    return (*arguments_of(given), call_id)


def _call_id(stated: Mapping[Any, Any]) -> str:
    kwargs = stated.get("kwargs")
    return text_of(kwargs.get("tool_call_id")) if isinstance(kwargs, dict) else ""


def result_within(value: Any) -> str | None:
    """What a tool gave back, as a text; None where that was not recorded."""
    if value is None:
        return None
    found, readable = parsed(value)
    match found:
        case {"result": inner} | {"output": str() | list() | None as inner} if len(found) == 1:
            return text_within(inner)
        case dict() | list() | str() if readable:
            return text_within(found)
        case _:
            return text_within(value)


def dialogue_within(value: Any, role: str) -> Parts:
    """The messages in what a model or an agent was called with (`user`), or gave back (`assistant`).

    Read are lists of messages, requests and responses of OpenAI's two APIs, LangChain's generations and states, and
    plain texts.
    """
    if value is None:
        return NOTHING
    found, readable = parsed(value)
    match found if readable else value:
        case {"args": [*positional], "kwargs": dict(named)}:
            return dialogue_within(named or (positional[0] if len(positional) == 1 else None), role)
        case dict() as whole:
            return messages(_listed(whole, role))
        case str(text):
            return messages([{"role": role, "content": text}]) if text else NOTHING
        case [*told] if all(isinstance(one, dict | list) for one in told):
            return messages(told)
        case [str(text)]:
            return messages([{"role": role, "content": text}])
        case _:
            return NOTHING


def _listed(whole: Mapping[Any, Any], role: str) -> list[Any]:
    """The messages in an object."""
    match whole:
        case {"messages": [*told]} | {"choices": [*told]}:
            return told
        case {"generations": [[{"message": dict(message)}, *_], *_]}:
            return [message]
        case {"output": str() | list() as inner} | {"input": str() | list() as inner}:
            system = [{"role": "system", "content": whole["instructions"]}] if whole.get("instructions") else []
            return [*system, *(inner if isinstance(inner, list) else [{"role": role, "content": inner}])]
        case {"role": str()} | {"lc": _} | {"type": str(), "data": _} | {"message": dict()}:
            return [whole]
        case _:
            texts = [text for text in whole.values() if isinstance(text, str) and text]
            return [{"role": role, "content": texts[0]}] if len(whole) == len(texts) == 1 else []


def offered_in(value: Any) -> list[Any]:
    """The tools that a request offers a model."""
    match parsed(value)[0]:
        case {"tools": [*tools]}:
            return tools
        case _:
            return []
