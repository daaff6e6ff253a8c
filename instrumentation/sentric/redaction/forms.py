"""The forms in which a secret that was seen once may show up again."""

import base64
import codecs
import html
import json
import unicodedata
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter values, in bytes, are replaced only where something beside them says what they are."""
LONGEST_ENCODED = 256
"""Of longer values only the clear and the JSON-escaped form is looked for."""
SHORTEST_DECODED = 10
"""From this length on, in bytes, base32 is found by decoding it."""
_FEWEST_LETTERS = 5
LONGEST = 4096
"""Longer values are not looked for."""


def forms(value: str) -> list[bytes]:
    """The forms of a value that are looked for as they are; what is in an encoding beside them is decoded instead.

    As UTF-8, composed and decomposed (NFC, NFD), JSON-escaped to depth 2, HTML-escaped, percent-encoded once and twice,
    in base64 at each of the three offsets, in hex, backwards, in ROT13; short ones in base32 too, and of six bytes the
    hex digits in pairs. The first and last character of a base64 form mix with their neighbours and are left out.
    """
    raw = value.encode("utf-8", "surrogatepass")
    if not SHORTEST <= len(raw) <= LONGEST:
        return []
    out = [raw, *_json_forms(value), html.escape(value).encode("utf-8", "surrogatepass")]
    if len(raw) <= LONGEST_ENCODED:
        out += [*_percent_forms(raw), *_base64_forms(raw), raw.hex().encode(), raw.hex().upper().encode()]
        out += [value[::-1].encode("utf-8", "surrogatepass"), *_composed_forms(value)]
        out += [codecs.encode(value, "rot13").encode("utf-8", "surrogatepass")] if _letters(raw) else []
        out += _base32_forms(raw) if len(raw) < SHORTEST_DECODED else []
    if len(raw) == SHORTEST:  # too short a row to be decoded
        out += [raw.hex(" ").encode(), raw.hex(":").encode()]
    return [form for form in dict.fromkeys(out) if len(form) >= SHORTEST]


def _letters(raw: bytes) -> bool:
    """Whether there are letters enough for ROT13 to be unlike other codes."""
    return sum(byte | 32 in range(97, 123) for byte in raw) >= _FEWEST_LETTERS


def _composed_forms(value: str) -> list[bytes]:
    if value.isascii():
        return []
    return [unicodedata.normalize(form, value).encode("utf-8", "surrogatepass") for form in ("NFC", "NFD")]


def _base32_forms(raw: bytes) -> list[bytes]:
    """What stays the same of the base32 of a text that holds the value, by the value's offset in it modulo five."""
    out: list[bytes] = []
    for offset in range(5):
        encoded = base64.b32encode(b"\0" * offset + raw).rstrip(b"=")
        kept = encoded[-(-offset * 8 // 5) : len(encoded) - bool((len(raw) + offset) % 5)]
        out += [kept, kept.lower()]
    return out


def _json_forms(value: str) -> list[bytes]:
    once = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (False, True)]
    twice = [json.dumps(text, ensure_ascii=False)[1:-1] for text in once]
    slashed = [once[0].replace("/", "\\/")]  # as PHP writes JSON
    return [text.encode("utf-8", "surrogatepass") for text in once + twice + slashed]


def _percent_forms(raw: bytes) -> list[bytes]:
    encoded = [quote(raw, safe=""), quote(raw), quote_plus(raw)]
    encoded.append(quote(encoded[0], safe=""))
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
