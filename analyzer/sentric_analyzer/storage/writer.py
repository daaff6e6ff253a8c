"""Inserts: each exactly once for its token, however often it is repeated."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentric_analyzer.spans import LogRecord
from sentric_analyzer.storage.arrow import Columns, Row, Schema, columns, concatenated, encoded, joined, with_constant
from sentric_analyzer.storage.run_rows import RunRows
from sentric_analyzer.storage.span_batch import SpanBatch
from sentric_analyzer.storage.tables import FINDINGS, TABLES, Table
from sentric_analyzer.storage.telemetry_rows import LOGS, log_rows


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go."""

    client: Any
    embedded: bool
    """The engine is in this process."""


def insert_spans(to: Target, batches: Iterable[SpanBatch], token: str, stored: int) -> None:
    """Keep spans. What was cut off between its days is completed when it is repeated with its token."""
    rows = joined([spans.rows(stored) for spans in batches if len(spans)])
    if rows is not None:
        _insert_columns(to, "otel_traces", rows, token)


def insert_logs(to: Target, records: Sequence[LogRecord], token: str) -> None:
    """Keep log records, as `insert_spans` keeps spans."""
    insert_rows(to, "otel_logs", LOGS, log_rows(records), token)


def insert_runs(to: Target, runs: Sequence[RunRows], revision: int, token: str = "") -> None:
    """Keep judged runs as one revision, and withdraw what earlier ones of them had and this one has not.

    What models think of a run is withdrawn with the run alone.
    """
    judged_before = latest_revisions(to, runs).keys()
    gone = judged_before - {key for rows in runs for key in rows.keys}
    for table in TABLES:
        present = concatenated([of[table.name] for rows in runs if table.name in (of := rows.streams)])
        if judged_before:
            _withdraw(to, table, judged_before, gone, present, revision, token)
        if present is not None:
            _insert_columns(to, table.name, with_constant(present, "Revision", revision), token)


def latest_revisions(to: Target, runs: Sequence[RunRows]) -> dict[tuple[str, str], int]:
    """The latest revision of those runs that are stored already, and of others of their traces.

    Of a trace that was judged before all of it had come, there may be runs which turned out to be parts of others.
    """
    traces = sorted({trace for rows in runs for trace in rows.traces})
    rows = to.client.query(
        """
        SELECT Project, RunId, max(Revision) FROM agent_runs
        WHERE (Project, RunId) IN {keys:Array(Tuple(String, String))} GROUP BY Project, RunId
        UNION DISTINCT
        SELECT Project, RunId, max(Revision) FROM agent_runs
        WHERE TraceId IN {ids:Array(String)} AND (Project, TraceId) IN {traces:Array(Tuple(String, String))}
        GROUP BY Project, RunId
        """,
        parameters={
            "keys": sorted({key for rows in runs for key in rows.keys}),
            "ids": sorted({trace_id for _, trace_id in traces}),
            "traces": traces,
        },
    ).result_rows
    return {(project, run_id): revision for project, run_id, revision in sorted(rows)}


def _withdraw(
    to: Target,
    table: Table,
    runs: Collection[tuple[str, str]],
    gone: Collection[tuple[str, str]],
    present: Columns | None,
    revision: int,
    token: str,
) -> None:
    kept = set() if present is None else set(zip(*(present[name].to_pylist() for name in table.key), strict=True))
    stored = to.client.query(
        f"SELECT {', '.join(table.key)}, toUnixTimestamp64Nano({table.time}) FROM {table.name} FINAL"  # noqa: S608  # names of ours
        " WHERE (Project, RunId) IN {keys:Array(Tuple(String, String))}"
        + (_UNLESS_OPINIONS if table is FINDINGS else ""),
        parameters={"keys": sorted(runs), "gone": sorted(gone)},
    ).result_rows
    withdrawn = [(*key, time, revision, 1) for *key, time in stored if tuple(key) not in kept]
    insert_rows(to, table.name, table.tombstone, withdrawn, token and f"{token}:withdrawn")


_UNLESS_OPINIONS = " AND (Model = '' OR (Project, RunId) IN {gone:Array(Tuple(String, String))})"


def insert_rows(to: Target, table: str, schema: Schema, rows: Sequence[Row], token: str = "") -> None:
    """Put rows into a table."""
    if rows:
        _insert_columns(to, table, columns(schema, rows), token)


def _insert_columns(to: Target, table: str, rows: Columns, token: str) -> None:
    settings: Mapping[str, str] = {"insert_deduplication_token": token} if token else {}
    if not to.embedded:
        to.client.raw_insert(table, rows.column_names, encoded(rows), settings=settings, fmt="ArrowStream")
        return
    # The embedded engine reads Arrow's own memory, which takes half the time of a stream; `rows` is found by its name.
    names = ", ".join(rows.column_names)
    to.client.command(f"INSERT INTO {table} ({names}) SELECT * FROM Python(rows)", settings={**settings, **_IN_ORDER})  # noqa: S608  # names of ours


_IN_ORDER = {
    "max_threads": "1",
    "max_insert_threads": "1",
    "min_insert_block_size_rows": str(1 << 30),
    "min_insert_block_size_bytes": str(1 << 40),
}
"""One block, the same each time: what a repeated insert is known by."""
