"""Messages of the GenAI conventions as a flat list of parts.

Read are `{role, parts}` with parts `text`, `reasoning`, `tool_call`, `tool_call_response`, and the spellings that
instrumentations in use give them: `thinking`, `result` for `response`, `content` as a string or a list.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sentric.events import JsonValue
from sentric_analyzer.dialects.values import arguments_of, canonical, objects, parsed, shown, text_of


class Role(StrEnum):
    """Who a part is from, as its message says: a claim, except that what a tool gave back is always the tool's."""

    USER = "user"
    SYSTEM = "system"
    MODEL = "model"
    TOOL = "tool"


class Form(StrEnum):
    """What a part is."""

    TEXT = "text"
    REASONING = "reasoning"
    CALL = "call"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message.

    Attributes:
        name: the tool's name, of a call and sometimes of a response.
        call_id: the model's id of a call, on the call and on its response.
        text: of a text, a reasoning or a response.
        arguments: of a call; None where they were not captured.
        cut: the arguments end in the middle.
        key: equal for the same part told again.
    """

    role: Role
    form: Form
    key: tuple[str, ...]
    text: str = ""
    name: str = ""
    call_id: str = ""
    arguments: dict[str, JsonValue] | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one attribute, in order.

    Attributes:
        readable: everything in the attribute was understood.
        media: it holds files or images, which are not read.
    """

    items: tuple[Part, ...] = ()
    readable: bool = True
    media: bool = False


NOTHING = Parts()

_ROLES = {
    "user": Role.USER,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "assistant": Role.MODEL,
    "model": Role.MODEL,
}
_FORMS = {
    "text": Form.TEXT,
    "reasoning": Form.REASONING,
    "thinking": Form.REASONING,
    "tool_call": Form.CALL,
    "tool_call_response": Form.RESPONSE,
}
_MEDIA = frozenset({"blob", "file", "uri", "image", "image-url", "audio-url", "video-url", "document-url", "binary"})


def messages(value: Any) -> Parts:
    """Parts of `gen_ai.input.messages` or `gen_ai.output.messages`: JSON, or the list itself."""
    found, readable = objects(value)
    parts = _parts((_role(message.get("role")), message) for message in found)
    return parts if readable else replace(parts, readable=False)


def instructions(value: Any) -> Parts:
    """Parts of `gen_ai.system_instructions`: a JSON list of parts, or plain text."""
    found, readable = parsed(value)
    if isinstance(value, str) and not (readable and isinstance(found, list)):
        found = [{"type": "text", "content": value}]
    if found is None:
        return NOTHING
    return _parts([(Role.SYSTEM, {"parts": found})])


def joined(told: Iterable[Parts]) -> Parts:
    """The parts of several attributes as those of one."""
    told = list(told)
    return Parts(
        tuple(part for parts in told for part in parts.items),
        all(parts.readable for parts in told),
        any(parts.media for parts in told),
    )


def _role(value: Any) -> Role:
    """An unknown role is nobody's authority."""
    return _ROLES.get(text_of(value), Role.TOOL)


def _parts(found: Iterable[tuple[Role, dict[Any, Any]]]) -> Parts:
    items: list[Part] = []
    readable, media = True, False
    for role, message in found:
        kept: list[Part] = []
        for record in _records(message):
            if part := _part(role, record, message):
                kept.append(part)
            elif isinstance(record, dict) and text_of(record.get("type")) in _MEDIA:
                media = True
            else:
                readable = False
        items += _owned(kept)
    return Parts(tuple(items), readable, media)


def _records(message: dict[Any, Any]) -> Iterator[Any]:
    content = message.get("parts", message.get("content"))
    if isinstance(content, str):
        yield {"type": "text", "content": content}
    elif isinstance(content, list):
        yield from content
    elif content is not None:
        yield content


def _part(role: Role, record: Any, message: dict[Any, Any]) -> Part | None:
    if isinstance(record, str):
        record = {"type": "text", "content": record}
    if not isinstance(record, dict):
        return None
    form = _FORMS.get(text_of(record.get("type")))
    match form:
        case Form.TEXT | Form.REASONING:
            role = Role.MODEL if form is Form.REASONING else role
            text = shown(record.get("content", record.get("text")))
            return Part(role, form, (role, form, text), text, name=text_of(message.get("name")))
        case Form.CALL:
            return _call(record)
        case Form.RESPONSE:
            return _response(record, message)
        case None:
            return None


def _call(record: dict[Any, Any]) -> Part:
    name, call_id = text_of(record.get("name")), text_of(record.get("id"))
    arguments, cut = arguments_of(record.get("arguments"))
    key = ("call", name, canonical(arguments))  # not its id: some histories give calls ids of their own
    return Part(Role.MODEL, Form.CALL, key, name=name, call_id=call_id, arguments=arguments, cut=cut)


def _response(record: dict[Any, Any], message: dict[Any, Any]) -> Part:
    name, call_id = text_of(record.get("name") or message.get("name")), text_of(record.get("id"))
    text = shown(next((record[key] for key in ("response", "result", "content") if key in record), None))
    return Part(Role.TOOL, Form.RESPONSE, ("response", call_id, text), text, name=name, call_id=call_id)


def _owned(parts: list[Part]) -> Iterable[Part]:
    """A message with a tool's response in it is the tool's, all of it: some have responses under the role user."""
    if not any(part.form is Form.RESPONSE for part in parts):
        return parts
    return [
        replace(part, role=Role.TOOL, key=(Role.TOOL, part.form, part.text)) if part.form is Form.TEXT else part
        for part in parts
    ]
