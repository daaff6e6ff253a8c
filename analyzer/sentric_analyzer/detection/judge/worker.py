"""Has a language model judge the runs that are over, one at a time."""

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol, Self

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.verdict import Finding, Replay
from sentric.redaction import Redactor
from sentric.settings import Settings
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.jobs import DAY, Job, Jobs
from sentric_analyzer.declaration import OnCount, OnTime
from sentric_analyzer.detection.judge.answer import Answer
from sentric_analyzer.detection.judge.counts import Metric
from sentric_analyzer.detection.judge.material import LARGEST, LONGEST_TASK, Material, material_of
from sentric_analyzer.detection.judge.opinions import AnswerError, opinions
from sentric_analyzer.detection.judge.prompt import instructions, read_extension
from sentric_analyzer.detection.judge.wishes import KIND, Judged, Wishes
from sentric_analyzer.detection.messages import OverRun
from sentric_analyzer.models import Model, ModelError, Reply, quoted
from sentric_analyzer.processes import give_way
from sentric_analyzer.storage import StoreError
from sentric_analyzer.storage.reading import Projects

INTERVAL = 1.0
"""Seconds between two looks: at jobs that wait, and whether the one that is done is still ours."""
LOOK_BACK = 3600.0
"""Seconds between two looks for runs that nobody was told of."""
PATIENCE = 120.0
"""Seconds in which the model must have answered."""
TOKENS = 4_096
"""Tokens that an answer may take."""
PAUSES = (30.0, 300.0, 1_800.0)
"""Seconds before what came to nothing is tried again: a model that is away for half an hour misses no run."""

_logger = logging.getLogger(__name__)


class Recorded(Judged, Protocol):
    """What a store tells of runs, and takes."""

    def run(self, selector: str, *, projects: Projects = None) -> Replay | None:
        """A judged run."""
        ...

    def insert_opinions(self, run: Run, opinions: Sequence[Finding]) -> int:
        """Keep what a model thinks of a run."""
        ...


class JudgeWorker:
    """Claims runs and has each judged by the model, from entering until leaving.

    A job is claimed by one worker, of however many services. What cannot be done is tried again, `PAUSES` says how
    often; what was lost with a service that died is done again.

    Args:
        jobs: where the runs to be judged are kept.
        store: has the runs, and takes the findings.
        model: judges.
        settings: of the service.
        new_redactor: gives a redactor for the words of the model.
        on_count: told what became of the runs.
        on_time: told how long the model took.
        interval: seconds between two looks.
        patience: seconds in which the model must have answered.

    Raises:
        SettingError: the operator's words cannot be read.
    """

    def __init__(
        self,
        jobs: Jobs,
        store: Recorded,
        model: Model,
        settings: Settings,
        new_redactor: Callable[[], Redactor],
        on_count: OnCount = lambda name, value, amount: None,
        on_time: OnTime = lambda name, value, seconds: None,
        *,
        interval: float = INTERVAL,
        patience: float = PATIENCE,
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._model = model
        self._instructions = instructions(read_extension(settings.judge_prompt))
        self._new_redactor = new_redactor
        self._on_count = on_count
        self._on_time = on_time
        self._interval = interval
        self._patience = patience
        self._wishes = Wishes(jobs, settings, on_count)
        self._look_back = 0.0
        self._has_own_store = settings.control.startswith("postgresql") and not settings.store.startswith("http")
        self._of_others: dict[str, float] = {}
        self._stopping = False
        self._wake = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="sentric-judge", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def add(self, run: OverRun) -> None:
        """Have a run judged. Never waits; from any thread."""
        self._wishes.add(run)

    def waiting(self) -> float:
        """How many runs wait; not a number while the control store does not say."""
        try:
            return self._jobs.waiting(KIND)
        except ControlError:
            return math.nan

    def _run(self) -> None:
        give_way()
        while not self._stopping:
            try:
                if time.monotonic() >= self._look_back:
                    self._wishes.take_up(self._store)
                    self._look_back = time.monotonic() + LOOK_BACK
                self._wishes.make_jobs()
                if (job := self._claimed()) is None:
                    self._said = ""
                elif self._do(job):
                    continue
            except Exception as error:  # noqa: BLE001  # the boundary of this thread, which must not end
                self._tell(error)
            self._pause()

    def _do(self, job: Job) -> bool:
        """Do a job to its end, or give it back; whether the next one may follow at once.

        What fails once may fail for all that wait: then they are tried one in each interval, not as fast as they fail.
        """
        try:
            replay = self._store.run(run_id := str(job.wish["run"]), projects=[job.project])
            if replay is None or replay.run.run_id != run_id:
                self._leave(job)
                return True
            self._judge(job, replay)
        except (ModelError, AnswerError, StoreError) as error:
            self._try_again(job, error)
            return False
        except ControlError:
            raise
        except Exception as error:
            _logger.exception("job %s: the run cannot be judged by the model", job.job_id)
            self._finish(job, "failed", error=f"the run cannot be judged: {type(error).__name__}")
        return True

    def _claimed(self) -> Job | None:
        now = time.time()
        self._of_others = {job_id: until for job_id, until in self._of_others.items() if until > now}
        return self._jobs.claim(KIND, without=self._of_others)

    def _leave(self, job: Job) -> None:
        """The run is not here: another service may have it, where each that shares the control state has a store."""
        until = job.created + DAY
        if self._has_own_store and until > time.time():
            self._of_others[job.job_id] = until
            self._jobs.release(job)
        else:
            self._finish(job, "gone", result={})

    def _judge(self, job: Job, replay: Replay) -> None:
        material = material_of(replay)
        reply = self._asked(job, material)
        if reply is None:
            return
        self._on_count(Metric.TOKENS, "input", reply.input_tokens)
        self._on_count(Metric.TOKENS, "output", reply.output_tokens)
        self._on_time(Metric.SECONDS, (), reply.seconds)
        found = opinions(reply.value, material, replay, reply.model, self._new_redactor().text)
        kept = self._store.insert_opinions(replay.run, found)
        for finding in found:
            self._on_count(Metric.FINDINGS, finding.severity.value, 1)
        result = {
            "model": reply.model,
            "events": len(replay.run.events),
            "events_shown": len(material.events),
            "verdicts": len(reply.value.verdicts),
            "findings": kept,
            "input_tokens": reply.input_tokens,
            "output_tokens": reply.output_tokens,
        }
        self._finish(job, "judged", result=result)
        self._said = ""

    def _asked(self, job: Job, material: Material) -> Reply[Answer] | None:
        """What the model answers; None where the job is not ours any more, or was given back as the service stops.

        Raises:
            ModelError: it gives no answer that can be used.
        """
        content = quoted("the run, one JSON object a line", material.text, 2 * (LARGEST + LONGEST_TASK))
        asked: Future[Reply[Answer]] = Future()

        def ask() -> None:
            try:
                reply = self._model.ask(self._instructions, content, Answer, seconds=self._patience, tokens=TOKENS)
            except Exception as error:  # noqa: BLE001  # raised again by whoever waits
                asked.set_exception(error)
            else:
                asked.set_result(reply)
            self._wake.set()

        threading.Thread(target=ask, name="sentric-judge-model", daemon=True).start()
        while not asked.done():
            self._pause()
            if self._stopping:
                self._jobs.release(job)
                return None
            if not self._goes_on(job):
                return None
        return asked.result()

    def _goes_on(self, job: Job) -> bool:
        """Whether the job is still ours; while the control store is away, it is taken to be. More jobs are made."""
        try:
            is_ours = self._jobs.progress(job, 0, None)
            self._wishes.make_jobs()
        except ControlError as error:
            self._tell(error)
            return True
        return is_ours

    def _try_again(self, job: Job, error: SentricError) -> None:
        why = "; ".join(str(error).splitlines())
        if job.tries >= len(PAUSES):
            self._finish(job, "failed", error=why)
            return
        if self._said != why:
            self._said = why
            _logger.warning("job %s: the run is not judged by the model yet: %s", job.job_id, why)
        self._on_count(Metric.RUNS, "again", 1)
        self._jobs.postpone(job, PAUSES[job.tries])

    def _finish(self, job: Job, outcome: str, *, result: object = None, error: str = "") -> None:
        """Keep how it ended, as soon as the control store answers."""
        while True:
            try:
                self._jobs.finish(job, result="" if error else json.dumps(result), error=error)
            except ControlError as away:
                if self._stopping:
                    raise
                self._tell(away)
                self._pause()
                continue
            self._on_count(Metric.RUNS, outcome, 1)
            return

    def _pause(self) -> None:
        self._wake.wait(self._interval)
        self._wake.clear()

    def _tell(self, error: Exception) -> None:
        if self._said != str(error):  # the same again and again is said once
            self._said = str(error)
            is_ours = not isinstance(error, SentricError)
            _logger.error("runs are not judged by the model: %s", error, exc_info=error if is_ours else None)
