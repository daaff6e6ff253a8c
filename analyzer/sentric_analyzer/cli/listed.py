"""How commands show a list."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from sentric.cli.visible import as_json


def print_list(
    found: Sequence[dict[str, Any]], form: str, render: Callable[[Sequence[dict[str, Any]], Any], None], nothing: str
) -> None:
    """Print a list as JSON or as a table, or say that there is nothing.

    Args:
        found: what is listed.
        form: `json` or `table`.
        render: writes a table to a console of Rich's.
        nothing: said where there is nothing to list.
    """
    from rich.console import Console

    if form == "json":
        click.echo(as_json(list(found), indent=2))
    elif found:
        render(found, Console())
    else:
        click.echo(nothing)
