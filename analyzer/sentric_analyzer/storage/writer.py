"""Inserts: each exactly once for its token, however often it is repeated."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sentric.policy.verdict import Replay
from sentric_analyzer.document import clean_text, json_safe
from sentric_analyzer.spans import LogRecord
from sentric_analyzer.storage.arrow import Row, Schema, stream
from sentric_analyzer.storage.run_rows import rows_of
from sentric_analyzer.storage.span_batch import SpanBatch
from sentric_analyzer.storage.tables import RUNS, Table
from sentric_analyzer.storage.telemetry_rows import LOGS, SPANS, log_rows


def insert_spans(client: Any, spans: SpanBatch, token: str, stored: int) -> None:
    """Keep spans. A batch that was cut off between its days is completed when it is repeated with its token."""
    if len(spans):
        _insert_stream(client, "otel_traces", SPANS, spans.stream(stored), token)


def insert_logs(client: Any, records: Sequence[LogRecord], token: str) -> None:
    """Keep log records, as `insert_spans` keeps spans."""
    _insert(client, "otel_logs", LOGS, log_rows(records), token)


def insert_replays(client: Any, replays: Sequence[Replay], revision: int, token: str = "") -> None:
    """Keep judged runs as one revision, and withdraw what earlier ones of them had and this one has not."""
    rows: dict[Table, list[Row]] = {}
    for replay in replays:
        for table, of_run in rows_of(replay, revision):
            rows.setdefault(table, []).extend(of_run)
    judged_before = latest_revisions(client, replays).keys()
    for table, present in rows.items():
        if judged_before and table is not RUNS:
            _withdraw(client, table, judged_before, present, revision, token)
        _insert(client, table.name, table.schema, present, token)


def latest_revisions(client: Any, replays: Sequence[Replay]) -> dict[tuple[str, str], int]:
    """The latest revision of those runs that are stored already, by project and run id."""
    keys = {(clean_text(replay.run.project), clean_text(replay.run.run_id)) for replay in replays}
    rows = client.query(
        "SELECT Project, RunId, max(Revision) FROM agent_runs"
        " WHERE (Project, RunId) IN {keys:Array(Tuple(String, String))} GROUP BY Project, RunId",
        parameters={"keys": sorted(keys)},
    ).result_rows
    return {(project, run_id): revision for project, run_id, revision in rows}


def _withdraw(
    client: Any,
    table: Table,
    runs: Collection[tuple[str, str]],
    present: Sequence[Row],
    revision: int,
    token: str,
) -> None:
    names = list(table.schema)
    places = [names.index(name) for name in table.key]
    kept = {tuple(json_safe(row[place]) for place in places) for row in present}
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
