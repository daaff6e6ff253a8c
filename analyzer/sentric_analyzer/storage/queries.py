"""Questions to the store: every value in them is a parameter."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sentric.events import Run
from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding, Replay
from sentric_analyzer.document import json_safe
from sentric_analyzer.spans import Piece, Relation, Span
from sentric_analyzer.storage.errors import AmbiguousRunError
from sentric_analyzer.storage.listings import findings
from sentric_analyzer.storage.reading import OF_PROJECTS, Projects, of_projects, of_run, read_rows
from sentric_analyzer.storage.run_rows import replay_of
from sentric_analyzer.storage.tables import EVENTS, FINDINGS, RUNS, STEPS
from sentric_analyzer.storage.telemetry_rows import SPANS, span_of

LATEST_RUN = "latest"
"""Stands for the run that started last."""

RELATION_BYTES = 512
"""What the place of a span that tells nothing of agents is taken for, among the bytes of a trace."""

_OF_TRACE = (
    "otel_traces WHERE TraceId = {trace:String} AND SentricProject = {project:String}"
    " AND Timestamp >= (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = {trace:String})"
    " AND Timestamp < (SELECT addSeconds(toDateTime64(max(End), 9), 1)"
    " FROM otel_traces_trace_id_ts WHERE TraceId = {trace:String})"
)
_EACH_ONCE = (
    "ORDER BY Stored, Timestamp, SpanId LIMIT 1 BY SpanId, sipHash128(ParentSpanId, SpanName, Timestamp, Duration,"
    " StartSent, EndSent, StatusCode, StatusMessage, SpanAttributes, Types, Events.Name, Events.Attributes, EventTypes)"
)
_MARKED = "hasAny(mapKeys(SpanAttributes), {marks:Array(String)})"
_BYTES = "512 + byteSize(SpanAttributes, ResourceAttributes, Events.Attributes, Links.Attributes)"

_TABLES = ("otel_traces", "otel_logs", "agent_runs", "agent_events", "agent_steps", "agent_findings")


class RecordedTrace(NamedTuple):
    """A trace as it is recorded."""

    pieces: Sequence[Piece]
    left_out: int
    """Spans that were too many, those stored first."""


class Former(NamedTuple):
    """What is stored of a run."""

    started: Sequence[int]
    """Unix nanoseconds; none where the run is not stored."""
    findings: Sequence[Finding]
    """In the order of their times."""


class StoredTrace(NamedTuple):
    """A trace that the store has spans of."""

    project: str
    trace_id: str
    spans: int
    rooted: bool
    """Its root is among them."""


def run(client: Any, selector: str, *, projects: Projects) -> Replay | None:
    """A judged run by its id, the beginning of it, or `latest`.

    Raises:
        AmbiguousRunError: several runs begin so.
    """
    row = _run_row(client, selector, projects)
    if row is None:
        return None
    where = {"project": row["Project"], "run": row["RunId"]}
    return replay_of(row, *(of_run(client, table, where) for table in (EVENTS, STEPS, FINDINGS)))


def earlier_runs(client: Any, of: Run, limit: int, *, events: int) -> list[Run]:
    """Runs of a run's project and conversation that began before it, with their events, the latest first.

    Args:
        client: of the store.
        of: the run.
        limit: most runs.
        events: events after which no further run is read.
    """
    rows = read_rows(
        client,
        RUNS.schema,
        "agent_runs FINAL WHERE Project = {project:String} AND Conversation = {conversation:String}"
        " AND Started <= fromUnixTimestamp64Nano({started:Int64}, 'UTC')"
        " AND (toUnixTimestamp64Nano(Started), RunId) < ({started:Int64}, {run:String})"
        " ORDER BY Started DESC, RunId DESC LIMIT {limit:UInt32}",
        {
            "project": of.project,
            "conversation": of.conversation,
            "started": of.started,
            "run": of.run_id,
            "limit": limit,
        },
    )
    return _with_events(client, rows, events)


def runs_of_trace(client: Any, project: str, trace_id: str, limit: int, *, events: int) -> list[Run]:
    """The runs of a trace with their events, the earliest first.

    Args:
        client: of the store.
        project: of the trace.
        trace_id: of it.
        limit: most runs.
        events: events after which no further run is read.
    """
    rows = read_rows(
        client,
        RUNS.schema,
        "agent_runs FINAL WHERE Project = {project:String} AND TraceId = {trace:String}"
        " ORDER BY Started, RunId LIMIT {limit:UInt32}",
        {"project": project, "trace": trace_id, "limit": limit},
    )
    return _with_events(client, rows, events)


def _with_events(client: Any, rows: Sequence[dict[str, Any]], events: int) -> list[Run]:
    found: list[Run] = []
    for row in rows:
        events -= row["Steps"]
        if events < 0:
            break
        recorded = of_run(client, EVENTS, {"project": row["Project"], "run": row["RunId"]})
        found.append(replay_of(row, recorded, (), ()).run)
    return found


def spans_of_trace(client: Any, project: str, trace_id: str) -> list[Span]:
    """The spans of a trace in the order of their start; of those that came twice the same, one."""
    rows = read_rows(client, SPANS, f"{_OF_TRACE} {_EACH_ONCE}", {"trace": trace_id, "project": project})
    return sorted(map(span_of, rows), key=lambda span: (span.start, span.span_id))


def recorded_trace(client: Any, project: str, trace_id: str, marks: Sequence[str], most: int) -> RecordedTrace:
    """What is to be known of a trace to judge it.

    Args:
        client: of the store.
        project: it belongs to.
        trace_id: of it.
        marks: attributes; of spans that have none of them only their place is read.
        most: bytes that its marked spans may take; what was stored last is read, and at least one batch of it.
    """
    where = {"trace": trace_id, "project": project, "marks": list(marks), "most": most}
    ((since, spans, read),) = client.query(
        # An aggregate without rows has one row of defaults.
        f"""
        SELECT minIf(Time, Sum - Bytes < {{most:UInt64}}), sum(Spans), sumIf(Spans, Sum - Bytes < {{most:UInt64}})
        FROM (
            SELECT Time, Bytes, Spans, sum(Bytes) OVER (ORDER BY Time DESC) AS Sum
            FROM (
                SELECT toUnixTimestamp64Nano(Stored) AS Time, count() AS Spans, sum({_BYTES}) AS Bytes
                FROM {_OF_TRACE} AND {_MARKED}
                GROUP BY Time
            )
        )
        """,  # noqa: S608  # texts of ours
        parameters=json_safe(where),
    ).result_rows
    where["since"] = since
    newest = "toUnixTimestamp64Nano(Stored) >= {since:Int64}"
    rows = read_rows(client, SPANS, f"{_OF_TRACE} AND {_MARKED} AND {newest} {_EACH_ONCE}", where)
    relations = client.query(
        f"SELECT SpanId, ParentSpanId FROM {_OF_TRACE} AND NOT {_MARKED}"  # noqa: S608  # texts of ours
        " ORDER BY Stored DESC, SpanId LIMIT 1 BY SpanId, ParentSpanId LIMIT {relations:UInt64}",
        parameters=json_safe({**where, "relations": most // RELATION_BYTES}),
    ).result_rows
    return RecordedTrace([*map(span_of, rows), *(Relation(*row) for row in relations)], spans - read)


def judged_traces(client: Any, traces: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of some traces, by project and trace id, that have judged runs."""
    found = client.query(
        "SELECT DISTINCT Project, TraceId FROM agent_runs WHERE TraceId IN {ids:Array(String)}"
        " AND (Project, TraceId) IN {traces:Array(Tuple(String, String))}",
        parameters={"ids": sorted({trace_id for _, trace_id in traces}), "traces": list(traces)},
    ).result_rows
    return {(project, trace_id) for project, trace_id in found}


def former(client: Any, project: str, run_id: str, limit: int) -> Former:
    """What is stored of a run: when it started, and what was found in it."""
    before = read_rows(
        client,
        RUNS.schema,
        "agent_runs FINAL WHERE Project = {project:String} AND RunId = {run:String}",
        {"project": project, "run": run_id},
    )
    found = findings(client, projects=(project,), run=run_id, severity=Severity.LOW, rule=None, limit=limit)
    return Former([row["Started"] for row in before], sorted(found, key=lambda one: (one.time, one.finding_id)))


def open_traces(client: Any, marks: Sequence[str], within: int, limit: int) -> tuple[list[StoredTrace], int]:
    """Traces with a marked span, and with spans stored in the last `within` nanoseconds and after they were judged.

    Returns:
        The `limit` that had a span last, the one silent longest first, and how many others there are.
    """
    found = client.query(
        """
        WITH (SELECT max(toUnixTimestamp64Nano(Stored)) FROM otel_traces) - {within:Int64} AS Since
        SELECT SentricProject, TraceId, Spans, Rooted, count() OVER () AS Traces
        FROM (
            SELECT
                SentricProject,
                TraceId,
                count() AS Spans,
                max(ParentSpanId = '') AS Rooted,
                max(toUnixTimestamp64Nano(Stored)) AS Last
            FROM otel_traces
            WHERE TraceId != '' AND toUnixTimestamp64Nano(Stored) >= Since
            GROUP BY SentricProject, TraceId
            HAVING max(hasAny(mapKeys(SpanAttributes), {marks:Array(String)}))
        ) AS spans
        LEFT JOIN (
            SELECT Project, TraceId, max(Revision) AS Judged FROM agent_runs WHERE Revision >= Since
            GROUP BY Project, TraceId
        ) AS runs ON runs.Project = spans.SentricProject AND runs.TraceId = spans.TraceId
        WHERE Last > Judged
        ORDER BY Last DESC, TraceId
        LIMIT {limit:UInt64}
        """,
        parameters={"within": within, "marks": list(marks), "limit": limit},
    ).result_rows
    traces = [StoredTrace(project, trace_id, spans, bool(rooted)) for project, trace_id, spans, rooted, _ in found]
    return traces[::-1], found[0][-1] - len(found) if found else 0


def counts(client: Any) -> dict[str, int]:
    """How many rows each table holds, as they are read."""
    return {
        table: int(client.command(f"SELECT count() FROM {table}{' FINAL' * table.startswith('agent_')}"))  # noqa: S608  # names of ours
        for table in _TABLES
    }


def _run_row(client: Any, selector: str, projects: Projects) -> dict[str, Any] | None:
    if selector == LATEST_RUN:
        condition, order = "1", "Started DESC, Revision DESC"
    else:
        condition, order = (
            # Of the runs of one trace, which begin with its id, the beginning of that means the one that has it.
            "startsWith(RunId, {run:String}) AND {run:String} != ''"
            " AND (length({run:String}) > length(TraceId) OR NOT startsWith(RunId, concat(TraceId, '-')))",
            "RunId != {run:String}, RunId",
        )
    rows = read_rows(
        client,
        RUNS.schema,
        f"agent_runs FINAL WHERE {condition} AND {OF_PROJECTS} ORDER BY {order} LIMIT 2",
        {"run": selector, **of_projects(projects)},
    )
    if len(rows) == 2 and selector != LATEST_RUN:
        _check_one(selector, rows[0], rows[1])
    return rows[0] if rows else None


def _check_one(selector: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    if first["RunId"] == second["RunId"]:
        projects = f"{first['Project']} and {second['Project']}"
        raise AmbiguousRunError(f"run {selector!r} is in the projects {projects}: name one")
    if first["RunId"] != selector:
        raise AmbiguousRunError(
            f"run {selector!r} is the beginning of several, {first['RunId']} among them: give more of it"
        )
