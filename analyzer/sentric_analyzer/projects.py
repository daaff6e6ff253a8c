"""Which project a span or log record belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any

from sentric import semconv

DEFAULT = "default"
"""The project that is there from the start, and that a sender which names none belongs to."""
LONGEST = 64
"""Most characters of a project's name."""


def project_of(allowed: Sequence[str], *claims: Mapping[str, Any]) -> str:
    """The project of a span or log record.

    A request is kept whole, though what it holds may claim different projects; so who reads the log asks here.

    Args:
        allowed: the projects that the sender may write to, the one of a sender that names none first; empty: any.
        claims: attributes that may say a project; the first that says one of the allowed is believed.
    """
    for attributes in claims:
        claimed = attributes.get(semconv.SENTRIC_PROJECT)
        if isinstance(claimed, str) and (claimed in allowed if allowed else is_project_name(claimed)):
            return claimed
    return allowed[0] if allowed else DEFAULT


def is_project_name(name: str) -> bool:
    """Whether a text may name a project: printable, so without line breaks, and not too long."""
    return 0 < len(name) <= LONGEST and name.isprintable()
