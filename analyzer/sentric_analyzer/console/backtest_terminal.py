"""A back-test for a terminal of any width."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.console.backtest import AgentRow, Compared, Example, RuleRow, read_backtest
from sentric_analyzer.console.terminal import STYLES
from sentric_analyzer.visible import one_line, shortened

DECISION_STYLES = {"allow": "green", "warn": "cyan", "ask": "yellow", "block": "bold red"}
EXAMPLES = 10
"""Examples that are printed; HTML and JSON have them all."""
VALUE_LIMIT = 160
"""Longest text of an example in a terminal, in characters."""
AGENTS = 20
"""Agents that are printed."""
UNLIMITED = 10_000
"""Columns of what is no terminal: nothing is wrapped there, so that lines can be searched and cut."""
NAME_WIDTH = 16
"""Columns that a name has at least, where it is wrapped."""
GAP = 2
"""Columns between two columns of a table."""


def render_backtest(document: Mapping[str, Any], console: Console) -> None:
    """Print a back-test document. Where the console is no terminal, nothing is wrapped."""
    if not console.is_terminal:
        console.width = UNLIMITED
    backtest = read_backtest(document)
    console.print(Line(backtest.headline, "bold"))
    console.print(Line(f"{backtest.title}; {backtest.scope}", "dim"))
    console.print()
    console.print(_decisions(backtest.decisions, backtest.runs))
    if backtest.rules:
        console.print(_heading("Rules"), _table("rule", backtest.rules, console.width))
    console.print(_heading("Agents"), _table("agent", backtest.agents[:AGENTS], console.width))
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


def _table(what: str, rows: Sequence[RuleRow | AgentRow], width: int) -> Table:
    columns = (what, "warned", "asked", "blocked", "runs held up", "changed")
    cells = [(*map(_change, row.counts), Line(f"{row.changed:,}" if row.changed else "", "magenta")) for row in rows]
    taken = sum(
        GAP + max(cell_len(title), *(line.cell_len for line in column))
        for title, column in zip(columns[1:], zip(*cells, strict=True), strict=True)
    )
    table = _grid(columns)
    for row, counts in zip(rows, cells, strict=True):
        name = Line(row.agent) if isinstance(row, AgentRow) else Line(row.rule_id, STYLES.get(row.severity, ""))
        name.plain = in_lines(name.plain, max(width - taken, NAME_WIDTH))
        table.add_row(name, *counts)
    return table


def in_lines(name: str, width: int) -> str:
    """A name in lines of a width, broken after its hyphens, and never inside a word that fits."""
    lines = [""]
    for part in re.findall(r"[^-]*-+|[^-]+", name):
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


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
