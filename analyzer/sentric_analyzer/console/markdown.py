"""A report as Markdown for a ticket or a pull request.

Hostile text stands in code spans and fences only, so that it can neither mention people, link, load pictures nor
close the block it is in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sentric_analyzer.console.reading import LIMITS, read_report
from sentric_analyzer.console.report import Deed, Fact, Matter, Moment, Occasion, Place, Report, Text, Turn
from sentric_analyzer.visible import one_line, shortened

TEXT_LIMIT = 1_500
"""Longest text in a Markdown report, in characters: tickets have limits of their own."""


def render_markdown(document: Mapping[str, Any]) -> str:
    """A run document as CommonMark with tables."""
    report = read_report(document)
    findings = map(_matter, report.matters) if report.matters else (report.headline,)
    timeline = map(_moment, report.moments)
    return _blocks(
        _head(report), _coverage(report), "## Findings", *findings, "## Timeline", *timeline, "---", _policy(report)
    )


def code(text: str) -> str:
    """Text as a code span that nothing in it can leave."""
    line = one_line(text)
    if not line:
        return ""
    ticks = _ticks(line, least=1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str) -> str:
    """Text as a fenced block that nothing in it can close."""
    ticks = _ticks(text, least=3)
    return f"{ticks}text\n{shortened(text, TEXT_LIMIT)}\n{ticks}"


def _ticks(text: str, *, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)


def _head(report: Report) -> str:
    names, counts = zip(*report.counts, strict=True)
    rows = ((*names, "risk"), ["---"] * (len(names) + 1), (*counts, f"{report.risk}, {report.risk_note}"))
    table = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    facts = "\n".join(f"- {fact.name}: {code(fact.value)}" for fact in (*report.lead, *report.facts))
    task = fence(report.task) if report.task else "The task of this run is not known."
    error = f"The run ended with an error:\n\n{fence(report.error)}" if report.error else ""
    return _blocks(f"# {code(report.title)}", report.headline, table, task, facts, error)


def _coverage(report: Report) -> str:
    sentences = "\n".join(f"- {'**Gap:** ' * caveat.gap}{_prose(caveat.sentence)}" for caveat in report.coverage)
    return _blocks("## Coverage", sentences, LIMITS)


def _policy(report: Report) -> str:
    loosened = f" Loosened settings: {', '.join(map(code, report.loosened))}." if report.loosened else ""
    return f"Policy {code(report.policy)}.{loosened}\n"


def _matter(matter: Matter) -> str:
    times = f" × {matter.count}" if matter.count > 1 else ""
    heading = f"### {matter.severity.capitalize()}: {_prose(matter.title)}{times}"
    about = " · ".join((code(matter.rule_id), *map(_prose, (matter.category, *matter.verdict, *matter.references))))
    return _blocks(heading, about, _prose(matter.description), *map(_occasion, matter.occasions))


def _occasion(occasion: Occasion) -> str:
    lines = [line for place in occasion.places for line in _place(place)]
    if occasion.shared:
        lines += ["- at all of these", *_evidence(occasion.shared)]
    reasoning = fence(_reasoning(occasion.reasoning)) if occasion.reasoning else "No reasoning was recorded."
    return _blocks("\n".join(lines), f"{occasion.heading}:", reasoning)


def _place(place: Place) -> Iterator[str]:
    yield f"- {code(place.label)}"
    if place.failure:
        yield f"  - the rule could not be evaluated and counts as matched: {code(place.failure)}"
    yield from _evidence(place.evidence)


def _evidence(facts: Iterable[Fact]) -> Iterator[str]:
    return (f"  - {code(fact.name)}: {code(shortened(fact.value, TEXT_LIMIT))}" for fact in facts)


def _reasoning(facts: Iterable[Fact]) -> str:
    return "\n".join(f"{fact.name}: {fact.value}" for fact in facts)


def _moment(moment: Moment) -> str:
    when = f"`{moment.elapsed}` " if moment.elapsed else ""
    match moment:
        case Text():
            mark = f" · **{moment.severity}**" if moment.severity else ""
            cut = " (cut at the capture limit)" if moment.truncated else ""
            return _blocks(f"{when}{moment.heading} {code(moment.origin)}{cut}{mark}", fence(moment.text))
        case Turn():
            thoughts = fence(_reasoning(moment.thoughts)) if moment.thoughts else ""
            return _blocks(f"{when}**{code(moment.goal)}**", thoughts, "\n".join(map(_deed, moment.deeds)))


def _deed(deed: Deed) -> str:
    mark = f" · **{deed.severity}**, policy says {deed.decision}" if deed.severity else ""
    parts = (("url", deed.url), ("arguments", deed.arguments), ("error", deed.error), ("result", deed.result))
    details = (f"\n  - {name}: {code(shortened(text, TEXT_LIMIT))}" for name, text in parts if text)
    return f"- step {deed.number}: {code(deed.tool)} {code(deed.element)}".rstrip() + mark + "".join(details)


def _prose(text: str) -> str:
    """Words of rules and of our own as Markdown prose: taken literally."""
    return re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", one_line(text))
