"""`sentric agents`: list, show, stop and reset agents."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json
from sentric_analyzer.cli.asking import FORMAT, LIMIT, PROJECT, asked, service

if TYPE_CHECKING:
    from sentric_analyzer.api.control_client import ControlClient

_BY_NAME = click.option("--by-name", is_flag=True, help="Every agent of that name, those to come too.")


@click.group(cls=SuggestingGroup)
def agents() -> None:
    """List, show, stop and reset agents, by asking the service."""


@agents.command("list")
@PROJECT
@LIMIT
@FORMAT
@service
def list_agents(project: str | None, limit: int, form: str, **where: Any) -> None:
    """List the agents that asked last: their risk, their strikes, and whether they may still act."""
    from rich.console import Console

    from sentric_analyzer.console.control import render_agents

    with asked(**where) as client:
        found = client.agents(project=project, limit=limit)
    if form == "json":
        click.echo(as_json(found, indent=2))
    elif found:
        render_agents(found, Console())
    else:
        click.echo("no agents yet: one is there when it first asks for a decision")


@agents.command()
@click.argument("agent")
@PROJECT
@FORMAT
@service
def show(agent: str, project: str | None, form: str, **where: Any) -> None:
    """Show the agent of an id, or else the agents of a name: what they did to be where they are."""
    with asked(**where) as client:
        _print(client.agent(agent, project=project), form)


@agents.command()
@click.argument("agent")
@click.option("--reason", default="", help="Why: the agent is told, and the audit keeps it.")
@_BY_NAME
@PROJECT
@FORMAT
@service
def stop(agent: str, reason: str, by_name: bool, project: str | None, form: str, **where: Any) -> None:
    """Stop an agent: within a second everything it asks is refused, and what it waits for is withdrawn.

    AGENT is an id, or else a name.
    """
    with asked(**where) as client:
        _change(client, client.stop, "stopped", agent, by_name, reason, project, form)


@agents.command()
@click.argument("agent")
@click.option("--reason", default="", help="Why: the audit keeps it.")
@_BY_NAME
@PROJECT
@FORMAT
@service
def reset(agent: str, reason: str, by_name: bool, project: str | None, form: str, **where: Any) -> None:
    """Let an agent begin anew: no risk, no strikes, not shut down, and not stopped.

    AGENT is an id, or else a name. An agent that was stopped by its name stays so until the name is reset.
    """
    with asked(**where) as client:
        _change(client, client.reset, "reset", agent, by_name, reason, project, form)


def _change(
    client: "ControlClient",
    change: Callable[..., list[dict[str, Any]]],
    done: str,
    target: str,
    by_name: bool,
    reason: str,
    project: str | None,
    form: str,
) -> None:
    from sentric_analyzer.visible import one_line

    by, project, others = _meant(client, target, by_name, project)
    changed = change(target, by=by, reason=reason, project=project)
    told = f"{done}, taken as {'a name' if by == 'name' else 'an id'}: {one_line(target)}"
    if others:
        told += f"; {others} of that name besides: --by-name is for all of the name"
    click.echo(told, err=True)
    _print(changed, form)


def _meant(client: "ControlClient", target: str, by_name: bool, project: str | None) -> tuple[str, str, int]:
    """Whether a text is an `id` or a `name`, the project it is of, and how many it is the name of besides.

    Of these, the agents are counted that are among the thousand that asked last.
    """
    from sentric_analyzer.visible import one_line

    seen = client.agents(project=project) if by_name else client.agent(target, project=project)
    if by_name:
        seen = [agent for agent in seen if agent.get("name") == target] or client.agent(target, project=project)
    by = "name" if by_name or all(agent.get("agent_id") != target for agent in seen) else "id"
    projects = sorted({str(agent.get("project")) for agent in seen})
    if len(projects) > 1:
        names = ", ".join(map(one_line, projects))
        raise click.UsageError(f"{one_line(target)} is there in several projects: add one as --project: {names}")
    if by == "name":
        return by, projects[0], 0
    named = [one for one in client.agents(project=projects[0]) if one.get("name") == target]
    return by, projects[0], sum(one.get("agent_id") != target for one in named)


def _print(found: list[dict[str, Any]], form: str) -> None:
    from rich.console import Console

    from sentric_analyzer.console.control import render_agent

    if form == "json":
        click.echo(as_json(found, indent=2))
        return
    console = Console()
    for number, agent in enumerate(found):
        if number:
            console.print()
        render_agent(agent, console)
