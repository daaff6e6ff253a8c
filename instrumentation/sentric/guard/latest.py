"""What a run has seen last, for people who are asked about what it does next."""

from dataclasses import replace

from sentric.events import Observation, Source

KEPT = 8
"""Texts that are remembered; the oldest is forgotten first."""
CHARACTERS_KEPT = 65_536
"""Most characters of all of them."""


class Latest:
    """The latest texts that came into the model's view. Any thread may use it."""

    def __init__(self) -> None:
        self.seen: tuple[Observation, ...] = ()
        """The earliest first."""

    def add(self, seen: Observation) -> None:
        """Remember a text; what tools are said to be is none."""
        if seen.source is Source.TOOL_DEFINITION or not seen.text:
            return
        if len(seen.text) > CHARACTERS_KEPT:
            seen = replace(seen, text=seen.text[:CHARACTERS_KEPT])
        kept = (*self.seen, seen)[-KEPT:]
        while sum([len(one.text) for one in kept]) > CHARACTERS_KEPT:
            kept = kept[1:]
        self.seen = kept
