"""Jobs: what takes longer than an answer may. One worker, of however many services, does each of them."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, or_, select, update

from sentric_analyzer.control.changes import SYSTEM, Change, Changes
from sentric_analyzer.control.errors import JobRefusedError, JobStateError, TooManyJobsError, UnknownJobError
from sentric_analyzer.control.pages import Place, paged, within
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.tables import JOBS, PROJECTS

MOST_OPEN = 10
"""Jobs of one project and kind that somebody may have queued or running at once."""
DAY = 86_400.0
LOST_SECONDS = 30.0
"""Seconds after which a running job whose worker says nothing was lost with it."""
KEPT_SECONDS = 30 * 86_400.0
"""Seconds for which a job that has ended is kept, from when it was asked for."""
LARGEST_WISH = 16 << 10
"""Characters of a wish, as JSON."""
LARGEST_MATERIAL = 16 << 20
LARGEST_RESULT = 8 << 20
"""Bytes of a result, as JSON."""
_LONGEST_ERROR = 512
_LOST_AT_ONCE = 100
_ABOUT, _OF_VERSION = 20, 12
"""Digits of an id that say what a job of the service's own is about, and which version of that."""


class JobState(StrEnum):
    """What has become of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)


class Wanted(Enum):
    """What became of a wish of the service's own."""

    QUEUED = auto()
    KNOWN = auto()
    """It waits already, or was seen to before."""
    TOO_MANY = auto()
    """The project has had as many in a day as it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands. Times in Unix seconds."""

    job_id: str
    project: str
    kind: str
    state: JobState
    author: str
    created: float
    started: float | None = None
    ended: float | None = None
    done: int = 0
    total: int | None = None
    """What `done` comes to; None where that is not known yet."""
    wish: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is wanted, in few words."""
    error: str = ""
    """Why it failed."""
    result: Any = None
    """What came of it, where it is looked at alone."""
    material: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What its worker needs besides, where it is claimed."""
    claim: str = ""
    """Of the worker who has claimed it."""
    tries: int = 0
    """How often it was tried and came to nothing."""


class Jobs:
    """Keeps jobs, and gives each to one worker."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def start(
        self, project: str, kind: str, wish: Mapping[str, Any], *, material: Mapping[str, Any], actor: str
    ) -> Job:
        """Have something done.

        Args:
            project: whose job it is.
            kind: what sort of job: those who do such jobs claim it.
            wish: what is wanted, as lists show it and the audit says it. JSON.
            material: what whoever does it needs besides; kept until it has ended. JSON.
            actor: who wants it.

        Raises:
            JobRefusedError: the wish or the material is too large.
            TooManyJobsError: the project has too many jobs to be done.
        """
        stated, needed = _kept("wish", wish, LARGEST_WISH), _kept("material", material, LARGEST_MATERIAL)
        with self._changes.changing(actor) as change:
            # Who starts another job of this project waits here, so that none is overlooked.
            change.connection.execute(select(PROJECTS).where(PROJECTS.c.name == project).with_for_update()).all()
            if _number(change, project, kind, JOBS.c.state.in_(OPEN)) >= MOST_OPEN:
                raise TooManyJobsError(
                    f"project {project!r} has {MOST_OPEN} jobs to be done: wait for one of them, or cancel it"
                )
            job_id = secrets.token_hex(16)
            values = {"project": project, "kind": kind, "author": actor, "wish": stated, "material": needed}
            _insert(change, job_id, values, wish)
            return _job(_locked(change, job_id))

    def start_once(
        self, project: str, kind: str, about: str, version: str, *, wish: Mapping[str, Any], daily: int
    ) -> Wanted:
        """Have the service do something about a thing, unless it will, or has done it about this version of the thing.

        Whoever does it looks at the thing as it is by then: a job that waits is about every version.

        Args:
            project: whose it is.
            kind: what sort of job.
            about: names the thing, in its project.
            version: of the thing, as hexadecimal digits; "": it is not done again, whatever the thing has become.
            wish: what is wanted. JSON.
            daily: most such jobs of the project in 24 hours.

        Raises:
            JobRefusedError: the wish is too large.
        """
        stated = _kept("wish", wish, LARGEST_WISH)
        named = sha256("\x1f".join((kind, project, about)).encode("utf-8", "replace")).hexdigest()[:_ABOUT]
        job_id = named + version[:_OF_VERSION].ljust(_OF_VERSION, "0")
        known = select(JOBS.c.id).where(JOBS.c.id.between(named, named + "z"))
        if version:
            known = known.where(or_(JOBS.c.id == job_id, JOBS.c.state == JobState.QUEUED))
        with self._changes.database.reading() as connection:
            if connection.execute(known.limit(1)).first():
                return Wanted.KNOWN
        with self._changes.changing(SYSTEM) as change:
            change.connection.execute(select(PROJECTS).where(PROJECTS.c.name == project).with_for_update()).all()
            if change.connection.execute(known.limit(1)).first():
                return Wanted.KNOWN
            if _number(change, project, kind, JOBS.c.created > change.now - DAY) >= daily:
                return Wanted.TOO_MANY
            values = {"project": project, "kind": kind, "author": SYSTEM, "wish": stated, "material": None}
            return Wanted.QUEUED if _insert(change, job_id, values, wish) else Wanted.KNOWN

    def page(
        self, *, projects: Sequence[str] | None, kind: str | None = None, after: Place | None = None, limit: int
    ) -> list[Job]:
        """The newest jobs, without results: of some projects alone (None: of all), of one kind (None: of any)."""
        asked = paged(_plain(), JOBS.c.created, JOBS.c.id, after, limit)
        asked = within(asked, JOBS.c.project, projects)
        asked = asked if kind is None else asked.where(JOBS.c.kind == kind)
        with self._changes.database.reading() as connection:
            return [_job(row) for row in connection.execute(asked)]

    def find(self, job_id: str, *, projects: Sequence[str] | None, kind: str | None = None) -> Job:
        """A job by its whole id, with its result.

        Raises:
            UnknownJobError: there is none; of these projects, and of this kind.
        """
        asked = within(_plain(JOBS.c.result).where(JOBS.c.id == job_id), JOBS.c.project, projects)
        asked = asked if kind is None else asked.where(JOBS.c.kind == kind)
        with self._changes.database.reading() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            raise _unknown(job_id)
        return _job(row)

    def cancel(self, job_id: str, *, projects: Sequence[str] | None, kind: str | None = None, actor: str) -> Job:
        """End a job before it is done; whoever is at it hears of it. One that was cancelled before stays so.

        Raises:
            UnknownJobError: there is none.
            JobStateError: it has ended.
        """
        self.find(job_id, projects=projects, kind=kind)
        with self._changes.changing(actor) as change:
            if (row := _locked(change, job_id)) is None:
                raise _unknown(job_id)
            job = _job(row)
            if job.state in OPEN:
                _end(change, job, JobState.CANCELLED)
                return _job(_locked(change, job_id))
        if job.state is not JobState.CANCELLED:
            raise JobStateError(f"job {job_id} is {job.state}: there is nothing to cancel")
        return job

    def claim(self, kind: str, *, without: Collection[str] = ()) -> Job | None:
        """Take the job that waits longest and is due, for this caller alone, with its material; None where none is.

        Jobs that were lost with their workers are queued again first, once each.

        Args:
            kind: what sort of job.
            without: ids of jobs that are left to others.
        """
        now = self._changes.clock()
        silent = select(JOBS.c.id).where(JOBS.c.state == JobState.RUNNING, JOBS.c.beat < now - LOST_SECONDS)
        queued = select(JOBS.c.id).where(
            JOBS.c.state == JobState.QUEUED, JOBS.c.kind == kind, or_(JOBS.c.due.is_(None), JOBS.c.due <= now)
        )
        with self._changes.database.reading() as connection:
            lost = connection.scalars(silent.limit(_LOST_AT_ONCE)).all()
        for job_id in lost:
            self._lost(job_id)
        if without:
            queued = queued.where(JOBS.c.id.not_in(without))
        with self._changes.database.reading() as connection:
            waiting = connection.scalars(queued.order_by(JOBS.c.created, JOBS.c.id).limit(MOST_OPEN)).all()
        return next((job for job_id in waiting if (job := self._claimed(job_id))), None)

    def progress(self, job: Job, done: int, total: int | None) -> bool:
        """Say that a claimed job is under way, at least every few seconds.

        Returns:
            Whether it is still the caller's: if it is not, it was cancelled, or given to another.
        """
        with self._changes.database.changing() as connection:
            values = {"beat": self._changes.clock(), "done": done, "total": total}
            return connection.execute(_owned(job).values(**values)).rowcount == 1

    def finish(self, job: Job, *, result: str = "", error: str = "") -> bool:
        """End a claimed job: with its result, as JSON, or with why it failed. Whether it was still the caller's."""
        if len(result.encode()) > LARGEST_RESULT:
            result, error = "", f"the result has more than {LARGEST_RESULT} bytes: ask for less"
        with self._changes.changing(SYSTEM) as change:
            row = _locked(change, job.job_id)
            if row is None or row.claim != job.claim or row.state != JobState.RUNNING:
                return False
            _end(change, _job(row), JobState.FAILED if error else JobState.DONE, error=error, result=result or None)
        return True

    def release(self, job: Job) -> None:
        """Give a claimed job back, for another to do: its worker ends."""
        with self._changes.database.changing() as connection:
            connection.execute(_owned(job).values(**_AGAIN))

    def postpone(self, job: Job, seconds: float) -> None:
        """Give a claimed job back that came to nothing this time, for somebody to try again after some seconds."""
        values = {**_AGAIN, "due": self._changes.clock() + seconds, "tries": job.tries + 1}
        with self._changes.database.changing() as connection:
            connection.execute(_owned(job).values(**values))

    def waiting(self, kind: str) -> int:
        """How many jobs of a kind are queued."""
        counted = select(func.count()).where(JOBS.c.state == JobState.QUEUED, JOBS.c.kind == kind)
        with self._changes.database.reading() as connection:
            return int(connection.execute(counted).scalar_one())

    def forget(self) -> int:
        """Remove the jobs that have ended and were kept long enough; how many they were."""
        old = (JOBS.c.created < self._changes.clock() - KEPT_SECONDS, JOBS.c.ended.is_not(None))
        with self._changes.database.changing() as connection:
            return connection.execute(delete(JOBS).where(*old)).rowcount

    def _claimed(self, job_id: str) -> Job | None:
        now, claim = self._changes.clock(), secrets.token_hex(16)
        values = {"state": JobState.RUNNING.value, "started": now, "beat": now, "claim": claim}
        with self._changes.database.changing() as connection:
            free = update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state == JobState.QUEUED)
            if connection.execute(free.values(**values)).rowcount != 1:
                return None  # somebody else was first
            asked = _plain(JOBS.c.material, JOBS.c.claim).where(JOBS.c.id == job_id)
            return _job(connection.execute(asked).one())

    def _lost(self, job_id: str) -> None:
        with self._changes.changing(SYSTEM) as change:
            row = _locked(change, job_id)
            if row is None or row.state != JobState.RUNNING or row.beat >= change.now - LOST_SECONDS:
                return  # somebody else has seen to it
            if row.lost:
                _end(change, _job(row), JobState.FAILED, error="was lost twice with the service that was at it")
                return
            change.record("job.lose", project=row.project, subject=job_id, kind=row.kind)
            change.connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**_AGAIN, lost=row.lost + 1))


_AGAIN: dict[str, Any] = {
    "state": JobState.QUEUED.value,
    "started": None,
    "beat": None,
    "claim": None,
    "done": 0,
    "total": None,
}
_PLAIN = tuple(column for column in JOBS.c if column.name not in ("material", "result"))
"""What lists show: the others may be large."""


def _plain(*more: Any) -> Select[Any]:
    asked: Any = select(*_PLAIN, *more)
    plain: Select[Any] = asked
    return plain


def _number(change: Change, project: str, kind: str, condition: ColumnElement[bool]) -> int:
    counted = select(func.count()).where(JOBS.c.project == project, JOBS.c.kind == kind, condition)
    return int(change.connection.execute(counted).scalar_one())


def _insert(change: Change, job_id: str, values: Mapping[str, Any], wish: Mapping[str, Any]) -> bool:
    """Whether it is new: another service may have been first."""
    fresh = {"state": JobState.QUEUED.value, "created": change.now, "lost": 0, "tries": 0, "done": 0, "error": ""}
    if not insert_new(change.connection, JOBS, {"id": job_id, **fresh, **values}):
        return False
    change.record("job.start", project=values["project"], subject=job_id, kind=values["kind"], wish=dict(wish))
    return True


def _owned(job: Job) -> Any:
    return update(JOBS).where(JOBS.c.id == job.job_id, JOBS.c.claim == job.claim, JOBS.c.state == JobState.RUNNING)


def _locked(change: Change, job_id: str) -> Any:
    return change.connection.execute(_plain().where(JOBS.c.id == job_id).with_for_update()).one_or_none()


def _end(change: Change, job: Job, state: JobState, *, error: str = "", result: str | None = None) -> None:
    error = error.replace("\x00", "")[:_LONGEST_ERROR]
    values = {"state": state.value, "ended": change.now, "error": error, "result": result, "material": None}
    change.connection.execute(update(JOBS).where(JOBS.c.id == job.job_id).values(**values, claim=None))
    said = {"error": error} if error else {}
    what = "job.cancel" if state is JobState.CANCELLED else "job.end"
    change.record(what, project=job.project, subject=job.job_id, kind=job.kind, state=state.value, **said)


def _unknown(job_id: str) -> UnknownJobError:
    return UnknownJobError(f"there is no job {job_id!r}: those there were are kept for 30 days")


def _kept(what: str, value: Mapping[str, Any], largest: int) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    if len(text) > largest:
        raise JobRefusedError(f"the {what} of the job has {len(text)} characters: leave {largest} or fewer")
    return text


def _job(row: Row[Any]) -> Job:
    result, material = getattr(row, "result", None), getattr(row, "material", None)
    return Job(
        job_id=row.id,
        project=row.project,
        kind=row.kind,
        state=JobState(row.state),
        author=row.author,
        created=row.created,
        started=row.started,
        ended=row.ended,
        done=row.done,
        total=row.total,
        wish=json.loads(row.wish),
        error=row.error,
        result=json.loads(result) if result else None,
        material=json.loads(material) if material else {},
        claim=row.claim or "",
        tries=row.tries,
    )
