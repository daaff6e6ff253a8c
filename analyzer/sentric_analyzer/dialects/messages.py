"""Messages, however instrumentations and the frameworks under them spell them, brought into one form.

The OpenTelemetry GenAI conventions have `{role, parts}` with parts `text`, `reasoning`, `tool_call` and
`tool_call_response`. Beside these are read: `content` as a text or a list; the messages and response items of OpenAI,
the content blocks of Anthropic, of Bedrock (which Strands writes), of Gemini and of the Vercel AI SDK; LangChain's
serialised messages; OpenInference's and OpenLLMetry's nested ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sentric_analyzer.dialects.known import Known, known
from sentric_analyzer.dialects.parts import (
    NOTHING,
    Part,
    Parts,
    Role,
    answered,
    called,
    joined,
    once,
    owned,
    reasoned,
    said,
)
from sentric_analyzer.dialects.values import MAX_DEPTH, arguments_of, parsed, shown, text_of

Message: TypeAlias = Mapping[Any, Any]

_ROLES = {
    "user": Role.USER,
    "human": Role.USER,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "assistant": Role.MODEL,
    "model": Role.MODEL,
    "ai": Role.MODEL,
    "tool-call": Role.MODEL,  # what smolagents writes in place of its calls
}
_WRAPPED = ("message", "message_content", "tool_call")
"""Names under which OpenInference puts each item of a list."""
_AROUND = frozenset({"lc", "data", *_WRAPPED})
"""Of these names every wrapping has one."""
_MEDIA = frozenset(
    {
        *("blob", "file", "uri", "image", "document", "media", "binary", "input_file", "input_image", "input_audio"),
        *("image-url", "audio-url", "video-url", "document-url", "image_url", "audio", "video", "inlineData"),
    }
)
_TEXTS = ("content", "text", "value")
_REASONINGS = ("reasoning_content", "reasoning", "thinking")
"""Names that frameworks give the reasoning beside a message's content."""
_BESIDE = frozenset({*_REASONINGS, "tool_calls", "function_call", "additional_kwargs"})
"""Names of all that may stand beside the content."""
_LONGEST_NAME = 128
"""Characters of names and ids."""
DEEPEST = 4
"""Wrappings that are taken off a message."""
_UNREAD = Parts(readable=False)


def messages(value: Any, *, encoded: bool = False) -> Parts:
    """The parts of a list of messages.

    Args:
        value: the list, one message, or JSON of either.
        encoded: a text of the model that is JSON of a content block is that block.
    """
    if value is None:
        return NOTHING
    before = known(encoded=encoded)
    begun, rest = before.begun(value) if isinstance(value, str) else (NOTHING, value)
    found, readable = parsed(rest)
    if not readable or not isinstance(found, list | dict):
        return Parts(readable=False)
    reading = _Reading(before, encoded=encoded)
    told = reading.several(found) if isinstance(found, list) else [reading.message(found)]
    parts = joined((begun, *told))
    if isinstance(value, str) and isinstance(found, list) and len(parts.items) > 1:
        before.keep(value, parts)
    return parts


def instructions(value: Any) -> Parts:
    """The parts of `gen_ai.system_instructions`: a list of parts, JSON of one, or plain text."""
    found, readable = parsed(value)
    if isinstance(value, str) and not (readable and isinstance(found, list)):
        found = [{"type": "text", "content": value}]
    if found is None:
        return NOTHING
    return messages([{"role": "system", "parts": found}])


def text_within(value: Any) -> str:
    """The text of a result, out of what a framework has wrapped it in; else all of it as JSON.

    What only looks like a wrapping may be what a stranger wrote: nothing that could be read is left out of it.
    """
    if isinstance(value, str):
        return text_of(value)
    match value:
        case (
            {"lc": _, "kwargs": {"content": content}}
            | {"type": "tool", "data": {"content": content}}
            | {"type": "tool", "content": content, "tool_call_id": _}
            | {"output": {"lc": _, "kwargs": {"content": content}}}
            | {"output": {"type": "tool", "data": {"content": content}}}
            | {"output": {"type": "tool", "content": content}}
            | {"type": "text" | "json" | "error-text" | "error-json", "value": content}  # the AI SDK's
            | {"result": str(content)}  # Google's
            | {"output": str(content)}
        ) if not _tells_more(value, [content]):
            return text_within(content)
        case [*items] if items and all(_is_text(item) for item in items):
            texts = [_text_in(item) for item in items]
            return shown(value) if _tells_more(value, texts) else "\n".join(map(shown, texts))
        case _:
            return shown(value)


def _tells_more(value: Any, but: list[Any], depth: int = MAX_DEPTH) -> bool:
    """Whether there is something to read in a value besides some parts of it: more than a name or an id."""
    if any(value is part for part in but):
        return False
    match value:
        case str():
            return len(value) > _LONGEST_NAME or any(map(str.isspace, value))
        case dict() if depth:
            parts = [*value, *value.values()]
            return any(_tells_more(part, but, depth - 1) for part in parts)
        case list() if depth:
            return any(_tells_more(part, but, depth - 1) for part in value)
        case dict() | list():
            return True
        case _:
            return False


class _Reading:
    """Reads messages, but for those that are known."""

    def __init__(self, before: Known, *, encoded: bool) -> None:
        self._before, self._encoded = before, encoded

    def several(self, found: Iterable[Any]) -> Iterator[Parts]:
        """The parts of each message of a list."""
        for message in found:
            match message:
                case dict():
                    yield self.message(message)
                case [str(role), content]:  # LangChain's short form
                    yield self.message({"role": role, "content": content})
                case [*inner] if inner:
                    yield from (self.message(one) if isinstance(one, dict) else _UNREAD for one in inner)
                case _:
                    yield _UNREAD

    def message(self, message: Message) -> Parts:
        """The parts of a message."""
        return self._before.message(message, self._read)

    def _read(self, message: Message) -> Parts:
        if not _AROUND.isdisjoint(message):
            message = _unwrapped(message)
        role = _role(message)
        kept: list[Part] = []
        readable, media = True, False
        for record in _records(message):
            kind, found = self._recognised(role, record)
            if kind in _MEDIA:
                media = True
            elif (read := _KINDS.get(kind)) is None:
                readable = False
            elif part := read(role, found, message):
                kept.append(part)
        if message and not kept and "role" not in message and "type" not in message:
            readable = False  # whatever it is, it is no message
        return Parts(tuple(owned(once(kept))), readable, media)

    def _recognised(self, role: Role, record: Any) -> tuple[str, Message]:
        """What a record is, and what it is without what is around it."""
        if isinstance(record, str):
            record = {"type": "text", "content": record}
        if not isinstance(record, dict):
            return "", {}
        if not _AROUND.isdisjoint(record):
            record = _unwrapped(record)
        kind = _kind(record)
        if self._encoded and kind == "text" and role is Role.MODEL:
            return _decoded(record)
        return kind, record


def _unwrapped(message: Message) -> Message:
    """A message without what a framework has put around it."""
    for _ in range(DEEPEST):
        match message:
            case {"lc": _, "kwargs": dict(inner)}:
                message = inner
            case {"type": str(kind), "data": dict(inner)}:
                message = {"type": kind, **inner}
            case _:
                wrapped = next((message[name] for name in _WRAPPED if isinstance(message.get(name), dict)), None)
                if wrapped is None:
                    return message
                message = wrapped
    return message


def _role(message: Message) -> Role:
    """Whose a message is. An unknown role is nobody's authority."""
    return _ROLES.get(_stated(message, "role") or _stated(message, "type"), Role.TOOL)


def _stated(record: Message, name: str) -> str:
    """A text without its content being looked at; "" for anything else."""
    found = record.get(name)
    return found if isinstance(found, str) else ""


def _records(message: Message) -> Sequence[Any]:
    """What a message is made of, in the order in which a model writes it."""
    if "role" not in message and _stated(message, "type") in _KINDS:
        return (message,)  # an item of a response that stands by itself
    content = _content(message)
    return content if _BESIDE.isdisjoint(message) else _with_sides(message, content)


def _with_sides(message: Message, content: Sequence[Any]) -> list[Any]:
    """The content of a message, with the reasoning and the calls that stand beside it."""
    beside = message.get("additional_kwargs")
    sides = (message, beside) if isinstance(beside, dict) else (message,)
    records: list[Any] = []
    for side in sides:
        stated = (side[name] for name in _REASONINGS if name in side)
        records += ({"type": "reasoning", "content": one} for one in stated if isinstance(one, str) and one)
    records += content
    for side in sides:
        calls = side.get("tool_calls")
        if isinstance(calls, list):
            records += ({**_unwrapped(one), "type": "tool_call"} if isinstance(one, dict) else one for one in calls)
        if isinstance(call := side.get("function_call"), dict):
            records.append({"type": "function_call", **call})
    return records


def _content(message: Message) -> Sequence[Any]:
    content = _not_none(message, "parts", "content", "contents")
    call_id = text_of(message["tool_call_id"]) if "tool_call_id" in message else ""
    if call_id and not (isinstance(content, list) and any(_kind(one) in _RESPONSES for one in content)):
        return ({"type": "tool_call_response", "id": call_id, "response": text_within(content)},)
    if isinstance(content, list):
        return content
    return () if content is None or content == "" else (content,)


def _not_none(record: Message, *names: str) -> Any:
    for name in names:
        if (found := record.get(name)) is not None:
            return found
    return None


def _kind(record: Any) -> str:
    """What a record is: by its type, else by the one name that says so."""
    if not isinstance(record, dict):
        return ""
    if stated := _stated(record, "type"):
        return stated
    return next((name for name in _NAMELESS if record.get(name) is not None), "text" if "text" in record else "")


def _decoded(record: Message) -> tuple[str, Message]:
    """The block that a text is JSON of, and what it is."""
    text = text_of(_text_in(record))
    if text[:1] == "{":
        found, readable = parsed(text)
        if readable and isinstance(found, dict) and (inner := _stated(found, "type")) in _BLOCKS:
            return inner, found
    return "text", record


def _is_text(item: Any) -> bool:
    return isinstance(item, str) or (_kind(item) in ("text", "output_text", "input_text"))


def _text_in(record: Any) -> Any:
    if isinstance(record, str):
        return record
    return _not_none(record, *_TEXTS)


def _text(role: Role, record: Message, message: Message) -> Part:
    if role is Role.MODEL and record.get("thought") is True:  # Gemini's
        return reasoned(text_within(_text_in(record)))
    return said(role, text_within(_text_in(record)), name=text_of(message.get("name")))


def _reasoning(_role: Role, record: Message, _message: Message) -> Part:
    return reasoned(_thought(record))


def _thought(record: Any) -> str:
    """The text of a reasoning, which some give as a summary in pieces."""
    match record:
        case str():
            return text_of(record)
        case [*pieces]:
            return "\n".join(filter(None, map(_thought, pieces)))
        case dict():
            for name in ("thinking", "reasoning", "reasoningText", "summary", *_TEXTS):
                if record.get(name) and (found := _thought(record[name])):
                    return found
        case _:
            pass
    return ""


def _call(_role: Role, record: Message, _message: Message) -> Part | None:
    function = record.get("function")
    stated = function if isinstance(function, dict) else record
    name = _first(stated, "name", "toolName", "tool_name")
    arguments, cut = arguments_of(_given(stated, "arguments", "args", "input"))
    call_id = _first(record, "call_id", "id", "toolCallId", "toolUseId")
    return called(name, call_id, arguments, cut=cut) if name or call_id or arguments else None


def _response(_role: Role, record: Message, message: Message) -> Part:
    name = _first(record, "name", "toolName", "tool_name") or text_of(message.get("name"))
    call_id = _first(record, "call_id", "tool_call_id", "tool_use_id", "toolCallId", "toolUseId", "id")
    given = _given(record, "response", "result", "output", "content")
    if isinstance(given, dict) and given.keys() == {"result"}:  # ADK's
        given = given["result"]
    return answered(call_id, text_within(given), name)


def _inner(name: str, read: "_Read") -> "_Read":
    """Reads what stands under a name."""

    def inner(role: Role, record: Message, message: Message) -> Part | None:
        found = record.get(name, record)
        return read(role, found, message) if isinstance(found, dict) else None

    return inner


def _first(record: Message, *names: str) -> str:
    for name in names:
        if name in record and (found := text_of(record[name])):
            return found
    return ""


def _given(record: Message, *names: str) -> Any:
    for name in names:
        if name in record:
            return record[name]
    return None


_Read: TypeAlias = Callable[[Role, Message, Message], Part | None]
_BLOCKS: Mapping[str, _Read] = {
    "reasoning": _reasoning,
    "thinking": _reasoning,
    "tool_call": _call,
    "tool_use": _call,
    "function_call": _call,
}
_RESPONSES: Mapping[str, _Read] = {
    "tool_call_response": _response,
    "tool_result": _response,
    "tool-result": _response,
    "function_call_output": _response,
    "toolResult": _inner("toolResult", _response),
    "functionResponse": _inner("functionResponse", _response),
    "function_response": _inner("function_response", _response),
}
_NAMELESS: Mapping[str, _Read] = {
    "toolUse": _inner("toolUse", _call),
    "functionCall": _inner("functionCall", _call),
    "function_call": _inner("function_call", _call),
    "reasoningContent": _inner("reasoningContent", _reasoning),
    **{name: _RESPONSES[name] for name in ("toolResult", "functionResponse", "function_response")},
}
"""Records that have no type, but one name that says what they are."""
_KINDS: Mapping[str, _Read] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "refusal": _text,
    "tool-call": _call,
    **_BLOCKS,
    **_RESPONSES,
    **_NAMELESS,
}
