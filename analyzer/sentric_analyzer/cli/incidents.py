"""`sentric incidents` and `sentric decisions`: what somebody has to look at, and what was decided."""

from typing import Any

import click

from sentric_analyzer.cli.asking import FORMAT, LIMIT, PROJECT, asked, service
from sentric_analyzer.cli.listed import print_list


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those that are dealt with, too.")
@PROJECT
@LIMIT
@FORMAT
@service
def incidents(everything: bool, project: str | None, limit: int, form: str, **where: Any) -> None:
    """List the agents that were shut down or stopped, and the rules that were turned back, the newest first."""
    from sentric_analyzer.console.control import render_incidents

    with asked(**where) as client:
        found = client.incidents(project=project, only_open=not everything, limit=limit)
    print_list(found, form, render_incidents, "no incidents" if everything else "no open incidents")


@click.command()
@click.option("--agent", metavar="ID", help="Of this agent alone.")
@click.option("--decision", type=click.Choice(["allow", "warn", "ask", "block"]), help="Of this sort alone.")
@PROJECT
@LIMIT
@FORMAT
@service
def decisions(
    agent: str | None, decision: str | None, project: str | None, limit: int, form: str, **where: Any
) -> None:
    """List what was decided, the newest first. Plain allows are counted, and not kept."""
    from sentric_analyzer.console.control import render_decisions

    with asked(**where) as client:
        found = client.decisions(project=project, agent_id=agent, decision=decision, limit=limit)
    print_list(found, form, render_decisions, "no such decisions: plain allows are counted, and not kept")
