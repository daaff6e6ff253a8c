"""A store that is waited for: what it cannot do now is asked of it again until it can."""

import logging
import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from sentric.events import Run
from sentric_analyzer.declaration import Declaration, OnCount
from sentric_analyzer.spans import LogRecord
from sentric_analyzer.storage.errors import StoreAwayError, StoreError, StoreValueError
from sentric_analyzer.storage.queries import Former, RecordedTrace, StoredTrace
from sentric_analyzer.storage.run_rows import RunRows
from sentric_analyzer.storage.span_batch import SpanBatch
from sentric_analyzer.storage.store import Store

_logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
"""Seconds before what failed is asked again; twice as many after each further time."""
LONGEST_PAUSE = 30.0

_T = TypeVar("_T")


class Metric(StrEnum):
    """Name of a metric."""

    FAILURES = "sentric_store_failures"


METRICS = {
    Metric.FAILURES: Declaration(
        "What was asked of the store, failed and was asked again: it was away, or refused for another reason.",
        "why",
        ("away", "refused"),
    )
}


class PatientStore:
    """What the pipeline asks of a store. No call fails because the store does: it waits. Safe from any thread.

    What an operator must mend (a wrong password, a table that is gone) is waited for as well, and said. Every
    method raises StoreValueError where the store works and does not take what it is given, and StoreError when it
    waits while `stop` is called.

    Args:
        store: the store.
        on_count: told of each failure.
    """

    def __init__(self, store: Store, on_count: OnCount) -> None:
        self._store = store
        self._on_count = on_count
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[int, str] = {}
        self._said = ""

    @property
    def failure(self) -> str:
        """Why somebody waits for the store now; empty while nobody does."""
        with self._lock:
            return next(iter(self._waiting.values()), "")

    def stop(self) -> None:
        """Have nobody wait any longer, now or later."""
        self._stopping.set()

    def insert_spans(self, batches: Sequence[SpanBatch], token: str) -> None:  # noqa: D102
        self._until_it_works(lambda: self._store.insert_spans(batches, token))

    def insert_logs(self, records: Sequence[LogRecord], token: str) -> None:  # noqa: D102
        self._until_it_works(lambda: self._store.insert_logs(records, token))

    def insert_runs(self, runs: Sequence[RunRows], *, as_of: int) -> None:  # noqa: D102
        self._until_it_works(lambda: self._store.insert_runs(runs, as_of=as_of))

    def open_traces(self, marks: Sequence[str], *, within: float) -> tuple[list[StoredTrace], int]:  # noqa: D102
        return self._until_it_works(lambda: self._store.open_traces(marks, within=within))

    def judged_traces(self, traces: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:  # noqa: D102
        return self._until_it_works(lambda: self._store.judged_traces(traces))

    def recorded_trace(  # noqa: D102
        self, project: str, trace_id: str, marks: Sequence[str], *, most: int
    ) -> RecordedTrace:
        return self._until_it_works(lambda: self._store.recorded_trace(project, trace_id, marks, most=most))

    def earlier_runs(self, run: Run, limit: int) -> Sequence[Run]:  # noqa: D102
        return self._until_it_works(lambda: self._store.earlier_runs(run, limit))

    def former(self, project: str, run_id: str) -> Former:  # noqa: D102
        return self._until_it_works(lambda: self._store.former(project, run_id))

    def _until_it_works(self, ask: Callable[[], _T]) -> _T:
        pause = FIRST_PAUSE
        while True:
            try:
                answer = ask()
            except StoreValueError:
                self._works()
                raise
            except StoreError as error:
                self._fails(error)
                if self._stopping.wait(pause):
                    raise
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self._works()
                return answer

    def _fails(self, error: StoreError) -> None:
        is_away = isinstance(error, StoreAwayError)
        self._on_count(Metric.FAILURES, "away" if is_away else "refused", 1)
        with self._lock:
            self._waiting[threading.get_ident()] = str(error)
            if self._said != str(error):  # the same again and again is said once
                self._said = str(error)
                cure = "it is waited for" if is_away else "mend that: it is tried again until then"
                _logger.error("%s: %s; meanwhile what comes stays in the log", error, cure)

    def _works(self) -> None:
        if not self._waiting:
            return
        with self._lock:
            if self._waiting.pop(threading.get_ident(), None) and not self._waiting:
                self._said = ""
                _logger.warning("the store works again")
