"""The forms in which a secret that was seen once may show up again."""

import base64
import json
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter values, in bytes, are replaced only where something beside them says what they are."""
LONGEST_ENCODED = 256
"""Of longer values only the clear and the JSON-escaped form is looked for."""
LONGEST = 4096
"""Longer values are not looked for."""


def forms(value: str) -> list[bytes]:
    """A value as UTF-8, JSON-escaped to depth 2, percent-encoded, in base64 at each of the three offsets, and in hex.

    Not: encodings of encodings, base32, reversed, split or compressed. The first and last character of a base64
    form mix with their neighbours and are left out.
    """
    raw = value.encode("utf-8", "surrogatepass")
    if not SHORTEST <= len(raw) <= LONGEST:
        return []
    out = [raw, *_json_forms(value)]
    if len(raw) <= LONGEST_ENCODED:
        out += [*_percent_forms(raw), *_base64_forms(raw), raw.hex().encode(), raw.hex().upper().encode()]
    return [form for form in dict.fromkeys(out) if len(form) >= SHORTEST]


def _json_forms(value: str) -> list[bytes]:
    once = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True)]
    twice = [json.dumps(text, ensure_ascii=False)[1:-1] for text in once]
    return [text.encode("utf-8", "surrogatepass") for text in once + twice]


def _percent_forms(raw: bytes) -> list[bytes]:
    encoded = [quote(raw, safe=""), quote(raw), quote_plus(raw)]
    return [text.encode() for form in encoded for text in (form, _lower_escapes(form))]


def _lower_escapes(form: str) -> str:
    head, *rest = form.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _base64_forms(raw: bytes) -> list[bytes]:
    """What stays the same of the base64 of a text that holds the value, by the value's offset in it modulo three."""
    out: list[bytes] = []
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).rstrip(b"=")
        kept = encoded[(0, 2, 3)[offset] : len(encoded) - bool((len(raw) + offset) % 3)]
        out += [kept, kept.replace(b"+", b"-").replace(b"/", b"_")]
    return out
