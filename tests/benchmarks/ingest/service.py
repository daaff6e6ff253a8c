"""Sentric itself as a target."""

import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ingest.loads.templates import SUSPECT
from benchmarks.ingest.target import Kept, Progress
from sentric._version import __version__
from sentric.settings import Settings
from sentric_analyzer.storage.connection import connect
from sentric_analyzer.storage.url import embedded_url, parse
from support.serving import Serving, poll, serving

_STORED = re.compile(r'^sentric_pipeline_stored_total\{what="(\w+)"\} (\S+)$', re.MULTILINE)
_FINDINGS = """
    SELECT RuleId, count(), countIf(NOT startsWith(TraceId, {suspect:String})) FROM agent_findings FINAL
    WHERE SeverityNumber >= 17 GROUP BY RuleId ORDER BY RuleId
"""
_SPANS = "SELECT count(), uniqExact(TraceId, SpanId) FROM otel_traces"
_RUNS = "SELECT uniqExact(Project, RunId) FROM agent_runs"


class Sentric:
    """A running `sentric serve`."""

    name = f"sentric {__version__}"
    headers: Mapping[str, str] = {}

    def __init__(self, running: Serving) -> None:
        self._running = running
        self.pid = running.process.pid

    def address(self, protocol: str) -> str:
        """HOST:PORT of a receiver."""
        return str(self._running.stated[f"otlp_{protocol}"])

    def progress(self) -> Progress:
        """As the service counts it."""
        stored = {what: int(float(count)) for what, count in _STORED.findall(self._running.text("/metrics"))}
        return Progress(stored["spans"], stored["runs"])

    def stop(self) -> Kept:
        """Stop it, and count in its store."""
        if status := self._running.stop():
            raise SystemExit(f"sentric serve ended with {status}")
        location = parse(embedded_url(self._running.data_dir))
        client = connect(location, database=location.database)
        try:
            (spans, distinct), *_ = client.query(_SPANS).result_rows
            (runs,), *_ = client.query(_RUNS).result_rows
            found = client.query(_FINDINGS, parameters={"suspect": SUSPECT.hex()}).result_rows
        finally:
            client.close()
        misplaced = sum(count for *_, count in found)
        return Kept(spans, distinct, runs, {rule: count for rule, count, _ in found}, misplaced)


@contextmanager
def sentric(directory: Path) -> Iterator[Sentric]:
    """A service with the settings it ships with, in a directory without data."""
    with serving(directory / "data", SENTRIC_GRACE=str(Settings().grace)) as running:
        _pass_on(running)
        poll(running.ready)
        yield Sentric(running)


def _pass_on(running: Serving) -> None:
    """Show what the service says, which would otherwise fill a pipe and hold it up."""
    for stream in (running.process.stdout, running.process.stderr):
        threading.Thread(target=lambda lines=stream: sys.stderr.writelines(lines or ()), daemon=True).start()
