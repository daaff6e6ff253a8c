"""How much text a span may carry, so that what leaves the process stays small enough to be accepted.

A page may be written to be lost: characters that take many bytes, escapes or lone surrogates could make a request too
large, or impossible to encode, and the receiver would see nothing at all. So every text passes here.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from sentric.events import JsonValue
from sentric.settings import Settings

REQUEST_BYTES = 4 << 20
"""The largest message a gRPC server takes by default (grpc.max_receive_message_length)."""
BYTES_PER_CHARACTER = 2
"""A text of limit characters may take this many bytes for each, as JSON in UTF-8; denser text is cut shorter."""
NAME_LIMIT = 256
"""Longest name of a tool, model or agent, in characters."""
FIELD_LIMIT = 1024
"""Longest text of a page element, and of an error's summary, in characters."""
DEFINITION_LIMIT = 4096
"""Longest definition of a tool, in characters."""
URL_LIMIT = 4096
"""Longest URL, in characters."""
DEPTH_LIMIT = 16
"""Deepest nesting of arguments."""
ITEM_LIMIT = 1000
"""Most items of one list or object in arguments."""
_TEXTS_OF_A_SPAN = 8
"""Task, arguments, result, error, reasoning, messages, definitions of tools, and what the short fields add up to."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_WORST_EXPANSION = 6
"""Bytes of one character at worst: a control character escaped in JSON."""


def batch_size(settings: Settings) -> int:
    """Most spans to send at once, so that a request of the largest possible spans stays under `REQUEST_BYTES`."""
    characters = settings.page_limit + _TEXTS_OF_A_SPAN * settings.text_limit
    return max(1, REQUEST_BYTES // (BYTES_PER_CHARACTER * characters))


def cut(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` characters and twice as many bytes, and always encodable."""
    text = text[:limit]
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    allowed = BYTES_PER_CHARACTER * limit
    while len(text) * _WORST_EXPANSION > allowed and (taken := _json_bytes(text)) > allowed:
        text = text[: len(text) * allowed // taken]
    return text


def plain(value: object, limit: int, depth: int = 0) -> JsonValue:
    """Any value as JSON data, with its strings, lists and nesting cut to what is worth looking at."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return cut(value, limit)
    if depth >= DEPTH_LIMIT:
        return "…"
    if isinstance(value, Mapping):
        items = list(value.items())[:ITEM_LIMIT]
        return {cut(str(key), NAME_LIMIT): plain(item, limit, depth + 1) for key, item in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, limit, depth + 1) for item in list(cast("list[Any]", value))[:ITEM_LIMIT]]
    return cut(str(value), limit)


def encode(value: JsonValue) -> str:
    """JSON as an attribute's string."""
    return _ENCODER.encode(value)


def fit(arguments: dict[str, JsonValue], limit: int) -> tuple[dict[str, JsonValue], str, bool]:
    """Arguments whose JSON is at most `limit` characters: the arguments, their JSON, and whether they were cut.

    The longest strings give way first, then whole entries from the end; what is left is still valid JSON.
    """
    encoded = encode(arguments)
    whole, longest = _fits(encoded, limit), limit
    kept: dict[str, JsonValue] = arguments
    while not _fits(encoded, limit):
        longest = longest * 4 // 5
        if longest < limit // 8:
            kept = dict(list(kept.items())[: len(kept) // 2])
        kept = cast("dict[str, JsonValue]", plain(kept, max(longest, 1)))
        encoded = encode(kept)
    return kept, encoded, not whole


def _fits(encoded: str, limit: int) -> bool:
    return len(encoded) <= limit and (encoded.isascii() or len(encoded.encode()) <= BYTES_PER_CHARACTER * limit)


def _json_bytes(text: str) -> int:
    return len(_ENCODER.encode(text).encode())
