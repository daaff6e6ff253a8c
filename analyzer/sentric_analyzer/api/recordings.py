"""Recorded runs in JSON and back: what the service has stored, whole, for the commands that judge it again."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, fields
from typing import Any, Protocol

from sentric.event_json import event_from_json, event_to_json
from sentric.events import Coverage, Run
from sentric_analyzer.api.cursors import cursor_of, cursor_to_text
from sentric_analyzer.document import json_safe
from sentric_analyzer.storage.recordings import Cursor, Page

PAGE_RUNS = 50
"""Most runs of one page."""
_CURSOR = (int, str, str)
_PLAIN = tuple(field.name for field in fields(Run) if field.name not in ("events", "coverage"))


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
        "next": place_to_text(page.next) if page.next else None,
    }


def page_of(document: Mapping[str, Any]) -> Page:
    """Read a page.

    Raises:
        EventFormatError: an event is not one.
        CursorError: what stands for the next page is not a cursor.
    """
    following = document["next"]
    return Page(tuple(map(run_from_json, document["runs"])), place_of(following) if following else None)


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


def place_of(text: str) -> Cursor:
    """Read a cursor.

    Raises:
        CursorError: it is none.
    """
    return Cursor(*cursor_of(text, _CURSOR))


def place_to_text(place: Cursor) -> str:
    """A place as it stands in an address."""
    return cursor_to_text(astuple(place)) or ""
