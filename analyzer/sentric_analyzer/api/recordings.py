"""Recorded runs in JSON and back: what the service has stored, whole, for the commands that judge it again."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, Protocol

from sentric.errors import SentricError
from sentric.event_json import event_from_json, event_to_json
from sentric.events import Coverage, Run
from sentric_analyzer.document import json_safe
from sentric_analyzer.storage.recordings import Cursor, Page

PAGE_RUNS = 50
"""Most runs of one page."""
_PLAIN = tuple(field.name for field in fields(Run) if field.name not in ("events", "coverage"))


class CursorError(SentricError):
    """A cursor is not one that a page gave."""


class Pages(Protocol):
    """Gives a page of recorded runs: a store does, and a service over REST."""

    def __call__(self, *, project: str | None, after: Cursor, limit: int) -> Page:
        """The runs after a place."""
        ...


def each_run(pages: Pages, *, project: str | None, since: int) -> Iterator[Run]:
    """Every run that started since a Unix time in nanoseconds, the earliest first, a page at a time."""
    after: Cursor | None = Cursor(max(0, since))
    while after is not None:
        page = pages(project=project, after=after, limit=PAGE_RUNS)
        yield from page.runs
        after = page.next


def page_document(page: Page) -> dict[str, Any]:
    """A page as JSON."""
    return {
        "runs": [run_to_json(run) for run in page.runs],
        "next": cursor_to_text(page.next) if page.next else None,
    }


def page_of(document: Mapping[str, Any]) -> Page:
    """Read a page.

    Raises:
        EventFormatError: an event is not one.
        CursorError: what stands for the next page is not a cursor.
    """
    following = document["next"]
    return Page(tuple(map(run_from_json, document["runs"])), cursor_of(following) if following else None)


def run_to_json(run: Run) -> dict[str, Any]:
    """A run with all its events."""
    plain: dict[str, Any] = json_safe({name: getattr(run, name) for name in _PLAIN})
    events = [json_safe(event_to_json(event)) for event in run.events]
    return {**plain, "coverage": json_safe(asdict(run.coverage)), "events": events}


def run_from_json(document: Mapping[str, Any]) -> Run:
    """Read what `run_to_json` gives.

    Raises:
        EventFormatError: an event is not one.
    """
    coverage: dict[str, Any] = {**document["coverage"], "notes": tuple(document["coverage"]["notes"])}
    return Run(
        **{name: document[name] for name in _PLAIN},
        coverage=Coverage(**coverage),
        events=tuple(map(event_from_json, document["events"])),
    )


def cursor_to_text(cursor: Cursor) -> str:
    """A cursor as it stands in an address."""
    stated = json.dumps([cursor.started, cursor.project, cursor.run_id])
    return base64.urlsafe_b64encode(stated.encode()).decode()


def cursor_of(text: str) -> Cursor:
    """Read a cursor.

    Raises:
        CursorError: it is none.
    """
    try:
        started, project, run_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        if (type(started), type(project), type(run_id)) != (int, str, str) or not 0 <= started < 1 << 63:
            raise ValueError(text)
    except (ValueError, TypeError, RecursionError):  # also where it is not base64, not UTF-8 or not JSON
        raise CursorError("after: is not what `next` of a page said") from None
    return Cursor(started, project, run_id)
