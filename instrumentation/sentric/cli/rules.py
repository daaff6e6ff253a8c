"""`sentric rules`: list, check and test rules."""

import json
import sys
from pathlib import Path

import click

from sentric.errors import PolicyError
from sentric.policy.rule import Maturity, Rule

_USAGE = 2
_FILES = click.argument("files", nargs=-1, type=click.Path(path_type=Path))


@click.group()
def rules() -> None:
    """List, check and test rules. Without FILES: the rules that come with Sentric."""


@rules.command("list")
@_FILES
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_rules(files: tuple[Path, ...], form: str) -> None:
    """List rules with their severity and decision."""
    loaded = _load(files)
    if form == "json":
        click.echo(json.dumps([_row(rule) for rule in loaded], indent=2))
    else:
        _print_table(loaded)


@rules.command("check")
@_FILES
def check(files: tuple[Path, ...]) -> None:
    """Check that rule and policy files load: every problem at once, each with its file and line."""
    loaded = _load(files)
    click.echo(f"{len(loaded)} rules are well formed")


@rules.command("test")
@_FILES
def test(files: tuple[Path, ...]) -> None:
    """Run the examples that every rule carries."""
    from sentric.policy.examples import failures

    loaded = _load(files)
    if broken := list(failures(loaded)):
        for line in broken:
            click.echo(f"error: {line}", err=True)
        sys.exit(1)
    examples = sum(len(rule.match) + len(rule.no_match) for rule in loaded)
    click.echo(f"{len(loaded)} rules, {examples} examples: all hold")


def _load(files: tuple[Path, ...]) -> tuple[Rule, ...]:
    from sentric.policy.loader import load_rules

    try:
        return load_rules(files)
    except PolicyError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
        sys.exit(_USAGE)


def _row(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title,
        "description": rule.description,
        "severity": rule.severity,
        "decision": rule.decision,
        "risk": rule.risk,
        "category": rule.category,
        "references": rule.references,
        "maturity": rule.maturity,
        "on": rule.on,
        "when": rule.when,
        "pack": rule.pack,
    }


def _print_table(loaded: tuple[Rule, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("rule", "severity", "decision", "risk", "pack", "title"):
        table.add_column(column, overflow="fold")
    for rule in loaded:
        title = rule.title if rule.maturity is Maturity.STABLE else f"{rule.title} ({rule.maturity}: off)"
        cells = (rule.id, rule.severity, rule.decision, str(rule.risk), rule.pack, title)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
