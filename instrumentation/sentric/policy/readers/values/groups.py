"""The parts of a text that have numbers in groups, or characters one by one: all else is read for neither."""

from functools import lru_cache

import re2

MARGIN = 48
"""Bytes behind a group in which all ends that begins in it."""
BEFORE = 4
"""Bytes in front of a group that tell whether it is one, or the rest of a longer one."""
KEPT = 8
"""Texts remembered as read: several ask for those of one action."""

FORMS = {
    "card": r"\b[2-6][0-9](?:[ -]?[0-9]){11,17}\b",
    "iban": r"\b[a-z]{2}[0-9]{2}(?:[a-z0-9]{11,30}|(?:[ -][a-z0-9]{4}){2,7}(?:[ -][a-z0-9]{1,3})?)\b",
    "ssn": r"\b[0-8][0-9]{2}[ -][0-9]{2}[ -][0-9]{4}\b",
    "phone": r"\+[0-9](?:[ ().-]{0,2}[0-9]){6,14}\b"
    r"|\b[0-9]{3}[ .)-]{1,2}[0-9]{3}[ .-][0-9]{4}\b"
    r"|\b0[0-9]{2,4}[ /-]{1,3}[0-9]{3,4}(?:[ -]?[0-9]{2,4}){1,2}\b",
    "grouped": r"\b[0-9](?:[ .-]?[0-9]){11,}",
    "spaced": r"\b[a-z0-9@](?:[ .,:_-][a-z0-9@.]){5,}",
    "pairs": r"\b[0-9a-f]{2}(?:[ :-][0-9a-f]{2}){5,}",
}
"""What is recognised by its groups: personal numbers, numbers of any length, letters with marks between them, hex."""
_GROUP = re2.compile(f"(?i){'|'.join(FORMS.values())}".encode())
_DIGITS = 7
"""Digits of the shortest number that is recognised."""
_SEPARATORS = b" .,:_-()/"
_SINGLES = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@"
_OF_GROUPS = bytes(b"-"[0] if byte in _SEPARATORS else b".a"[byte in _SINGLES] for byte in range(256))
_OF_DIGITS = bytes(b".0"[bytes([byte]).isdigit()] for byte in range(256))


@lru_cache(maxsize=KEPT)
def groups(text: str) -> str:
    """The parts of a text around its groups, each on a line; "" for none.

    Whatever is recognised by its groups is found in these parts as it is in the text, and nothing more.

    Args:
        text: `readable`.
    """
    raw = text.encode()
    return b"\n".join([raw[start:end] for start, end in _spans(raw)]).decode() if _may_have_groups(raw) else ""


def _may_have_groups(raw: bytes) -> bool:
    """Whether a text has digits enough next to each other, or single characters or pairs of them."""
    if b"0" * _DIGITS in raw.translate(_OF_DIGITS, _SEPARATORS):
        return True
    kinds = raw.translate(_OF_GROUPS)
    return b"-a-a-" in kinds or b"-aa-aa-" in kinds


def _spans(raw: bytes) -> list[tuple[int, int]]:
    """The parts as offsets. Each ends at blanks, so that no group is cut."""
    spans: list[tuple[int, int]] = []
    start = end = 0
    for group in _GROUP.finditer(raw):
        first, last = group.span()
        if first - BEFORE > end and (blank := raw.rfind(b" ", end, first - BEFORE)) >= 0:
            spans.append((start, end))
            start = end = blank + 1
        if last + MARGIN > end:
            blank = raw.find(b" ", last + MARGIN)
            end = blank if blank >= 0 else len(raw)
    return [(start, end) for start, end in (*spans, (start, end)) if end]
