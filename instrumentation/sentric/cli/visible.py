"""Names and texts from files made fit for a terminal: nothing in them can act on it."""

import re

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""What moves the cursor, starts an escape sequence or reorders text; line breaks and tabs are harmless."""


def visible(text: str) -> str:
    """A text in which control characters are named instead of obeyed."""
    return _CONTROLS.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)
