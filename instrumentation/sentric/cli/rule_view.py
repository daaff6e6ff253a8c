"""Rules and differences of policies, for a terminal."""

import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sentric.cli.visible import visible
from sentric.events import Action, AnyEvent, Message, Observation, Outcome
from sentric.policy.difference import Change, Difference
from sentric.policy.needs import needs_of
from sentric.policy.rule import Example, Maturity, Rule, RuleType

_UNBROKEN = 4000
"""Columns of output that no terminal wraps."""
_WIDE = 110
"""Columns from which on there is room for everything."""
_EVENT_LIMIT = 400
"""Characters of one event of an example that are shown."""


def print_rules(rules: Iterable[Rule]) -> None:
    """Print a table of rules."""
    console = _console()
    rows = [(rule.id, rule.severity, _decision(rule), str(rule.risk), rule.pack, _title(rule)) for rule in rules]
    columns = [0, 1, 2, 3, 5] if console.width < _WIDE else [0, 1, 2, 3, 4, 5]
    names = ("rule", "severity", "decision", "risk", "pack", "title")
    table = _table(*(names[column] for column in columns))
    table.columns[0].no_wrap = max((len(row[0]) for row in rows), default=0) <= console.width // 2
    for row in rows:
        table.add_row(*(_text(row[column]) for column in columns))
    console.print(table)


def print_rule(rule: Rule) -> None:
    """Print a rule whole, with its examples."""
    facts = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _facts(rule):
        facts.add_row(_text(name, style="bold"), _text(value))
    parts: list[Any] = [
        _text(_title(rule), style="bold"),
        _text(rule.id),
        Text(),
        _text(rule.description),
        Text(),
        facts,
    ]
    parts += _section("matches when", [_text(_wanted(rule))])
    if rule.remediation:
        parts += _section("what to do", [_text(rule.remediation)])
    parts += _section("matches", [line for example in rule.match for line in _example(example)])
    parts += _section("does not match", [line for example in rule.no_match for line in _example(example)])
    Console().print(Group(*parts), soft_wrap=False)


def print_difference(difference: Difference) -> None:
    """Print what is different between two policies."""
    before, after = difference.digests
    console = _console()
    alike = "the same verdicts" if difference.decides_alike else "different verdicts"
    console.print(_text(f"{before} → {after}: {alike}"))
    for sign, rules in (("added", difference.added), ("removed", difference.removed)):
        for rule in rules:
            console.print(
                _text(f"{sign}: {rule.id} ({rule.severity}, {rule.decision}, risk {rule.risk}): {rule.title}")
            )
    if difference.changes:
        table = _table("changed", "", "before", "after")
        for change in difference.changes:
            table.add_row(*map(_text, (change.subject, change.field, _shown(change.before), _shown(change.after))))
        console.print(table)


def _console() -> Console:
    """A terminal, or a place without an edge."""
    console = Console()
    return console if console.is_terminal else Console(width=_UNBROKEN)


def difference_document(difference: Difference) -> dict[str, Any]:
    """What is different between two policies, as JSON."""
    return {
        "before": difference.digests[0],
        "after": difference.digests[1],
        "decides_alike": difference.decides_alike,
        "added": [rule_document(rule) for rule in difference.added],
        "removed": [rule_document(rule) for rule in difference.removed],
        "changed": [_change(change) for change in difference.changes],
    }


def rule_document(rule: Rule, *, examples: bool = False) -> dict[str, Any]:
    """A rule as JSON."""
    names = (
        *("id", "title", "description", "remediation", "severity", "decision", "risk", "category", "references"),
        *("maturity", "on", "type", "when", "pattern", "over", "score", "evidence", "pack", "default"),
    )
    document = {name: getattr(rule, name) for name in names}
    if not examples:
        return document
    return {**document, "match": list(map(_recorded, rule.match)), "no_match": list(map(_recorded, rule.no_match))}


def _recorded(example: Example) -> dict[str, Any]:
    from sentric.event_json import event_to_json

    return {"name": example.name, "events": [event_to_json(event) for event in example.events]}


def _change(change: Change) -> dict[str, Any]:
    return {"subject": change.subject, "field": change.field, "before": change.before, "after": change.after}


def _title(rule: Rule) -> str:
    if rule.maturity is not Maturity.STABLE:
        return f"{rule.title} ({rule.maturity}: off)"
    return rule.title if rule.default else f"{rule.title} (off until a policy names the pack {rule.pack})"


def _decision(rule: Rule) -> str:
    return f"{rule.decision} (in shadow)" if rule.shadow else rule.decision


def _facts(rule: Rule) -> Iterable[tuple[str, str]]:
    yield "severity", rule.severity
    yield "decision", _decision(rule)
    yield "risk", str(rule.risk)
    yield "category", rule.category
    yield "pack", rule.pack
    yield "looks at", ", ".join(rule.on)
    if needed := needs_of(rule):
        yield "needs", ", ".join(needed)
    if rule.references:
        yield "references", ", ".join(rule.references)
    if rule.evidence:
        yield "evidence", ", ".join(rule.evidence)
    if rule.score:
        yield "score", "a language model may raise its risk"
    if rule.file:
        yield "stands at", f"{rule.file}:{rule.line}"


def _wanted(rule: Rule) -> str:
    if rule.type is RuleType.CEL:
        return rule.when or "the engine judges it itself"
    return f"{rule.type} in {', '.join(rule.over)}: {rule.pattern}"


def _text(text: str, style: str = "") -> Text:
    return Text(visible(text), style=style)


def _section(title: str, lines: list[Text]) -> list[Any]:
    return [Text(), _text(title, style="bold"), *(Padding(line, (0, 0, 0, 2)) for line in lines)] if lines else []


def _example(example: Example) -> Iterable[Text]:
    yield _text(f"· {example.name}")
    for event in example.events:
        line = _event(event)
        yield _text("    " + (line if len(line) <= _EVENT_LIMIT else line[: _EVENT_LIMIT - 1] + "…"), style="dim")


def _event(event: AnyEvent) -> str:
    match event:
        case Message():
            return f"{event.author}: {_one_line(event.text)}"
        case Observation():
            return f"sees {event.source} {event.origin}: {_one_line(event.text)}"
        case Outcome():
            return f"gets {_one_line(event.result or event.error)}"
        case Action():
            return _action(event)


def _action(action: Action) -> str:
    tool = f"{action.server}/{action.tool}" if action.server else action.tool
    arguments = json.dumps(dict(action.arguments), ensure_ascii=False, default=str)
    parts = [f"does {tool} ({action.kind}) {arguments}"]
    parts += [f"on {action.url}"] if action.url else []
    parts += [f"because: {_one_line(action.reasoning.text)}"] if action.reasoning.text else []
    return " ".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shown(value: Any) -> str:
    match value:
        case None:
            return "–"
        case list() | tuple():
            return ", ".join(map(_shown, value)) or "none"
        case bool():
            return str(value).lower()
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
