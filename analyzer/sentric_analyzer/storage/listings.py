"""Lists of runs, conversations and findings, the newest first, page by page."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding
from sentric_analyzer.document import json_safe, timestamp
from sentric_analyzer.storage.opinions import Counts, counts_of_conversations, counts_of_runs
from sentric_analyzer.storage.reading import OF_PROJECTS, Projects, of_projects, read_rows
from sentric_analyzer.storage.run_rows import finding_of
from sentric_analyzer.storage.tables import FINDINGS, RUNS

SESSION_AGENTS = 16
"""Names of agents that are listed of a conversation."""

Place: TypeAlias = tuple[int | str, ...]
"""Where a row stands in its list: its time in Unix nanoseconds, and what tells it from others of that time."""
RUN_PLACE = SESSION_PLACE = (int, str, str)
"""Time, project, and id of the run or conversation."""
FINDING_PLACE = (int, str, str, int)
"""Time, run id, project, and position in the run."""

_SEVERITIES = ("critical", "high", "medium", "low")
_Row = TypeVar("_Row")


class Listing(list[_Row]):
    """A page of a list: its rows."""

    def __init__(self, rows: Iterable[_Row], following: Place | None) -> None:
        super().__init__(rows)
        self.next = following
        """The place of the last row, behind which the list goes on; None where no other follows."""


def runs(
    client: Any,
    *,
    projects: Projects,
    limit: int,
    since: int,
    conversation: str | None = None,
    after: Place | None = None,
) -> Listing[dict[str, Any]]:
    """The runs that started since a Unix time in nanoseconds, newest first, a flat summary of each.

    Args:
        client: of the store.
        projects: of which.
        limit: most runs.
        since: in nanoseconds.
        conversation: of which alone; None: of any and none.
        after: the place behind which the list goes on.
    """
    condition, where = _behind("(-toUnixTimestamp64Nano(Started), toString(Project), RunId)", after)
    rows = read_rows(
        client,
        RUNS.schema,
        f"agent_runs FINAL WHERE {OF_PROJECTS}"
        " AND Started >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')"
        " AND ({conversation:Nullable(String)} IS NULL OR Conversation = {conversation:Nullable(String)})"
        f" AND {condition} ORDER BY Started DESC, toString(Project), RunId LIMIT {{limit:UInt32}}",
        {**of_projects(projects), "since": since, "limit": limit + 1, "conversation": conversation, **where},
    )
    opinions = counts_of_runs(client, [(row["Project"], row["RunId"]) for row in rows])
    return _page(
        rows,
        limit,
        lambda row: (row["Started"], row["Project"], row["RunId"]),
        lambda row: _summary(row, opinions.get((row["Project"], row["RunId"]), {})),
    )


def sessions(
    client: Any, *, projects: Projects, limit: int, since: int, after: Place | None = None
) -> Listing[dict[str, Any]]:
    """The conversations in which a run started since a Unix time in nanoseconds, that of the latest run first."""
    condition, where = _behind("(-Last, toString(Project), Conversation)", after)
    rows = client.query(
        f"""
        SELECT
            Project, Conversation, count(), arraySort(groupUniqArray({SESSION_AGENTS})(Agent)), argMin(Task, Started),
            toUnixTimestamp64Nano(min(Started)) AS First, toUnixTimestamp64Nano(max(Started)) AS Last,
            sum(toUInt64(Risk)), sum(Critical), sum(High), sum(Medium), sum(Low)
        FROM agent_runs FINAL
        WHERE Conversation != '' AND {OF_PROJECTS}
        GROUP BY Project, Conversation
        HAVING Last >= {{since:Int64}} AND {condition}
        ORDER BY Last DESC, toString(Project), Conversation
        LIMIT {{limit:UInt32}}
        """,  # noqa: S608  # texts of ours
        parameters=json_safe({**of_projects(projects), "since": since, "limit": limit + 1, **where}),
    ).result_rows
    opinions = counts_of_conversations(client, [(row[0], row[1]) for row in rows])
    return _page(
        rows,
        limit,
        lambda row: (row[6], row[0], row[1]),
        lambda row: _session(opinions.get((row[0], row[1]), {}), *row),
    )


def findings(
    client: Any,
    *,
    projects: Projects,
    run: str | None,
    severity: Severity,
    rule: str | None,
    limit: int,
    after: Place | None = None,
) -> Listing[Finding]:
    """Findings at or over a severity, newest first."""
    condition, where = _behind("(-toUnixTimestamp64Nano(Time), RunId, toString(Project), Position)", after)
    rows = read_rows(
        client,
        FINDINGS.schema,
        "agent_findings FINAL WHERE SeverityNumber >= {severity:UInt8}"
        f" AND {OF_PROJECTS}"
        " AND ({run:Nullable(String)} IS NULL OR RunId = {run:Nullable(String)})"
        " AND ({rule:Nullable(String)} IS NULL OR RuleId = {rule:Nullable(String)})"
        f" AND {condition} ORDER BY Time DESC, RunId, toString(Project), Position LIMIT {{limit:UInt32}}",
        {
            "severity": severity.number,
            **of_projects(projects),
            "run": run,
            "rule": rule,
            "limit": limit + 1,
            **where,
        },
    )
    return _page(rows, limit, lambda row: (row["Time"], row["RunId"], row["Project"], row["Position"]), finding_of)


def _behind(columns: str, place: Place | None) -> tuple[str, dict[str, Any]]:
    """The condition that a row comes behind a place, and its parameters. The first column falls, the others rise."""
    if place is None:
        return "true", {}
    where = {f"after{n}": value for n, value in enumerate((-int(place[0]), *place[1:]))}
    values = ", ".join(f"{{{name}:{'String' if isinstance(value, str) else 'Int64'}}}" for name, value in where.items())
    return f"{columns} > ({values})", where


def _page(rows: Sequence[Any], limit: int, place: Callable[[Any], Place], made: Callable[[Any], _Row]) -> Listing[_Row]:
    """A page of rows, of which one more than its limit was asked for."""
    return Listing(map(made, rows[:limit]), place(rows[limit - 1]) if len(rows) > limit else None)


def _session(
    opinions: Counts,
    project: str,
    conversation: str,
    runs: int,
    agents: Sequence[str],
    task: str,
    first: int,
    last: int,
    *sums: int,
) -> dict[str, Any]:
    risk, *counts = sums
    by_severity = {name: count + opinions.get(name, 0) for name, count in zip(_SEVERITIES, counts, strict=True)}
    return {
        "conversation": conversation,
        "project": project,
        "runs": runs,
        "agents": [agent for agent in agents if agent],
        "task": task,
        "first_started": timestamp(first),
        "last_started": timestamp(last),
        "risk": risk,
        "highest_severity": _highest(by_severity),
        "counts": by_severity,
    }


def _highest(counts: Counts) -> str | None:
    return next((severity for severity, count in counts.items() if count), None)


def _summary(row: dict[str, Any], opinions: Counts) -> dict[str, Any]:
    counts = {name: row[name.capitalize()] + opinions.get(name, 0) for name in _SEVERITIES}
    return {
        "run_id": row["RunId"],
        "trace_id": row["TraceId"],
        "project": row["Project"],
        "agent": row["Agent"],
        "agent_id": row["AgentId"],
        "conversation": row["Conversation"],
        "parent": row["Parent"],
        "task": row["Task"],
        "model": row["Model"],
        "service": row["ServiceName"],
        "dialect": row["Dialect"],
        "started": timestamp(row["Started"]),
        "ended": timestamp(row["Ended"]),
        "error": row["Error"],
        "steps": row["Steps"],
        "risk": row["Risk"],
        "highest_severity": _highest(counts),
        "counts": counts,
        "not_evaluated": len(row["NotEvaluated.RuleId"]),
    }
