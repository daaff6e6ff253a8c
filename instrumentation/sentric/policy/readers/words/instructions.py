"""Passages of a text that tell an agent what to do."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from sentric.policy.readers.words.glance import glance
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.signs import ADDRESS, DECISIVE, DEMAND

LEAD = 160
"""Characters before a sign of instruction that belong to its passage."""
REACH = 640
"""Characters after it."""
PASSAGES_LIMIT = 32
"""Passages told apart in one text."""
PLACES_LIMIT = 32
"""Places of one sign that are looked at in one text."""

_STRONG = Patterns(DECISIVE | ADDRESS)
_DEMANDS = Patterns(DEMAND)
_Sign = tuple[int, int, str]
"""Where a sign begins and ends, and its name."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text that tells an agent what to do."""

    text: str
    at: int
    """Where its first sign begins, within the text it was found in."""
    start: int
    """The same, within `text`."""
    signs: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    """Where its signs are, within `text`."""


@lru_cache(maxsize=8)
def passages(text: str) -> tuple[Passage, ...]:
    """The instruction-like passages of a text.

    Args:
        text: as `readable` returns it.
    """
    strong = _strong(text)
    demands = _DEMANDS.matching(text) if strong else []  # they tell nothing by themselves
    if not _suffices([*strong, *demands]):
        return ()
    places = sorted([*_places(_STRONG, strong, text), *_places(_DEMANDS, demands, text)])
    groups = (group for group in _grouped(places) if _suffices([name for _, _, name in group]))
    return tuple(_passage(text, group) for group in islice(groups, PASSAGES_LIMIT))


def alarms(text: str) -> tuple[int, ...]:
    """Where a text has signs that it speaks to an agent, or pretends to be somebody's turn: each is weak by itself.

    Args:
        text: as `readable` returns it.
    """
    return tuple(sorted(start for start, _, _ in _places(_STRONG, _strong(text), text)))


def _strong(text: str) -> list[str]:
    return [name for name in glance(text) if name in DECISIVE or name in ADDRESS]


def _places(patterns: Patterns, names: list[str], text: str) -> list[_Sign]:
    return [(start, end, name) for name in names for start, end in patterns.spans(name, text, PLACES_LIMIT)]


def words_of(text: str) -> frozenset[str]:
    """The plain words of a text, in lower case."""
    return frozenset("".join(char if char.isalpha() else " " for char in text.lower()).split())


def _suffices(names: list[str]) -> bool:
    if any(name in DECISIVE for name in names):
        return True
    addressed = sum(name in ADDRESS for name in set(names))
    return addressed >= 2 or (addressed == 1 and any(name in DEMAND for name in names))


def _grouped(places: list[_Sign]) -> list[list[_Sign]]:
    """Signs near each other, together."""
    groups: list[list[_Sign]] = []
    last = 0
    for sign in places:
        if groups and sign[0] - last <= LEAD:
            groups[-1].append(sign)
            last = max(last, sign[1])
        else:
            groups.append([sign])
            last = sign[1]
    return groups


def _passage(text: str, group: list[_Sign]) -> Passage:
    start, end = group[0][0], max(end for _, end, _ in group)
    begin = max(0, start - LEAD)
    return Passage(
        text[begin : end + REACH],
        start,
        start - begin,
        tuple(dict.fromkeys(name for _, _, name in group)),
        tuple((first - begin, last - begin) for first, last, _ in group),
    )
