"""What the commands that ask a running service with a key have in common."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentric.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentric_analyzer.api.control_client import ControlClient

PROJECT = click.option("--project", help="Of this project alone.")
FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
LIMIT = click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many, newest first."
)
_OPTIONS = (
    click.option("--data-dir", metavar="DIR", help="Data directory of the service on this machine."),
    click.option("--url", metavar="URL", help="The service elsewhere, as https://HOST:PORT. Set SENTRIC_API_KEY."),
    click.option("--insecure-url", is_flag=True, help="Send the key over http:// to another machine, too."),
)


def service(command: "Callable[..., Any]") -> "Callable[..., Any]":
    """Give a command the options that say which service is asked: keywords for `asked`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked(*, data_dir: str | None, url: str | None, insecure_url: bool) -> "ControlClient":
    """A client of the service that the options name; it asks with SENTRIC_API_KEY, or the admin key that lies there."""
    from sentric_analyzer.api.control_client import control_client

    # Who names a directory means the service there, whatever the environment says.
    settings = Settings.load(data_dir=data_dir, url="" if data_dir and url is None else url)
    directory = Path(settings.data_dir).expanduser()
    return control_client(directory, settings.url, settings.api_key, insecure=insecure_url)
