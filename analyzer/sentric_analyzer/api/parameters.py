"""What requests may say in their addresses, the same for every route."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query

from sentric_analyzer.api.access import MaybeCaller
from sentric_analyzer.control import Grant
from sentric_analyzer.control.errors import UnknownProjectError

MAX_LIMIT = 1000
"""Most rows of one answer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most rows of the answer.")]
Text = Annotated[str | None, Query(max_length=512)]
After = Annotated[str | None, Query(max_length=65_536, description="Where to go on: `next` of the page before.")]
"""A cursor: it may hold ids, which are as long as an agent made them."""
Since = Annotated[
    datetime | None, Query(description="Only what started since this moment, RFC 3339; without a zone, in UTC.")
]


async def _projects(
    caller: MaybeCaller,
    project: Annotated[str | None, Query(max_length=512, description="Of this project alone.")] = None,
) -> tuple[str, ...] | None:
    """The projects that a request is about: what is asked for, as far as its key goes; None: all."""
    allowed = (caller.projects or None) if caller else None
    if project is None:
        return allowed
    return (project,) if allowed is None or project in allowed else ()


Projects = Annotated[tuple[str, ...] | None, Depends(_projects)]
"""The projects that a request is about; None: all. It adds the parameter `project`."""


def own_project(by: Grant, wanted: str | None) -> str:
    """The project that a key which decides asks about: what it names, or its first.

    Raises:
        UnknownProjectError: the key is not for that one.
    """
    if wanted is not None and wanted not in by.projects:
        raise UnknownProjectError(f"key {by.key_id} is for no such project, but for: {', '.join(by.projects)}")
    return wanted or by.projects[0]


def nanoseconds(moment: datetime | None) -> int:
    """A moment in Unix nanoseconds, as near as the store's times come to it; without a zone, in UTC; 0 for None."""
    if moment is None:
        return 0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0, (aware - _EPOCH) // timedelta(microseconds=1) * 1000), (1 << 63) - 1)
