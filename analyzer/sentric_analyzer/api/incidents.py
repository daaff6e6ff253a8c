"""Incidents over REST: what somebody has to look at."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Response
from pydantic import JsonValue

from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.documents import Document, Next
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects
from sentric_analyzer.api.places import next_of, place_of
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Scope
from sentric_analyzer.control.incidents import Incident
from sentric_analyzer.control.keys import moment

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore


class KnownIncident(Document):
    """Something that somebody has to look at."""

    incident_id: str
    project: str
    kind: str
    """`agent_shut_down`: refused too often; `agent_stopped`: by an operator; `rule_turned_back`: over its error budget,
    and in shadow again."""
    agent_id: str
    """Empty where it is about every agent of a name, or about a rule, which `detail` has."""
    opened: datetime
    closed: datetime | None
    """When it was dealt with: the agent was reset, or somebody decided anew about the rule."""
    closed_by: str
    summary: str
    detail: dict[str, JsonValue]
    """More of it, such as the ids of the decisions that led to it."""


class IncidentList(Document):
    """Some incidents, the newest first."""

    incidents: list[KnownIncident]
    next: Next


def add_incidents(app: FastAPI, control: "ControlStore", answer: Answer) -> None:
    """Let an app show incidents."""
    routes = Routes(app, "incidents", "What somebody has to look at.")

    @routes.get("/v1/incidents", needs(Scope.READ), gives=IncidentList)
    async def list_incidents(
        projects: Projects,
        only_open: Annotated[bool, Query(alias="open", description="Those alone that nobody has dealt with.")] = False,
        after: After = None,
        limit: Limit = 50,
    ) -> Response:
        """The newest incidents."""
        place = place_of(after)

        def ask() -> dict[str, Any]:
            found = control.incidents.page(projects=projects, only_open=only_open, after=place, limit=limit)
            end = next_of(found, limit, lambda incident: (incident.opened, incident.incident_id))
            return {"incidents": [_document(incident) for incident in found], "next": end}

        return await answer(ask)


def _document(incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.incident_id,
        "project": incident.project,
        "kind": incident.kind,
        "agent_id": incident.agent_id,
        "opened": moment(incident.opened),
        "closed": moment(incident.closed),
        "closed_by": incident.closed_by,
        "summary": incident.summary,
        "detail": incident.detail,
    }
