"""What a load is sent to, and how to see what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a target says it is."""

    spans: int
    """Stored."""
    runs: int = 0
    """Judged; a run that was judged twice counts twice."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a target has kept, counted in its database."""

    spans: int
    distinct: int
    """Different pairs of trace and span id."""
    runs: int = 0
    findings: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of severity high or critical, by rule."""
    misplaced: int = 0
    """Such findings in runs in which nothing is to be found."""


class Target(Protocol):
    """A running service or peer."""

    @property
    def name(self) -> str:
        """With its version."""
        ...

    @property
    def pid(self) -> int:
        """Of the process that all its others descend from."""
        ...

    def address(self, protocol: str) -> str:
        """HOST:PORT."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """That its requests must have."""
        ...

    def progress(self) -> Progress:
        """How far it is; cheap enough to be asked several times a second."""
        ...

    def stop(self) -> Kept:
        """Stop it, and count what it has kept."""
        ...
