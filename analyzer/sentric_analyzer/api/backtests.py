"""Back-tests over REST: what a policy would have decided about recorded runs, found out as a job."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, Path, Response
from pydantic import AwareDatetime, ConfigDict, Field, JsonValue

from sentric.errors import PolicyError
from sentric.policy.files import FILES_LIMIT, NAME_LIMIT
from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer, json_answer
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects, nanoseconds
from sentric_analyzer.api.places import next_of, place_of
from sentric_analyzer.api.problems import MOST_FAULTS, fault, invalid, refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.backtest.worker import KIND
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.errors import (
    JobRefusedError,
    JobStateError,
    TooManyJobsError,
    UnknownJobError,
    UnknownPolicyError,
    UnknownProjectError,
)
from sentric_analyzer.control.jobs import KEPT_SECONDS, MOST_OPEN, Job
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.policies import OWN, checked
from sentric_analyzer.document import LATEST
from sentric_analyzer.projects import DEFAULT, is_project_name

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

BODY_LIMIT = 8 << 20
"""Bytes of a wish: as large a policy as there may be, unless little of it is ASCII."""
_LARGEST_VERSION = (1 << 31) - 1
_JobId = Annotated[str, Path(max_length=64, description="The whole id of a back-test.")]
_Version = Annotated[int, Field(ge=1, le=_LARGEST_VERSION)]


class BacktestWish(Document):
    """A policy to be tried: a version of the project's, or documents that need not be kept."""

    model_config = ConfigDict(extra="forbid")

    project: str | None = Field(None, max_length=64)
    """Whose runs, and whose policy; left out: the key's first project."""
    since: AwareDatetime
    """The runs that started since then are judged, up to the moment of asking."""
    version: _Version | None = None
    """Of the project's policy: what is tried."""
    documents: dict[Annotated[str, Field(max_length=NAME_LIMIT)], str] | None = Field(None, max_length=FILES_LIMIT)
    """Names of files, and their texts, in place of a version; `policy.yaml` is the policy itself."""
    against: int | None = Field(None, ge=OWN, le=_LARGEST_VERSION)
    """Version of the project's policy that it is compared with, 0 for the policy of the service's own settings; left
    out: what is in force."""


class Backtest(Document):
    """A back-test as it stands."""

    id: str
    project: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    author: str
    """Who asked for it."""
    created: datetime
    started: datetime | None
    ended: datetime | None
    done: int
    """Runs that were judged."""
    total: int | None
    """Runs that there are; null until it is known."""
    since: datetime
    version: int | None
    """What is tried; null where documents were given."""
    against: int
    """What it is compared with; 0: the policy of the service's own settings."""
    error: str
    """Why it failed."""


class BacktestWithResult(Backtest):
    """A back-test, with what came of it."""

    result: dict[str, JsonValue] | None
    """The document that `sentric policy backtest --format json` prints; null until it is done."""


class Backtests(Document):
    """Some back-tests, the newest first."""

    backtests: list[Backtest]
    next: Next


def add_backtests(app: FastAPI, control: "ControlStore", answer: Answer) -> None:
    """Let an app have policies tried."""
    routes = Routes(app, "back-tests", "Policies tried on recorded runs before they are enforced.")
    refuse_with(
        app,
        {
            JobRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
            JobStateError: HTTPStatus.CONFLICT,
            TooManyJobsError: HTTPStatus.CONFLICT,
            UnknownJobError: HTTPStatus.NOT_FOUND,
            UnknownProjectError: HTTPStatus.NOT_FOUND,
        },
    )
    unknown = f"There is no such back-test: each is kept for {KEPT_SECONDS / 86_400:.0f} days."

    @routes.post(
        "/v1/backtests",
        needs(Scope.OPERATE),
        gives=Backtest,
        status=HTTPStatus.ACCEPTED,
        errors={404: "The key is for no such project.", 409: f"The project has {MOST_OPEN} jobs to be done."},
        body_limit=BODY_LIMIT,
    )
    async def start_backtest(by: Caller, wish: BacktestWish) -> Response:
        """Try a policy on recorded runs.

        They are judged under it and under what it is compared with, in the background. `Location` says where to look
        how far that is. A policy that does not load is refused at once, with everything that is wrong.
        """
        project = _project(by, wish.project)

        def ask() -> Response:
            job = _started(control, project, wish, by)
            location = {"Location": f"/v1/backtests/{job.job_id}"}
            return json_answer(backtest_job_document(job), HTTPStatus.ACCEPTED, location)

        return await answer(ask)

    @routes.get("/v1/backtests", needs(Scope.READ), gives=Backtests)
    async def list_backtests(projects: Projects, after: After = None, limit: Limit = 50) -> Response:
        """The newest back-tests, without their results."""
        place = place_of(after)

        def ask() -> dict[str, Any]:
            found = control.jobs.page(projects=projects, kind=KIND, after=place, limit=limit)
            end = next_of(found, limit, lambda job: (job.created, job.job_id))
            return {"backtests": [backtest_job_document(job) for job in found], "next": end}

        return await answer(ask)

    @routes.get("/v1/backtests/{job_id}", needs(Scope.READ), gives=BacktestWithResult, errors={404: unknown})
    async def get_backtest(projects: Projects, job_id: _JobId) -> Response:
        """A back-test: how far it is, and its result when it is done."""

        def ask() -> dict[str, Any]:
            job = control.jobs.find(job_id, projects=projects, kind=KIND)
            return backtest_job_document(job) | {"result": job.result}

        return await answer(ask)

    @routes.delete(
        "/v1/backtests/{job_id}",
        needs(Scope.OPERATE),
        gives=Backtest,
        errors={404: unknown, 409: "It has ended: there is nothing to cancel."},
    )
    async def cancel_backtest(by: Caller, projects: Projects, job_id: _JobId) -> Response:
        """Cancel a back-test before it is done. It stays in the list."""

        def ask() -> dict[str, Any]:
            job = control.jobs.cancel(job_id, projects=projects, kind=KIND, actor=by.identity)
            return backtest_job_document(job)

        return await answer(ask)


def backtest_job_document(job: Job) -> dict[str, Any]:
    """A back-test as JSON, without its result."""
    return {
        "id": job.job_id,
        "project": job.project,
        "state": job.state.value,
        "author": job.author,
        "created": moment(job.created),
        "started": moment(job.started),
        "ended": moment(job.ended),
        "done": job.done,
        "total": job.total,
        "since": moment(job.wish["since"]),
        "version": job.wish["version"],
        "against": job.wish["against"],
        "error": job.error,
    }


def _started(control: "ControlStore", project: str, wish: BacktestWish, by: Grant) -> Job:
    """The job that a wish makes.

    Raises:
        Refused: what is wished for cannot be tried, for any of these reasons.
        JobRefusedError: the policies are too large.
        TooManyJobsError: the project has too many jobs to be done.
    """
    if (wish.version is None) is (wish.documents is None):
        raise invalid([fault("body", ["version"], "give either a version or documents")])
    against = _in_force(control, project) if wish.against is None else wish.against
    today = None if against == OWN else _documents(control, project, "against", against)
    tried = _documents(control, project, "version", wish.version) if wish.version is not None else wish.documents
    for where, documents in (("documents" if wish.version is None else "version", tried), ("against", today)):
        if documents is not None:
            _check(where, documents)
    return control.jobs.start(
        project,
        KIND,
        {"since": min(nanoseconds(wish.since), LATEST) / 1e9, "version": wish.version, "against": against},
        material={"tried": tried, "today": today},
        actor=by.identity,
    )


def _in_force(control: "ControlStore", project: str) -> int:
    return next((activation.version for activation in control.policies.activations(project, limit=1)), OWN)


def _documents(control: "ControlStore", project: str, where: str, version: int) -> Mapping[str, str]:
    try:
        return control.policies.version(project, version).documents
    except UnknownPolicyError as error:
        raise invalid([fault("body", [where], str(error))]) from None


def _check(where: str, documents: Mapping[str, str]) -> None:
    try:
        checked(documents)
    except PolicyError as error:
        told = error.problems[:MOST_FAULTS]
        more = len(error.problems) - len(told)
        raise invalid([fault("body", [where], problem) for problem in told], more) from None


def _project(by: Grant, wanted: str | None) -> str:
    """The project whose runs a key asks for."""
    if wanted is None:
        return by.projects[0] if by.projects else DEFAULT
    if by.projects and wanted not in by.projects:
        raise UnknownProjectError(f"key {by.key_id} is for no such project, but for: {', '.join(by.projects)}")
    if not is_project_name(wanted):
        raise invalid([fault("body", ["project"], "is no name of a project")])
    return wanted
