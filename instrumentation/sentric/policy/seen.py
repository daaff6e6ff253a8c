"""What an agent had seen before an action, for whoever has to answer for it.

A rule's evidence names where something was read, or quotes it: then that is what people are shown. Else it is what the
agent has seen last.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sentric.events import Observation, Source
from sentric.policy.readers.places.hosts import place
from sentric.policy.verdict import Match

MOST_SHOWN = 3
"""Texts that people are shown of what was seen before an action."""
EXCERPT_LENGTH = 300
"""Most characters of each."""
ORIGIN_LENGTH = 1024
"""Most characters of where it was seen."""
SHORTEST_QUOTE = 4
"""Characters of the shortest value by which it is told where it was read."""
_BEFORE = 80
"""Characters that are shown before what the evidence quotes."""
_OF_ACTION = "action."
_SAYS_NOTHING = frozenset({"true", "false", "none", "page", "tool_result"})
_LEFT_OUT = "…"


class Excerpt(NamedTuple):
    """Part of a text that came into the model's view."""

    source: Source
    origin: str
    """The page's URL, or the tool's name."""
    text: str
    """On one line, up to `EXCERPT_LENGTH` characters."""


def excerpts(observations: Sequence[Observation], matches: Iterable[Match]) -> list[Excerpt]:
    """What people are shown of what was seen before an action, the latest first.

    Args:
        observations: what was seen, the earliest first; redacted.
        matches: the rules that matched the action.
    """
    ids, quotes = _pointers(matches)
    latest = [one for one in reversed(observations) if one.text.strip()]
    pointed = [(one, at) for one in latest if (at := _place_in(one, ids, quotes)) is not None]
    chosen = pointed or [(one, 0) for one in latest]
    return list(dict.fromkeys(_excerpt(one, at) for one, at in chosen[: 2 * MOST_SHOWN]))[:MOST_SHOWN]


def _pointers(matches: Iterable[Match]) -> tuple[set[str], set[str]]:
    """The ids of events that the evidence rests on, and the places and words that it names."""
    ids, quotes = set[str](), set[str]()
    for match in matches:
        for one in match.evidence:
            if one.event_id:
                ids.add(one.event_id)
            if not one.name.startswith(_OF_ACTION):  # what the agent does itself was not read anywhere
                quotes.update(_telling(one.value))
    return ids, quotes


def _telling(value: str) -> Iterator[str]:
    """The parts of a value by which it can be told where it was read, in small letters, each on one line."""
    for part in {value, *value.split(", ")}:
        line = _line(part).removesuffix(_LEFT_OUT).strip().lower()
        if len(line) >= SHORTEST_QUOTE and not line.isdecimal() and line not in _SAYS_NOTHING:
            yield line


def _place_in(seen: Observation, ids: set[str], quotes: set[str]) -> int | None:
    """Where in a text, as one line, that is what the evidence points to; None where it does not."""
    if quotes:
        line = _line(seen.text).lower()
        if found := [at for quote in quotes if (at := line.find(quote)) >= 0]:
            return min(found)
    return 0 if seen.event_id in ids or not quotes.isdisjoint(_names(seen.origin)) else None


def _names(origin: str) -> set[str]:
    where = place(origin) if "://" in origin else None
    return {origin.lower(), *((where.host, where.site) if where is not None else ())}


def _excerpt(seen: Observation, at: int) -> Excerpt:
    line = _line(seen.text)
    begin = max(at - _BEFORE, 0) if len(line) > EXCERPT_LENGTH else 0
    text = (_LEFT_OUT if begin else "") + line[begin:]
    if len(text) > EXCERPT_LENGTH:
        text = text[: EXCERPT_LENGTH - 1] + _LEFT_OUT
    return Excerpt(seen.source, seen.origin[:ORIGIN_LENGTH], text)


def _line(text: str) -> str:
    return " ".join(text.split())
