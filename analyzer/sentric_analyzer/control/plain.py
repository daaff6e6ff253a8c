"""Plain allows: decisions that change nothing but how many there were. They are counted together, once a second.

Most decisions are of this sort. To make each durable would take most of the time that decisions take, and keep nothing
that anybody decides by: no risk, no strike, no approval. A service that is killed forgets those of the last second.
"""

import threading

from sqlalchemy import and_, bindparam, case, or_, select, update

from sentric_analyzer.control import agents
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.tables import AGENTS, STOPS

MOST_AGENTS = 10_000
"""Agents of which plain allows wait to be counted; of more than these, nobody counts any while the store is away."""

# Made once: every decision needs it, and to make a statement takes longer than to execute it.
_KNOWN = (
    select(AGENTS, STOPS.c.target.label("stopped"))
    .select_from(
        AGENTS.outerjoin(
            STOPS,
            and_(
                STOPS.c.project == AGENTS.c.project,
                or_(
                    and_(STOPS.c.by == "id", STOPS.c.target == AGENTS.c.id),
                    and_(STOPS.c.by == "name", STOPS.c.target == AGENTS.c.name),
                ),
            ),
        )
    )
    .where(AGENTS.c.project == bindparam("of_project"), AGENTS.c.id == bindparam("of_id"))
    .limit(1)
)
_MORE = (
    update(AGENTS)
    .where(AGENTS.c.project == bindparam("of_project"), AGENTS.c.id == bindparam("of_id"))
    .values(
        allowed=AGENTS.c.allowed + bindparam("more"),
        last_seen=case((AGENTS.c.last_seen < bindparam("at"), bindparam("at")), else_=AGENTS.c.last_seen),
    )
)


class PlainAllows:
    """Tells whether an agent may be allowed something plainly, and counts that it was. Any thread may use it."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], tuple[int, float]] = {}

    def agent(self, project: str, agent_id: str, name: str) -> Agent | None:
        """An agent that is known under this name, active, and without a stop; None: a decision must look closer."""
        with self._changes.database.reading() as connection:
            row = connection.execute(_KNOWN, {"of_project": project, "of_id": agent_id}).one_or_none()
        if row is None or row.stopped is not None or name not in ("", row.name):
            return None
        found = agents.agent_of(row, ())
        return None if found.shut_down else found

    def add(self, agent: Agent, now: float) -> None:
        """Count one."""
        about = agent.project, agent.agent_id
        with self._lock:
            count, _ = self._counts.get(about, (0, now))
            if count or len(self._counts) < MOST_AGENTS:
                self._counts[about] = count + 1, now

    def write(self) -> None:
        """Let the store know of those that were counted since the last time.

        Raises:
            ControlError: it does not answer: they are counted the next time.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        rows = [
            {"of_project": project, "of_id": agent_id, "more": count, "at": at}
            for (project, agent_id), (count, at) in sorted(counts.items())  # everybody locks in the same order
        ]
        try:
            with self._changes.database.changing() as connection:
                connection.execute(_MORE, rows)
        except Exception:
            with self._lock:
                for about, (count, at) in counts.items():
                    more, later = self._counts.get(about, (0, at))
                    self._counts[about] = count + more, later
            raise
