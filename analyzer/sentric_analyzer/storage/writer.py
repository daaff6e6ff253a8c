"""Inserts: each exactly once for its token, however often it is repeated."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sentric_analyzer.spans import LogRecord
from sentric_analyzer.storage.arrow import Columns, Row, Schema, concatenated, encoded, stream, with_constant
from sentric_analyzer.storage.run_rows import RunRows
from sentric_analyzer.storage.span_batch import SpanBatch
from sentric_analyzer.storage.tables import RUNS, TABLES, Table
from sentric_analyzer.storage.telemetry_rows import LOGS, SPANS, log_rows


def insert_spans(client: Any, spans: SpanBatch, token: str, stored: int) -> None:
    """Keep spans. A batch that was cut off between its days is completed when it is repeated with its token."""
    if len(spans):
        _insert_stream(client, "otel_traces", SPANS, spans.stream(stored), token)


def insert_logs(client: Any, records: Sequence[LogRecord], token: str) -> None:
    """Keep log records, as `insert_spans` keeps spans."""
    _insert(client, "otel_logs", LOGS, log_rows(records), token)


def insert_runs(client: Any, runs: Sequence[RunRows], revision: int, token: str = "") -> None:
    """Keep judged runs as one revision, and withdraw what earlier ones of them had and this one has not."""
    judged_before = latest_revisions(client, runs).keys()
    for table in TABLES:
        present = concatenated([of[table.name] for rows in runs if table.name in (of := rows.streams)])
        if judged_before and table is not RUNS:
            _withdraw(client, table, judged_before, present, revision, token)
        if present is not None:
            columns = encoded(with_constant(present, "Revision", revision))
            _insert_stream(client, table.name, table.schema, columns, token)


def latest_revisions(client: Any, runs: Sequence[RunRows]) -> dict[tuple[str, str], int]:
    """The latest revision of those runs that are stored already, by project and run id."""
    rows = client.query(
        "SELECT Project, RunId, max(Revision) FROM agent_runs"
        " WHERE (Project, RunId) IN {keys:Array(Tuple(String, String))} GROUP BY Project, RunId",
        parameters={"keys": sorted({key for rows in runs for key in rows.keys})},
    ).result_rows
    return {(project, run_id): revision for project, run_id, revision in rows}


def _withdraw(
    client: Any,
    table: Table,
    runs: Collection[tuple[str, str]],
    present: Columns | None,
    revision: int,
    token: str,
) -> None:
    kept = set() if present is None else set(zip(*(present[name].to_pylist() for name in table.key), strict=True))
    stored = client.query(
        f"SELECT {', '.join(table.key)}, toUnixTimestamp64Nano({table.time}) FROM {table.name} FINAL"  # noqa: S608  # names of ours
        " WHERE (Project, RunId) IN {keys:Array(Tuple(String, String))}",
        parameters={"keys": sorted(runs)},
    ).result_rows
    gone = [(*key, time, revision, 1) for *key, time in stored if tuple(key) not in kept]
    _insert(client, table.name, table.tombstone, gone, token and f"{token}:withdrawn")


def _insert(client: Any, table: str, schema: Schema, rows: Sequence[Row], token: str) -> None:
    if rows:
        _insert_stream(client, table, schema, stream(schema, rows), token)


def _insert_stream(client: Any, table: str, schema: Schema, columns: bytes, token: str) -> None:
    settings: Mapping[str, str] = {"insert_deduplication_token": token} if token else {}
    client.raw_insert(table, list(schema), columns, settings=settings, fmt="ArrowStream")
