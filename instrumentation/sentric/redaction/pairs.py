"""Secrets as the `value` of an object of JSON text whose `key` or `name` says what they are.

Objects that are given as such are read by the redactor itself; these stand in the text of a page, a file or a result.
"""

from sentric.redaction.context import accepts, is_label
from sentric.redaction.keys import kind_of_key
from sentric.redaction.patterns import pattern
from sentric.redaction.spans import Certainty, Found

PAIR_GATE = r"\"value\\*\"\s*:"
"""What is in every text with such an object."""
_OTHER_MEMBER = r"\\*\"[A-Za-z_]+\\*\"\s*:\s*(?:\\*\"[^\"\\]{0,64}\\*\"|[a-z0-9.]{1,16})\s*,\s*"

_pair = pattern(
    r"\"(?:key|name)\\*\"\s*:\s*\\*\"([A-Za-z0-9_. -]{2,64})\\*\"\s*,\s*"
    rf"(?:{_OTHER_MEMBER}){{0,3}}\\*\"value\\*\"\s*:\s*\\*\"([^\"\\\s]+)\\*\""
)


def find_pairs(data: bytes) -> list[Found]:
    """Values of one word that stand behind the name of a secret, with at most three short members between them."""
    found: list[Found] = []
    position = 0
    while match := _pair.search(data, position):
        start, position = match.span(2)
        value = data[start:position]
        kind = kind_of_key(match.group(1).decode("ascii"))
        if kind and accepts(value, kind) and not is_label(value):
            found.append(Found(start, position, kind, value.decode("utf-8", "surrogatepass"), Certainty.CLAIMED))
    return found
