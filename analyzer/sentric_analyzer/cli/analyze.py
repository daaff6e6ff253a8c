"""`sentric analyze`: judge recorded traces offline."""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.visible import as_json
from sentric.policy.rule import Severity
from sentric.settings import Settings
from sentric_analyzer.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.progress import Progress

    from sentric.policy.rule import Policy
    from sentric.policy.verdict import Replay
    from sentric_analyzer.cli.inputs import Inputs
    from sentric_analyzer.spans import Span

_FINDINGS, _FAILURE = 1, 3


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--steps", is_flag=True, help="Print the normalised runs instead of the findings (with --format json).")
@click.option("--explain", is_flag=True, help="Print which dialect reads what, and what nobody reads; judge nothing.")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy or pack file. Default: the shipped rules.")
@click.option(
    "--fail-on",
    type=click.Choice([str(severity) for severity in Severity]),
    help="Exit 1 at or over this severity.",
)
def analyze(
    paths: tuple[Path, ...], form: str, steps: bool, explain: bool, policy: Path | None, fail_on: str | None
) -> None:
    """Judge recorded traces offline.

    PATHS are raw OTLP requests (.pb), OTLP/JSON (.json), one request a line (.jsonl), any of them gzipped (.gz),
    directories of these, or - for standard input.
    """
    from sentric.policy.loader import load_policy
    from sentric_analyzer.cli.inputs import find

    if steps and form != "json":
        raise click.UsageError("--steps needs --format json")
    if explain and (steps or policy or fail_on):
        raise click.UsageError("--explain judges nothing: leave --steps, --policy and --fail-on out")
    settings = Settings.load(policy=str(policy) if policy else None)
    inputs = find(paths, longest=settings.attribute_limit)
    if explain:
        _explain(inputs, settings, form)
        return
    chosen = load_policy(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)
    replays = list(_judge(inputs, chosen, settings))
    _print(replays, form, steps=steps)
    _tell(inputs)
    if inputs.errors:
        sys.exit(_FAILURE)
    if fail_on and any(found.severity.rank() >= Severity(fail_on).rank() for r in replays for found in r.findings):
        sys.exit(_FINDINGS)


def _explain(inputs: "Inputs", settings: Settings, form: str) -> None:
    from sentric_analyzer.cli.explain import print_explanation

    with progress_bar() as progress:
        traces = _traces(inputs, progress)
    print_explanation(traces, settings, form)
    _tell(inputs)
    if inputs.errors:
        sys.exit(_FAILURE)


def _traces(inputs: "Inputs", progress: "Progress | None") -> "list[list[Span]]":
    """The spans of each trace; those that began first come first, for a conversation's runs are in several traces."""
    reading = progress.add_task("reading", total=inputs.size() or None) if progress else None
    traces: dict[str, list[Span]] = {}
    for span in inputs.spans():
        traces.setdefault(span.trace_id, []).append(span)
        if progress and reading is not None:
            progress.update(reading, completed=inputs.bytes_read)
    return sorted(traces.values(), key=lambda spans: min(span.start for span in spans))


def _judge(inputs: "Inputs", policy: "Policy", settings: Settings) -> "Iterator[Replay]":
    from sentric.redaction import chosen_redactor
    from sentric_analyzer.detection import Conversations, detect
    from sentric_analyzer.dialects import Dialects

    key = secrets.token_bytes(32)
    dialects = Dialects.of(settings.dialects)
    with progress_bar() as progress:
        ordered = _traces(inputs, progress)
        conversations = Conversations()
        for spans in progress.track(ordered, description="judging") if progress else ordered:
            yield from detect(
                spans,
                project=settings.project,
                policy=policy,
                redactor=chosen_redactor(settings, key),
                conversations=conversations,
                dialects=dialects,
            )


def _print(replays: "list[Replay]", form: str, *, steps: bool) -> None:
    from sentric_analyzer.document import finding_document, steps_document

    if form == "table":
        _print_table(replays)
        return
    documents: list[dict[str, Any]]
    if steps:
        documents = [steps_document(replay) for replay in replays]
    else:
        documents = [finding_document(found) for replay in replays for found in replay.findings]
    sys.stdout.write(as_json(documents, indent=1))
    sys.stdout.write("\n")


def _print_table(replays: "list[Replay]") -> None:
    from rich.console import Console

    from sentric_analyzer.console import render_findings
    from sentric_analyzer.document import run_document

    console = Console()
    render_findings([run_document(replay) for replay in replays], console)


def _tell(inputs: "Inputs") -> None:
    for note in inputs.notes:
        click.echo(f"note: {note}", err=True)
    for error in inputs.errors:
        click.echo(f"error: {error}", err=True)
