"""Jobs as the control store keeps them: each is done by one worker, and none is forgotten."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sentric_analyzer.control.errors import JobRefusedError, JobStateError, TooManyJobsError, UnknownJobError
from sentric_analyzer.control.jobs import (
    KEPT_SECONDS,
    LARGEST_MATERIAL,
    LARGEST_RESULT,
    LARGEST_WISH,
    LOST_SECONDS,
    MOST_OPEN,
    Job,
    Jobs,
    JobState,
    Wanted,
)
from sentric_analyzer.control.pages import Place
from sentric_analyzer.control.store import ControlStore


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(control_url: str, clock: Clock) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=clock) as opened:
        yield opened


@pytest.fixture
def jobs(store: ControlStore) -> Jobs:
    return store.jobs


def started(jobs: Jobs, project: str = "shop", **material: Any) -> Job:
    return jobs.start(project, "test", {"since": 1}, material=material, actor="key:k")


def told(store: ControlStore) -> list[tuple[str, str, str]]:
    return [
        (record.what, record.actor, json.loads(record.detail).get("state", "")) for record in store.changes.records()
    ]


def test_a_job_goes_its_way_and_the_audit_tells_of_it(store: ControlStore, jobs: Jobs, clock: Clock) -> None:
    made = started(jobs, documents={"a": "b"})
    assert (made.state, made.author, made.wish, made.material) == (JobState.QUEUED, "key:k", {"since": 1}, {})
    clock.now += 1
    claimed = jobs.claim("test")
    assert claimed
    assert (claimed.job_id, claimed.state, claimed.started) == (made.job_id, JobState.RUNNING, clock.now)
    assert claimed.material == {"documents": {"a": "b"}}
    assert jobs.progress(claimed, 3, 7)
    under_way = jobs.find(made.job_id, projects=["shop"])
    assert (under_way.state, under_way.done, under_way.total, under_way.result) == (JobState.RUNNING, 3, 7, None)
    clock.now += 1
    assert jobs.finish(claimed, result='{"runs":7}')

    done = jobs.find(made.job_id, projects=None)
    assert (done.state, done.result, done.ended, done.error) == (JobState.DONE, {"runs": 7}, clock.now, "")
    assert told(store) == [("job.start", "key:k", ""), ("job.end", "sentric", "done")]
    with store.changes.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT material FROM jobs").scalar_one() is None


def test_the_oldest_is_claimed_first_by_those_who_do_such_jobs(jobs: Jobs, clock: Clock) -> None:
    first = started(jobs)
    clock.now += 1
    second = started(jobs, "bank")
    other = jobs.start("shop", "other", {}, material={}, actor="key:k")

    assert [job and job.job_id for job in (jobs.claim("test"), jobs.claim("test"), jobs.claim("test"))] == [
        first.job_id,
        second.job_id,
        None,
    ]
    assert jobs.find(other.job_id, projects=None).state is JobState.QUEUED


def test_of_many_workers_each_job_has_one(jobs: Jobs) -> None:
    made = {started(jobs).job_id for _ in range(6)}
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda _: [jobs.claim("test") for _ in range(3)], range(6)))

    ids = [job.job_id for some in claimed for job in some if job]
    assert sorted(ids) == sorted(made)


def test_a_job_that_was_lost_with_its_worker_is_done_by_another_and_given_up_the_second_time(
    store: ControlStore, jobs: Jobs, clock: Clock
) -> None:
    job_id = started(jobs, documents=1).job_id
    first = jobs.claim("test")
    assert first
    clock.now += LOST_SECONDS
    assert jobs.progress(first, 1, None)
    clock.now += LOST_SECONDS
    assert jobs.claim("test") is None
    clock.now += 1
    second = jobs.claim("test")
    assert second
    assert (second.job_id, second.done, second.material) == (job_id, 0, {"documents": 1})
    assert not jobs.progress(first, 2, None)  # who comes back has lost it
    assert not jobs.finish(first, result="{}")
    jobs.release(first)
    assert jobs.find(job_id, projects=None).state is JobState.RUNNING

    clock.now += LOST_SECONDS + 1
    assert jobs.claim("test") is None
    failed = jobs.find(job_id, projects=None)
    assert (failed.state, failed.error) == (JobState.FAILED, "was lost twice with the service that was at it")
    assert [what for what, _, _ in told(store)] == ["job.start", "job.lose", "job.end"]


def test_a_job_that_is_given_back_was_not_lost(jobs: Jobs, clock: Clock) -> None:
    job_id = started(jobs).job_id
    for _ in range(3):
        claimed = jobs.claim("test")
        assert claimed
        assert claimed.job_id == job_id
        jobs.release(claimed)
    claimed = jobs.claim("test")
    assert claimed
    clock.now += LOST_SECONDS + 1
    again = jobs.claim("test")
    assert again
    assert again.job_id == job_id


def test_a_cancelled_job_is_nobodys_any_more(store: ControlStore, jobs: Jobs) -> None:
    queued, running = started(jobs), started(jobs)
    claimed = jobs.claim("test")
    assert claimed
    for job in (queued, running):
        cancelled = jobs.cancel(job.job_id, projects=["shop"], actor="person:p")
        assert (cancelled.state, cancelled.ended is not None) == (JobState.CANCELLED, True)
    assert jobs.claim("test") is None
    assert not jobs.progress(claimed, 1, 2)
    assert not jobs.finish(claimed, result="{}")
    assert jobs.cancel(queued.job_id, projects=None, actor="person:p").state is JobState.CANCELLED
    assert told(store)[2:] == [("job.cancel", "person:p", "cancelled")] * 2


def test_what_has_ended_cannot_be_cancelled(jobs: Jobs) -> None:
    job_id = started(jobs).job_id
    claimed = jobs.claim("test")
    assert claimed
    assert jobs.finish(claimed, error="no store\x00" + "!" * 1000)
    with pytest.raises(JobStateError, match="is failed: there is nothing to cancel"):
        jobs.cancel(job_id, projects=None, actor="person:p")
    assert len(jobs.find(job_id, projects=None).error) == 512


def test_jobs_of_other_projects_and_kinds_are_unknown(jobs: Jobs) -> None:
    job_id = started(jobs).job_id
    others: tuple[dict[str, Any], ...] = ({"projects": ["bank"]}, {"projects": []}, {"projects": None, "kind": "other"})
    for unknown in others:
        with pytest.raises(UnknownJobError):
            jobs.find(job_id, **unknown)
        with pytest.raises(UnknownJobError):
            jobs.cancel(job_id, actor="person:p", **unknown)
    with pytest.raises(UnknownJobError):
        jobs.find(job_id[:8], projects=None)
    assert jobs.find(job_id, projects=None).state is JobState.QUEUED


def test_a_project_has_so_many_jobs_at_once(jobs: Jobs) -> None:
    for _ in range(MOST_OPEN):
        started(jobs)
    jobs.claim("test")
    with pytest.raises(TooManyJobsError, match="project 'shop' has 10 jobs to be done"):
        started(jobs)
    started(jobs, "bank")
    jobs.cancel(jobs.page(projects=["shop"], limit=1)[0].job_id, projects=None, actor="person:p")
    started(jobs)


def test_lists_go_on_where_a_page_ends(jobs: Jobs, clock: Clock) -> None:
    made = []
    for number in range(5):
        clock.now += number % 2
        made.append(started(jobs, ("shop", "bank")[number == 3]))
    newest_first = [job.job_id for job in sorted(made, key=lambda job: (-job.created, job.job_id))]

    first = jobs.page(projects=None, limit=3)
    rest = jobs.page(projects=None, kind="test", after=Place(first[-1].created, first[-1].job_id), limit=3)
    assert [job.job_id for job in (*first, *rest)] == newest_first
    assert [job.job_id for job in jobs.page(projects=["bank"], limit=3)] == [made[3].job_id]
    assert jobs.page(projects=None, kind="other", limit=3) == []


def test_what_has_ended_is_forgotten_after_its_time(jobs: Jobs, clock: Clock) -> None:
    ended, waits = started(jobs).job_id, started(jobs, "bank").job_id
    jobs.cancel(ended, projects=None, actor="person:p")
    claimed = jobs.claim("test")
    assert claimed
    clock.now += KEPT_SECONDS
    assert jobs.forget() == 0
    clock.now += 1
    assert jobs.forget() == 1
    assert [job.job_id for job in jobs.page(projects=None, limit=9)] == [waits]


def test_sizes_are_bounded(jobs: Jobs) -> None:
    with pytest.raises(JobRefusedError, match="the wish of the job has"):
        jobs.start("shop", "test", {"a": "x" * LARGEST_WISH}, material={}, actor="key:k")
    with pytest.raises(JobRefusedError, match="the material of the job has"):
        started(jobs, a="x" * LARGEST_MATERIAL)
    assert jobs.page(projects=None, limit=9) == []
    job_id = started(jobs).job_id
    claimed = jobs.claim("test")
    assert claimed
    assert jobs.finish(claimed, result=json.dumps("ä" * (LARGEST_RESULT // 2), ensure_ascii=False))
    job = jobs.find(job_id, projects=None)
    assert (job.state, job.result) == (JobState.FAILED, None)
    assert job.error == "the result has more than 8388608 bytes: ask for less"


def once(jobs: Jobs, about: str = "run-1", version: str = "a" * 64, *, project: str = "shop", daily: int = 9) -> Wanted:
    return jobs.start_once(project, "judge", about, version, wish={"run": about}, daily=daily)


def test_a_thing_is_seen_to_once_for_each_version_of_it(store: ControlStore, jobs: Jobs, clock: Clock) -> None:
    assert once(jobs) is Wanted.QUEUED
    assert once(jobs, version="b" * 64) is Wanted.KNOWN  # whoever does what waits sees it as it is
    first = jobs.claim("judge")
    assert first
    assert (first.wish, first.author, first.material) == ({"run": "run-1"}, "sentric", {})
    assert once(jobs) is Wanted.KNOWN
    assert once(jobs, version="b" * 64) is Wanted.QUEUED
    assert jobs.finish(first, error="no")
    for version in ("a" * 64, "b" * 64, ""):
        assert once(jobs, version=version) is Wanted.KNOWN
    assert once(jobs, project="bank", version="") is Wanted.QUEUED
    assert once(jobs, "run-2") is Wanted.QUEUED
    assert [what for what, actor, _ in told(store) if actor == "sentric"].count("job.start") == 4


def test_the_service_has_its_own_budget_and_takes_nobodys_place(jobs: Jobs, clock: Clock) -> None:
    assert once(jobs, daily=0) is Wanted.TOO_MANY
    for number in range(MOST_OPEN + 2):
        assert once(jobs, f"{number}", daily=MOST_OPEN + 2) is Wanted.QUEUED
    assert once(jobs, daily=MOST_OPEN + 2) is Wanted.TOO_MANY
    assert once(jobs, project="bank") is Wanted.QUEUED
    assert jobs.waiting("judge") == MOST_OPEN + 3
    started(jobs)
    clock.now += 86_400
    assert once(jobs, daily=1) is Wanted.QUEUED


def test_of_many_wishes_for_the_same_one_is_a_job(jobs: Jobs) -> None:
    with ThreadPoolExecutor(4) as pool:
        wanted = list(pool.map(lambda _: once(jobs), range(8)))
    assert wanted.count(Wanted.QUEUED) == 1
    assert jobs.waiting("judge") == 1


def test_what_came_to_nothing_is_due_again_later(jobs: Jobs, clock: Clock) -> None:
    once(jobs)
    first = jobs.claim("judge")
    assert first
    assert first.tries == 0
    jobs.postpone(first, 30)
    assert jobs.claim("judge") is None
    clock.now += 30
    second = jobs.claim("judge")
    assert second
    assert (second.job_id, second.tries, second.done) == (first.job_id, 1, 0)
    jobs.postpone(first, 30)  # who has lost it changes nothing
    assert jobs.find(first.job_id, projects=None).state is JobState.RUNNING
    jobs.release(second)
    third = jobs.claim("judge")
    assert third
    assert third.tries == 1
