"""A back-test for a terminal of any width."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.console.backtest import AgentRow, Compared, Example, RuleRow, read_backtest
from sentric_analyzer.console.terminal import STYLES
from sentric_analyzer.console.text import one_line, shortened

DECISION_STYLES = {"allow": "green", "warn": "cyan", "ask": "yellow", "block": "bold red"}
EXAMPLES = 10
"""Examples that are printed; HTML and JSON have them all."""
VALUE_LIMIT = 160
"""Longest text of an example in a terminal, in characters."""
AGENTS = 20
"""Agents that are printed."""


def render_backtest(document: Mapping[str, Any], console: Console) -> None:
    """Print a back-test document."""
    backtest = read_backtest(document)
    console.print(Line(backtest.headline, "bold"))
    console.print(Line(f"{backtest.title}; {backtest.scope}", "dim"))
    console.print()
    console.print(_decisions(backtest.decisions, backtest.runs))
    if backtest.rules:
        console.print(_heading("Rules"), _table("rule", backtest.rules))
    console.print(_heading("Agents"), _table("agent", backtest.agents[:AGENTS]))
    if more := len(backtest.agents) - AGENTS:
        console.print(Line(f"and {more:,} more agents", "dim") if more > 0 else "", end="\n" if more > 0 else "")
    changed = [example for example in backtest.examples if example.changed][:EXAMPLES]
    if changed:
        console.print(_heading("Examples of what changes"))
    for example in changed:
        console.print(_example(example))
    for caveat in backtest.caveats:
        console.print(Line(caveat, "dim"))


def _heading(text: str) -> Line:
    return Line(f"\n{text}", "bold")


def _decisions(actions: Iterable[Compared], runs: Iterable[Compared]) -> Table:
    table = _grid(("", "actions today", "tried", "", "runs today", "tried", ""))
    for of_actions, of_runs in zip(actions, runs, strict=True):
        name = Line(of_actions.name, DECISION_STYLES[of_actions.name])
        table.add_row(name, *_cells(of_actions), *_cells(of_runs))
    return table


def _cells(compared: Compared) -> tuple[Line, Line, Line]:
    return Line(f"{compared.before:,}"), Line(f"{compared.after:,}"), Line(compared.difference, "magenta")


def _table(what: str, rows: "Iterable[RuleRow | AgentRow]") -> Table:
    table = _grid((what, "warned", "asked", "blocked", "runs held up", "changed"))
    for row in rows:
        name = Line(row.agent) if isinstance(row, AgentRow) else Line(row.rule_id, STYLES.get(row.severity, ""))
        table.add_row(name, *map(_change, row.counts), Line(f"{row.changed:,}" if row.changed else "", "magenta"))
    return table


def _change(compared: Compared) -> Line:
    if compared.before == compared.after:
        return Line(f"{compared.after:,}" if compared.after else "·", "" if compared.after else "dim")
    return Line(f"{compared.before:,} → {compared.after:,}", "magenta")


def _grid(columns: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", overflow="fold", no_wrap=bool(index))
    return table


def _example(example: Example) -> Line:
    before, after = example.sides
    rules = ", ".join(dict.fromkeys(match.rule_id for side in example.sides for match in side.matches))
    lines = [
        Line.assemble(
            (f"{before.decision}", DECISION_STYLES[before.decision]),
            " → ",
            (f"{after.decision}", DECISION_STYLES[after.decision]),
            f"  {example.heading}  ",
            (rules, "dim"),
        )
    ]
    details = {"run": _fact(example, "Run"), "task": _fact(example, "Task"), example.content_name: example.content}
    lines += [
        Line.assemble((f"  {name}: ", "dim"), shortened(one_line(text), VALUE_LIMIT))
        for name, text in details.items()
        if text
    ]
    return Line("\n").join([*lines, Line()])


def _fact(example: Example, name: str) -> str:
    return next((fact.value for fact in example.facts if fact.name == name), "")
