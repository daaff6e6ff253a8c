"""`sentric policy versions|save|activate|rollback|export`: the policies that projects have in the control state."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentric.cli.visible import as_json, visible
from sentric.errors import SentricError
from sentric.settings import Settings
from sentric_analyzer.cli.asking import FORMAT
from sentric_analyzer.cli.opened import CONTROL, opened
from sentric_analyzer.cli.runs import DATA_DIR, STORE

if TYPE_CHECKING:
    from sentric_analyzer.control.policies import Activation

_OWN = 0
_PROJECT = click.option("--project", help="Whose policy. Left out: SENTRIC_PROJECT, or `default`.")
_NOTE = click.option("--note", default="", help="What is different, or why.")


@click.command()
@_PROJECT
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@DATA_DIR
@CONTROL
@FORMAT
def versions(project: str | None, limit: int, data_dir: str | None, control: str | None, form: str) -> None:
    """List the versions of a project's policy, the newest first, and say which is in force."""
    from sentric_analyzer.control.keys import moment

    project = _project(project)
    with opened(data_dir, control, what="policies") as store:
        found = store.policies.page(projects=[project], limit=limit)
        files = {one.version: sorted(store.policies.version(project, one.version).documents) for one in found}
        history = store.policies.activations(project, limit=1)
    in_force = history[0].version if history else _OWN
    listed: list[dict[str, Any]] = [
        {
            "project": one.project,
            "version": one.version,
            "in_force": one.version == in_force,
            "digest": one.digest,
            "author": one.author,
            "note": one.note,
            "created": moment(one.created),
            "files": files[one.version],
        }
        for one in found
    ]
    if form == "json":
        click.echo(as_json(listed, indent=2))
        return
    if in_force == _OWN:
        click.echo(f"{visible(project)}: in force is the policy of the service's own settings")
    if listed:
        _print_table(listed)


@click.command()
@click.argument("file", metavar="POLICY", type=click.Path(path_type=Path, dir_okay=False))
@_PROJECT
@_NOTE
@click.option("--activate", "activated", is_flag=True, help="Put it in force at once.")
@DATA_DIR
@CONTROL
def save(
    file: Path, project: str | None, note: str, activated: bool, data_dir: str | None, control: str | None
) -> None:
    """Keep POLICY, and the files that it names, as a new version of a project's policy.

    A file of another folder gets another name, which is written where it is named. What does not load is not kept.
    """
    from sentric.policy.bundle import bundle_of
    from sentric_analyzer.control.api_keys import LOCAL

    documents = bundle_of(file)
    project = _project(project)
    with opened(data_dir, control, make=True, what="policies") as store:
        newest = store.policies.newest(project)
        kept = store.policies.save(project, documents, note=note, actor=LOCAL)
        is_new = newest is None or kept.version != newest.version
        told = "saved" if is_new else "the same as the newest version, which is"
        files = "" if len(documents) == 1 else f", {len(documents)} files"
        click.echo(visible(f"{told}: version {kept.version} of {project}, digest {kept.digest}{files}"))
        if activated:
            _tell(store.policies.activate(project, kept.version, note=note, actor=LOCAL))
        else:
            click.echo(f"`sentric policy activate {kept.version}` puts it in force", err=True)


@click.command()
@click.argument("version", type=click.IntRange(0), required=False)
@click.option(
    "--rule", "promoted", multiple=True, metavar="RULE", help="Let a rule decide that is in shadow; may be repeated."
)
@click.option("--shadow", multiple=True, metavar="RULE", help="Put a rule into the shadow; may be repeated.")
@click.option("--yes", is_flag=True, help="Promote without a question.")
@_PROJECT
@_NOTE
@DATA_DIR
@STORE
@CONTROL
def activate(
    version: int | None,
    promoted: tuple[str, ...],
    shadow: tuple[str, ...],
    project: str | None,
    note: str,
    yes: bool,
    **where: str | None,
) -> None:
    """Put a VERSION of a project's policy in force; 0 for the policy of the service's own settings.

    With --rule, the policy in force stays, but for a rule in shadow that decides from now on: what it would have
    refused in the last 30 days is shown, and has to be agreed to. --shadow puts a rule back: it warns at most.

    A running service, and the guards that ask it, go by it within a second.
    """
    if sum(map(bool, (version is not None, promoted, shadow))) != 1:
        raise click.UsageError("say what: either a VERSION, or --rule RULE, or --shadow RULE")
    if version is None:
        _turn(promoted, shadow, _project(project), note, is_sure=yes, **where)
        return
    from sentric_analyzer.control.api_keys import LOCAL

    with opened(where["data_dir"], where["control"], what="policies") as store:
        _tell(store.policies.activate(_project(project), version, note=note, actor=LOCAL))


def _turn(
    promoted: tuple[str, ...], shadow: tuple[str, ...], project: str, note: str, *, is_sure: bool, **where: str | None
) -> None:
    """Promote rules, or put them into the shadow."""
    from sentric_analyzer.cli import rollout

    settings, control = Settings.load(data_dir=where["data_dir"], store=where["store"]), where["control"]
    if promoted:
        made = rollout.promote(settings, project, promoted, is_sure=is_sure, note=note, control=control)
    else:
        made = rollout.shadow(settings, project, shadow, note=note, control=control)
    what = f"decide from now on: {', '.join(promoted)}" if promoted else f"in shadow: {', '.join(shadow)}"
    click.echo(visible(f"in force for {project}: version {made['version']}, digest {made['digest']}; {what}"))


@click.command()
@_PROJECT
@_NOTE
@DATA_DIR
@CONTROL
def rollback(project: str | None, note: str, data_dir: str | None, control: str | None) -> None:
    """Put in force again what was before the version of a project's policy that is in force now."""
    from sentric_analyzer.control.api_keys import LOCAL

    with opened(data_dir, control, what="policies") as store:
        _tell(store.policies.roll_back(_project(project), note=note, actor=LOCAL))


@click.command()
@_PROJECT
@click.option("--version", type=click.IntRange(1), help="Left out: the version in force, or else the newest.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, file_okay=False), help="Write the files to this directory."
)
@DATA_DIR
@CONTROL
def export(
    project: str | None, version: int | None, output: Path | None, data_dir: str | None, control: str | None
) -> None:
    """Write a version of a project's policy as the files that it was made of; one file is printed."""
    project = _project(project)
    with opened(data_dir, control, what="policies") as store:
        if version is None:
            history = store.policies.activations(project, limit=1)
            newest = store.policies.newest(project)
            if newest is None:
                raise SentricError(f"project {project!r} has no policy of its own: `sentric policy save` keeps one")
            version = history[0].version if history and history[0].version != _OWN else newest.version
        kept = store.policies.version(project, version)
    if output is not None:
        _write(kept.documents, output)
        click.echo(visible(f"written: version {kept.version} of {project}, {len(kept.documents)} files in {output}"))
    elif len(kept.documents) == 1:
        click.echo(visible(next(iter(kept.documents.values()))), nl=False)
    else:
        names = ", ".join(sorted(kept.documents))
        raise click.UsageError(
            visible(f"version {kept.version} is of several files: name a directory, -o DIR: {names}")
        )


COMMANDS: tuple[click.Command, ...] = (versions, save, activate, rollback, export)
"""The commands, for the group that they are of."""


def _project(project: str | None) -> str:
    return Settings.load(project=project).project


def _tell(made: "Activation") -> None:
    what = f"version {made.version}" if made.version != _OWN else "the policy of the service's own settings"
    digest = f", digest {made.digest}" if made.digest else ""
    click.echo(visible(f"in force for {made.project}: {what}{digest}"))


def _write(documents: Mapping[str, str], output: Path) -> None:
    """Write files that are not there yet. Names that lead out of the directory are no names of a bundle."""
    from sentric.policy.files import MAIN, bundled

    bundled(documents, MAIN)
    try:
        for name, text in documents.items():
            path = output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        raise SentricError(f"{output}: has such files already: name another directory") from None
    except OSError as error:
        raise SentricError(f"{output}: cannot be written: {error.strerror}") from None


def _print_table(listed: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in ("version", "", "digest", "author", "created", "note"):
        table.add_column(title, overflow="fold", no_wrap=title not in ("author", "note"))
    for one in listed:
        created = str(one["created"])[:16].replace("T", " ")
        mark = "in force" if one["in_force"] else ""
        cells = (str(one["version"]), mark, one["digest"], one["author"], created, one["note"])
        table.add_row(*(Text(visible(" ".join(cell.split()))) for cell in cells))
    Console().print(table)
