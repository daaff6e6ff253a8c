"""`sentric runs` and `sentric sessions`: list the runs that were judged, and the conversations they belong to."""

from pathlib import Path

import click

from sentric.settings import Settings
from sentric_analyzer.cli.listed import print_list

DATA_DIR = click.option("--data-dir", metavar="DIR", help="The analyzer's data directory.")
STORE = click.option("--store", metavar="URL", help="ClickHouse URL, where it is not in the data directory.")
_LIMIT = click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first."
)
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.command()
@DATA_DIR
@STORE
@_LIMIT
@_FORMAT
def runs(data_dir: str | None, store: str | None, limit: int, form: str) -> None:
    """List the runs that were judged, newest first."""
    from sentric_analyzer.api.reader import open_reader
    from sentric_analyzer.console import render_runs

    settings = Settings.load(data_dir=data_dir, store=store)
    with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
        print_list(reader.runs(limit=limit), form, render_runs, "no runs yet")


@click.command()
@DATA_DIR
@STORE
@_LIMIT
@_FORMAT
def sessions(data_dir: str | None, store: str | None, limit: int, form: str) -> None:
    """List the conversations that runs belong to, that of the latest run first."""
    from sentric_analyzer.api.reader import open_reader
    from sentric_analyzer.console import render_sessions

    settings = Settings.load(data_dir=data_dir, store=store)
    with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
        print_list(reader.sessions(limit=limit), form, render_sessions, "no runs of a conversation yet")
