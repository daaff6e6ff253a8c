"""Does the back-tests that are asked for as jobs, one at a time."""

import logging
import threading
from typing import Self

from sentric.errors import SentricError
from sentric.settings import Settings
from sentric_analyzer.backtest.messages import Setup
from sentric_analyzer.backtest.trial import Recorded, Trial
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.jobs import LARGEST_RESULT, Job, Jobs
from sentric_analyzer.processes import give_way

KIND = "backtest"
"""What such jobs are called."""
INTERVAL = 1.0
"""Seconds between two looks: at jobs that wait, and whether the one that is done was cancelled."""
PATIENCE = 600.0
"""Seconds in which the process must come up, and must judge a run: else it hangs, and is ended."""
_SHIPPED = "shipped rules"

_logger = logging.getLogger(__name__)


class BacktestWorker:
    """Claims back-tests and has each done in a process of its own, from entering until leaving.

    A job has the wish `{"since": Unix seconds, "version": NUMBER or null, "against": NUMBER}` and the material
    `{"tried": {NAME: TEXT}, "today": {NAME: TEXT} or null for the service's own policy}`.

    Args:
        jobs: where they are asked for.
        recorded: the store with the runs.
        settings: of the service.
        own_digest: of the policy that the service has read.
        interval: seconds between two looks.
        patience: seconds after which a process that tells nothing hangs.
    """

    def __init__(
        self,
        jobs: Jobs,
        recorded: Recorded,
        settings: Settings,
        own_digest: str,
        *,
        interval: float = INTERVAL,
        patience: float = PATIENCE,
    ) -> None:
        self._jobs = jobs
        self._recorded = recorded
        self._settings = settings
        self._own_digest = own_digest
        self._interval = interval
        self._patience = patience
        self._stopping = False
        self._wake = threading.Event()
        self._said = ""
        self.trial: Trial | None = None
        """The back-test that is under way."""
        self._thread = threading.Thread(target=self._run, name="sentric-backtests", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        give_way()
        while not self._stopping:
            try:
                if job := self._jobs.claim(KIND):
                    self._do(job)
                    continue
                self._said = ""
            except Exception as error:  # noqa: BLE001  # the boundary of this thread, which must not end
                self._tell(error)
            self._pause()

    def _do(self, job: Job) -> None:
        """Do a job to its end, whatever that is."""
        try:
            self.trial = self._trial(job)
            self.trial.start()
            try:
                self._watch(job, self.trial)
            finally:
                self.trial.stop()
                self.trial = None
        except (KeyError, TypeError, ValueError) as error:
            _logger.exception("job %s is none that a back-test can do", job.job_id)
            self._jobs.finish(job, error=f"the job cannot be read: {type(error).__name__}")

    def _trial(self, job: Job) -> Trial:
        wish, material = job.wish, job.material
        own = self._settings.policy or _SHIPPED
        before = own if material["today"] is None else _name(wish["against"])
        names = before, _name(wish["version"])
        setup = Setup(self._settings, self._own_digest, material["today"], material["tried"], names, LARGEST_RESULT)
        return Trial(
            setup,
            self._recorded,
            project=job.project,
            since=max(0, round(wish["since"] * 1e9)),
            until=round(job.created * 1e9),
            on_end=self._wake.set,
        )

    def _watch(self, job: Job, trial: Trial) -> None:
        """Say how far it has come, until it has ended, hangs, is cancelled, or must be given back."""
        while not self._stopping:
            self._pause()
            if trial.ended:
                self._finish(job, trial, trial.failure)
                return
            if trial.quiet_for() > self._patience:
                self._finish(job, trial, f"the back-test has told nothing for {self._patience:.0f} s: it hangs")
                return
            if not self._goes_on(job, trial):
                return
        self._jobs.release(job)

    def _goes_on(self, job: Job, trial: Trial) -> bool:
        """Whether the job is still ours. While the control store does not answer, it is taken to be."""
        try:
            return self._jobs.progress(job, trial.done, trial.total)
        except ControlError as error:
            self._tell(error)
            return True

    def _finish(self, job: Job, trial: Trial, failure: str) -> None:
        """Keep how it ended, as soon as the control store answers."""
        document, error = "" if failure else trial.document, "; ".join(failure.splitlines())
        while True:
            try:
                if self._jobs.progress(job, trial.done, trial.total):
                    self._jobs.finish(job, result=document, error=error)
            except ControlError as away:
                if self._stopping:
                    raise
                self._tell(away)
                self._pause()
                continue
            self._said = ""
            return

    def _pause(self) -> None:
        self._wake.wait(self._interval)
        self._wake.clear()

    def _tell(self, error: Exception) -> None:
        if self._said != str(error):  # the same again and again is said once
            self._said = str(error)
            is_ours = not isinstance(error, SentricError)
            _logger.error("back-tests cannot be done: %s", error, exc_info=error if is_ours else None)


def _name(version: int | None) -> str:
    return "the policy that was given" if version is None else f"version {version}"
