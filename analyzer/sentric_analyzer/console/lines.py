"""What an agent or a person wrote, put into lines of a terminal: it stays in its place and acts on nothing."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.visible import one_line, shortened, visible

Json = Mapping[str, Any]
LONGEST = 2000
"""Longest text that is shown, in characters; what is left out is told."""
MOST_LINES = 30
"""Most lines of one text that are shown; what is left out is told."""
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def listing(**titles: bool) -> Table:
    """A plain table; those of its columns that are true are never broken into lines, the others are."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title, is_whole in titles.items():
        table.add_column(title.replace("_", " "), overflow="fold", no_wrap=is_whole)
    return table


def said(document: Json, name: str) -> str:
    """A value of a document as one line; empty where there is none."""
    value = document.get(name)
    return "" if value is None else one_line(str(value))


def number(document: Json, name: str) -> int:
    """A number of a document; 0 where there is none."""
    value = document.get(name)
    return value if isinstance(value, int) else 0


def each(document: Json, name: str) -> list[Json]:
    """The objects of a list in a document."""
    listed = document.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def inside(document: Json, name: str) -> Json:
    """An object in a document; an empty one where there is none."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def listed(document: Json, name: str) -> str:
    """The texts of a list in a document, with commas."""
    value = document.get(name)
    return ", ".join(one_line(str(one)) for one in value) if isinstance(value, list) else ""


def block(text: str) -> Line:
    """A text of several lines, as it was written, cut where it is long."""
    lines = _EMPTY_LINES.sub("\n\n", shortened(visible(text).expandtabs(4), LONGEST)).strip("\n").split("\n")
    more = len(lines) - MOST_LINES
    return Line("\n".join(lines if more <= 0 else [*lines[:MOST_LINES], f"… ({more:,} more lines)"]))


def when(text: object) -> str:
    """A time of a document, to the minute, in UTC; empty where there is none."""
    found = moment(text)
    return "" if found is None else f"{found:%Y-%m-%d %H:%M}"


def moment(text: object) -> datetime | None:
    """A time of a document; None where there is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def time_left(text: object, now: datetime) -> str:
    """How long it is until a time of a document, in words."""
    until = moment(text)
    if until is None:
        return ""
    seconds = int((until - now).total_seconds())
    if seconds <= 0:
        return "none"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
