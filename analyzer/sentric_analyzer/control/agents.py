"""Agents: their risk, their strikes, and what they may do no more."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, func, or_, select, tuple_, update

from sentric.policy.risk import STRIKES
from sentric.policy.rule import Decision
from sentric_analyzer.control import incidents
from sentric_analyzer.control.changes import SYSTEM, Change, Changes
from sentric_analyzer.control.errors import ControlError, UnknownAgentError
from sentric_analyzer.control.pages import Place, paged, within
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.tables import AGENTS, APPROVALS, DECISIONS, STOPS

_COUNTS = {
    Decision.ALLOW: AGENTS.c.allowed,
    Decision.WARN: AGENTS.c.warned,
    Decision.ASK: AGENTS.c.asked,
    Decision.BLOCK: AGENTS.c.blocked,
}

# Made once: every decision needs them, and to make a statement takes longer than to execute it.
_IS = and_(AGENTS.c.project == bindparam("of_project"), AGENTS.c.id == bindparam("of_id"))
_LOCKED = select(AGENTS).where(_IS).with_for_update()
_STOPS = select(STOPS).where(
    STOPS.c.project == bindparam("of_project"),
    or_(
        and_(STOPS.c.by == "id", STOPS.c.target == bindparam("of_id")),
        and_(STOPS.c.by == "name", STOPS.c.target.in_((bindparam("of_name"), bindparam("of_claimed")))),
    ),
)
_COUNTED = {
    decision: update(AGENTS)
    .where(_IS)
    .values({count: count + 1, AGENTS.c.risk: AGENTS.c.risk + bindparam("more"), AGENTS.c.last_seen: bindparam("now")})
    for decision, count in _COUNTS.items()
}
_SEEN_NOW = update(AGENTS).where(_IS).values(last_seen=bindparam("now"))
_BLAMELESS = and_(
    AGENTS.c.risk == 0,
    AGENTS.c.strikes == 0,
    ~exists().where(STOPS.c.project == AGENTS.c.project, STOPS.c.by == "id", STOPS.c.target == AGENTS.c.id),
    ~exists()
    .where(APPROVALS.c.project == AGENTS.c.project, APPROVALS.c.agent_id == AGENTS.c.id)
    .where(APPROVALS.c.state.in_(("pending", "approved")), APPROVALS.c.consumed.is_(None)),
    ~exists()
    .where(DECISIONS.c.project == AGENTS.c.project, DECISIONS.c.agent_id == AGENTS.c.id)
    .where(DECISIONS.c.time >= bindparam("long_ago")),
)
_OLD = select(AGENTS.c.project, AGENTS.c.id).where(AGENTS.c.last_seen < bindparam("long_ago"), _BLAMELESS)
SEEN_LATELY = 1800.0
"""Seconds for which it need not be noted again that an agent is there."""
FORGOTTEN_AT_ONCE = 1000
"""Agents that are forgotten in one transaction, so that nobody waits long for it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What an operator has stopped."""

    by: str
    """`id`, or `name`: every agent of the name, those to come too."""
    target: str
    reason: str
    actor: str
    since: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent as it stands. Times in Unix seconds."""

    project: str
    agent_id: str
    name: str
    risk: int = 0
    """Sum of the risks of what it has executed since it was reset."""
    strikes: int = 0
    """Refusals since it was reset."""
    counts: dict[Decision, int] = field(default_factory=dict[Decision, int])
    """Decisions there were, of each sort."""
    first_seen: float = 0.0
    last_seen: float = 0.0
    reset: float | None = None
    stops: tuple[Stop, ...] = ()

    @property
    def shut_down(self) -> bool:
        """Whether it was refused too often."""
        return self.strikes >= STRIKES

    @property
    def state(self) -> str:
        """`active`, `shut_down` or `stopped`: the last is an operator's word."""
        return "stopped" if self.stops else "shut_down" if self.shut_down else "active"

    @property
    def stopped(self) -> str:
        """Why an operator stopped it; empty where none did."""
        return next((stop.reason or "no reason given" for stop in self.stops), "")


class Agents:
    """Reads agents, knows which are there, and forgets those of which nothing is."""

    def __init__(self, changes: Changes, count: Callable[[], None]) -> None:
        """Begin.

        Args:
            changes: where agents are kept.
            count: called before agents are read, so that what was counted elsewhere is.
        """
        self._changes = changes
        self._database = changes.database
        self._count = count

    def page(self, *, projects: Sequence[str] | None, after: Place | None = None, limit: int) -> list[Agent]:
        """The agents that asked last, those of some projects alone; None: of all."""
        with suppress(ControlError):  # an operator sees them also where nothing can be written
            self._count()
        asked = paged(select(AGENTS), AGENTS.c.last_seen, AGENTS.c.id, after, limit)
        asked = within(asked, AGENTS.c.project, projects)
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
            stops = connection.execute(select(STOPS)).all()
        return [agent_of(row, stops) for row in rows]

    def find(self, selector: str, *, projects: Sequence[str] | None) -> list[Agent]:
        """The agent of an id, or else the agents of a name, the latest first.

        Raises:
            UnknownAgentError: there is none.
        """
        with suppress(ControlError):  # an operator sees them also where nothing can be written
            self._count()
        with self._database.reading() as connection:
            for column in (AGENTS.c.id, AGENTS.c.name):
                asked = within(select(AGENTS).where(column == selector), AGENTS.c.project, projects)
                if rows := connection.execute(asked.order_by(AGENTS.c.last_seen.desc()).limit(1000)).all():
                    stops = connection.execute(select(STOPS)).all()
                    return [agent_of(row, stops) for row in rows]
        raise UnknownAgentError(f"no agent has the id or the name {selector!r}: `sentric agents list` shows those seen")

    def held_up(self) -> tuple[int, int]:
        """How many agents are shut down, and how many stops of operators are in force."""
        with self._database.reading() as connection:
            shut = connection.execute(select(func.count()).where(AGENTS.c.strikes >= STRIKES)).scalar_one()
            return int(shut), int(connection.execute(select(func.count()).select_from(STOPS)).scalar_one())

    def projects_of(self, target: str, *, by_name: bool, projects: Sequence[str] | None) -> list[str]:
        """The projects in which there is an agent of an id, or of a name; of these alone, None: of all."""
        is_meant = (AGENTS.c.name if by_name else AGENTS.c.id) == target
        asked = within(select(AGENTS.c.project).where(is_meant).distinct(), AGENTS.c.project, projects)
        with self._database.reading() as connection:
            return list(connection.scalars(asked.order_by(AGENTS.c.project)))

    def standing(self, project: str, agent_id: str, name: str) -> Agent:
        """The agent of an id as it stands, one that was never seen too: it may be stopped by its name."""
        with self._database.reading() as connection:
            return standing(connection, project, agent_id, name)

    def there(self, project: str, agent_id: str, name: str, *, actor: str) -> None:
        """Note that an agent is there, and may ask for something: operators can stop it from now on.

        Raises:
            ControlError: it cannot be noted.
        """
        now = self._changes.clock()
        with self._database.reading() as connection:
            row = connection.execute(select(AGENTS).where(_is(project, agent_id))).one_or_none()
        if row is not None and row.last_seen > now - SEEN_LATELY and (row.name != agent_id or name in ("", agent_id)):
            return
        with self._changes.changing(actor) as change:
            seen(change, project, agent_id, name)
            about = {"of_project": project, "of_id": agent_id, "now": change.now}
            change.connection.execute(_SEEN_NOW, about)

    def forget(self, kept: float) -> int:
        """Forget the agents that were not seen for some seconds, and of which nothing is; how many they were.

        Those that have risk or strikes, are stopped by their id, or have something that can still be approved or used,
        stay: who forgot them would let them begin anew.

        Raises:
            ControlError: the database does not answer, or refuses.
        """
        long_ago, forgotten = self._changes.clock() - kept, 0
        while True:
            with self._database.changing() as connection:
                # Rows that others hold are being seen: nobody is waited for, so the order of rows is of no account.
                found = _OLD.limit(FORGOTTEN_AT_ONCE).with_for_update(of=AGENTS, skip_locked=True)
                rows = connection.execute(found, {"long_ago": long_ago}).all()
                if rows:
                    ids = tuple_(AGENTS.c.project, AGENTS.c.id).in_([tuple(row) for row in rows])
                    connection.execute(delete(AGENTS).where(ids))
            forgotten += len(rows)
            if len(rows) < FORGOTTEN_AT_ONCE:
                return forgotten


def standing(connection: Connection, project: str, agent_id: str, name: str) -> Agent:
    """The agent of an id as it stands, one that was never seen too: it may be stopped by its name."""
    row = connection.execute(select(AGENTS).where(_is(project, agent_id))).one_or_none()
    known = row.name if row is not None else agent_id
    about = {"of_project": project, "of_id": agent_id, "of_name": known, "of_claimed": name or known}
    stops = connection.execute(_STOPS, about).all()
    if row is not None:
        return agent_of(row, stops, name)
    return Agent(project=project, agent_id=agent_id, name=name or agent_id, stops=tuple(map(_stop, stops)))


def seen(change: Change, project: str, agent_id: str, name: str) -> Agent:
    """The agent that asks, its row locked; made where it asks for the first time."""
    row = _locked(change, project, agent_id)
    if row is None:
        values = {"project": project, "id": agent_id, "name": name or agent_id, "risk": 0, "strikes": 0}
        counts = dict.fromkeys(("allowed", "warned", "asked", "blocked"), 0)
        is_new = insert_new(
            change.connection, AGENTS, values | counts | {"first_seen": change.now, "last_seen": change.now}
        )
        if is_new:
            change.record("agent.seen", project=project, subject=agent_id, name=name or agent_id)
        row = _locked(change, project, agent_id)
    assert row is not None  # noqa: S101  # it was there, or was made
    if name and row.name == agent_id != name:  # the first name that it says is its name for good
        change.connection.execute(update(AGENTS).where(_is(project, agent_id)).values(name=name))
        change.record("agent.name", project=project, subject=agent_id, name=name)
        row = _locked(change, project, agent_id)
        assert row is not None  # noqa: S101
    about = {"of_project": project, "of_id": agent_id, "of_name": row.name, "of_claimed": name or row.name}
    return agent_of(row, change.connection.execute(_STOPS, about).all(), name)


def locked(change: Change, project: str, agent_id: str) -> None:
    """Let nobody else change the sums of an agent until the change is done."""
    _locked(change, project, agent_id)


def counted(change: Change, agent: Agent, decision: Decision, risk: int) -> None:
    """Count a decision, and the risk of what is executed now."""
    values = {"of_project": agent.project, "of_id": agent.agent_id, "more": risk, "now": change.now}
    change.connection.execute(_COUNTED[decision], values)


def struck(change: Change, project: str, agent_id: str, *, why: str) -> bool:
    """Count a refusal of an agent whose row is locked; whether it is shut down by it."""
    change.connection.execute(update(AGENTS).where(_is(project, agent_id)).values(strikes=AGENTS.c.strikes + 1))
    row = change.connection.execute(select(AGENTS).where(_is(project, agent_id))).one()
    if row.strikes != STRIKES:
        return False
    decisions = change.connection.scalars(
        select(DECISIONS.c.id)
        .where(DECISIONS.c.project == project, DECISIONS.c.agent_id == agent_id, DECISIONS.c.strike)
        .order_by(DECISIONS.c.time.desc())
        .limit(STRIKES)
    ).all()
    summary = f"shut down after {STRIKES} refusals, the last: {why}"[:512]
    change.record(
        "agent.shut_down", project=project, subject=agent_id, by=SYSTEM, decisions=list(reversed(decisions)), why=why
    )
    incidents.opened(
        change, incidents.SHUT_DOWN, project, agent_id, summary, name=row.name, decisions=list(reversed(decisions))
    )
    return True


def agent_of(row: Row[Any], stops: Sequence[Row[Any]], claimed: str = "") -> Agent:
    """The agent of a row, with those of the stops that are about it, also under the name that it says it has now."""
    about = {("id", row.id), ("name", row.name), ("name", claimed or row.name)}
    return Agent(
        project=row.project,
        agent_id=row.id,
        name=row.name,
        risk=row.risk,
        strikes=row.strikes,
        counts={decision: getattr(row, column.name) for decision, column in _COUNTS.items()},
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        reset=row.reset,
        stops=tuple(_stop(stop) for stop in stops if stop.project == row.project and (stop.by, stop.target) in about),
    )


def _stop(row: Row[Any]) -> Stop:
    return Stop(row.by, row.target, row.reason, row.actor, row.since)


def _locked(change: Change, project: str, agent_id: str) -> Row[Any] | None:
    row = change.connection.execute(_LOCKED, {"of_project": project, "of_id": agent_id}).one_or_none()
    change.waited()
    return row


def _is(project: str, agent_id: str) -> Any:
    return and_(AGENTS.c.project == project, AGENTS.c.id == agent_id)
