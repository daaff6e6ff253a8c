"""Incidents: what somebody has to look at, until it is dealt with."""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.pages import Place, paged, within
from sentric_analyzer.control.tables import INCIDENTS

SHUT_DOWN = "agent_shut_down"
"""An agent was refused too often."""
STOPPED = "agent_stopped"
"""An operator stopped an agent, or the agents of a name."""
TURNED_BACK = "rule_turned_back"
"""A rule refused more agents than its error budget allows, and is in shadow again."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened, and whether it is dealt with. Times in Unix seconds."""

    incident_id: str
    project: str
    kind: str
    agent_id: str
    """The agent's id; empty where it is about every agent of a name, or about a rule."""
    opened: float
    closed: float | None
    closed_by: str
    summary: str
    detail: dict[str, Any]


def opened(change: Change, kind: str, project: str, agent_id: str, summary: str, **detail: Any) -> str:
    """Open an incident; its id."""
    incident_id = secrets.token_hex(16)
    change.connection.execute(
        insert(INCIDENTS).values(
            id=incident_id,
            project=project,
            kind=kind,
            agent_id=agent_id,
            opened=change.now,
            closed_by="",
            summary=summary,
            detail=json.dumps(detail),
        )
    )
    change.record("incident.open", project=project, subject=incident_id, kind=kind, agent_id=agent_id)
    return incident_id


def closed(
    change: Change,
    project: str,
    agent_id: str,
    *,
    name: str | None = None,
    kinds: Sequence[str] = (SHUT_DOWN, STOPPED),
) -> None:
    """Close the open incidents of an agent; with a name, those about every agent of that name instead."""
    of_agent = (INCIDENTS.c.project == project, INCIDENTS.c.agent_id == agent_id, INCIDENTS.c.kind.in_(kinds))
    found = change.connection.execute(select(INCIDENTS).where(*of_agent, INCIDENTS.c.closed.is_(None))).all()
    for row in found:
        if name is not None and json.loads(row.detail).get("name") != name:
            continue
        change.connection.execute(
            update(INCIDENTS).where(INCIDENTS.c.id == row.id).values(closed=change.now, closed_by=change.actor)
        )
        change.record("incident.close", project=project, subject=row.id, kind=row.kind, agent_id=agent_id)


def closed_of_rules(change: Change, project: str, rules: Collection[str]) -> None:
    """Close the open incidents about rules that were turned back, of which somebody has decided anew."""
    asked = select(INCIDENTS).where(
        INCIDENTS.c.project == project, INCIDENTS.c.kind == TURNED_BACK, INCIDENTS.c.closed.is_(None)
    )
    for row in change.connection.execute(asked).all():
        if (rule := json.loads(row.detail).get("rule")) in rules:
            change.connection.execute(
                update(INCIDENTS).where(INCIDENTS.c.id == row.id).values(closed=change.now, closed_by=change.actor)
            )
            change.record("incident.close", project=project, subject=row.id, kind=row.kind, rule=rule)


class Incidents:
    """Reads incidents."""

    def __init__(self, changes: Changes) -> None:
        self._database = changes.database

    def turned_back(self, project: str) -> dict[str, Incident]:
        """The rules that were turned back, and of which nobody has decided since, by their ids."""
        asked = (
            select(INCIDENTS)
            .where(INCIDENTS.c.project == project, INCIDENTS.c.kind == TURNED_BACK, INCIDENTS.c.closed.is_(None))
            .order_by(INCIDENTS.c.opened)
        )
        with self._database.reading() as connection:
            found = [_incident(row) for row in connection.execute(asked)]
        return {str(one.detail.get("rule", "")): one for one in found}

    def page(
        self, *, projects: Sequence[str] | None, only_open: bool = False, after: Place | None = None, limit: int
    ) -> list[Incident]:
        """The newest incidents, those of some projects alone; None: of all."""
        asked = paged(select(INCIDENTS), INCIDENTS.c.opened, INCIDENTS.c.id, after, limit)
        asked = within(asked, INCIDENTS.c.project, projects)
        asked = asked.where(INCIDENTS.c.closed.is_(None)) if only_open else asked
        with self._database.reading() as connection:
            return [_incident(row) for row in connection.execute(asked)]


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        incident_id=row.id,
        project=row.project,
        kind=row.kind,
        agent_id=row.agent_id,
        opened=row.opened,
        closed=row.closed,
        closed_by=row.closed_by,
        summary=row.summary,
        detail=json.loads(row.detail),
    )
