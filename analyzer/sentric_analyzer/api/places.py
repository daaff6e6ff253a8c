"""Places in lists of the control state, as cursors."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from sentric_analyzer.api.cursors import CursorError, cursor_of, cursor_to_text
from sentric_analyzer.control.pages import Place

T = TypeVar("T")


def place_of(after: str | None) -> Place | None:
    """The place that a cursor stands for; None where there is none.

    Raises:
        CursorError: it is none of ours.
    """
    if after is None:
        return None
    place = Place(*cursor_of(after, (float, str)))
    if not math.isfinite(place.time) or not place.row_id.isprintable():
        raise CursorError("after: is not what `next` of a page said")
    return place


def next_of(found: Sequence[T], limit: int, place: Callable[[T], tuple[float, str]]) -> str | None:
    """The cursor of what comes after a page; None where it was the last."""
    if len(found) < limit:
        return None
    time, row_id = place(found[-1])
    return cursor_to_text((float(time), row_id))
