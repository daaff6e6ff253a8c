"""Stored runs with all their events, page by page, to be judged again."""

from dataclasses import dataclass
from typing import Any

from sentric.events import Run
from sentric_analyzer.document import json_safe
from sentric_analyzer.storage.reading import OF_PROJECTS, Projects, of_projects, of_run, read_rows
from sentric_analyzer.storage.run_rows import replay_of
from sentric_analyzer.storage.tables import EVENTS, RUNS

PAGE_EVENTS = 4_000
"""Events of a page after which it takes no further run: a long run alone may have more."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a run among all: after its start, in Unix nanoseconds, those that started together are named."""

    started: int = 0
    project: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs, the earliest first."""

    runs: tuple[Run, ...]
    next: Cursor | None
    """Where the next page begins; None where this is the last."""


def recordings(client: Any, *, projects: Projects, after: Cursor, limit: int) -> Page:
    """The runs after a place, with their events."""
    found = read_rows(
        client,
        RUNS.schema,
        f"agent_runs FINAL WHERE {OF_PROJECTS}"
        " AND (toUnixTimestamp64Nano(Started), toString(Project), RunId) > ({started:Int64}, {in:String}, {run:String})"
        " AND Started >= fromUnixTimestamp64Nano({started:Int64}, 'UTC')"
        " ORDER BY Started, toString(Project), RunId LIMIT {limit:UInt32}",
        {
            **of_projects(projects),
            "started": after.started,
            "in": after.project,
            "run": after.run_id,
            "limit": limit,
        },
    )
    runs: list[Run] = []
    events = 0
    for row in found:
        if events >= PAGE_EVENTS:
            break
        recorded = of_run(client, EVENTS, {"project": row["Project"], "run": row["RunId"]})
        events += len(recorded)
        runs.append(replay_of(row, recorded, (), ()).run)
    last = found[len(runs) - 1] if runs else None
    more = len(runs) < len(found) or len(found) == limit
    return Page(tuple(runs), Cursor(last["Started"], last["Project"], last["RunId"]) if last and more else None)


def count_recordings(client: Any, *, projects: Projects, since: int, until: int) -> int:
    """How many runs started between two times in Unix nanoseconds, both inclusive."""
    counted = client.query(
        f"SELECT count() FROM agent_runs FINAL WHERE {OF_PROJECTS}"  # noqa: S608  # texts of ours
        " AND Started >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')"
        " AND Started <= fromUnixTimestamp64Nano({until:Int64}, 'UTC')",
        parameters=json_safe({**of_projects(projects), "since": since, "until": until}),
    )
    return int(counted.result_rows[0][0])
