"""`sentric runs`: list the runs that were judged."""

from pathlib import Path
from typing import Any

import click

from sentric.cli.visible import as_json
from sentric.settings import Settings

DATA_DIR = click.option("--data-dir", metavar="DIR", help="The analyzer's data directory.")
STORE = click.option("--store", metavar="URL", help="ClickHouse URL, where it is not in the data directory.")


@click.command()
@DATA_DIR
@STORE
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def runs(data_dir: str | None, store: str | None, limit: int, form: str) -> None:
    """List the runs that were judged, newest first."""
    from sentric_analyzer.api.reader import open_reader

    settings = Settings.load(data_dir=data_dir, store=store)
    with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
        found = reader.runs(limit=limit)
    if form == "json":
        click.echo(as_json(found, indent=2))
    else:
        _print_table(found)


def _print_table(found: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from sentric_analyzer.console import render_runs

    if found:
        render_runs(found, Console())
    else:
        click.echo("no runs yet")
