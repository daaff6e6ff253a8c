"""What is counted about the log."""

from enum import StrEnum

from sentric_analyzer.declaration import Declaration


class Counter(StrEnum):
    """Name of a counter."""

    CUT = "sentric_log_cut_bytes"


COUNTERS = {
    Counter.CUT: Declaration(
        "Bytes cut off the log at a start: of writes that a crash cut short, never acknowledged.", "reason", ("torn",)
    ),
}
