"""Cursors: where a list goes on, as it stands in an address."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from sentric.errors import SentricError


class CursorError(SentricError):
    """A cursor is not one that a page of this list gave."""


def cursor_to_text(place: Sequence[int | float | str] | None) -> str | None:
    """A place in a list as a cursor; None for None."""
    return None if place is None else base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode()


def cursor_of(text: str, form: Sequence[type]) -> tuple[Any, ...]:
    """Read a cursor.

    Args:
        text: the cursor.
        form: types of the parts of the place that it tells.

    Raises:
        CursorError: it is none of this form.
    """
    try:
        place = tuple(json.loads(base64.urlsafe_b64decode(text.encode())))
        whole = [part for part in place if type(part) is int]
        if [*map(type, place)] != [*form] or not all(0 <= number < 1 << 63 for number in whole):
            raise ValueError(text)
    except (ValueError, TypeError, RecursionError):  # also where it is not base64, not UTF-8 or not JSON
        raise CursorError("after: is not what `next` of a page said") from None
    return place
