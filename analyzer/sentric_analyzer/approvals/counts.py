"""What is told about attempts to reach people."""

from collections.abc import Iterable
from enum import StrEnum

from sentric_analyzer.control.attempt import AttemptState
from sentric_analyzer.declaration import Declaration

NOT_WITHDRAWN = "not_withdrawn"
"""Outcome of an attempt that was withdrawn, which its channel could not tell."""
OUTCOMES = (*(state.value for state in AttemptState if state is not AttemptState.BEGUN), NOT_WITHDRAWN)


class Metric(StrEnum):
    """Name of a metric."""

    ATTEMPTS = "sentric_approval_attempts"


METRICS = {
    Metric.ATTEMPTS: Declaration(
        "Attempts to reach somebody about an approval, by channel and what has become of them.", ("channel", "outcome")
    )
}


def values_of(channels: Iterable[str]) -> list[tuple[str, ...]]:
    """The values of the labels, for channels of these names."""
    return [(channel, outcome) for channel in channels for outcome in OUTCOMES]
