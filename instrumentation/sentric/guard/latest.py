"""What a run has seen last, for people who are asked about what it does next."""

from collections.abc import Callable
from dataclasses import replace

from sentric.events import Action, Observation, Outcome, Source
from sentric.policy.engine import brought_by

KEPT = 8
"""Texts that are remembered; the oldest is forgotten first."""
CHARACTERS_KEPT = 65_536
"""Most characters of all of them."""


class Latest:
    """The latest texts that came into the model's view. Any thread may use it.

    What a tool has brought is made into a text when somebody is asked, and not before: hardly ever is anybody.
    """

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, Callable[[], Observation | None]], ...] = ()
        """How long each is, and what gives it; the earliest first."""

    @property
    def seen(self) -> tuple[Observation, ...]:
        """The texts, the earliest first."""
        return tuple(filter(None, (give() for _, give in self._kept)))

    def add(self, seen: Observation) -> None:
        """Remember a text; what tools are said to be is none."""
        if seen.source is Source.TOOL_DEFINITION or not seen.text:
            return
        if len(seen.text) > CHARACTERS_KEPT:
            seen = replace(seen, text=seen.text[:CHARACTERS_KEPT])
        self._add(len(seen.text), lambda: seen)

    def add_outcome(self, outcome: Outcome, action: Action) -> None:
        """Remember what a tool has brought."""
        length = len(outcome.result) + len(outcome.error) + 1
        if length > CHARACTERS_KEPT:
            if (brought := brought_by(outcome, action)) is not None:
                self.add(brought)
        elif length > 1:
            self._add(length, lambda: brought_by(outcome, action))

    def _add(self, length: int, give: Callable[[], Observation | None]) -> None:
        kept = (*self._kept, (length, give))[-KEPT:]
        while sum([length for length, _ in kept]) > CHARACTERS_KEPT:
            kept = kept[1:]
        self._kept = kept
