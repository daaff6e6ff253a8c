"""What operators do with agents: stop them, and let them begin anew."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from sentric_analyzer.control import agents, approvals, incidents
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.errors import UnknownAgentError
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.tables import AGENTS, DECISIONS, STOPS


class Stopping:
    """Stops and resets agents of a project. Whoever waits for their approvals is told at once."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def stop(self, project: str, target: str, *, by_name: bool = False, reason: str, actor: str) -> list[Agent]:
        """Stop an agent, or every agent of a name, those to come too; the agents that are stopped by it.

        Whatever they wait for, and may still use, is withdrawn. What is stopped already stays as it is.

        Raises:
            UnknownAgentError: there is none.
        """
        sort = "name" if by_name else "id"
        with self._changes.changing(actor) as change:
            about = _about(change, project, target, by_name=by_name)
            values = {"project": project, "by": sort, "target": target, "reason": reason, "actor": actor}
            if insert_new(change.connection, STOPS, values | {"since": change.now}):
                change.record("agent.stop", project=project, subject=target, target=sort, reason=reason)
                summary = f"stopped by an operator: {reason or 'no reason given'}"[:512]
                subject = "" if by_name else target
                incidents.opened(change, incidents.STOPPED, project, subject, summary, name=target if by_name else "")
            for agent_id in about:
                approvals.cancel_open(change, project, agent_id, why="the agent was stopped")
            return _now(change, project, about)

    def reset(self, project: str, target: str, *, by_name: bool = False, reason: str, actor: str) -> list[Agent]:
        """Let an agent, or every agent of a name, begin anew: no risk, no strikes, and not stopped by this target.

        An agent that is stopped by its name stays so until the name is reset.

        Raises:
            UnknownAgentError: there is none.
        """
        sort = "name" if by_name else "id"
        with self._changes.changing(actor) as change:
            about = _about(change, project, target, by_name=by_name)
            gone = delete(STOPS).where(STOPS.c.project == project, STOPS.c.by == sort, STOPS.c.target == target)
            change.connection.execute(gone)
            for agent in _now(change, project, about):
                change.record(
                    "agent.reset",
                    project=project,
                    subject=agent.agent_id,
                    target=sort,
                    reason=reason,
                    risk=agent.risk,
                    strikes=agent.strikes,
                )
                change.connection.execute(
                    update(AGENTS)
                    .where(AGENTS.c.project == project, AGENTS.c.id == agent.agent_id)
                    .values(risk=0, strikes=0, reset=change.now)
                )
                change.connection.execute(
                    update(DECISIONS)
                    .where(DECISIONS.c.project == project, DECISIONS.c.agent_id == agent.agent_id, DECISIONS.c.strike)
                    .values(strike=False)
                )
                # One that is stopped by its id is still so when its name is reset, and somebody must look at it.
                kinds = (incidents.SHUT_DOWN,) if by_name else (incidents.SHUT_DOWN, incidents.STOPPED)
                incidents.closed(change, project, agent.agent_id, kinds=kinds)
            if by_name:
                incidents.closed(change, project, "", name=target)
            return _now(change, project, about)


def _about(change: Change, project: str, target: str, *, by_name: bool) -> list[str]:
    """The ids of the agents that are meant, their rows locked, in an order that is the same for everybody."""
    column = AGENTS.c.name if by_name else AGENTS.c.id
    chosen = select(AGENTS.c.id).where(AGENTS.c.project == project, column == target)
    found = list(change.connection.scalars(chosen.order_by(AGENTS.c.id).with_for_update()))
    change.waited()
    if not found:
        what = "name" if by_name else "id"
        raise UnknownAgentError(
            f"no agent of project {project!r} has the {what} {target!r}: `sentric agents list` shows those seen"
        )
    return found


def _now(change: Change, project: str, ids: Sequence[str]) -> list[Agent]:
    stops = change.connection.execute(select(STOPS).where(STOPS.c.project == project)).all()
    chosen = select(AGENTS).where(AGENTS.c.project == project, AGENTS.c.id.in_(ids)).order_by(AGENTS.c.id)
    return [agents.agent_of(row, stops) for row in change.connection.execute(chosen)]
