"""Back-tests as jobs: a real store, a real control store, and a process for each."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from fixtures.agent_runs import DAY, STARTED, opens, pack_text, run, sends
from fixtures.store_rows import empty
from sentric.policy.engine import replay
from sentric.policy.loader import load_bundle, load_policy
from sentric.policy.rule import Policy
from sentric.settings import Settings
from sentric_analyzer.backtest import Comparison, backtest_document, trial
from sentric_analyzer.backtest.worker import KIND, BacktestWorker
from sentric_analyzer.control.jobs import LOST_SECONDS, Job, Jobs, JobState
from sentric_analyzer.control.store import ControlStore, control_url
from sentric_analyzer.storage import Store, embedded_url
from sentric_analyzer.storage.recordings import Cursor, Page
from support.serving import poll

NOW = STARTED / 1e9 + 30 * 86_400
RUNS = [
    run(sends("a@example.com"), opens("https://example.com"), run_id=f"r{number}", started=STARTED + number * DAY)
    for number in range(5)
]


TRIED = {"policy.yaml": "policy: tried\npacks: [./ours.yaml]\n", "ours.yaml": pack_text("block")}


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Gate:
    """A store that gives its third page only when it is let to."""

    store: Store
    asked: int = 0
    held: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)

    def recordings(self, *, projects: tuple[str, ...], after: Cursor, limit: int) -> Page:
        self.asked += 1
        if self.asked == 3:
            self.held.set()
            assert self.open.wait(60)
        return self.store.recordings(projects=projects, after=after, limit=limit)

    def count_recordings(self, *, projects: tuple[str, ...], since: int, until: int) -> int:
        return self.store.count_recordings(projects=projects, since=since, until=until)


class Bench:
    def __init__(self, store: Store, jobs: Jobs, policy: Path) -> None:
        self.store = store
        self.jobs = jobs
        self.settings = Settings.load(environ={}, policy=str(policy))
        self.own = load_policy(policy)

    def start(self, since: int = 0, today: dict[str, str] | None = None) -> str:
        wish = {"since": since / 1e9, "version": None, "against": 7 if today else 0}
        material = {"tried": TRIED, "today": today}
        return self.jobs.start("p", KIND, wish, material=material, actor="key:k").job_id

    def find(self, job_id: str) -> Job:
        return self.jobs.find(job_id, projects=["p"])

    def ended(self, job_id: str) -> Job:
        poll(lambda: self.find(job_id).ended)
        return self.find(job_id)

    @contextmanager
    def worker(self, recorded: Any = None) -> Iterator[BacktestWorker]:
        with BacktestWorker(self.jobs, recorded or self.store, self.settings, self.own.digest, interval=0.02) as worker:
            yield worker

    @contextmanager
    def held(self, job_id: str) -> Iterator[tuple[BacktestWorker, Gate, psutil.Process]]:
        """A worker that has one run judged, and reads the third; and its process."""
        gate = Gate(self.store)
        with self.worker(gate) as worker:
            try:
                assert gate.held.wait(60)
                poll(lambda: self.find(job_id).total == 5)
                assert worker.trial
                assert worker.trial.pid
                yield worker, gate, psutil.Process(worker.trial.pid)
            finally:
                gate.open.set()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(embedded_url(tmp_path_factory.mktemp("data"))) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench(store: Store, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(trial, "PAGE_RUNS", 1)
    empty(store)
    of_others = run(sends("a@example.com"), run_id="other", project="q")
    later = run(sends("a@example.com"), run_id="later", started=int(NOW * 1e9) + DAY)
    store.insert_replays([replay(Policy(()), one) for one in (*RUNS, of_others, later)])
    policy = tmp_path / "own.yaml"
    policy.write_text(pack_text("ask"))
    with ControlStore.open(control_url(tmp_path), clock=clock) as control:
        yield Bench(store, control.jobs, policy)


def expected(before: Policy, names: tuple[str, str], since: int = 0) -> dict[str, Any]:
    compared = Comparison(before, load_bundle(TRIED))
    for one in RUNS[since:]:
        compared.add(one)
    return backtest_document(compared, names)


def test_a_back_test_tells_how_far_it_is_and_gives_what_a_comparison_does(bench: Bench) -> None:
    job_id = bench.start()
    with bench.held(job_id) as (worker, gate, process):
        poll(lambda: bench.find(job_id).done == 1)
        job = bench.find(job_id)
        assert (job.state, job.total, job.result) == (JobState.RUNNING, 5, None)
        gate.open.set()
        done = bench.ended(job_id)
        poll(lambda: worker.trial is None and not process.is_running())

    assert (done.state, done.done, done.total, done.error) == (JobState.DONE, 5, 5, "")
    own = bench.settings.policy, "the policy that was given"
    assert done.result == expected(bench.own, own)
    assert done.result["changes"] == [{"before": "ask", "after": "block", "actions": 5}]


def test_one_follows_another_with_the_versions_and_the_time_that_are_asked_for(bench: Bench) -> None:
    today = {"policy.yaml": pack_text("allow")}
    first, second = bench.start(STARTED + 3 * DAY, today), bench.start(STARTED + 9 * DAY)
    with bench.worker():
        done, nothing = bench.ended(first), bench.ended(second)

    names = "version 7", "the policy that was given"
    assert done.result == expected(load_bundle(today), names, since=3)
    assert (nothing.state, nothing.result["runs"], nothing.total) == (JobState.DONE, 0, 0)


def test_cancelling_ends_the_process(bench: Bench) -> None:
    job_id = bench.start()
    with bench.held(job_id) as (worker, gate, process):
        bench.jobs.cancel(job_id, projects=None, actor="key:k")
        gate.open.set()
        poll(lambda: worker.trial is None and not process.is_running())
        assert bench.find(job_id).state is JobState.CANCELLED


def test_a_process_that_dies_fails_the_job_and_the_next_one_is_done(bench: Bench) -> None:
    job_id = bench.start()
    with bench.held(job_id) as (_, gate, process):
        process.kill()
        gate.open.set()
        job = bench.ended(job_id)
        assert (job.state, job.error) == (JobState.FAILED, "the back-test was killed by signal 9")
        assert bench.ended(bench.start()).state is JobState.DONE


def test_a_process_that_hangs_fails_the_job_and_is_ended(bench: Bench) -> None:
    job_id = bench.start()
    with bench.held(job_id) as (worker, gate, process):
        poll(lambda: bench.find(job_id).done == 1)
        os.kill(process.pid, signal.SIGSTOP)
        worker._patience = 0.2
        gate.open.set()
        job = bench.ended(job_id)
        assert (job.state, job.error) == (JobState.FAILED, "the back-test has told nothing for 0 s: it hangs")
        poll(lambda: not process.is_running())


def test_a_job_whose_service_stops_or_dies_is_done_by_the_next(bench: Bench, clock: Clock) -> None:
    stopped = bench.start()
    with bench.held(stopped) as (_, gate, process):
        threading.Timer(0.1, gate.open.set).start()  # while the worker is left
        left = process
    assert not left.is_running()
    job = bench.find(stopped)
    assert (job.state, job.done, job.total) == (JobState.QUEUED, 0, None)

    died = bench.start()
    for _ in (stopped, died):
        assert bench.jobs.claim(KIND)  # by a service that says nothing any more
    clock.now += LOST_SECONDS + 1
    with bench.worker():
        assert [bench.ended(job_id).state for job_id in (stopped, died)] == [JobState.DONE] * 2


def test_what_prevents_a_back_test_is_said(bench: Bench) -> None:
    broken = bench.jobs.start("p", KIND, {}, material={}, actor="key:k").job_id
    Path(bench.settings.policy).write_text(pack_text("block"))
    changed = bench.start()
    with bench.worker():
        assert bench.ended(broken).error == "the job cannot be read: KeyError"
        job = bench.ended(changed)
    assert job.state is JobState.FAILED
    assert job.error.endswith("own.yaml: was changed since the service has read it: start the service again")
