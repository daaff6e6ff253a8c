"""Which rules have refused which agents: what error budgets are counted by.

A refusal that a person has confirmed, by denying what was asked, is none that counts here.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from sentric.policy.rule import Decision
from sentric_analyzer.control.approval import State
from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.tables import APPROVALS, DECISIONS


class Refusal(NamedTuple):
    """An action that was refused, by the policy alone or because nobody answered."""

    time: float
    """Unix seconds."""
    agent_id: str
    rules: tuple[str, ...]
    """Ids of those that refused it, in the order of the policy."""


class Page(NamedTuple):
    """Some refusals, the earliest first."""

    refusals: list[Refusal]
    until: float | None
    """Unix seconds up to which they are all there are; None: there are no others."""


class Refusals:
    """Reads what was refused."""

    def __init__(self, changes: Changes) -> None:
        self._database = changes.database

    def since(self, project: str, time: float, *, limit: int) -> Page:
        """The earliest refusals of a project from a time on: blocks, and questions that nobody answered in time.

        Args:
            project: whose.
            time: Unix seconds, inclusive.
            limit: most of either.
        """
        blocks = (
            select(DECISIONS.c.time, DECISIONS.c.agent_id, DECISIONS.c.document)
            .where(DECISIONS.c.project == project, DECISIONS.c.time >= time)
            .where(DECISIONS.c.decision == Decision.BLOCK, DECISIONS.c.approval_id.is_(None))
        )
        silence = (
            select(APPROVALS.c.ended, APPROVALS.c.agent_id, APPROVALS.c.request)
            .where(APPROVALS.c.project == project, APPROVALS.c.state == State.EXPIRED, APPROVALS.c.expires >= time)
            .where(APPROVALS.c.ended == APPROVALS.c.expires)  # what was approved, and not used, ended before
        )
        with self._database.reading() as connection:
            blocked = connection.execute(blocks.order_by(DECISIONS.c.time).limit(limit)).all()
            unanswered = connection.execute(silence.order_by(APPROVALS.c.ended).limit(limit)).all()
        found = [Refusal(row[0], row[1], _deciding(json.loads(row[2])["answer"], Decision.BLOCK)) for row in blocked]
        found += [Refusal(row[0], row[1], _deciding(json.loads(row[2]), Decision.ASK)) for row in unanswered]
        until = min((float(rows[-1][0]) for rows in (blocked, unanswered) if len(rows) == limit), default=None)
        return Page(sorted(found), until)


def _deciding(document: Mapping[str, Any], decision: Decision) -> tuple[str, ...]:
    """The rules of a document that decided so."""
    return tuple(str(rule["id"]) for rule in document.get("rules", ()) if rule.get("decision") == decision)
