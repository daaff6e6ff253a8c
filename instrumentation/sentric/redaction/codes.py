"""The codes of an account's recovery, listed under their heading."""

from sentric.redaction.patterns import START, pattern
from sentric.redaction.spans import Certainty, Found
from sentric.redaction.tokens import has_digit

RECOVERY_GATE = "(?i)(?:recovery|backup|scratch)[ _-](?:code|key)"
"""What is in every text with such a heading."""
_CODE = r"[0-9]{4} [0-9]{4}|[A-Za-z0-9]{4,8}(?:-[A-Za-z0-9]{4,8})+|[A-Za-z0-9]{8,16}"
_GAP = 32
"""Bytes between the heading and a code, and between two codes, at most."""
_LONGEST = 48

_head = pattern(rf"(?i){START}(?:recovery|backup|scratch)[ _-](?:codes?|keys?)\b")
_code = pattern(rf"(?:\\[nrt]|^|[^A-Za-z0-9_./-])({_CODE})(?:$|[^A-Za-z0-9_/-]|\\[nrt])")


def find_recovery_codes(data: bytes) -> list[Found]:
    """Codes with digits behind `Recovery codes:`, as long as one follows the other."""
    found: list[Found] = []
    position = 0
    while head := _head.search(data, position):
        position = last = head.end()
        while code := _code.search(data, position, min(len(data), last + _GAP + _LONGEST)):
            start, end = code.span(1)
            if start > last + _GAP:
                break
            position = end
            if has_digit(data[start:end]):
                last = end
                found.append(Found(start, end, "recovery_code", data[start:end].decode(), Certainty.CLAIMED))
    return found
