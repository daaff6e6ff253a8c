"""What is counted about processes, and how a child's counts reach its parent."""

import threading
from collections import Counter as Tally
from dataclasses import dataclass
from enum import StrEnum

from sentric_analyzer.declaration import Declaration, OnCount, Value
from sentric_analyzer.processes.parent import Parent


class Counter(StrEnum):
    """Name of a counter."""

    DEATHS = "sentric_process_deaths"


METRICS = {
    Counter.DEATHS: Declaration(
        "Processes of the service that died and were started again.", "process", ("receiver", "judge")
    ),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a child has counted lately: sums by counter and value of its label."""

    sums: dict[tuple[str, Value], int]

    def add_to(self, on_count: OnCount) -> None:
        """Count it here too."""
        for (name, value), amount in self.sums.items():
            on_count(name, value, amount)


class Sums:
    """What a child has counted since it last told its parent. Safe from any thread; counting never waits for anyone."""

    def __init__(self) -> None:
        self._sums: Tally[tuple[str, Value]] = Tally()
        self._lock = threading.Lock()

    def count(self, name: str, value: Value, amount: int) -> None:
        """Let a sum grow: the name of a counter, the value of its label, and by how much."""
        with self._lock:
            self._sums[name, value] += amount

    def tell(self, parent: Parent) -> None:
        """Send the parent the sums, if there are any, and begin anew."""
        with self._lock:
            taken, self._sums = self._sums, Tally()
        if taken:
            parent.send(Counted(dict(taken)))
