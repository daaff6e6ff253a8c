"""Reading attribute values that anyone may have written: wrong types, deep JSON, numbers without end."""

import ast
import json
import math
from typing import Any

from pydantic_core import from_json

from sentric.events import JsonValue
from sentric_analyzer.spans import Span

MAX_DEPTH = 24
"""Levels of nesting kept of a value; deeper parts are replaced by a mark."""
TOO_DEEP = "(nested too deeply)"
LONGEST_TIME = 2**63 - 1
"""Unix nanoseconds that fit a signed 64-bit integer, as storage needs."""
_LONGEST_INT = 2**63 - 1
LONGEST_LITERAL = 1 << 16
"""Characters of Python's own writing that are read: parsing it takes a hundred times its size."""
_RESPONSE_ID = "resp_"
_to_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
_BEGINNINGS = frozenset('{["-0123456789tfnNI \t\n\r')
"""Characters that JSON, as Python reads it, may begin with: most texts that are none are told by their first."""
UNNAMED = "input"
"""Name of the one argument of which nobody says the name."""


def text_of(value: object) -> str:
    """A string as valid Unicode; "" for anything else."""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON may escape and UTF-8 may not hold
        return value.encode("utf-8", "replace").decode()
    return value


def attribute(span: Span, *names: str) -> str:
    """The first of these attributes that is a string with something in it."""
    found = span.attributes
    for name in names:
        if name in found and (told := text_of(found[name])):
            return told
    return ""


def conversation_in(span: Span, *names: str) -> str:
    """The conversation a span says it belongs to; not the id of a response, which some give and which changes."""
    found = span.attributes
    for name in names:
        if name in found and is_conversation(told := text_of(found[name])):
            return told
    return ""


def is_conversation(stated: str) -> bool:
    """Whether that is the name of a conversation: responses of OpenAI's API have ids of their own."""
    return bool(stated) and not stated.startswith(_RESPONSE_ID)


def moment(value: int) -> int:
    """A time that fits where times are kept."""
    return value if 0 <= value <= LONGEST_TIME else min(max(value, 0), LONGEST_TIME)


def count_of(value: object) -> int:
    """A number of things, such as tokens; 0 for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 < value <= _LONGEST_INT else 0


def number_of(value: object) -> int:
    """A number of things, which some write as a text; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:
        return int(value)
    return count_of(value)


def plain(value: Any, depth: int = MAX_DEPTH) -> JsonValue:
    """A value as JSON can hold it: bounded in depth, numbers finite and of 64 bits, strings valid."""
    if isinstance(value, str):  # by far the most are
        return text_of(value)
    match value:
        case None | bool():
            return value
        case int():
            return value if -_LONGEST_INT <= value <= _LONGEST_INT else hex(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes():
            return value.hex()
        case list() | tuple() if depth:
            return [plain(item, depth - 1) for item in value]
        case set() | frozenset() if depth:  # in Python's own writing
            return [plain(item, depth - 1) for item in sorted(value, key=repr)]
        case dict() if depth:
            return {_name(key): plain(item, depth - 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() | dict():
            return TOO_DEEP
        case _:
            return str(value)


def _name(key: Any) -> str:
    """A key as JSON can hold it: Python's own writing has others than texts."""
    return text_of(key) if isinstance(key, str) else shown(key)


def parsed(value: Any) -> tuple[Any, bool]:
    """The value a JSON string stands for, and whether it could be read; other values stand for themselves."""
    if not isinstance(value, str):
        return value, True
    if value[:1] not in _BEGINNINGS:
        return value, False
    try:
        return from_json(value), True
    except (ValueError, TypeError):
        return _parsed_patiently(value)


def _parsed_patiently(value: str) -> tuple[Any, bool]:
    """The same by Python's own parser, which reads more: half of a surrogate pair, and more levels of nesting."""
    try:
        return json.loads(value), True
    except (ValueError, RecursionError):
        return value, False


def read(value: str) -> tuple[Any, bool]:
    """What a text stands for that is JSON, or Python's own writing of an object or a list; and whether it is either."""
    found, readable = parsed(value)
    if readable or value.lstrip()[:1] not in ("{", "[") or len(value) > LONGEST_LITERAL:
        return found, readable
    try:
        return ast.literal_eval(value.strip()), True
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return value, False


def arguments_of(value: Any) -> tuple[dict[str, JsonValue] | None, bool]:
    """Arguments of a call, and whether they were cut.

    Args:
        value: a JSON object as a string, or one as Python writes it, an object, or what else an instrumentation puts
            there.

    Returns:
        None where nothing was captured. What is not an object stands under the name `UNNAMED`.
    """
    if value is None:
        return None, False
    found, readable = read(value) if isinstance(value, str) else (value, True)
    stated = plain(found)
    if isinstance(stated, dict):
        return stated, False
    if stated is None or stated == "":
        return {}, False
    return {UNNAMED: stated}, not readable and value.lstrip()[:1] == "{"


def shown(value: Any) -> str:
    """A value as the text a model is shown; "" for None."""
    if isinstance(value, str):
        return text_of(value)
    return "" if value is None else json.dumps(plain(value), ensure_ascii=False)


def canonical(value: Any) -> str:
    """The same text for the same JSON value, whatever the order of its keys."""
    return ordered(plain(value))


def ordered(value: JsonValue) -> str:
    """A value that is plain in its canonical form."""
    return _to_json(value)


def objects(value: Any) -> tuple[list[dict[Any, Any]], bool]:
    """The objects of a list, given as such or as JSON, and whether everything in it could be read."""
    if value is None:
        return [], True
    found, readable = parsed(value)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not readable:
        return [], False
    kept = [item for item in found if isinstance(item, dict)]
    return kept, len(kept) == len(found)


def error_of(span: Span) -> str:
    """What a span says went wrong; "" where nothing did.

    The sources, in order: `error.type` with the status message, an `exception` event, the bare status.
    """
    kind, message = attribute(span, "error.type"), text_of(span.status_message)
    failed = span.status_code == 2  # STATUS_CODE_ERROR of opentelemetry-proto
    if not failed and not kind:
        return ""
    for event in span.events:
        if event.name == "exception":
            kind = kind or text_of(event.attributes.get("exception.type"))
            message = message or text_of(event.attributes.get("exception.message"))
    return ": ".join(filter(None, (kind, message))) or "error"
