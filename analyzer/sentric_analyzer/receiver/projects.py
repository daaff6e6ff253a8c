"""Which project a span or log record belongs to."""

from collections.abc import Mapping
from typing import Any

from sentric import semconv

DEFAULT = "default"
_MOST_CHARACTERS = 64


def project_of(decided: str, resource: Mapping[str, Any]) -> str:
    """The project of what a resource sent.

    A request is kept whole, though its resources may claim different projects; so who reads the log asks here,
    for each resource.

    Args:
        decided: project of the log record: the sender's key has decided it, unless it is empty.
        resource: attributes of the resource, with what the sender claims.
    """
    claimed = resource.get(semconv.SENTRIC_PROJECT)
    if decided or not isinstance(claimed, str):
        return decided or DEFAULT
    is_name = 0 < len(claimed) <= _MOST_CHARACTERS and claimed.isprintable()
    return claimed if is_name else DEFAULT
