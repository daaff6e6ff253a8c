"""`sentric people`: who may read, approve, operate and administer."""

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json, visible
from sentric_analyzer.cli.asking import FORMAT
from sentric_analyzer.cli.opened import CONTROL, opened
from sentric_analyzer.cli.runs import DATA_DIR

_ROLES = ("viewer", "approver", "operator", "admin")
_ROLE = click.argument("role", type=click.Choice(_ROLES))


@click.group(cls=SuggestingGroup)
def people() -> None:
    """Add, change and remove people, whether the service runs or not.

    A viewer reads; an approver answers what agents ask for, too; an operator stops and resets agents, too; an admin
    does everything. `sentric keys create --person NAME` makes the key that somebody shows who they are with.
    """


@people.command("list")
@DATA_DIR
@CONTROL
@FORMAT
def list_people(data_dir: str | None, control: str | None, form: str) -> None:
    """List everybody there ever was, by name."""
    from sentric_analyzer.control.people import person_document

    with opened(data_dir, control, what="people") as store:
        found = [person_document(person) for person in store.people.list()]
    if form == "json":
        click.echo(as_json(found, indent=2))
    elif found:
        _print_table(found)
    else:
        click.echo("nobody yet: `sentric people add NAME --role ROLE` adds somebody")


@people.command()
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What they may do.")
@DATA_DIR
@CONTROL
def add(name: str, role: str, data_dir: str | None, control: str | None) -> None:
    """Add somebody."""
    from sentric_analyzer.control.api_keys import LOCAL
    from sentric_analyzer.control.people import Role

    with opened(data_dir, control, make=True, what="people") as store:
        person = store.people.add(name, Role(role), actor=LOCAL)
    click.echo(visible(f"added: {person.person_id} ({person.name}), {person.role}"))


@people.command()
@click.argument("person")
@_ROLE
@DATA_DIR
@CONTROL
def role(person: str, role: str, data_dir: str | None, control: str | None) -> None:
    """Give PERSON, a name or an id, another role: within a second their keys can do no more than it allows."""
    from sentric_analyzer.control.api_keys import LOCAL
    from sentric_analyzer.control.people import Role

    with opened(data_dir, control, what="people") as store:
        changed = store.people.set_role(person, Role(role), actor=LOCAL)
    click.echo(visible(f"changed: {changed.person_id} ({changed.name}), {changed.role}"))


@people.command()
@click.argument("persons", metavar="PERSON...", nargs=-1, required=True)
@DATA_DIR
@CONTROL
def remove(persons: tuple[str, ...], data_dir: str | None, control: str | None) -> None:
    """Remove people for good, by names or ids: within a second their keys are worth nothing. The names stay taken."""
    from sentric_analyzer.control.api_keys import LOCAL

    with opened(data_dir, control, what="people") as store:
        found = [store.people.find(person) for person in persons]  # all of them are there, or none is removed
        removed = [store.people.remove(person.person_id, actor=LOCAL) for person in found]
    for person in removed:
        click.echo(visible(f"removed: {person.person_id} ({person.name})"))


def _print_table(found: list[dict[str, str | None]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in ("id", "name", "role", "added", "state"):
        table.add_column(title, overflow="fold", no_wrap=title != "name")
    for one in found:
        added = (one["created"] or "")[:10]
        state = f"removed {(one['removed'] or '')[:10]}" if one["removed"] else "valid"
        table.add_row(*(Text(visible(cell or "")) for cell in (one["id"], one["name"], one["role"], added, state)))
    Console().print(table)
