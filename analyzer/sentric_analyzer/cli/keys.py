"""`sentric keys`: make, list and revoke API keys."""

import time
from collections.abc import Mapping
from datetime import datetime

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json, visible
from sentric_analyzer.cli.asking import FORMAT
from sentric_analyzer.cli.opened import CONTROL, opened
from sentric_analyzer.cli.runs import DATA_DIR
from sentric_analyzer.cli.since import Until
from sentric_analyzer.control import Scope
from sentric_analyzer.control.keys import Key, NewKey, key_document, moment, new_key_document


@click.group(cls=SuggestingGroup)
def keys() -> None:
    """Make, list and revoke API keys, whether the service runs or not."""


@keys.command()
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="NAME",
    help="May be given again; senders that name none are of the first.",
)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=["ingest"],
    show_default=True,
    help="May be given again.",
)
@click.option("--name", default="", help="What the key is for.")
@click.option("--person", default="", metavar="NAME", help="Whose it is: a key that may approve is somebody's.")
@click.option("--expires", type=Until(), help="When it is worth nothing any more, such as 90d. Left out: never.")
@DATA_DIR
@CONTROL
@FORMAT
def create(
    projects: tuple[str, ...],
    scopes: tuple[str, ...],
    name: str,
    person: str,
    expires: datetime | None,
    data_dir: str | None,
    control: str | None,
    form: str,
) -> None:
    """Make a key, and print it: it is kept nowhere and cannot be shown again.

    An ingest key lets an agent or a collector send telemetry to its projects, and nothing else. Projects that are
    not there yet are made. A key with the scope admin is for every project unless some are named. The key of a person
    can do what their role allows, as long as it does.
    """
    from sentric_analyzer.control.errors import KeyRefusedError

    with opened(data_dir, control, make=True) as store:
        try:
            made = store.keys.create(
                name=name,
                projects=projects,
                scopes=map(Scope, scopes),
                expires=expires.timestamp() if expires else None,
                person=person,
            )
        except KeyRefusedError as error:
            raise click.UsageError(visible(str(error))) from None
    if form == "json":
        click.echo(as_json(new_key_document(made), indent=2))
        return
    click.echo(_told(made), err=True)
    click.echo(made.secret)


@keys.command("list")
@DATA_DIR
@CONTROL
@FORMAT
def list_keys(data_dir: str | None, control: str | None, form: str) -> None:
    """List every key there ever was, the oldest first; never the keys themselves."""
    with opened(data_dir, control) as store:
        found = store.keys.list()
        names = {person.person_id: person.name for person in store.people.list()}
    if form == "json":
        click.echo(as_json([key_document(key, time.time()) for key in found], indent=2))
    else:
        _print_table(found, names)


@keys.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@DATA_DIR
@CONTROL
def revoke(ids: tuple[str, ...], data_dir: str | None, control: str | None) -> None:
    """Revoke keys by their ids; the beginning of an id is enough.

    A running service refuses them within a second. They stay in the list.
    """
    with opened(data_dir, control) as store:
        found = [store.keys.find(beginning) for beginning in ids]
        store.keys.revoke([key.key_id for key in found])
    for key in found:
        earlier = f" already, on {moment(key.revoked)}" if key.revoked is not None else ""
        click.echo(f"revoked{earlier}: {_named(key)}")


def _told(made: NewKey) -> str:
    key = made.key
    until = f"until {moment(key.expires)}" if key.expires is not None else "until it is revoked"
    lines = [f"Key {_named(key)}, valid {until}. It is shown this once:"]
    if made.new_projects:
        lines.insert(0, f"New: {_projects(made.new_projects)}.")
    return visible("\n".join(lines))


def _named(key: Key) -> str:
    name = f" ({visible(key.name)})" if key.name else ""
    return f"{key.key_id}{name} for {_projects(key.projects)}: {', '.join(sorted(key.scopes))}"


def _projects(names: tuple[str, ...]) -> str:
    if not names:
        return "every project"
    return f"project{'s' * (len(names) > 1)} {', '.join(map(visible, names))}"


def _minute(seconds: float | None) -> str:
    return (moment(seconds) or "")[:16].replace("T", " ")


def _print_table(found: list[Key], people: Mapping[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not found:
        click.echo("no keys yet: `sentric keys create` makes one")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "name", "person", "projects", "scopes", "state", "created", "expires (UTC)"):
        table.add_column(title, overflow="fold", no_wrap=title not in ("name", "person", "projects", "scopes"))
    for key in found:
        cells = (
            key.key_id,
            key.name,
            people.get(key.person, key.person),
            ", ".join(key.projects) or "every",
            ", ".join(sorted(key.scopes)),
            key.state(time.time()),
            _minute(key.created)[:10],
            _minute(key.expires) or "never",
        )
        table.add_row(*(Text(visible(cell)) for cell in cells))
    Console().print(table)
