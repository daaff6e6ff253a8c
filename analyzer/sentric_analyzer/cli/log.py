"""`sentric log`: look into the log of received requests."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.visible import as_json, visible
from sentric.settings import Settings

if TYPE_CHECKING:
    from sentric_analyzer.log.inspection import LogState


@click.group()
def log() -> None:
    """Look into the log of received requests."""


@log.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_context
def inspect(context: click.Context, directory: Path | None, form: str) -> None:
    """Read the log of a data directory, and say what is in it and what waits.

    DIR is a data directory, or the log in it; by default the one that is set. A service may be running: it is not
    disturbed. Requests that could not be stored are in the directory set-aside beside the log, as they came. The exit
    status is 1 where records are damaged or missing.
    """
    from sentric_analyzer.log import SET_ASIDE
    from sentric_analyzer.log.inspection import inspect_log

    directory = directory or Path(Settings.load().data_dir).expanduser()
    state = inspect_log(directory / "log" if (directory / "log").is_dir() else directory)
    aside = sorted(map(str, (state.directory.parent / SET_ASIDE).glob("*.pb")))
    if form == "json":
        click.echo(as_json(_document(state, aside), indent=2))
    else:
        _print(state, aside)
    context.exit(1 if state.damage else 0)


def _document(state: "LogState", aside: Sequence[str]) -> dict[str, Any]:
    return {
        "directory": str(state.directory),
        "committed": state.committed,
        "begun": state.begun,
        "end": state.end,
        "waiting": {"bytes": state.waiting_bytes, "records": state.waiting_records},
        "first_received": _time(state.first),
        "last_received": _time(state.last),
        "records": [
            {"signal": signal, "project": project, "records": count}
            for (signal, project), count in sorted(state.records.items())
        ],
        "recognised": state.recognised,
        "torn_bytes": state.torn_bytes,
        "damage": state.damage,
        "set_aside": list(aside),
        "segments": [
            {
                "file": found.segment.path.name,
                "position": found.segment.base,
                "end": found.end,
                "bytes": found.size,
                "records": found.records,
                "waiting": found.waiting,
            }
            for found in state.segments
        ],
    }


def _print(state: "LogState", aside: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    facts = Table.grid(padding=(0, 2))
    for name, value in [*_facts(state), ("set aside", _set_aside(aside))]:
        facts.add_row(Text(name, "dim"), Text(visible(value), overflow="fold"))
    segments = Table("segment", box=None, pad_edge=False, header_style="dim")
    for name in ("bytes", "records", "waiting"):
        segments.add_column(name, justify="right")
    for found in state.segments:
        figures = (found.size, found.records, found.waiting)
        segments.add_row(visible(found.segment.path.name), *(f"{figure:,}" for figure in figures))
    console.print(facts, "", segments)
    for line in state.damage:
        console.print(Text(visible(line), "bold red"), soft_wrap=True)


def _facts(state: "LogState") -> list[tuple[str, str]]:
    records = [
        f"{count:,} {signal} of {project or 'senders without a key'}"
        for (signal, project), count in sorted(state.records.items())
    ]
    return [
        ("log", str(state.directory)),
        ("records", "; ".join(records) or "none"),
        ("received", f"{_time(state.first)} to {_time(state.last)}" if records else "nothing"),
        ("waiting", f"{state.waiting_records:,} records, {state.waiting_bytes:,} bytes"),
        ("positions", f"committed {state.committed}, begun {state.begun}, end {state.end}"),
        ("recognised", f"{state.recognised:,} newest records, if they are sent again"),
        ("unfinished", f"{state.torn_bytes:,} bytes at the end: being written, or left by a crash; not acknowledged"),
        ("damage", f"{len(state.damage)} places" if state.damage else "none"),
    ]


def _set_aside(aside: Sequence[str]) -> str:
    return f"{len(aside):,} requests that could not be stored, in {Path(aside[0]).parent}" if aside else "none"


def _time(nanoseconds: int | None) -> str | None:
    if nanoseconds is None:
        return None
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
