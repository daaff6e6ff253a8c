"""`sentric rules`: list, show, check and test rules; read and write lists of them; compare policies."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import click

from sentric.cli.group import SuggestingGroup
from sentric.cli.visible import visible
from sentric.errors import PolicyError, SentricError
from sentric.policy.rule import Policy, Rule

_USAGE = 2
_FILES = click.argument("files", nargs=-1, type=click.Path(path_type=Path))
_FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
_OUTPUT = click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file, not to the screen.")
_SHIPPED = "default"
_STDIN = Path("-")

T = TypeVar("T")


@click.group(cls=SuggestingGroup)
def rules() -> None:
    """List, show, check and test rules, import and export lists, compare policies.

    FILES are packs and policies, or names of shipped packs. Without them: the rules that come with Sentric.
    """


@rules.command("list")
@_FILES
@_FORMAT
def list_rules(files: tuple[Path, ...], form: str) -> None:
    """List rules with their severity and decision."""
    from sentric.cli.rule_view import print_rules, rule_document

    loaded = _with_built_in(files)
    if form == "json":
        _print_json([rule_document(rule) for rule in loaded])
    else:
        print_rules(loaded)


@rules.command("show")
@click.argument("rule")
@_FILES
@_FORMAT
def show(rule: str, files: tuple[Path, ...], form: str) -> None:
    """Show a RULE whole: what it means, when it matches, and its examples."""
    from sentric.cli.rule_view import print_rule, rule_document
    from sentric.policy.document import near

    loaded = _with_built_in(files)
    found = next((one for one in loaded if one.id == rule), None)
    if found is None:
        like = near(rule, [one.id for one in loaded]) or ": `sentric rules list` names them"
        click.echo(f"error: no rule {rule!r}{like}", err=True)
        sys.exit(_USAGE)
    if form == "json":
        _print_json(rule_document(found, examples=True))
    else:
        print_rule(found)


@rules.command("check")
@_FILES
def check(files: tuple[Path, ...]) -> None:
    """Check that rule and policy files load and that examples hold: every problem at once, with its file and line."""
    loaded = _load(files, run_examples=True)
    click.echo(f"{len(loaded)} rules are well formed")


@rules.command("test")
@_FILES
def test(files: tuple[Path, ...]) -> None:
    """Run the examples that every rule carries, and say how many there are."""
    loaded = _load(files, run_examples=True)
    examples = sum(len(rule.match) + len(rule.no_match) for rule in loaded)
    click.echo(f"{len(loaded)} rules, {examples} examples: all hold")


@rules.command("import")
@click.argument("source", metavar="LIST", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--pack", default="", help="Name of the pack; left out: made from the name of the file.")
@_OUTPUT
def import_rules(source: Path, pack: str, output: Path | None) -> None:
    """Make a pack from a LIST of regex and nlp rules, in YAML or JSON; `-` is standard input.

    The shape is `rules: [{name, type: regex|nlp, pattern, severity: info|warning|critical, decision: allow|warn|block,
    enabled}]`.
    """
    from sentric.policy.document import SIZE_LIMIT
    from sentric.policy.lists import pack_of, read_list, slug

    name = slug(pack or ("" if source == _STDIN else source.stem)) or "imported"
    source = Path("/dev/stdin") if source == _STDIN else source
    read = _or_exit(lambda: read_list(source))
    if not read:
        click.echo(f"error: {source}: has no rules", err=True)
        sys.exit(_USAGE)
    made = pack_of(read, name)
    if len(made) > SIZE_LIMIT:
        click.echo(f"error: {source}: makes a pack of more than {SIZE_LIMIT} characters: split the list", err=True)
        sys.exit(_USAGE)
    _write(made, output)
    click.echo(f"{len(read)} rules read", err=True)


@rules.command("export")
@_FILES
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@_OUTPUT
def export(files: tuple[Path, ...], form: str, output: Path | None) -> None:
    """Write regex and phrases rules as a list, the shape that `import` reads.

    Such a list has no risks, references or examples; a rule that it cannot say is left out and named.
    """
    from sentric.policy.lists import list_of

    written = list_of(_load(files))
    for line in written.left_out:
        click.echo(f"left out: {line}", err=True)
    if not written.rules:
        click.echo("error: no rule here can be said in such a list", err=True)
        sys.exit(_USAGE)
    as_json = json.dumps({"rules": written.rules}, indent=2, ensure_ascii=False) + "\n"
    _write(as_json if form == "json" else written.text(), output)


@rules.command("diff")
@click.argument("before")
@click.argument("after")
@_FORMAT
def diff(before: str, after: str, form: str) -> None:
    """Compare two policies, BEFORE and AFTER: files, or `default` for what comes with Sentric."""
    from sentric.cli.rule_view import difference_document, print_difference
    from sentric.policy.difference import difference

    found = _or_exit(lambda: difference(*_policies(before, after)))
    if form == "json":
        _print_json(difference_document(found))
    else:
        print_difference(found)


def _policies(*names: str) -> list[Policy]:
    """Load policies; what is wrong with any of them is told at once."""
    from sentric.policy.loader import load_policy

    loaded: list[Policy] = []
    problems: list[str] = []
    for name in names:
        try:
            loaded.append(load_policy(None if name == _SHIPPED and not Path(name).exists() else Path(name)))
        except PolicyError as error:
            problems += error.problems
    if problems:
        raise PolicyError(problems)
    return loaded


def _load(files: tuple[Path, ...], *, run_examples: bool = False) -> tuple[Rule, ...]:
    from sentric.policy.loader import load_rules

    return _or_exit(lambda: load_rules(_paths(files), run_examples=run_examples))


def _paths(files: Iterable[Path]) -> tuple[Path, ...]:
    """Files as they are named; the name of a shipped pack stands for its file where there is none of that name."""
    from sentric.policy.loader import shipped_packs

    shipped = {pack.stem: pack for pack in shipped_packs()}
    return tuple(file if file.exists() else shipped.get(str(file), file) for file in files)


def _with_built_in(files: tuple[Path, ...]) -> list[Rule]:
    """The rules of files; without files the engine's own too."""
    from sentric.policy.risk import BUILT_IN

    built_in: Iterable[Rule] = () if files else BUILT_IN
    return [*_load(files), *built_in]


def _or_exit(load: Callable[[], T]) -> T:
    try:
        return load()
    except PolicyError as error:
        for problem in error.problems:
            click.echo(f"error: {visible(problem)}", err=True)
        sys.exit(_USAGE)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SentricError(f"{output}: cannot be written: {error.strerror}") from None


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=2, default=str))
