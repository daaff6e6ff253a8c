"""Decisions that were kept: read, and forgotten in time."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, delete, or_, select, update

from sentric.policy.rule import Decision
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.errors import UnknownDecisionError
from sentric_analyzer.control.pages import Place, paged, within
from sentric_analyzer.control.tables import DECISIONS

REMEMBERED = 86_400.0
"""Seconds for which the same idempotency key gets the same answer."""
KEPT = 90 * 86_400.0
"""Seconds for which decisions are kept with what was asked; the audit keeps that there was one."""
MOST_REFUSALS = 100


class Kept(NamedTuple):
    """A decision that was kept."""

    decision_id: str
    time: float
    document: dict[str, Any]
    """What was asked, redacted, and the answer."""


class KeptDecisions:
    """Reads what was decided, but for plain allows."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def page(
        self,
        *,
        projects: Sequence[str] | None,
        agent_id: str | None = None,
        decision: Decision | None = None,
        after: Place | None = None,
        limit: int,
    ) -> list[Kept]:
        """The newest decisions that were no plain allows."""
        asked = paged(select(DECISIONS), DECISIONS.c.time, DECISIONS.c.id, after, limit)
        asked = within(asked, DECISIONS.c.project, projects)
        asked = asked.where(DECISIONS.c.agent_id == agent_id) if agent_id is not None else asked
        asked = asked.where(DECISIONS.c.decision == decision) if decision is not None else asked
        return self._read(asked)

    def refusals(self, agent: Agent) -> list[Kept]:
        """The refusals that count against an agent, the oldest first."""
        asked = (
            select(DECISIONS)
            .where(DECISIONS.c.project == agent.project, DECISIONS.c.agent_id == agent.agent_id)
            .where(DECISIONS.c.strike)
        )
        return self._read(asked.order_by(DECISIONS.c.time).limit(MOST_REFUSALS))

    def find(self, decision_id: str, *, projects: Sequence[str] | None) -> dict[str, Any]:
        """A decision by its id: what was asked, and the answer.

        Raises:
            UnknownDecisionError: there is none.
        """
        asked = select(DECISIONS.c.document).where(DECISIONS.c.id == decision_id)
        with self._changes.database.reading() as connection:
            found = connection.execute(within(asked, DECISIONS.c.project, projects)).scalar_one_or_none()
        if found is None:
            raise UnknownDecisionError("there is no decision of that id: plain allows are not kept")
        document: dict[str, Any] = json.loads(found)
        return document

    def forget(self) -> int:
        """Forget idempotency keys after their day, and what was decided long ago; how many decisions are removed.

        Refusals that count against an agent stay, and so does what the audit says of each.
        """
        now = self._changes.clock()
        plain = and_(DECISIONS.c.decision == Decision.ALLOW, DECISIONS.c.risk == 0, DECISIONS.c.approval_id.is_(None))
        old = DECISIONS.c.time < now - REMEMBERED
        gone = or_(and_(plain, old), and_(~DECISIONS.c.strike, DECISIONS.c.time < now - KEPT))
        keyed = and_(DECISIONS.c.idempotency_key.is_not(None), old)
        with self._changes.database.changing() as connection:
            connection.execute(update(DECISIONS).where(keyed).values(idempotency_key=None, request=None))
            return connection.execute(delete(DECISIONS).where(gone)).rowcount

    def _read(self, asked: Select[Any]) -> list[Kept]:
        with self._changes.database.reading() as connection:
            return [Kept(row.id, row.time, json.loads(row.document)) for row in connection.execute(asked)]
