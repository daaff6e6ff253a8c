"""Approvals over REST: what waits for a person, and the person's answer."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Path, Query, Response
from pydantic import ConfigDict, Field, JsonValue

from sentric_analyzer.api.access import Caller, MaybeCaller
from sentric_analyzer.api.answers import Answer, json_answer
from sentric_analyzer.api.documents import Document, Next, Text
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects
from sentric_analyzer.api.places import next_of, place_of
from sentric_analyzer.api.problems import Refused, refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.api.waiting import until
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.approval import Approval, Said, State
from sentric_analyzer.control.attempt import Attempt, AttemptState
from sentric_analyzer.control.errors import ApprovalStateError, NotAnApproverError, UnknownApprovalError
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.keys import moment

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

MOST_WAITED = 60.0
"""Seconds that one request waits at most; who waits longer asks again."""
_Id = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$", description="Id of an approval.")]
_OF_ANYBODY = needs(Scope.READ, Scope.APPROVE)
"""What it takes to be shown what others have asked for."""
_ERRORS = {404: "There is no such approval.", 409: "It is past that."}


class GivenAnswer(Document):
    """One person's answer."""

    approver: str
    """`person:ID`, or `key:ID` of a key of nobody's."""
    answer: Said
    note: str
    channel: str
    time: datetime


class KnownApproval(Document):
    """A question to people, and what became of it."""

    approval_id: str
    project: str
    agent_id: str
    state: State
    used: bool
    """Whether the action it is for was done: an approval is used once."""
    tier: str
    """Severity of what it is about."""
    needed: int
    """People who must approve."""
    approvals_so_far: int
    requester: str
    """Who asks, and so may not answer."""
    created: datetime
    expires: datetime
    """When silence is a denial; of an approved one, when it can no longer be used."""
    ended: datetime | None
    consumed: datetime | None
    request: dict[str, JsonValue]
    """What is asked: the action, redacted, the rules that want a person to look, what they saw, and what the agent had
    seen before."""
    answers: list[GivenAnswer]


class KnownAttempt(Document):
    """An attempt to reach somebody."""

    attempt_id: str
    step: int
    """Of the route, from 0."""
    channel: str
    """As the configuration of the service names it."""
    person: str
    """Id of the person who is asked; empty where there is no such person."""
    state: AttemptState
    created: datetime
    due: datetime
    """When it is the next step's turn."""
    sent: datetime | None
    """When they were told."""
    ended: datetime | None
    """When their turn was over."""
    detail: str
    """Why it failed, or was not needed any more."""


class ShownApproval(KnownApproval):
    """An approval, with whom the service has asked about it."""

    attempts: list[KnownAttempt]
    """In their order; none for a key that decides, and neither reads nor approves."""


class ApprovalList(Document):
    """Some approvals, the newest first."""

    approvals: list[KnownApproval]
    next: Next


class Note(Document):
    """What is said with an answer."""

    model_config = ConfigDict(extra="forbid")

    note: Text = Field("", max_length=512)
    """For the record, and for the agent where it is a denial."""
    channel: str = Field("api", max_length=16, pattern="^[a-z]+$")
    """How the answer came."""


def add_approvals(app: FastAPI, control: "ControlStore", feed: Feed, answer: Answer) -> None:
    """Let an app show approvals, wait for them, and take answers."""
    routes = Routes(app, "approvals", "What waits for a person.")
    refuse_with(
        app,
        {
            UnknownApprovalError: HTTPStatus.NOT_FOUND,
            ApprovalStateError: HTTPStatus.CONFLICT,
            NotAnApproverError: HTTPStatus.FORBIDDEN,
        },
    )

    @routes.get("/v1/approvals", _OF_ANYBODY, gives=ApprovalList)
    async def list_approvals(
        projects: Projects,
        state: Annotated[State | None, Query(description="Those alone that stand so.")] = None,
        agent_id: Annotated[str | None, Query(max_length=256, description="Of this agent alone.")] = None,
        after: After = None,
        limit: Limit = 50,
    ) -> Response:
        """The newest approvals; in one state, or of one agent."""
        place, states = place_of(after), () if state is None else (state,)

        def ask() -> dict[str, Any]:
            found = control.approvals.page(
                projects=projects, states=states, agent_id=agent_id, after=place, limit=limit
            )
            end = next_of(found, limit, lambda approval: (approval.created, approval.approval_id))
            return {"approvals": [approval_document(approval) for approval in found], "next": end}

        return await answer(ask)

    @routes.get(
        "/v1/approvals/{approval_id}",
        needs(Scope.DECIDE, Scope.READ, Scope.APPROVE),
        gives=ShownApproval,
        errors={404: "There is no such approval."},
    )
    async def get_approval(
        by: MaybeCaller,
        projects: Projects,
        approval_id: _Id,
        wait: Annotated[float, Query(ge=0, le=MOST_WAITED, description="Seconds to wait while it is pending.")] = 0.0,
    ) -> Response:
        """An approval by its id, or a beginning of it that no other has; with `wait`, as soon as it is answered.

        A key that decides, and neither reads nor approves, is shown its own ones.
        """
        is_shown_less = by is not None and not _OF_ANYBODY.met_by(by.scopes)
        found = await until(
            feed,
            lambda record: record.subject.startswith(approval_id),
            lambda: _found(control, by if is_shown_less else None, approval_id, projects),
            lambda approval: approval.state is not State.PENDING,
            wait,
        )
        if is_shown_less:
            return json_answer({**approval_document(found), "attempts": []})
        return await answer(lambda: _with_attempts(control, found))

    @routes.post("/v1/approvals/{approval_id}/approve", needs(Scope.APPROVE), gives=KnownApproval, errors=_ERRORS)
    async def approve(by: Caller, approval_id: _Id, note: Note) -> Response:
        """Approve one action, once. Nobody approves what they asked for themselves."""
        return await answer(lambda: _answered(control, by, approval_id, Said.APPROVE, note))

    @routes.post("/v1/approvals/{approval_id}/deny", needs(Scope.APPROVE), gives=KnownApproval, errors=_ERRORS)
    async def deny(by: Caller, approval_id: _Id, note: Note) -> Response:
        """Deny it. That is a strike against the agent."""
        return await answer(lambda: _answered(control, by, approval_id, Said.DENY, note))

    @routes.post(
        "/v1/approvals/{approval_id}/cancel", needs(Scope.DECIDE, Scope.OPERATE), gives=KnownApproval, errors=_ERRORS
    )
    async def cancel(by: Caller, approval_id: _Id, note: Note) -> Response:
        """Withdraw a question, or an approval that was not used yet. A key that decides withdraws its own ones."""
        return await answer(lambda: _cancelled(control, by, approval_id, note))


def approval_document(approval: Approval) -> dict[str, Any]:
    """An approval as JSON."""
    return {
        "approval_id": approval.approval_id,
        "project": approval.project,
        "agent_id": approval.agent_id,
        "state": approval.state.value,
        "used": approval.consumed is not None,
        "tier": approval.tier,
        "needed": approval.needed,
        "approvals_so_far": sum(given.said is Said.APPROVE for given in approval.answers),
        "requester": approval.requester,
        "created": moment(approval.created),
        "expires": moment(approval.expires),
        "ended": moment(approval.ended),
        "consumed": moment(approval.consumed),
        "request": approval.request,
        "answers": [
            {
                "approver": given.approver,
                "answer": given.said.value,
                "note": given.note,
                "channel": given.channel,
                "time": moment(given.time),
            }
            for given in approval.answers
        ],
    }


def _found(control: "ControlStore", asks: Grant | None, approval_id: str, projects: Sequence[str] | None) -> Approval:
    """An approval; where somebody is given who asks, one of theirs alone."""
    found = control.approvals.find(approval_id, projects=projects)
    if asks is not None and found.requester != asks.identity:
        raise UnknownApprovalError(f"key {asks.key_id} has asked for no approval {approval_id!r}")
    return found


def _with_attempts(control: "ControlStore", approval: Approval) -> dict[str, Any]:
    attempts = control.attempts.of(approval.approval_id)
    return {**approval_document(approval), "attempts": [_attempt_document(attempt) for attempt in attempts]}


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt_id": attempt.attempt_id,
        "step": attempt.step,
        "channel": attempt.channel,
        "person": attempt.person,
        "state": attempt.state.value,
        "created": moment(attempt.created),
        "due": moment(attempt.due),
        "sent": moment(attempt.sent),
        "ended": moment(attempt.ended),
        "detail": attempt.detail,
    }


def _answered(control: "ControlStore", by: Grant, approval_id: str, said: Said, note: Note) -> dict[str, Any]:
    found = control.approvals.find(approval_id, projects=by.projects or None)
    after = control.approvals.answer(
        found.approval_id, said, approver=by.identity, actor=by.identity, note=note.note, channel=note.channel
    )
    return approval_document(after)


def _cancelled(control: "ControlStore", by: Grant, approval_id: str, note: Note) -> dict[str, Any]:
    found = control.approvals.find(approval_id, projects=by.projects or None)
    if Scope.DECIDE in by.scopes and found.key_id != by.key_id:
        raise Refused(HTTPStatus.FORBIDDEN, f"key {by.key_id} did not ask for that: who asked may withdraw it")
    return approval_document(control.approvals.cancel(found.approval_id, actor=by.identity, note=note.note))
