"""Which runs the model is to judge: from the pipeline, and from the store for what a crash may have lost, to jobs."""

import logging
import queue
import time
from typing import Protocol

from sentric.settings import Settings
from sentric_analyzer.control.errors import JobRefusedError
from sentric_analyzer.control.jobs import DAY, Jobs, Wanted
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.detection.judge.counts import Metric
from sentric_analyzer.detection.messages import FLAGGED, OverRun
from sentric_analyzer.storage import StoredRun

KIND = "judge"
"""What such jobs are called."""
MOST = 10_000
"""Runs of which the jobs are still to be made; more are left out, though the latest are found at the next start."""
MOST_TAKEN_UP = 1_000
"""Runs of the last day that are looked at after a start."""
AT_ONCE = 100

_logger = logging.getLogger(__name__)


class Judged(Protocol):
    """What a store tells of runs that rules have judged."""

    def over_runs(self, *, since: int, silent: int, with_findings: bool, limit: int) -> list[StoredRun]:
        """The runs that rules have judged since a time and of which nothing more comes, the latest first."""
        ...


class Wishes:
    """Makes a job of each run that is over, as many a day as the settings allow a project.

    Args:
        jobs: where they are made.
        settings: say which, and how many.
        on_count: told of the runs that are left out.
    """

    def __init__(self, jobs: Jobs, settings: Settings, on_count: OnCount) -> None:
        self._jobs = jobs
        self._settings = settings
        self._on_count = on_count
        self._waiting: queue.Queue[OverRun] = queue.Queue(MOST)
        self._next: OverRun | None = None
        self._used_up: set[str] = set()

    def add(self, run: OverRun) -> None:
        """Have a run judged. Never waits; from any thread."""
        try:
            self._waiting.put_nowait(run)
        except queue.Full:
            self._on_count(Metric.LEFT_OUT, "crowd", 1)

    def take_up(self, store: Judged) -> None:
        """Add the runs of the last day that nobody was told of: a service may have died before."""
        now = time.time_ns()
        for run in store.over_runs(
            since=now - int(DAY * 1e9),
            silent=now - int(self._settings.trace_age * 1e9),
            with_findings=self._settings.judge == FLAGGED,
            limit=MOST_TAKEN_UP,
        ):
            self.add(OverRun(run.project, run.run_id, ""))

    def make_jobs(self) -> None:
        """Make jobs of some of the runs.

        Raises:
            ControlError: the control store does not take them; none is lost by that.
        """
        for _ in range(AT_ONCE):
            if self._next is None:
                try:
                    self._next = self._waiting.get_nowait()
                except queue.Empty:
                    return
            self._make(self._next)
            self._next = None

    def _make(self, run: OverRun) -> None:
        daily = self._settings.judge_daily
        try:
            wanted = self._jobs.start_once(
                run.project, KIND, run.run_id, run.version, wish={"run": run.run_id}, daily=daily
            )
        except JobRefusedError as error:
            self._on_count(Metric.LEFT_OUT, "refused", 1)
            _logger.error("a run of project %r is not judged by the model: %s", run.project, error)
            return
        if wanted is Wanted.TOO_MANY:
            self._on_count(Metric.LEFT_OUT, "budget", 1)
            if run.project not in self._used_up:
                _logger.warning(
                    "the model judges no more runs of project %r for now: judge_daily is %d", run.project, daily
                )
            self._used_up.add(run.project)
        elif wanted is Wanted.QUEUED:
            self._used_up.discard(run.project)
