"""How a metric is declared: each part of the service has one table of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

Value: TypeAlias = str | tuple[str, ...]
"""Of a metric's label, or of each of its labels; empty where it has none."""
OnCount: TypeAlias = Callable[[str, Value, int], None]
"""Called from any thread with a counter's name, the value of its label, and by how much it grows."""
OnTime: TypeAlias = Callable[[str, Value, float], None]
"""Called from any thread with a histogram's name, the value of its label, and how many seconds something took."""


class Kind(Enum):
    """What a metric is."""

    COUNTER = auto()
    """Only grows; whoever makes it grow says so."""
    WATCHED = auto()
    """Only grows, and is asked for when it is read."""
    GAUGE = auto()
    """Goes up and down, and is asked for when it is read."""
    SECONDS = auto()
    """A histogram of how long something took."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A metric: what it tells, and its label with every value that has."""

    description: str
    label: Value = ()
    values: tuple[Value, ...] = ()
    """Known from the start, so that each is there, at zero, before the first time."""
    kind: Kind = Kind.COUNTER
