"""The attempts to reach people there are: each step is one transaction with its record in the audit."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from sqlalchemy import Row, select, union, update

from sentric_analyzer.control import agents, people
from sentric_analyzer.control.approval import Approval, Said, State
from sentric_analyzer.control.approvals import Approvals, loaded
from sentric_analyzer.control.attempt import OPEN, WAITING, Attempt, AttemptState
from sentric_analyzer.control.changes import SYSTEM, Change, Changes
from sentric_analyzer.control.errors import (
    ApprovalStateError,
    NotAnApproverError,
    UnknownAttemptError,
    UnknownPersonError,
)
from sentric_analyzer.control.keyring import Scope
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.tables import APPROVAL_ATTEMPTS, APPROVALS

MOST_OF_AGENT = 5
"""Questions of one agent that a channel is told of within LATELY, while they wait for an answer: more would wear out
whoever answers, and crowd out the questions of others."""
MOST_OF_KEY = 20
"""The same, of all agents for which a key asks: agents are named by who holds the key."""
LATELY = 60.0
"""Seconds."""
LONGEST_DETAIL = 512
LONGEST_REFERENCE = 256
_FOUND = select(APPROVAL_ATTEMPTS, APPROVALS.c.project, APPROVALS.c.agent_id).join(
    APPROVALS, APPROVALS.c.id == APPROVAL_ATTEMPTS.c.approval_id
)
_ENDED = (AttemptState.UNANSWERED, AttemptState.FAILED, AttemptState.ANSWERED, AttemptState.WITHDRAWN)


class Attempts:
    """Begins attempts, and notes what becomes of them. Any thread of any service may use it.

    Args:
        changes: where they are kept.
        approvals: what they are about.
    """

    def __init__(self, changes: Changes, approvals: Approvals) -> None:
        self._changes = changes
        self._approvals = approvals
        self.on_outcome: Callable[[str, AttemptState], None] = lambda channel, outcome: None
        """Called with the channel of an attempt, and with what has become of it."""

    def begin(self, approval: Approval, step: int, *, channel: str, person: str, wait: float | None) -> Attempt | None:
        """Take a step of the route: the caller is to tell the person, and nobody else does.

        Somebody who may not answer is not told, nor of too many questions at once: then the attempt has failed.

        Args:
            approval: what it is about.
            step: of the route, from 0.
            channel: name of the channel.
            person: name of the person.
            wait: seconds until it is the next step's turn; None: until the approval expires.

        Returns:
            None where another service has taken the step, or the approval does not wait for an answer any more.
        """
        with self._changes.changing(SYSTEM) as change:
            agents.locked(change, approval.project, approval.agent_id)
            now = loaded(change, approval.approval_id)
            if now.state is not State.PENDING or now.is_late(change.now):
                return None
            person_id, unfit = _asked(change, now, person)
            unfit = unfit or _crowded(change, now, channel)
            attempt = Attempt(
                attempt_id=secrets.token_hex(16),
                approval_id=now.approval_id,
                step=step,
                channel=channel,
                person=person_id,
                state=AttemptState.FAILED if unfit else AttemptState.BEGUN,
                created=change.now,
                due=now.expires if wait is None else min(change.now + wait, now.expires),
                ended=change.now if unfit else None,
                detail=_line(unfit, LONGEST_DETAIL),
            )
            if not insert_new(change.connection, APPROVAL_ATTEMPTS, _row(attempt)):
                return None
            _record(change, "approval.attempt", attempt, now)
            if unfit:
                _record(change, "approval.failed", attempt, now)
        if unfit:
            self.on_outcome(channel, AttemptState.FAILED)
        return attempt

    def unfit(self, person: str) -> str:
        """Why somebody of this name cannot be asked now, whatever the question; empty where they can."""
        with self._changes.database.reading() as connection:
            try:
                return _may_not_approve(people.found(connection, person))
            except UnknownPersonError:
                return _nobody(person)

    def find(self, attempt_id: str) -> Attempt:
        """An attempt by its id.

        Raises:
            UnknownAttemptError: there is none.
        """
        with self._changes.database.reading() as connection:
            row = connection.execute(_FOUND.where(APPROVAL_ATTEMPTS.c.id == attempt_id)).one_or_none()
        if row is None:
            raise _unknown(attempt_id)
        return _attempt(row)

    def of(self, approval_id: str) -> list[Attempt]:
        """The attempts about an approval, in the order of their steps."""
        asked = _FOUND.where(APPROVAL_ATTEMPTS.c.approval_id == approval_id).order_by(APPROVAL_ATTEMPTS.c.step)
        with self._changes.database.reading() as connection:
            return [_attempt(row) for row in connection.execute(asked)]

    def unsettled(self) -> Sequence[str]:
        """Ids of the approvals that wait for an answer, or of which an attempt could still be answered."""
        pending = select(APPROVALS.c.id).where(APPROVALS.c.state == State.PENDING)
        open_ones = select(APPROVAL_ATTEMPTS.c.approval_id).where(APPROVAL_ATTEMPTS.c.state.in_(OPEN))
        with self._changes.database.reading() as connection:
            return connection.scalars(union(pending, open_ones)).all()

    def sent(self, attempt_id: str, reference: str) -> Attempt | None:
        """Note that somebody was told.

        Args:
            attempt_id: of the attempt.
            reference: how the other side names it; one that is too long to be kept is none.

        Returns:
            The attempt as it is then: it may be over by now. None where it was noted before.
        """
        kept = reference if len(reference) <= LONGEST_REFERENCE and reference.isprintable() else ""
        with self._changes.changing(SYSTEM) as change:
            row = _locked(change, attempt_id)
            if row.sent is not None:
                return None
            state = AttemptState.SENT if row.state == AttemptState.BEGUN else AttemptState(row.state)
            attempt = _saved(change, row, state=state, sent=change.now, reference=kept)
            _record(change, "approval.sent", attempt, row)
        self.on_outcome(attempt.channel, AttemptState.SENT)
        return attempt

    def reached(self, attempt_id: str) -> Attempt | None:
        """Note that somebody is there, as who picks up a phone is. None where it is over, or was noted before."""
        return self._move(attempt_id, (AttemptState.BEGUN, AttemptState.SENT), AttemptState.REACHED)

    def unanswered(self, attempt_id: str, why: str = "") -> Attempt | None:
        """Note that it is the next step's turn, while this one can still be answered. None where it is over."""
        return self._move(attempt_id, WAITING, AttemptState.UNANSWERED, why)

    def failed(self, attempt_id: str, why: str) -> Attempt | None:
        """Note that somebody cannot be reached so: it is the next step's turn. None where it is over.

        Args:
            attempt_id: of the attempt.
            why: in a line, without secrets.
        """
        return self._move(attempt_id, OPEN, AttemptState.FAILED, why)

    def withdraw(self, attempt_id: str, why: str) -> Attempt | None:
        """Note that nobody need answer any more. None where it is over: then somebody else sees to it."""
        return self._move(attempt_id, OPEN, AttemptState.WITHDRAWN, why)

    def answer(
        self,
        attempt_id: str,
        said: Said,
        *,
        channel: str,
        note: str = "",
        also: Callable[[Change], None] = lambda change: None,
    ) -> Approval:
        """Take the answer of the person who was asked, as theirs.

        Args:
            attempt_id: of the attempt that it answers.
            said: what the person says.
            channel: how the answer came.
            note: for the record, and for the agent where it is a denial.
            also: called in the same transaction; where it raises, nothing was answered.

        Raises:
            UnknownAttemptError: there is no such attempt.
            ApprovalStateError: the attempt or the approval can no longer be answered.
            NotAnApproverError: the person may not answer it, or not any more.
        """
        attempt = self.find(attempt_id)
        approver = f"person:{attempt.person}"
        answered = self._approvals.answer(
            attempt.approval_id,
            said,
            approver=approver,
            actor=approver,
            note=note,
            channel=channel,
            also=partial(_answered, attempt_id=attempt_id, also=also),
        )
        self.on_outcome(attempt.channel, AttemptState.ANSWERED)
        return answered

    def _move(
        self, attempt_id: str, before: tuple[AttemptState, ...], after: AttemptState, detail: str = ""
    ) -> Attempt | None:
        with self._changes.changing(SYSTEM) as change:
            row = _locked(change, attempt_id)
            if row.state not in before:
                return None
            attempt = _saved(change, row, state=after, detail=_line(detail, LONGEST_DETAIL) or row.detail)
            _record(change, f"approval.{after}", attempt, row)
        self.on_outcome(attempt.channel, after)
        return attempt


def _answered(change: Change, *, attempt_id: str, also: Callable[[Change], None]) -> None:
    row = _locked(change, attempt_id)
    if row.state not in OPEN:
        raise ApprovalStateError(f"attempt {attempt_id} is {row.state}: it can no longer be answered")
    if why := _may_not_approve(people.found(change.connection, row.person)):
        raise NotAnApproverError(why)
    also(change)
    _saved(change, row, state=AttemptState.ANSWERED)


def _asked(change: Change, approval: Approval, name: str) -> tuple[str, str]:
    """Id of a person, and why they cannot be asked; empty where they can."""
    try:
        person = people.found(change.connection, name)
    except UnknownPersonError:
        return "", _nobody(name)
    approver = f"person:{person.person_id}"
    if why := _may_not_approve(person):
        return person.person_id, why
    if approver == approval.requester:
        return person.person_id, f"{person.name!r} has asked for it: somebody else must answer"
    if any(approver == answer.approver for answer in approval.answers):
        return person.person_id, f"{person.name!r} has answered already: somebody else must, too"
    return person.person_id, ""


def _crowded(change: Change, approval: Approval, channel: str) -> str:
    """Why a channel is told of no more questions for now; empty where it is."""
    lately = (
        select(APPROVAL_ATTEMPTS.c.id)
        .join(APPROVALS, APPROVALS.c.id == APPROVAL_ATTEMPTS.c.approval_id)
        .where(APPROVAL_ATTEMPTS.c.channel == channel, APPROVAL_ATTEMPTS.c.state.in_(OPEN))
        .where(APPROVAL_ATTEMPTS.c.created > change.now - LATELY, APPROVALS.c.state == State.PENDING)
    )
    of_agent = (APPROVALS.c.project == approval.project, APPROVALS.c.agent_id == approval.agent_id)
    for most, whose, of in (
        (MOST_OF_AGENT, "this agent", of_agent),
        (MOST_OF_KEY, "agents with this key", (APPROVALS.c.key_id == approval.key_id,)),
    ):
        if len(change.connection.execute(lately.where(*of).limit(most)).all()) >= most:
            return f"left out: {most} questions of {whose} came through this channel within {LATELY:g} s, and wait"
    return ""


def _nobody(name: str) -> str:
    return f"there is nobody {name!r}: `sentric people add` adds somebody"


def _may_not_approve(person: people.Person) -> str:
    if person.removed is not None:
        return f"{person.name!r} was removed: name somebody else"
    if Scope.APPROVE not in person.role.scopes:
        return f"{person.name!r} is a {person.role}: `sentric people role` lets them approve"
    return ""


def _locked(change: Change, attempt_id: str) -> Row[Any]:
    """The row of an attempt, with project and agent of its approval, which was locked before if it is at all."""
    asked = _FOUND.where(APPROVAL_ATTEMPTS.c.id == attempt_id).with_for_update(of=APPROVAL_ATTEMPTS)
    row = change.connection.execute(asked).one_or_none()
    if row is None:
        raise _unknown(attempt_id)
    return row


def _saved(change: Change, row: Row[Any], *, state: AttemptState, **values: Any) -> Attempt:
    values["state"] = state.value
    if state in _ENDED and row.ended is None:
        values["ended"] = change.now
    change.connection.execute(update(APPROVAL_ATTEMPTS).where(APPROVAL_ATTEMPTS.c.id == row.id).values(**values))
    return _attempt(change.connection.execute(_FOUND.where(APPROVAL_ATTEMPTS.c.id == row.id)).one())


def _record(change: Change, what: str, attempt: Attempt, of: Approval | Row[Any]) -> None:
    """Have the audit say it, of an approval or of an attempt's row, which has project and agent, too."""
    change.record(
        what,
        project=of.project,
        subject=attempt.approval_id,
        agent_id=of.agent_id,
        attempt=attempt.attempt_id,
        step=attempt.step,
        channel=attempt.channel,
        person=attempt.person,
        **({"why": attempt.detail} if attempt.detail else {}),
    )


def _line(text: str, longest: int) -> str:
    """A text as one line that every database keeps."""
    line = " ".join(text[: 8 * longest].split())
    line = "".join(character if character.isprintable() else "�" for character in line)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _unknown(attempt_id: str) -> UnknownAttemptError:
    return UnknownAttemptError(f"there is no attempt {attempt_id!r} to reach somebody")


def _row(attempt: Attempt) -> dict[str, Any]:
    row = asdict(attempt)
    row["id"] = row.pop("attempt_id")
    row["state"] = attempt.state.value
    return row


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        attempt_id=row.id,
        approval_id=row.approval_id,
        step=row.step,
        channel=row.channel,
        person=row.person,
        state=AttemptState(row.state),
        created=row.created,
        due=row.due,
        sent=row.sent,
        ended=row.ended,
        reference=row.reference,
        detail=row.detail,
    )
