"""Pages of rows, the newest first."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_

T = TypeVar("T", bound=Select[Any])


class Place(NamedTuple):
    """Where a page ends: what comes next is older, or as old and further on by its id."""

    time: float
    row_id: str


def within(asked: T, project: ColumnElement[Any], projects: Sequence[str] | None) -> T:
    """The rows of some projects alone; None: of all."""
    return asked if projects is None else asked.where(project.in_(projects))


def paged(asked: T, time: ColumnElement[Any], row_id: ColumnElement[Any], after: Place | None, limit: int) -> T:
    """The newest rows, or those after a place."""
    if after is not None:
        asked = asked.where(or_(time < after.time, and_(time == after.time, row_id > after.row_id)))
    return asked.order_by(time.desc(), row_id).limit(limit)
