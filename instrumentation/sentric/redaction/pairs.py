"""Secrets as the `value` of an object of JSON or YAML text whose `key` or `name` says what they are; parts of forms.

Objects that are given as such are read by the redactor itself; these stand in the text of a page, a file or a result.
"""

from typing import Any

from sentric.redaction.context import accepts, is_label
from sentric.redaction.keys import kind_of_key
from sentric.redaction.patterns import pattern
from sentric.redaction.spans import Certainty, Found

PAIR_GATE = r"\"value\\*\"\s*:|\bvalue:[ \t]|name=\\*\"[A-Za-z0-9_.\[\]-]+\\*\"(?:\r?\n|\\r\\n|\\n)"
"""What is in every text with such an object, list entry or part."""
_OTHER_MEMBER = r"\\*\"[A-Za-z_]+\\*\"\s*:\s*(?:\\*\"[^\"\\]{0,64}\\*\"|[a-z0-9.]{1,16})\s*,\s*"

_pair = pattern(
    r"\"(?:key|name)\\*\"\s*:\s*\\*\"([A-Za-z0-9_. -]{2,64})\\*\"\s*,\s*"
    rf"(?:{_OTHER_MEMBER}){{0,3}}\\*\"value\\*\"\s*:\s*\\*\"([^\"\\\s]+)\\*\""
)
_LINE = r"(?:\r?\n|\\r\\n|\\n)"
# `- name: DB_PASSWORD` and `value: …` on the next line, in YAML.
_entry = pattern(
    rf"\b(?:name|key):[ \t]*(?:\\*[\"'])?([A-Za-z0-9_.-]{{2,64}})(?:\\*[\"'])?[ \t]*{_LINE}[ \t]*value:[ \t]*"
    r"(?:\\*[\"'])?([^\s\"'\\]+)"
)
# A field of a form as multipart/form-data sends it (RFC 7578).
_part = pattern(rf"\bname=\\*\"([A-Za-z0-9_.\[\]-]{{2,64}})\\*\"{_LINE}{_LINE}([^\s\"'\\]+)")


def find_pairs(data: bytes) -> list[Found]:
    """Values of one word behind the name of a secret; in objects with at most three short members between them."""
    return [item for form in (_pair, _entry, _part) for item in _found(form, data)]


def _found(form: Any, data: bytes) -> list[Found]:
    found: list[Found] = []
    position = 0
    while match := form.search(data, position):
        start, position = match.span(2)
        value = data[start:position]
        kind = kind_of_key(match.group(1).decode("ascii"))
        if kind and accepts(value, kind) and not is_label(value):
            found.append(Found(start, position, kind, value.decode("utf-8", "surrogatepass"), Certainty.CLAIMED))
    return found
