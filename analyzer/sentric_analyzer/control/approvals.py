"""The approvals there are: each step is one transaction with its record in the audit, whoever else is at it."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from sentric_analyzer.control import agents
from sentric_analyzer.control.approval import Answer, Approval, Said, State, answered, cancelled, late, told
from sentric_analyzer.control.changes import SYSTEM, Change, Changes
from sentric_analyzer.control.errors import ApprovalStateError, UnknownApprovalError
from sentric_analyzer.control.kept_decisions import KEPT
from sentric_analyzer.control.pages import Place, paged, within
from sentric_analyzer.control.tables import APPROVAL_ANSWERS, APPROVAL_ATTEMPTS, APPROVAL_LINKS, APPROVALS, DECISIONS

MOST_PENDING = 100
"""Approvals of one agent that may wait at once: more questions than people can answer are refused."""
MOST_PENDING_OF_KEY = 1000
"""Approvals that the agents of one key may wait for at once: agents are named by who holds the key."""
_SWEPT_AT_ONCE = 100
_ID_LENGTH = 32

# Made once: decisions need them, and to make a statement takes longer than to execute it.
_OPEN = (
    select(APPROVALS)
    .where(APPROVALS.c.project == bindparam("of_project"), APPROVALS.c.agent_id == bindparam("of_agent"))
    .where(APPROVALS.c.state.in_((State.PENDING, State.APPROVED)), APPROVALS.c.consumed.is_(None))
    .order_by(APPROVALS.c.created.desc())
)
_ANSWERS = (
    select(APPROVAL_ANSWERS)
    .where(APPROVAL_ANSWERS.c.approval_id.in_(bindparam("of_approvals", expanding=True)))
    .order_by(APPROVAL_ANSWERS.c.time)
)
_STILL = _OPEN.where(APPROVALS.c.expires > bindparam("now"))
_WAITING_OF_KEY = (
    select(APPROVALS.c.id)
    .where(APPROVALS.c.state == State.PENDING, APPROVALS.c.expires > bindparam("now"))
    .where(APPROVALS.c.key_id == bindparam("of_key"))
    .limit(MOST_PENDING_OF_KEY)
)
_SAME = _STILL.where(
    APPROVALS.c.binding == bindparam("of_binding"), APPROVALS.c.requester == bindparam("of_requester")
).limit(1)
_WAITING = _STILL.where(APPROVALS.c.state == State.PENDING).with_only_columns(APPROVALS.c.id).limit(MOST_PENDING)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long approvals last, in seconds."""

    answer: float = 300.0
    """Until somebody answers: silence is a denial."""
    use: float = 300.0
    """From then until it is used."""


class Approvals:
    """Reads approvals, and takes people's answers."""

    def __init__(self, changes: Changes, patience: Patience) -> None:
        self._changes = changes
        self._patience = patience

    def page(
        self,
        *,
        projects: Sequence[str] | None,
        states: Sequence[State] = (),
        agent_id: str | None = None,
        after: Place | None = None,
        limit: int,
    ) -> list[Approval]:
        """The newest approvals: of some projects alone (None: of all), in some states, of one agent."""
        asked = paged(select(APPROVALS), APPROVALS.c.created, APPROVALS.c.id, after, limit)
        asked = within(asked, APPROVALS.c.project, projects)
        asked = asked.where(APPROVALS.c.state.in_(states)) if states else asked
        asked = asked.where(APPROVALS.c.agent_id == agent_id) if agent_id is not None else asked
        with self._changes.database.reading() as connection:
            return list(_with_answers(connection, connection.execute(asked).all()))

    def find(self, approval_id: str, *, projects: Sequence[str] | None) -> Approval:
        """An approval by its id, or by the beginning of it that only this one has.

        That the time of one has passed is noted by whoever sees it: what was shown as expired stays so, whatever clocks
        do.

        Raises:
            UnknownApprovalError: there is none, or there are several.
        """
        # Programs have the whole id, which is looked up; what is only a beginning is looked for among all there are.
        is_whole = len(approval_id) == _ID_LENGTH
        column = APPROVALS.c.id
        is_meant = column == approval_id if is_whole else column.startswith(approval_id, autoescape=True)
        asked = within(select(APPROVALS).where(is_meant), APPROVALS.c.project, projects).limit(2)
        with self._changes.database.reading() as connection:
            rows = connection.execute(asked).all() if approval_id else []
            if not rows:
                raise UnknownApprovalError(f"there is no approval {approval_id!r}: `sentric approvals list` shows them")
            if len(rows) > 1:
                raise UnknownApprovalError(f"several approvals begin with {approval_id!r}: give more of the id")
            (found,) = _with_answers(connection, rows)
        if not found.is_late(self._changes.clock()):
            return found
        return self._step(found.approval_id, SYSTEM, lambda change, approval: approval)

    def answer(
        self,
        approval_id: str,
        said: Said,
        *,
        approver: str,
        actor: str,
        note: str = "",
        channel: str = "api",
        also: Callable[[Change], None] = lambda change: None,
    ) -> Approval:
        """Take a person's answer.

        Args:
            approval_id: the whole id.
            said: what the person says.
            approver: `person:ID`, or `key:ID` of a key that belongs to nobody.
            actor: as the audit names who answers.
            note: for the record, and for the agent where it is a denial.
            channel: how the answer came.
            also: called in the same transaction; where it raises, nothing was answered.

        Raises:
            UnknownApprovalError: there is no such approval.
            ApprovalStateError: it can no longer be answered.
            NotAnApproverError: this one may not answer it.
        """

        def step(change: Change, approval: Approval) -> Approval:
            also(change)
            given = Answer(approver, said, change.now, note, channel)
            after = answered(approval, given, use_seconds=self._patience.use)
            change.connection.execute(
                insert(APPROVAL_ANSWERS).values(
                    approval_id=approval.approval_id,
                    approver=approver,
                    answer=said.value,
                    note=note,
                    channel=channel,
                    time=change.now,
                )
            )
            _save(change, after)
            _record(change, f"approval.{said}", after, approver=approver, note=note, channel=channel)
            if after.state is State.DENIED:
                _strike(change, after, why=f"approval of {after.request.get('tool', 'an action')} denied")
            return after

        return self._step(approval_id, actor, step)

    def cancel(self, approval_id: str, *, actor: str, note: str = "") -> Approval:
        """Withdraw a question, or an approval that was not used yet.

        Raises:
            UnknownApprovalError: there is no such approval.
            ApprovalStateError: nothing can come of it any more.
        """

        def step(change: Change, approval: Approval) -> Approval:
            after = cancelled(approval, change.now)
            _save(change, after)
            _record(change, "approval.cancel", after, note=note)
            return after

        return self._step(approval_id, actor, step)

    def waiting(self) -> tuple[int, float]:
        """How many wait for somebody, and for how many seconds that has waited that waits longest."""
        asked = select(func.count(), func.min(APPROVALS.c.created)).where(APPROVALS.c.state == State.PENDING)
        with self._changes.database.reading() as connection:
            number, first = connection.execute(asked).one()
        return int(number), max(0.0, self._changes.clock() - first) if number else 0.0

    def expire(self) -> int:
        """Note of those whose time has passed that it has; how many they were."""
        now = self._changes.clock()
        with self._changes.database.reading() as connection:
            due = select(APPROVALS.c.id).where(
                APPROVALS.c.state.in_((State.PENDING, State.APPROVED)),
                APPROVALS.c.consumed.is_(None),
                APPROVALS.c.expires <= now,
            )
            ids = connection.scalars(due.order_by(APPROVALS.c.expires).limit(_SWEPT_AT_ONCE)).all()
        for approval_id in ids:
            self._step(approval_id, SYSTEM, lambda change, approval: approval)  # that it is looked at is enough
        return len(ids)

    def forget(self) -> int:
        """Forget approvals of long ago from which nothing can come; how many they were. The audit keeps their steps."""
        old = APPROVALS.c.created < self._changes.clock() - KEPT
        is_over = or_(APPROVALS.c.state.not_in((State.PENDING, State.APPROVED)), APPROVALS.c.consumed.is_not(None))
        over = select(APPROVALS.c.id).where(old, is_over).scalar_subquery()
        attempts = select(APPROVAL_ATTEMPTS.c.id).where(APPROVAL_ATTEMPTS.c.approval_id.in_(over)).scalar_subquery()
        with self._changes.database.changing() as connection:
            connection.execute(delete(APPROVAL_LINKS).where(APPROVAL_LINKS.c.attempt_id.in_(attempts)))
            connection.execute(delete(APPROVAL_ATTEMPTS).where(APPROVAL_ATTEMPTS.c.approval_id.in_(over)))
            connection.execute(delete(APPROVAL_ANSWERS).where(APPROVAL_ANSWERS.c.approval_id.in_(over)))
            return connection.execute(delete(APPROVALS).where(APPROVALS.c.id.in_(over))).rowcount

    def _step(self, approval_id: str, actor: str, step: Callable[[Change, Approval], Approval]) -> Approval:
        """Take one step with an approval that nobody else can take one with meanwhile.

        One whose time has passed has expired first. That stays so, also where the step then fails.
        """
        agent = self._agent_of(approval_id)
        with self._changes.changing(actor) as change:
            agents.locked(change, *agent)
            approval, was_late = on_time(change, loaded(change, approval_id))
            if not was_late:
                return step(change, approval)
        if actor == SYSTEM:
            return approval
        raise ApprovalStateError(f"approval {approval_id} has expired: it can no longer be answered")

    def _agent_of(self, approval_id: str) -> tuple[str, str]:
        with self._changes.database.reading() as connection:
            where = APPROVALS.c.id == approval_id
            row = connection.execute(select(APPROVALS.c.project, APPROVALS.c.agent_id).where(where)).one_or_none()
        if row is None:
            raise UnknownApprovalError(f"there is no approval {approval_id!r}: `sentric approvals list` shows them")
        return row.project, row.agent_id


def asked(change: Change, approval: Approval) -> None:
    """Put a question to people."""
    row = {
        "id": approval.approval_id,
        "project": approval.project,
        "agent_id": approval.agent_id,
        "state": approval.state.value,
        "tier": approval.tier,
        "needed": approval.needed,
        "binding": approval.binding,
        "requester": approval.requester,
        "key_id": approval.key_id,
        "created": approval.created,
        "expires": approval.expires,
        "request": json.dumps(approval.request),
    }
    change.connection.execute(insert(APPROVALS), row)
    stated = {name: getattr(approval, name) for name in ("requester", "tier", "needed", "binding")}
    _record(change, "approval.ask", approval, **stated)


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_hex(_ID_LENGTH // 2)


def loaded(change: Change, approval_id: str) -> Approval:
    """An approval, its row locked. The row of its agent is locked before.

    Raises:
        UnknownApprovalError: there is no such approval.
    """
    row = change.connection.execute(
        select(APPROVALS).where(APPROVALS.c.id == approval_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownApprovalError(f"there is no approval {approval_id!r}: `sentric approvals list` shows them")
    (found,) = _with_answers(change.connection, [row])
    return found


def as_it_is(connection: Connection, approval_id: str) -> Approval | None:
    """An approval as it was last saved, for whoever only looks; None: there is none."""
    rows = connection.execute(select(APPROVALS).where(APPROVALS.c.id == approval_id)).all()
    return next(_with_answers(connection, rows), None)


def on_time(change: Change, approval: Approval) -> tuple[Approval, bool]:
    """An approval as it is now, and whether its time has passed only just: then that is saved and recorded."""
    if not approval.is_late(change.now):
        return approval, False
    after = late(approval)
    _save(change, after)
    _record(change, "approval.expire", after, by=SYSTEM)
    if approval.state is State.PENDING:
        _strike(change, after, why=f"nobody approved {after.request.get('tool', 'an action')} in time")
    return after, True


def consumed(change: Change, approval: Approval) -> None:
    """Use an approval up."""
    change.connection.execute(
        update(APPROVALS).where(APPROVALS.c.id == approval.approval_id).values(consumed=change.now)
    )
    _record(change, "approval.use", approval)


def of_binding(change: Change, project: str, agent_id: str, binding: str, requester: str) -> Approval | None:
    """The newest approval of the very same action, asked for by the same, from which something can still come."""
    about = {"of_project": project, "of_agent": agent_id, "of_binding": binding, "now": change.now}
    about["of_requester"] = requester
    rows = change.connection.execute(_SAME, about).all()
    return next(_with_answers(change.connection, rows), None)


def waiting(change: Change, project: str, agent_id: str) -> int:
    """How many questions of an agent wait for an answer, up to as many as there may be."""
    about = {"of_project": project, "of_agent": agent_id, "now": change.now}
    return len(change.connection.execute(_WAITING, about).all())


def waiting_of_key(change: Change, key_id: str) -> int:
    """The same, of all agents for which a key asks."""
    return len(change.connection.execute(_WAITING_OF_KEY, {"of_key": key_id, "now": change.now}).all())


def cancel_open(change: Change, project: str, agent_id: str, *, why: str) -> None:
    """Withdraw everything an agent still waits for, and what it may still use."""
    rows = change.connection.execute(_OPEN, {"of_project": project, "of_agent": agent_id}).all()
    for approval in _with_answers(change.connection, rows):
        withdrawn(change, approval, why=why)


def withdrawn(change: Change, approval: Approval, *, why: str) -> None:
    """Withdraw an approval from which something can still come."""
    after = cancelled(approval, change.now)
    _save(change, after)
    _record(change, "approval.cancel", after, note=why)


def _strike(change: Change, approval: Approval, *, why: str) -> None:
    # However often it was asked for, it is refused once: that counts with the decision that asked first.
    of_agent = (DECISIONS.c.project == approval.project, DECISIONS.c.agent_id == approval.agent_id)
    first = (
        select(DECISIONS.c.id)
        .where(*of_agent, DECISIONS.c.time >= approval.created, DECISIONS.c.approval_id == approval.approval_id)
        .order_by(DECISIONS.c.time)
        .limit(1)
    )
    change.connection.execute(update(DECISIONS).where(DECISIONS.c.id == first.scalar_subquery()).values(strike=True))
    if agents.struck(change, approval.project, approval.agent_id, why=why):
        cancel_open(change, approval.project, approval.agent_id, why="the agent was shut down")


def _save(change: Change, approval: Approval) -> None:
    values = {"state": approval.state.value, "expires": approval.expires, "ended": approval.ended}
    change.connection.execute(update(APPROVALS).where(APPROVALS.c.id == approval.approval_id).values(**values))


def _record(change: Change, what: str, approval: Approval, *, by: str = "", **detail: Any) -> None:
    given = {name: value for name, value in detail.items() if value not in ("", None)}
    change.record(
        what,
        project=approval.project,
        subject=approval.approval_id,
        by=by,
        agent_id=approval.agent_id,
        state=told(approval),
        **given,
    )


def _with_answers(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[Approval]:
    answers: dict[str, list[Answer]] = {}
    if rows:
        for row in connection.execute(_ANSWERS, {"of_approvals": [row.id for row in rows]}):
            given = Answer(row.approver, Said(row.answer), row.time, row.note, row.channel)
            answers.setdefault(row.approval_id, []).append(given)
    for row in rows:
        yield Approval(
            approval_id=row.id,
            project=row.project,
            agent_id=row.agent_id,
            state=State(row.state),
            tier=row.tier,
            needed=row.needed,
            binding=row.binding,
            requester=row.requester,
            key_id=row.key_id,
            created=row.created,
            expires=row.expires,
            ended=row.ended,
            consumed=row.consumed,
            request=json.loads(row.request),
            answers=tuple(answers.get(row.id, ())),
        )
