"""Where secrets stand in a text, and choosing among finds that overlap."""

from bisect import bisect_right
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from sentric.redaction.checks import site_name

_CONTINUED = 0x80
"""The two highest bits of a byte that continues a character, as UTF-8 writes it."""
_OWN_CHARACTERS = 4
"""A find with fewer letters and digits beside the fingerprints in it holds nothing else that is secret."""


class Certainty(IntEnum):
    """How it is known that something is a secret."""

    CLAIMED = 0
    """By a name beside it, which anybody may have written."""
    FORM = 1
    """By its own form."""
    GIVEN = 2
    """The framework or the user said so."""


class Found(NamedTuple):
    """A secret in a text."""

    start: int
    end: int
    """Byte offsets into the text as UTF-8."""
    kind: str
    value: str
    """The secret itself, without the escapes and separators of this place: what its fingerprint is made of."""
    certainty: Certainty = Certainty.FORM


def joined(found: Iterable[Found]) -> list[Found]:
    """Finds that do not overlap, in order, and cover everything the given ones cover.

    Of the same stretch the first find counts, of one within another the outer one; two that overlap by a part become
    one, with its own text as the value, so that no part of either stays in clear.
    """
    out: list[Found] = []
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        if not out or item.start >= out[-1].end:
            out.append(item)
        elif item.end > out[-1].end:
            out[-1] = out[-1]._replace(end=item.end, value="")
    return out


def apart(found: list[Found], kept: list[tuple[int, int]], data: bytes) -> list[Found]:
    """The finds that are not a part of a kept stretch (a fingerprint), nor little more than such stretches."""
    if not kept:
        return found
    ends = [end for _, end in kept]
    return [item for item in found if _is_apart(item, kept, bisect_right(ends, item.start), data)]


def leaves_site(item: Found, data: bytes) -> bool:
    """Whether a find leaves the name of the site in a URL readable, as all must that were not given.

    Where an agent goes must stay readable, whatever a page claims to be a secret and whatever a site is named like. A
    secret sent as a subdomain is replaced.
    """
    if item.certainty is Certainty.GIVEN or not (site := site_name(data, item.start)):
        return True
    start, end = site
    if item.certainty is Certainty.FORM:
        return item.start < start or item.end > end
    return not start < item.end <= end


def whole_characters(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The least stretch of UTF-8 text that holds a stretch and begins and ends between characters."""
    while start > 0 and start < len(data) and data[start] & 0xC0 == _CONTINUED:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == _CONTINUED:
        end += 1
    return start, end


def _is_apart(item: Found, kept: list[tuple[int, int]], first: int, data: bytes) -> bool:
    own, position = 0, item.start
    while first < len(kept) and kept[first][0] < item.end:
        start, end = kept[first]
        first += 1
        if start < item.start or end > item.end:
            return False
        own += _characters(data[position:start])
        position = end
    return position == item.start or own + _characters(data[position : item.end]) >= _OWN_CHARACTERS


def _characters(data: bytes) -> int:
    return sum(byte > 127 or chr(byte).isalnum() for byte in data[:64])
