"""`sentric keys`: make, list and revoke API keys."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json, visible
from sentric.settings import Settings
from sentric_analyzer.cli.runs import DATA_DIR
from sentric_analyzer.cli.since import Until
from sentric_analyzer.control import Scope
from sentric_analyzer.control.keys import Key, NewKey, key_document, moment, new_key_document

if TYPE_CHECKING:
    from sentric_analyzer.control.store import ControlStore

_CONTROL = click.option("--control", metavar="URL", help="SQL URL of the keys, where they are not in the directory.")
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


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
@click.option("--expires", type=Until(), help="When it is worth nothing any more, such as 90d. Left out: never.")
@DATA_DIR
@_CONTROL
@_FORMAT
def create(
    projects: tuple[str, ...],
    scopes: tuple[str, ...],
    name: str,
    expires: datetime | None,
    data_dir: str | None,
    control: str | None,
    form: str,
) -> None:
    """Make a key, and print it: it is kept nowhere and cannot be shown again.

    An ingest key lets an agent or a collector send telemetry to its projects, and nothing else. Projects that are
    not there yet are made. A key with the scope admin is for every project unless some are named.
    """
    from sentric_analyzer.control.errors import KeyRefusedError

    with _opened(data_dir, control, make=True) as store:
        try:
            made = store.create_key(
                name=name,
                projects=projects,
                scopes=map(Scope, scopes),
                expires=expires.timestamp() if expires else None,
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
@_CONTROL
@_FORMAT
def list_keys(data_dir: str | None, control: str | None, form: str) -> None:
    """List every key there ever was, the oldest first; never the keys themselves."""
    with _opened(data_dir, control) as store:
        found = store.api_keys()
    if form == "json":
        click.echo(as_json([key_document(key, time.time()) for key in found], indent=2))
    else:
        _print_table(found)


@keys.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@DATA_DIR
@_CONTROL
def revoke(ids: tuple[str, ...], data_dir: str | None, control: str | None) -> None:
    """Revoke keys by their ids; the beginning of an id is enough.

    A running service refuses them within a second. They stay in the list.
    """
    with _opened(data_dir, control) as store:
        found = [store.find(beginning) for beginning in ids]
        store.revoke([key.key_id for key in found])
    for key in found:
        earlier = f" already, on {moment(key.revoked)}" if key.revoked is not None else ""
        click.echo(f"revoked{earlier}: {_named(key)}")


@contextmanager
def _opened(data_dir: str | None, control: str | None, *, make: bool = False) -> "Generator[ControlStore]":
    """The store that the options name; the default one is made only where something is to be put into it."""
    from sentric_analyzer.control.errors import ControlError
    from sentric_analyzer.control.store import CONTROL_FILE, ControlStore, control_url

    settings = Settings.load(data_dir=data_dir, control=control)
    directory = Path(settings.data_dir).expanduser()
    if not settings.control and make:
        _make(directory)
    elif not settings.control and not (directory / CONTROL_FILE).exists():
        raise ControlError(f"{directory}: there are no keys yet: start `sentric serve`, or name another --data-dir")
    with ControlStore.open(settings.control or control_url(directory)) as store:
        yield store


def _make(directory: Path) -> None:
    from sentric_analyzer.control.errors import ControlError

    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ControlError(f"--data-dir {directory}: cannot be made: {error.strerror}: name another") from None


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


def _print_table(found: list[Key]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not found:
        click.echo("no keys yet: `sentric keys create` makes one")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "name", "projects", "scopes", "state", "created", "expires (UTC)"):
        table.add_column(title, overflow="fold", no_wrap=title not in ("name", "projects", "scopes"))
    for key in found:
        cells = (
            key.key_id,
            key.name,
            ", ".join(key.projects) or "every",
            ", ".join(sorted(key.scopes)),
            key.state(time.time()),
            _minute(key.created)[:10],
            _minute(key.expires) or "never",
        )
        table.add_row(*(Text(visible(cell)) for cell in cells))
    Console().print(table)
