"""`sentric policy`: try a policy on recorded runs before it is enforced, have one suggested, and keep its versions."""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import as_json, visible
from sentric.errors import PolicyError, SentricError
from sentric.settings import Settings
from sentric_analyzer.cli.opened import CONTROL
from sentric_analyzer.cli.policies import COMMANDS
from sentric_analyzer.cli.progress import progress_bar
from sentric_analyzer.cli.runs import DATA_DIR, STORE
from sentric_analyzer.cli.since import Since

if TYPE_CHECKING:
    from sentric.events import Run
    from sentric.policy.rule import Policy
    from sentric_analyzer.backtest import Comparison, Habits
    from sentric_analyzer.cli.recorded import Recorded

_DIFFERS, _USAGE, _FAILURE = 1, 2, 3
_SHIPPED = "shipped rules"
_DEFAULT = "default"
_TRACES = click.option(
    "--traces",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Recorded traces, as `sentric analyze` reads them; may be given several times.",
)
_SINCE = click.option("--since", type=Since(), help="Runs that `sentric serve` has stored since: 12h, 7d, 2026-11-01.")
_PROJECT = click.option("--project", help="With --since: the runs of this project alone.")
_OUTPUT = click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead."
)


@click.group(cls=SuggestingGroup)
def policy() -> None:
    """Try a policy on recorded runs before it is enforced, have one suggested, and keep the versions of projects."""


for _command in COMMANDS:
    policy.add_command(_command)


@policy.command()
@click.argument("tried", metavar="POLICY", type=click.Path(path_type=Path))
@_TRACES
@_SINCE
@click.option(
    "--against", metavar="POLICY", help="Today's policy, or `default`. Left out: SENTRIC_POLICY, or the shipped rules."
)
@_PROJECT
@DATA_DIR
@STORE
@click.option("--format", "form", type=click.Choice(["table", "json", "html"]), default="table", show_default=True)
@_OUTPUT
@click.option(
    "--fail-on",
    type=click.Choice(["stricter", "looser", "change"]),
    help="Exit 1 where an action would be decided so, compared with today.",
)
def backtest(tried: Path, against: str | None, form: str, output: Path | None, fail_on: str | None, **of: Any) -> None:
    """Replay recorded runs under POLICY, a file or `default` for the shipped rules, and under today's policy.

    Prints what would have been allowed, warned about, asked about and blocked, by rule and by agent, with examples.
    """
    from sentric_analyzer.backtest import Comparison, backtest_document

    settings = Settings.load(data_dir=of["data_dir"], store=of["store"], policy=_file(against))
    today, candidate = _loaded(settings.policy, settings), _loaded(_file(str(tried)), settings)
    compared = Comparison(today, candidate)
    _check_writable(output)
    with _source(settings, of["traces"], of["since"], of["project"]) as recorded:
        _go_through(recorded, compared.add)
    names = settings.policy or _SHIPPED, _file(str(tried)) or _SHIPPED
    _write(backtest_document(compared, names, recorded.errors), form, output)
    _tell(recorded)
    if fail_on and _differs(compared, fail_on):
        sys.exit(_DIFFERS)


@policy.command()
@_TRACES
@_SINCE
@click.option(
    "--against", metavar="POLICY", help="Today's policy, or `default`. Left out: SENTRIC_POLICY, or the shipped rules."
)
@click.option(
    "--least",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="RUNS",
    help="Runs that must have used something before it is allowed.",
)
@click.option(
    "--rules",
    "of_rules",
    is_flag=True,
    help="Say instead which rules in shadow are ready to be promoted, by what they would have refused.",
)
@_PROJECT
@DATA_DIR
@STORE
@CONTROL
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="With --rules: how it is printed.")
@_OUTPUT
def suggest(against: str | None, least: int, output: Path | None, **of: Any) -> None:
    """Write a policy to review from what agents were seen to do.

    Learns which tools, sites and recipients each agent uses, from runs without a finding of severity high or
    critical. What an attacker may have written, for a finding names it or no task does, is commented out with the
    reason. Says what enforcing would have changed in all runs, also in those that nothing was learned from.

    With --rules, lists the rules in shadow (where none is, all that ask or block), with what they would have refused in
    the stored runs, of the last 30 days unless --since says otherwise.
    """
    if of["of_rules"]:
        _suggest_rules(against, output, **of)
        return
    if of["form"]:
        raise click.UsageError("--format goes with --rules: what is suggested else is a policy")
    from sentric_analyzer.backtest import Habits, Suggestion

    settings = Settings.load(data_dir=of["data_dir"], store=of["store"], policy=_file(against))
    today, habits = _loaded(settings.policy, settings), Habits()
    _check_writable(output)
    with _source(settings, of["traces"], of["since"], of["project"]) as recorded:
        _learn(recorded, habits, today)
        suggestion = Suggestion(habits, today, of["project"] or settings.project, least)
        if not suggestion.runs:
            raise SentricError("nothing to learn from: every run has a finding of severity high or critical")
        compared = _tried(recorded, today, suggestion.text(extends=_absolute(settings.policy)), settings)
    base = _relative(settings.policy, output)
    _put(suggestion.text(extends=base, compared=compared), output)
    if output is not None:
        click.echo("\n".join([*suggestion.summary(compared), "", f"Written, to be reviewed: {output}"]))
    _tell(recorded)


def _suggest_rules(against: str | None, output: Path | None, **of: Any) -> None:
    """Print how far the rules in shadow are."""
    from sentric_analyzer.cli.rollout import rollout
    from sentric_analyzer.console import render_rollout
    from sentric_analyzer.deciding.readiness import DAYS

    if of["traces"] or against or output:
        raise click.UsageError("--rules tells of the policy in force and of stored runs: backtest is for others")
    settings = Settings.load(data_dir=of["data_dir"], store=of["store"], project=of["project"])
    days = DAYS if of["since"] is None else _days(datetime.now(UTC) - of["since"])
    document = rollout(settings, settings.project, control=of["control"], days=days)
    if of["form"] == "json":
        click.echo(as_json(document, indent=2))
    else:
        _put_table(document, None, render_rollout)


def _days(age: timedelta) -> int:
    """Whole days that cover an age, which is a moment longer than it was said."""
    return max(1, -((timedelta(minutes=1) - age) // timedelta(days=1)))


@overload
def _file(policy: str) -> str: ...
@overload
def _file(policy: None) -> None: ...
def _file(policy: str | None) -> str | None:
    """The path of a policy; "" for `default`, the shipped rules, unless there is a file of that name."""
    return "" if policy == _DEFAULT and not Path(policy).exists() else policy


def _loaded(path: str, settings: Settings) -> "Policy":
    """The policy of a file; the shipped one where there is no path. Everything that is wrong is said at once."""
    from sentric.policy.loader import load_policy

    path = _file(path)
    try:
        return load_policy(Path(path) if path else None, allow_loopback=settings.allow_loopback)
    except PolicyError as error:
        for problem in error.problems:
            click.echo(f"error: {visible(problem)}", err=True)
        sys.exit(_USAGE)


@contextmanager
def _source(
    settings: Settings, traces: tuple[Path, ...], since: datetime | None, project: str | None
) -> "Generator[Recorded]":
    """The runs that the options name, with a progress bar on standard error where a person can see it."""
    from sentric_analyzer.cli.recorded import StoredRuns, TraceFiles

    if bool(traces) == bool(since):
        raise click.UsageError("say which runs: either --traces PATH or --since AGE")
    if since:
        yield StoredRuns(settings, since, project)
        return
    if project:
        raise click.UsageError("--project goes with --since: the runs of trace files are of one project")
    with progress_bar() as progress:
        if progress is None:
            yield TraceFiles(traces, settings)
            return
        bar = progress.add_task("replaying", total=None)
        yield TraceFiles(traces, settings, lambda done, size: progress.update(bar, completed=done, total=size or None))


def _go_through(recorded: "Recorded", take: "Callable[[Any], object]") -> None:
    from sentric_analyzer.cli.recorded import nothing

    number = 0
    for run in recorded.runs():
        take(run)
        number += 1
    if not number:
        _tell(recorded)
        raise nothing(recorded)


def _learn(recorded: "Recorded", habits: "Habits", today: "Policy") -> None:
    from sentric.policy.engine import replay
    from sentric_analyzer.detection import Conversations

    conversations = Conversations()

    def learn(run: "Run") -> None:
        earlier = conversations.earlier(run)
        habits.add(replay(today, run, earlier=earlier), earlier)

    _go_through(recorded, learn)


def _tried(recorded: "Recorded", today: "Policy", text: str, settings: Settings) -> "Comparison":
    """What the suggested policy makes of all runs, also of those left out. That it loads is checked on the way."""
    from sentric_analyzer.backtest import Comparison

    with tempfile.TemporaryDirectory(prefix="sentric-") as directory:
        path = Path(directory) / "suggested.yaml"
        path.write_text(text, encoding="utf-8")
        suggested = _loaded(str(path), settings)
    compared = Comparison(today, suggested)
    _go_through(recorded, compared.add)
    return compared


def _absolute(policy: str) -> str:
    return str(Path(policy).resolve()) if policy else ""


def _relative(policy: str, output: Path | None) -> str:
    """Today's policy as a file in the place of the output names it."""
    return os.path.relpath(policy, output.parent if output else Path()) if policy else ""


def _differs(compared: "Comparison", how: str) -> bool:
    """Whether the rules decide about an action more strictly, less strictly, or either, than today."""
    ranks = [(before.rank(), after.rank()) for before, after in compared.by_rules]
    stricter, looser = any(after > before for before, after in ranks), any(after < before for before, after in ranks)
    return {"stricter": stricter, "looser": looser, "change": stricter or looser}[how]


def _write(document: dict[str, Any], form: str, output: Path | None) -> None:
    from sentric_analyzer.console import render_backtest, render_backtest_html

    match form:
        case "html":
            _put(render_backtest_html(document), output)
        case "json":
            _put(as_json(document, indent=1) + "\n", output)
        case _:
            _put_table(document, output, render_backtest)


def _put_table(document: dict[str, Any], output: Path | None, render: Callable[..., None]) -> None:
    from rich.console import Console

    if output is None:
        render(document, Console())
        return
    text = io.StringIO()
    render(document, Console(file=text))
    _put(text.getvalue(), output)


def _check_writable(output: Path | None) -> None:
    """Say before the work, and not after it, that its result has nowhere to go."""
    if output is None:
        return
    at = output if output.exists() else output.parent
    if not at.exists():
        raise SentricError(f"{output}: cannot be written: there is no directory {at}")
    if not os.access(at, os.W_OK):
        raise SentricError(f"{output}: cannot be written: permission denied")


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text.encode(), nl=False)  # pages and policies are UTF-8, whatever the terminal is
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SentricError(f"{output}: cannot be written: {error.strerror}") from None


def _tell(recorded: "Recorded") -> None:
    """Name what could not be read; that is a failure, also where the rest was."""
    for error in recorded.errors:
        click.echo(f"error: {error}", err=True)
    if recorded.errors:
        sys.exit(_FAILURE)
