"""How a counter is declared: each part of the service has one table of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

OnCount: TypeAlias = Callable[[str, str, int], None]
"""Called from any thread with a counter's name, the value of its one label, and by how much it grows."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A counter: what it counts, and its one label with every value that has."""

    description: str
    label: str
    values: tuple[str, ...]
