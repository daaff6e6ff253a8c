"""Agents over REST: what they have done, and stopping and resetting them."""

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import FastAPI, Path, Response
from pydantic import ConfigDict, Field

from sentric.policy.risk import BUDGET, STRIKES
from sentric.policy.rule import Decision
from sentric_analyzer.api.access import Caller
from sentric_analyzer.api.answers import Answer
from sentric_analyzer.api.documents import Document, Next, Text
from sentric_analyzer.api.needs import needs
from sentric_analyzer.api.parameters import After, Limit, Projects
from sentric_analyzer.api.places import next_of, place_of
from sentric_analyzer.api.problems import Refused, refuse_with
from sentric_analyzer.api.routes import Routes
from sentric_analyzer.control import Grant, Scope
from sentric_analyzer.control.agents import Agent
from sentric_analyzer.control.errors import UnknownAgentError
from sentric_analyzer.control.keys import moment

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_Selector = Annotated[str, Path(max_length=256, description="Id of an agent, or the name of agents.")]


class DecisionCounts(Document):
    """Decisions of each sort."""

    allow: int
    warn: int
    ask: int
    block: int


class StopInForce(Document):
    """What an operator has stopped."""

    by: Literal["id", "name"]
    """`name`: every agent of the name, those to come too."""
    target: str
    reason: str
    actor: str
    since: datetime


class Refusal(Document):
    """A refusal that counts against an agent."""

    decision_id: str
    time: datetime
    action: str
    reasons: list[str]


class KnownAgent(Document):
    """An agent as it stands."""

    project: str
    agent_id: str
    name: str
    state: Literal["active", "shut_down", "stopped"]
    risk: int
    """Sum of the risks of what it was allowed since it was reset."""
    risk_budget: int
    strikes: int
    """Refusals since it was reset."""
    strikes_to_shut_down: int
    decisions: DecisionCounts
    first_seen: datetime
    last_seen: datetime
    reset: datetime | None
    stops: list[StopInForce]


class AgentWithRefusals(KnownAgent):
    """An agent, with the refusals that count against it."""

    refusals: list[Refusal]


class Agents(Document):
    """Some agents, those that asked last first."""

    agents: list[KnownAgent]
    next: Next = None


class AgentsWithRefusals(Document):
    """The agents that are meant."""

    agents: list[AgentWithRefusals]


class OperatorsWish(Document):
    """What an operator wants done with agents."""

    model_config = ConfigDict(extra="forbid")

    reason: Text = Field("", max_length=512)
    """Why, for the agent and for the audit."""
    by: Literal["id", "name"] = "id"
    """Whether the selector is an id, or a name: then every agent of that name is meant, those to come too."""
    project: Text | None = Field(None, max_length=64)
    """Whose agents; left out: the key's own project, where it has just one."""


def add_agents(app: FastAPI, control: "ControlStore", answer: Answer) -> None:
    """Let an app show, stop and reset agents."""
    routes = Routes(app, "agents", "What agents have done, and stopping and resetting them.")
    refuse_with(app, {UnknownAgentError: HTTPStatus.NOT_FOUND})
    unknown = {404: "There is no such agent."}

    @routes.get("/v1/agents", needs(Scope.READ), gives=Agents)
    async def list_agents(projects: Projects, after: After = None, limit: Limit = 50) -> Response:
        """The agents that asked for decisions, the latest first."""
        place = place_of(after)

        def ask() -> dict[str, Any]:
            found = control.agents.page(projects=projects, after=place, limit=limit)
            end = next_of(found, limit, lambda agent: (agent.last_seen, agent.agent_id))
            return {"agents": [agent_document(agent) for agent in found], "next": end}

        return await answer(ask)

    @routes.get("/v1/agents/{selector:path}", needs(Scope.READ), gives=AgentsWithRefusals, errors=unknown)
    async def get_agents(projects: Projects, selector: _Selector) -> Response:
        """The agent of an id, in each project, or else those of a name: with what they were refused."""

        def ask() -> dict[str, Any]:
            found = control.agents.find(selector, projects=projects)
            return {"agents": [agent_document(agent) | {"refusals": _refusals(control, agent)} for agent in found]}

        return await answer(ask)

    @routes.post("/v1/agents/{selector:path}/stop", needs(Scope.OPERATE), gives=Agents, errors=unknown)
    async def stop_agents(by: Caller, selector: _Selector, wish: OperatorsWish) -> Response:
        """Stop an agent, or the agents of a name: everything is refused until it is reset.

        What they wait for is withdrawn, and whoever is subscribed is told within a second.
        """
        return await answer(lambda: _done(control.stopping.stop, by, selector, wish))

    @routes.post("/v1/agents/{selector:path}/reset", needs(Scope.OPERATE), gives=Agents, errors=unknown)
    async def reset_agents(by: Caller, selector: _Selector, wish: OperatorsWish) -> Response:
        """Let an agent, or the agents of a name, begin anew, with no risk and no strikes."""
        return await answer(lambda: _done(control.stopping.reset, by, selector, wish))

    def _done(what: Any, by: Grant, selector: str, wish: OperatorsWish) -> dict[str, Any]:
        project = wish.project or _only_project(control, by, selector, wish)
        if by.projects and project not in by.projects:
            raise UnknownAgentError(f"no agent of project {project!r} is for key {by.key_id} to stop or reset")
        done = what(project, selector, by_name=wish.by == "name", reason=wish.reason, actor=by.identity)
        return {"agents": [agent_document(agent) for agent in done], "next": None}


def agent_document(agent: Agent) -> dict[str, Any]:
    """An agent as JSON."""
    return {
        "project": agent.project,
        "agent_id": agent.agent_id,
        "name": agent.name,
        "state": agent.state,
        "risk": agent.risk,
        "risk_budget": BUDGET,
        "strikes": agent.strikes,
        "strikes_to_shut_down": STRIKES,
        "decisions": {decision.value: agent.counts.get(decision, 0) for decision in Decision},
        "first_seen": moment(agent.first_seen),
        "last_seen": moment(agent.last_seen),
        "reset": moment(agent.reset),
        "stops": [
            {
                "by": stop.by,
                "target": stop.target,
                "reason": stop.reason,
                "actor": stop.actor,
                "since": moment(stop.since),
            }
            for stop in agent.stops
        ],
    }


def _refusals(control: "ControlStore", agent: Agent) -> list[dict[str, Any]]:
    return [
        {
            "decision_id": kept.decision_id,
            "time": moment(kept.time),
            "action": kept.document["answer"]["action"],
            "reasons": kept.document["answer"]["reasons"],
        }
        for kept in control.decisions.refusals(agent)
    ]


def _only_project(control: "ControlStore", by: Grant, selector: str, wish: OperatorsWish) -> str:
    """The project whose agents are meant, where the wish does not say it."""
    projects = control.agents.projects_of(selector, by_name=wish.by == "name", projects=by.projects or None)
    if len(projects) > 1:
        raise Refused(HTTPStatus.CONFLICT, f"{len(projects)} projects have such an agent: name the project")
    if not projects:
        raise UnknownAgentError(f"no agent has the {wish.by} {selector!r}: `sentric agents list` shows those seen")
    return projects[0]
