"""`sentric approvals`: list, show, approve and deny what agents ask for."""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json
from sentric.errors import SentricError
from sentric_analyzer.cli.asking import FORMAT, LIMIT, PROJECT, asked, service

if TYPE_CHECKING:
    from sentric_analyzer.api.control_client import ControlClient

_STATES = ("pending", "approved", "denied", "expired", "cancelled")
_ID = click.argument("approval", metavar="ID")
_NOTE = click.option("--note", default="", help="For the audit; an agent that is denied is told it.")


@click.group(cls=SuggestingGroup)
def approvals() -> None:
    """List, show, approve and deny what agents ask for, by asking the service."""


@approvals.command("list")
@PROJECT
@click.option("--state", type=click.Choice(_STATES), help="Of this state alone.")
@click.option("--agent", metavar="ID", help="Of this agent alone.")
@LIMIT
@FORMAT
@service
def list_approvals(
    project: str | None, state: str | None, agent: str | None, limit: int, form: str, **where: Any
) -> None:
    """List the approvals: first those that wait for an answer, that with the least time left first of all."""
    from rich.console import Console

    from sentric_analyzer.console.approvals import is_pending, render_approvals

    with asked(**where) as client:
        of = {"project": project, "agent_id": agent}
        waiting = client.approvals(state="pending", limit=limit, **of) if state in (None, "pending") else []
        rest = client.approvals(state=state, limit=limit, **of) if state != "pending" else []
    waiting.reverse()  # of those that end in the same second the oldest comes first
    found = sorted(waiting, key=lambda one: str(one.get("expires")))
    found += [one for one in rest if not is_pending(one)][: limit - len(found)]
    if form == "json":
        click.echo(as_json(found, indent=2))
    elif found:
        render_approvals(found, Console(), datetime.now(UTC))
    else:
        click.echo("no approvals")


@approvals.command()
@_ID
@FORMAT
@service
def show(approval: str, form: str, **where: Any) -> None:
    """Show what an agent wants to do: where, why, what is wrong with it, and who has to answer.

    The beginning of an ID is enough.
    """
    with asked(**where) as client:
        found = client.approval(approval)
        _print(found if form == "json" else _with_agent(client, found), form)


@approvals.command()
@_ID
@_NOTE
@click.option("--yes", is_flag=True, help="Do not ask on the terminal first.")
@FORMAT
@service
def approve(approval: str, note: str, yes: bool, form: str, **where: Any) -> None:
    """Approve just this action, once; on a terminal you see it, and are asked, first.

    The beginning of an ID is enough.
    """
    with asked(**where) as client:
        found = client.approval(approval)
        if not yes and is_terminal():
            _print_to(found=_with_agent(client, found), error=True)
            click.confirm("Approve this?", abort=True, err=True)
        _tell(client.answer(str(found.get("approval_id")), approve=True, note=note), form)


@approvals.command()
@_ID
@_NOTE
@FORMAT
@service
def deny(approval: str, note: str, form: str, **where: Any) -> None:
    """Deny an action: the agent is told so, and it is a strike.

    The beginning of an ID is enough.
    """
    with asked(**where) as client:
        found = client.approval(approval)
        _tell(client.answer(str(found.get("approval_id")), approve=False, note=note), form)


def is_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _with_agent(client: "ControlClient", found: dict[str, Any]) -> dict[str, Any]:
    """An approval with the agent as it stands, where the key may read that: what the risk adds up to."""
    try:
        project, agent_id = found.get("project"), str(found.get("agent_id"))
        seen = client.agent(agent_id, project=project if isinstance(project, str) else None)
    except SentricError:
        return found
    agent = next((one for one in seen if (one.get("project"), one.get("agent_id")) == (project, agent_id)), None)
    return {**found, "agent": agent}


def _tell(after: dict[str, Any], form: str) -> None:
    """Say what has become of it, and of what."""
    from sentric_analyzer.console.lines import number, said

    state = said(after, "state")
    if form != "json":
        if state == "pending":
            missing = number(after, "needed") - number(after, "approvals_so_far")
            click.echo(f"approved by you; {missing} more must approve")
        else:
            click.echo(state)
    _print(after, form)


def _print(found: dict[str, Any], form: str) -> None:
    if form == "json":
        click.echo(as_json(found, indent=2))
    else:
        _print_to(found)


def _print_to(found: dict[str, Any], *, error: bool = False) -> None:
    from rich.console import Console

    from sentric_analyzer.console.approvals import render_approval

    render_approval(found, Console(stderr=error), datetime.now(UTC))
