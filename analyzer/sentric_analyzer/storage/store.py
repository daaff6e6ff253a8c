"""A store of runs, findings and the telemetry they were made of."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from sentric.events import Run
from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding, Replay
from sentric_analyzer.spans import LogRecord, Span
from sentric_analyzer.storage import listings, queries, writer
from sentric_analyzer.storage.connection import Connections
from sentric_analyzer.storage.listings import Listing, Place
from sentric_analyzer.storage.migrations import migrate, shipped
from sentric_analyzer.storage.opinions import StoredRun, insert_opinions, over_runs
from sentric_analyzer.storage.queries import Former, RecordedTrace, StoredTrace
from sentric_analyzer.storage.reading import Projects
from sentric_analyzer.storage.recordings import Cursor, Page, count_recordings, recordings
from sentric_analyzer.storage.rule_counts import RuleCounts, rule_counts
from sentric_analyzer.storage.run_rows import RunRows
from sentric_analyzer.storage.span_batch import SpanBatch
from sentric_analyzer.storage.url import Embedded, parse

OPEN_TRACES = 50_000
"""Open traces that are taken up again after a restart."""
FORMER_FINDINGS = 10_000
"""Findings of a run that are kept when the events they are about are too long ago to be read."""


class Store:
    """An open store; a context manager that closes it.

    Any thread may use it. An embedded store may be open in one process only, and a process may have only one
    open; a forked child must open it itself. Every method raises StoreError where the engine refuses.
    """

    def __init__(self, connections: Connections, clock: Callable[[], int]) -> None:
        self._connections = connections
        self._clock = clock
        self._revising = threading.Lock()

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], int] = time.time_ns) -> Self:
        """Open a store, make it where there is none, and bring its tables up to date.

        Args:
            url: `chdb:///PATH` or `http(s)://USER:PASSWORD@HOST:PORT/DATABASE`.
            clock: gives the Unix time in nanoseconds; revisions and the time of storing are taken from it.

        Raises:
            StoreHeldError: another process has the embedded store open.
            StoreError: it cannot be opened, or is not of this version; one line, never with a password.
            MissingDependencyError: the embedded engine, or the client, is not installed.
        """
        location = parse(url)
        return cls(Connections.open(location, lambda client: migrate(client, location.database, shipped())), clock)

    def close(self) -> None:
        """Close the store; every later call is refused."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def insert_spans(self, batches: Sequence[SpanBatch], token: str) -> None:
        """Keep spans, exactly once for the same spans, in whichever batches, with the same token."""
        with self._connections.client() as client:
            writer.insert_spans(self._target(client), batches, token, self._clock())

    def insert_logs(self, records: Sequence[LogRecord], token: str) -> None:
        """Keep log records, exactly once for the same records with the same token."""
        with self._connections.client() as client:
            writer.insert_logs(self._target(client), records, token)

    def insert_replays(self, replays: Sequence[Replay], token: str = "") -> None:
        """Keep judged runs, as `insert_runs` does."""
        if replays:
            self.insert_runs([RunRows.of(replays)], token)

    def insert_runs(self, runs: Sequence[RunRows], token: str = "", *, as_of: int | None = None) -> None:
        """Keep judged runs, each as a new revision of itself. None may be there twice.

        What an earlier revision of a run had and this one has not (events, steps, findings) is withdrawn. One
        insert of many runs is many times cheaper than many of one.

        Args:
            runs: their rows.
            token: makes an insert that is repeated with it stand once.
            as_of: Unix nanoseconds up to when what is stored was judged: spans stored later are not; None: now.
        """
        with self._connections.client() as client, self._revising:
            before = max(writer.latest_revisions(self._target(client), runs).values(), default=0)
            revision = max(self._clock() if as_of is None else as_of, before + 1)
            writer.insert_runs(self._target(client), runs, revision, token)

    def insert_opinions(self, run: Run, opinions: Sequence[Finding]) -> int:
        """Keep what a model thinks of a run, beside what rules found. A graver opinion of the same stays.

        Args:
            run: the run.
            opinions: findings, each of a model.

        Returns:
            How many are kept anew; none where the run is there no more.
        """
        with self._connections.client() as client, self._revising:
            return insert_opinions(self._target(client), run, opinions)

    def over_runs(self, *, since: int, silent: int, with_findings: bool, limit: int) -> list[StoredRun]:
        """The runs that rules have judged since a time and of which nothing more comes, the latest first.

        Args:
            since: Unix nanoseconds.
            silent: Unix nanoseconds: runs that were not judged after that count, though their end was not seen.
            with_findings: only those of which rules have found something.
            limit: most runs.
        """
        with self._connections.client() as client:
            return over_runs(client, since=since, silent=silent, with_findings=with_findings, limit=limit)

    def _target(self, client: Any) -> writer.Target:
        return writer.Target(client, isinstance(self._connections.location, Embedded))

    def runs(
        self,
        *,
        projects: Projects = None,
        limit: int = 50,
        since: int = 0,
        conversation: str | None = None,
        after: Place | None = None,
    ) -> Listing[dict[str, Any]]:
        """The runs that started since a Unix time in nanoseconds, newest first, a flat summary of each.

        Args:
            projects: of which.
            limit: most runs.
            since: in nanoseconds.
            conversation: of which alone; None: of any and none.
            after: the place behind which the list goes on.
        """
        with self._connections.client() as client:
            return listings.runs(
                client, projects=projects, limit=limit, since=since, conversation=conversation, after=after
            )

    def sessions(
        self, *, projects: Projects = None, limit: int = 50, since: int = 0, after: Place | None = None
    ) -> Listing[dict[str, Any]]:
        """The conversations in which a run started since a Unix time in nanoseconds, that of the latest run first.

        Each with how many runs it has, their agents, what was asked first, and what was found in all of them.
        """
        with self._connections.client() as client:
            return listings.sessions(client, projects=projects, limit=limit, since=since, after=after)

    def run(self, selector: str, *, projects: Projects = None) -> Replay | None:
        """A judged run by its id, the beginning of its id, or `latest`; None where there is none.

        Raises:
            AmbiguousRunError: several runs begin so.
        """
        with self._connections.client() as client:
            return queries.run(client, selector, projects=projects)

    def recordings(self, *, projects: Projects, after: Cursor, limit: int) -> Page:
        """Runs after a place, the earliest first, with all their events: at most `limit`, fewer where they are long."""
        with self._connections.client() as client:
            return recordings(client, projects=projects, after=after, limit=limit)

    def count_recordings(self, *, projects: Projects, since: int, until: int) -> int:
        """How many runs started between two times in Unix nanoseconds, both inclusive."""
        with self._connections.client() as client:
            return count_recordings(client, projects=projects, since=since, until=until)

    def earlier_runs(self, run: Run, limit: int, *, events: int = 2_000) -> list[Run]:
        """Runs of the same project and conversation that began before a run, with their events, the latest first."""
        with self._connections.client() as client:
            return queries.earlier_runs(client, run, limit, events=events)

    def runs_of_trace(self, project: str, trace_id: str, limit: int, *, events: int = 2_000) -> list[Run]:
        """The runs of a trace with their events, the earliest first."""
        with self._connections.client() as client:
            return queries.runs_of_trace(client, project, trace_id, limit, events=events)

    def findings(
        self,
        *,
        projects: Projects = None,
        run: str | None = None,
        severity: Severity = Severity.LOW,
        rule: str | None = None,
        limit: int = 100,
        after: Place | None = None,
    ) -> Listing[Finding]:
        """Findings at or over a severity, newest first; of some projects, one run or rule where these are given."""
        with self._connections.client() as client:
            return listings.findings(
                client, projects=projects, run=run, severity=severity, rule=rule, limit=limit, after=after
            )

    def rule_counts(self, project: str, *, since: int = 0) -> RuleCounts:
        """What the rules of a project have decided since a Unix time in nanoseconds, or would have."""
        with self._connections.client() as client:
            return rule_counts(client, project, since)

    def spans_of_trace(self, project: str, trace_id: str) -> list[Span]:
        """The spans of a trace as they came, in the order of their start; each once, but what differs."""
        with self._connections.client() as client:
            return queries.spans_of_trace(client, project, trace_id)

    def recorded_trace(self, project: str, trace_id: str, marks: Sequence[str], *, most: int) -> RecordedTrace:
        """What is to be known of a trace to judge it.

        Args:
            project: it belongs to.
            trace_id: of it.
            marks: attributes; of spans that have none of them only their place is read.
            most: bytes of spans; of a larger trace those stored last are read.
        """
        with self._connections.client() as client:
            return queries.recorded_trace(client, project, trace_id, marks, most)

    def judged_traces(self, traces: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of some traces, by project and trace id, that were judged before."""
        if not traces:
            return set()
        with self._connections.client() as client:
            return queries.judged_traces(client, traces)

    def former(self, project: str, run_id: str, *, limit: int = FORMER_FINDINGS) -> Former:
        """What is stored of a run: when it started, and what was found in it."""
        with self._connections.client() as client:
            return queries.former(client, project, run_id, limit)

    def open_traces(
        self, marks: Sequence[str], *, within: float, limit: int = OPEN_TRACES
    ) -> tuple[list[StoredTrace], int]:
        """The traces that were not yet judged with all their spans, the one silent longest first.

        Args:
            marks: attributes; a trace counts if one of its spans has one of them.
            within: seconds before the last stored span in which such a trace had one.
            limit: most traces.

        Returns:
            Those that had a span last, and how many others there are.
        """
        with self._connections.client() as client:
            return queries.open_traces(client, marks, int(within * 1e9), limit)

    def counts(self) -> dict[str, int]:
        """How many spans, log records, runs, events, steps and findings there are, by table."""
        with self._connections.client() as client:
            return queries.counts(client)
