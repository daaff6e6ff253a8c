"""What the guard counts, declared in one place."""

from collections import Counter
from enum import StrEnum


class Count(StrEnum):
    """Something that happens in the guard, and may not go unnoticed."""

    REFUSED = "refused"
    """Actions that were refused, by cause."""
    OPENED = "opened"
    """Actions that were done although something could not be made sure of, by cause: `fail_mode` says so."""


_counts: Counter[tuple[Count, str]] = Counter()


def count(what: Count, why: str = "") -> None:
    """Count one."""
    _counts[what, why] += 1


def counts() -> dict[tuple[Count, str], int]:
    """What was counted since the process began."""
    return dict(_counts)
