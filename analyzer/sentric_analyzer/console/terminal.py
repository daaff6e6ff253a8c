"""A report for a terminal of any width.

Texts are put in as texts, never as Rich markup, and have no control characters left to act on the terminal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.console.reading import LIMITS, UNSEEN, read_report, unseen
from sentric_analyzer.console.report import (
    SEVERITIES,
    Deed,
    Fact,
    Matter,
    Moment,
    Occasion,
    Place,
    Report,
    Text,
    Turn,
)
from sentric_analyzer.console.unevaluated import sentences_about
from sentric_analyzer.visible import one_line, shortened

STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}
VALUE_LIMIT = 500
"""Longest value shown in a terminal, in characters; the other formats show more."""
RUN_WIDTH = 12
"""Characters of a run id in a list: enough to name the run to other commands."""
SIDE_BY_SIDE = 100
"""Columns from which on evidence and reasoning stand side by side."""


def render_terminal(document: Mapping[str, Any], console: Console) -> None:
    """Print a run document."""
    report = read_report(document)
    console.print(_head(report), _summary(report), _title("Findings"))
    for matter in report.matters:
        console.print(_matter(matter, console.width >= SIDE_BY_SIDE))
    if not report.matters:
        console.print(_nothing(report.headline))
    console.print(_title("Timeline"))
    for moment in report.moments:
        console.print(_moment(moment))


def render_runs(runs: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print a list of runs: the summaries that `/v1/runs` answers with."""
    table = _table(run=RUN_WIDTH, started=16, agent=10, task=0, findings=20, risk=5)
    for run in runs:
        cells = (run["run_id"][:RUN_WIDTH], (run["started"] or "")[:16].replace("T", " "), run["agent"])
        task = shortened(run["task"], VALUE_LIMIT)
        found = (_tally(run["counts"]), Line(str(run["risk"])))
        table.add_row(*(Line(one_line(cell)) for cell in (*cells, task)), *found)
    console.print(table)


def render_sessions(sessions: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print a list of conversations: the summaries that `/v1/sessions` answers with."""
    table = _table(session=RUN_WIDTH, last=16, runs=5, agents=16, task=0, findings=20, risk=5)
    for session in sessions:
        last = (session["last_started"] or "")[:16].replace("T", " ")
        cells = (session["conversation"][:RUN_WIDTH], last, str(session["runs"]), ", ".join(session["agents"]))
        task = shortened(session["task"], VALUE_LIMIT)
        found = (_tally(session["counts"]), Line(str(session["risk"])))
        table.add_row(*(Line(one_line(cell)) for cell in (*cells, task)), *found)
    console.print(table)


def render_findings(documents: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print the findings of several runs, a line each, the gravest first, and what was not evaluated of them."""
    found = [finding for document in documents for finding in document["findings"]]
    table = _table(severity=10, rule=0, title=0, run=RUN_WIDTH)
    for finding in sorted(found, key=lambda finding: SEVERITIES.index(finding["severity"])):
        cells = (finding["rule_id"], finding["title"], finding["run_id"][:RUN_WIDTH])
        table.add_row(_pill(finding["severity"]), *(Line(one_line(cell)) for cell in cells))
    unjudged = [document["not_evaluated"] for document in documents]
    rules = {one["rule"] for of_run in unjudged for one in of_run}
    console.print(table if found else _nothing(unseen(len(rules))))
    for sentence in sentences_about(unjudged):
        console.print(Line(sentence, "dim"))


def _nothing(headline: str) -> Line:
    """That there are no findings: good news only where nothing was left out."""
    return Line(headline, "green" if headline == UNSEEN else "yellow")


def _table(**widths: int) -> Table:
    """A plain table; columns of width 0 share what the others leave."""
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    for name, width in widths.items():
        table.add_column(name, overflow="ellipsis", no_wrap=True, width=width or None, ratio=None if width else 1)
    return table


def _head(report: Report) -> RenderableType:
    lead = Line("  ").join(Line.assemble((f"{fact.name} ", "dim"), fact.value) for fact in report.lead)
    parts: list[RenderableType] = [Line(report.task or "The task of this run is not known", "bold"), lead]
    if report.error:
        parts.append(Line(f"The run ended with an error: {shortened(report.error, VALUE_LIMIT)}", "red"))
    return Panel(Group(*parts), title=Line(f"Sentric · {report.title}"), title_align="left", border_style="dim")


def _summary(report: Report) -> RenderableType:
    lines = [Line.assemble(_tally(dict(report.counts)), f"  risk {report.risk}, {report.risk_note}")]
    marks = {True: ("! ", "bold red"), False: ("✓ ", "green")}
    lines += [Line.assemble(marks[caveat.gap], caveat.sentence) for caveat in report.coverage]
    lines.append(Line(LIMITS, "dim"))
    facts = (*report.facts, Fact("Policy", report.policy))
    lines.append(Line("  ").join(Line.assemble((f"{fact.name} ", "dim"), fact.value) for fact in facts))
    if report.loosened:
        lines.append(Line(f"Loosened settings: {', '.join(report.loosened)}", "bold yellow"))
    return Padding(Group(*lines), (0, 1))


def _tally(counts: Mapping[str, int]) -> Line:
    found = ((severity, counts[severity]) for severity in SEVERITIES if counts.get(severity))
    parts = [Line(f"{count} {severity}", STYLES[severity]) for severity, count in found]
    return Line(", ").join(parts) if parts else Line("no findings", "green")


def _title(text: str) -> RenderableType:
    return Padding(Rule(Line(text, "bold"), align="left", style="dim"), (1, 0, 0, 0))


def _pill(severity: str) -> Line:
    return Line(f" {severity} ", STYLES[severity])


def _matter(matter: Matter, wide: bool) -> RenderableType:
    times = f" × {matter.count}" if matter.count > 1 else ""
    parts: list[RenderableType] = [
        Line.assemble(_pill(matter.severity), " ", (matter.title, "bold"), times),
        Line(" · ".join((matter.rule_id, matter.category, *matter.verdict, *matter.references)), "dim"),
    ]
    if matter.description:
        parts.append(Line(matter.description))
    for index, occasion in enumerate(matter.occasions):
        parts.append(Padding(_occasion(occasion, wide), (min(index, 1), 0, 0, 2)))
    return Padding(Group(*parts), (1, 0, 0, 0))


def _occasion(occasion: Occasion, wide: bool) -> RenderableType:
    lines = (*(line for place in occasion.places for line in _place(place)), *_shared(occasion))
    evidence = Line("\n").join(lines)
    thoughts = _facts(occasion.reasoning) if occasion.reasoning else Line("No reasoning was recorded.", "dim")
    why = Line("\n").join((Line(occasion.heading, "italic dim"), thoughts))
    if not wide:
        return Group(evidence, Padding(why, (0, 0, 0, 2)))
    table = Table.grid(padding=(0, 3), expand=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    table.add_row(evidence, why)
    return table


def _shared(occasion: Occasion) -> Iterator[Line]:
    if occasion.shared:
        yield Line("at all of these", "bold")
        yield _facts(occasion.shared)


def _place(place: Place) -> Iterator[Line]:
    yield Line(place.label, "bold")
    if place.failure:
        yield Line(f"the rule could not be evaluated and counts as matched: {place.failure}", "red")
    yield from (_facts((fact,)) for fact in place.evidence)


def _facts(facts: Iterable[Fact]) -> Line:
    shown = ((fact.name, shortened(fact.value, VALUE_LIMIT)) for fact in facts if fact.value)
    return Line("\n").join(Line.assemble((f"{name}: ", "dim"), value) for name, value in shown)


def _moment(moment: Moment) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=8, justify="right", no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    when = Line(moment.elapsed)
    match moment:
        case Text():
            line = Line.assemble(moment.heading, (f" {moment.origin}", "dim"))
            table.add_row(when, line.append_text(_marks(moment.severity, moment.rules)))
        case Turn():
            table.add_row(when, Line(moment.goal, "bold"))
            if moment.thoughts:
                table.add_row("", _facts(moment.thoughts))
            for deed in moment.deeds:
                table.add_row("", Padding(_deed(deed), (0, 0, 0, 2)))
    return table


def _deed(deed: Deed) -> RenderableType:
    head = Line.assemble((f"step {deed.number} ", "dim"), (deed.tool, "bold"), f" {deed.element}".rstrip())
    details = (
        Fact("on", deed.url),
        Fact("arguments", one_line(deed.arguments.replace("\n", ", "))),
        Fact("error", one_line(deed.error)),
        Fact("result", one_line(deed.result)),
    )
    return Group(head.append_text(_marks(deed.severity, deed.rules)), Padding(_facts(details), (0, 0, 0, 2)))


def _marks(severity: str, rules: tuple[str, ...]) -> Line:
    return Line.assemble("  ", _pill(severity), f" {', '.join(rules)}") if severity else Line()
