"""Attributes as ClickHouse maps of text, and back.

A `Map(LowCardinality(String), String)` holds text only. Any other value is written as the Collector's exporter
writes it (numbers, booleans, lists and maps as JSON, bytes in base64, nothing for no value) and its key is kept
in the row's `Exact` column, so that it can be read back as it was.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

JSON, BYTES = "j", "b"
"""How the text of a value is to be read; plain text where a key is not named."""


def forms(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The keys whose values are not text, with how to read them."""
    return {key: BYTES if type(value) is bytes else JSON for key, value in attributes.items() if type(value) is not str}


def texts(attributes: Mapping[str, Any], other: Mapping[str, str]) -> Mapping[str, str]:
    """Attributes with every value as text; `other` is what `forms` says of them."""
    if not other:
        return attributes
    return {key: text(value) if key in other else value for key, value in attributes.items()}


def text(value: Any) -> str:
    """One value as text."""
    match value:
        case str():
            return value
        case bool() | float() | list() | dict():
            return _encode(value)
        case int():
            return str(value)
        case bytes():
            return _base64(value)
        case None:
            return ""
        case _:
            return str(value)


def values(stored: Mapping[str, str], how: Mapping[str, str]) -> dict[str, Any]:
    """The attributes that `texts` and `forms` were made of. Bytes within lists and maps stay base64."""
    return {key: _value(item, how.get(key)) for key, item in stored.items()}


def _value(stored: str, form: str | None) -> Any:
    if form is None:
        return stored
    try:
        if form == BYTES:
            return base64.b64decode(stored, validate=True)
        return json.loads(stored) if stored else None
    except (ValueError, RecursionError):
        return stored  # not as we write it: text, as the column says


def _base64(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_base64).encode
