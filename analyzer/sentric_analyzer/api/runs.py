"""Runs, what was found in them, and the conversations they belong to, over REST."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Response

from sentric.policy.rule import Severity
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.cursors import cursor_of, cursor_to_text
from sentric_analyzer.api.models import Findings, Fixture, JudgedRun, Recordings, Runs, Sessions
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects, Since, nanoseconds
from sentric_analyzer.api.problems import Refused, refuse_with
from sentric_analyzer.api.recordings import PAGE_RUNS, page_document, place_of
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.detection import stored_fixture
from sentric_analyzer.document import finding_document, run_document
from sentric_analyzer.storage import AmbiguousRunError, Store
from sentric_analyzer.storage.listings import FINDING_PLACE, RUN_PLACE, SESSION_PLACE
from sentric_analyzer.storage.recordings import Cursor

_Conversation = Annotated[str | None, Query(max_length=32_768, description="Of this conversation alone.")]
"""A conversation's id is as long as an agent made it."""
_Run = Annotated[str | None, Query(max_length=512, description="Of the run with this id alone.")]
_Rule = Annotated[str | None, Query(max_length=512, description="Of the rule with this id alone.")]
_Personal = Annotated[
    bool, Query(description="Whether personal data becomes fingerprints, too: rules about recipients may then differ.")
]
_Least = Annotated[Severity, Query(description="The lowest severity to be told.")]
_Selector = Annotated[str, Path(description="A run's id, the beginning of its id, or `latest`.")]

_NOT_ONE = {404: "There is no such run.", 409: "Several runs begin so."}


def add_runs(app: FastAPI, store: Store, answer: Answer) -> None:
    """Let an app tell of the runs in a store."""
    runs = Routes(app, "runs", "What agents did, judged.")
    refuse_with(app, {AmbiguousRunError: HTTPStatus.CONFLICT})

    @runs.get("/v1/runs", needs(Scope.READ), gives=Runs)
    async def list_runs(
        projects: Projects,
        limit: Limit = 50,
        since: Since = None,
        conversation: _Conversation = None,
        after: After = None,
    ) -> Response:
        """The runs that started since a moment, newest first."""
        moment = nanoseconds(since)
        place = cursor_of(after, RUN_PLACE) if after else None

        def ask() -> dict[str, Any]:
            found = store.runs(projects=projects, limit=limit, since=moment, conversation=conversation, after=place)
            return {"runs": found, "next": cursor_to_text(found.next)}

        return await answer(ask)

    @runs.get("/v1/runs/{run_id:path}", needs(Scope.READ), gives=JudgedRun, errors=_NOT_ONE)
    async def get_run(run_id: _Selector, projects: Projects) -> Response:
        """A judged run, whole."""

        def ask() -> dict[str, Any]:
            replay = store.run(run_id, projects=projects)
            if replay is None:
                raise Refused(HTTPStatus.NOT_FOUND, f"no run {run_id!r}")
            return run_document(replay)

        return await answer(ask)

    _add_recordings(runs, store, answer)
    _add_findings(Routes(app, "findings", "What was found in runs."), store, answer)
    _add_sessions(Routes(app, "sessions", "Conversations: runs that belong together."), store, answer)


def _add_recordings(runs: Routes, store: Store, answer: Answer) -> None:
    @runs.get("/v1/recordings", needs(Scope.READ), gives=Recordings)
    async def list_recordings(projects: Projects, after: After = None, limit: Limit = PAGE_RUNS) -> Response:
        """Runs with all their events, the earliest first.

        A page has at most 50 runs, and fewer where they are long.
        """

        def ask() -> dict[str, Any]:
            place = place_of(after) if after else Cursor()
            return page_document(store.recordings(projects=projects, after=place, limit=min(limit, PAGE_RUNS)))

        return await answer(ask)

    @runs.get("/v1/recordings/{run_id:path}", needs(Scope.READ), gives=Fixture, errors=_NOT_ONE)
    async def get_fixture(run_id: _Selector, projects: Projects, redact_personal: _Personal = False) -> Response:
        """A run as a test, for `sentric test`.

        Its events with their verdicts, and what was known before it. It is redacted once more, under a key that nobody
        keeps: its fingerprints tell nothing of others.
        """

        def ask() -> dict[str, Any]:
            replay = store.run(run_id, projects=projects)
            if replay is None:
                raise Refused(HTTPStatus.NOT_FOUND, f"no run {run_id!r}")
            return stored_fixture(store, replay, redact_personal=redact_personal)

        return await answer(ask)


def _add_findings(findings: Routes, store: Store, answer: Answer) -> None:
    @findings.get("/v1/findings", needs(Scope.READ), gives=Findings)
    async def list_findings(
        projects: Projects,
        run: _Run = None,
        severity: _Least = Severity.LOW,
        rule: _Rule = None,
        limit: Limit = 100,
        after: After = None,
    ) -> Response:
        """Findings at or over a severity, newest first."""
        place = cursor_of(after, FINDING_PLACE) if after else None

        def ask() -> dict[str, Any]:
            found = store.findings(projects=projects, run=run, severity=severity, rule=rule, limit=limit, after=place)
            return {"findings": list(map(finding_document, found)), "next": cursor_to_text(found.next)}

        return await answer(ask)


def _add_sessions(sessions: Routes, store: Store, answer: Answer) -> None:
    @sessions.get("/v1/sessions", needs(Scope.READ), gives=Sessions)
    async def list_sessions(
        projects: Projects, limit: Limit = 50, since: Since = None, after: After = None
    ) -> Response:
        """The conversations in which a run started since a moment, that of the latest run first."""
        moment = nanoseconds(since)
        place = cursor_of(after, SESSION_PLACE) if after else None

        def ask() -> dict[str, Any]:
            found = store.sessions(projects=projects, limit=limit, since=moment, after=place)
            return {"sessions": found, "next": cursor_to_text(found.next)}

        return await answer(ask)
