"""`sentric runs` and `sentric sessions`: list runs that were judged and their conversations, make tests of runs."""

from pathlib import Path

import click

from sentric.cli.group import SuggestingGroup
from sentric.settings import Settings
from sentric_analyzer.cli.listed import print_list

DATA_DIR = click.option("--data-dir", metavar="DIR", help="The analyzer's data directory.")
STORE = click.option("--store", metavar="URL", help="ClickHouse URL, where it is not in the data directory.")
_LIMIT = click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first."
)
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.group(cls=SuggestingGroup, invoke_without_command=True)
@DATA_DIR
@STORE
@_LIMIT
@_FORMAT
@click.pass_context
def runs(context: click.Context, data_dir: str | None, store: str | None, limit: int, form: str) -> None:
    """List the runs that were judged, newest first."""
    if context.invoked_subcommand is not None:
        stated = {"data_dir": data_dir, "store": store}
        context.default_map = {"export": {name: value for name, value in stated.items() if value is not None}}
        return
    from sentric_analyzer.api.reader import open_reader
    from sentric_analyzer.console import render_runs

    settings = Settings.load(data_dir=data_dir, store=store)
    with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
        print_list(reader.runs(limit=limit), form, render_runs, "no runs yet")


@runs.command("export")
@click.argument("run", default="latest")
@DATA_DIR
@STORE
@click.option("--project", metavar="NAME", help="Look for the run in this project.")
@click.option(
    "--traces",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Take the run from files, the inputs of `sentric analyze`, and judge it now.",
)
@click.option("--redact-personal", is_flag=True, help="Replace e-mail addresses, phone numbers, names … by marks, too.")
@click.option("--expect", is_flag=True, help="Expect what --policy decides, in place of what was decided.")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy or pack file. Default: the shipped rules.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
def export(
    run: str,
    data_dir: str | None,
    store: str | None,
    project: str | None,
    traces: tuple[Path, ...],
    redact_personal: bool,
    expect: bool,
    policy: Path | None,
    output: Path | None,
) -> None:
    """Write a run as a fixture, for `sentric test`: redacted once more, with what was decided about it.

    RUN is a run id, the beginning of one, or `latest` (the default).
    """
    from sentric_analyzer.cli.exporting import Wanted, export_run

    if policy and not (expect or traces):
        raise click.UsageError("--policy needs --expect or --traces: a recorded run has what was decided about it")
    settings = Settings.load(data_dir=data_dir, store=store, policy=str(policy) if policy else None)
    wanted = Wanted(run, project, traces, redact_personal=redact_personal, expect=expect)
    export_run(wanted, settings, output)


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
