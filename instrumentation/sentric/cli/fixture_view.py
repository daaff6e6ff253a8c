"""What became of fixtures: for a terminal, as JSON, and as JUnit XML for CI systems.

What a fixture says may be somebody else's. None of it begins a line: some CI systems take such lines for commands.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from xml.etree import ElementTree as ET

import click

from sentric.cli.visible import as_json, visible
from sentric.policy.rule import Policy
from sentric.testing.expected import Expected, Matched
from sentric.testing.replaying import Change

_VALUE_LIMIT = 200
"""Characters of a piece of evidence that are shown in a terminal."""
_PROBLEM_LIMIT = 2000
_NO_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Tested:
    """A fixture that was judged again."""

    file: str
    run_id: str = ""
    steps: int = 0
    """Actions in the run."""
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    """Why it could not be read, each with file and line."""
    updated: bool = False
    """Whether it now expects what is decided."""


def print_tested(tested: Sequence[Tested], policy: Policy, form: str) -> None:
    """Print what became of fixtures as a table, as JSON or as JUnit XML."""
    match form:
        case "json":
            click.echo(as_json(_document(tested, policy), indent=2))
        case "junit":
            click.echo(_junit(tested))
        case _:
            for one in tested:
                for line in (*_problem_lines(one), *_lines(one)):
                    click.echo(line)
            click.echo(_summary(tested))


def _summary(tested: Sequence[Tested]) -> str:
    changed = sum(bool(one.changes) for one in tested)
    broken = sum(bool(one.problems) for one in tested)
    verdicts = sum(len(one.changes) for one in tested)
    word = "updated" if any(one.updated for one in tested) else "changed"
    told = [f"{len(tested) - changed - broken} the same"]
    told += [f"{changed} {word} ({verdicts} verdict{'s' * (verdicts != 1)})"] if changed else []
    told += [f"{broken} cannot be read"] if broken else []
    return f"{len(tested)} fixture{'s' * (len(tested) != 1)}: {', '.join(told)}"


def _problem_lines(one: Tested) -> Iterator[str]:
    yield from (f"error: {_line(problem, _PROBLEM_LIMIT)}" for problem in one.problems)


def _lines(one: Tested) -> Iterator[str]:
    """What changed in a fixture."""
    if not one.changes:
        return
    word = "updated" if one.updated else "changed"
    yield f"{word}: {_line(one.file)}: run {_line(one.run_id)}, {one.steps} step{'s' * (one.steps != 1)}"
    for change in one.changes:
        yield from _change(change)


def _change(change: Change) -> Iterator[str]:
    where = f" (line {change.line})" if change.line else ""
    decisions = _turn(change.expected.decision, change.got.decision)
    yield f"  step {change.step}, {_line(change.what)}{where}: {decisions}"
    facts = [
        f"{name} {_turn(before or 'none', after or 'none')}"
        for name, before, after in (
            ("severity", change.expected.severity, change.got.severity),
            ("risk", str(change.expected.risk), str(change.got.risk)),
        )
        if before != after
    ]
    if facts:
        yield f"    {', '.join(facts)}"
    yield from (f"    - {_line(rule)}" for rule in change.gone)
    for sign, rules in (("=", change.stayed), ("+", change.came)):
        for rule in rules:
            yield f"    {sign} {rule.rule_id} ({rule.severity}, {rule.decision}, risk {rule.risk}): {_line(rule.title)}"
            yield from (f"        {one.name}: {_line(one.value)}" for one in rule.evidence if one.value)


def _turn(before: str, after: str) -> str:
    return f"{before} → {after}" if before != after else f"{before}, as before"


def _line(text: str, most: int = _VALUE_LIMIT) -> str:
    """A text in one line that is not too long."""
    told = visible(" ".join(text.split()))
    return told if len(told) <= most else f"{told[:most]}…"


def _document(tested: Sequence[Tested], policy: Policy) -> dict[str, Any]:
    return {
        "policy": policy.digest,
        "changed": sum(bool(one.changes) for one in tested),
        "unreadable": sum(bool(one.problems) for one in tested),
        "fixtures": [
            {
                "file": one.file,
                "run_id": one.run_id,
                "steps": one.steps,
                "updated": one.updated,
                "changes": [_change_document(change) for change in one.changes],
                "problems": list(one.problems),
            }
            for one in tested
        ],
    }


def _change_document(change: Change) -> dict[str, Any]:
    return {
        "step": change.step,
        "line": change.line,
        "event_id": change.event_id,
        "what": change.what,
        "expected": _verdict(change.expected),
        "got": _verdict(change.got),
        "came": [_rule(rule) for rule in change.came],
        "stayed": [_rule(rule) for rule in change.stayed],
        "gone": list(change.gone),
    }


def _verdict(verdict: Expected) -> dict[str, Any]:
    return {"severity": None, **verdict.to_json()}


def _rule(rule: Matched) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(asdict(rule)))
    return told


def _junit(tested: Sequence[Tested]) -> str:
    """The form that CI systems read: a case for each fixture."""
    changed = sum(bool(one.changes) and not one.updated for one in tested)
    broken = sum(bool(one.problems) for one in tested)
    counts = {"tests": str(len(tested)), "failures": str(changed), "errors": str(broken)}
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {"name": "sentric test", **counts})
    for one in tested:
        case = ET.SubElement(suite, "testcase", {"classname": "sentric.test", "name": _plain(one.file)})
        if one.problems:
            told = ET.SubElement(case, "error", {"message": "the fixture cannot be read"})
            told.text = _plain("\n".join(_problem_lines(one)))
        elif one.changes and not one.updated:
            told = ET.SubElement(case, "failure", {"message": _plain(_first(one.changes))})
            told.text = _plain("\n".join(_lines(one)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _first(found: Sequence[Change]) -> str:
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{_line(str(found[0]))}{more}"


def _plain(text: str) -> str:
    """A text as XML can hold it."""
    return _NO_XML.sub("\ufffd", visible(text))
