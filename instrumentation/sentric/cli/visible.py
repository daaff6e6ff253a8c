"""Names and texts from files made fit for a terminal: nothing in them can act on it."""

import json
import re

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""What moves the cursor, starts an escape sequence or reorders text; line breaks and tabs are harmless."""


def visible(text: str) -> str:
    """A text in which control characters are named instead of obeyed."""
    return _CONTROLS.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)


def as_json(document: object, indent: int | None = None) -> str:
    """JSON in which the same characters are written as escapes: it says the same, and a terminal obeys none of them."""
    written = json.dumps(document, indent=indent, ensure_ascii=False)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
