"""From a run document to a report: what is said, in which order, in which words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sentric.policy.risk import BUDGET
from sentric_analyzer.console.report import SEVERITIES, Caveat, Fact, Matter, Occasion, Place, Report
from sentric_analyzer.console.timeline import Moments, read_timeline
from sentric_analyzer.console.unevaluated import sentences
from sentric_analyzer.visible import one_line, plural, visible

Json = Mapping[str, Any]

UNSEEN = "No rule matched. That is not the same as safe: it holds only for what was seen, see coverage."
LIMITS = "Whatever is not listed here was not looked at: the absence of a finding says nothing about it."

_REASONING = "action.reasoning"
"""Evidence that stands in full beside the rest, and so not among it."""
_GAPS = {
    "without_arguments": ("action", "without captured arguments"),
    "without_results": ("action", "without a captured result"),
    "lost": ("span", "known of, and not read"),
    "truncated": ("text", "cut at a limit: what came after it was not read"),
}
"""What the coverage counts of what was not seen."""
_LEAD = {"agent": "Agent", "model": "Model"}
_FACTS = {
    "project": "Project",
    "service": "Service",
    "agent_id": "Agent id",
    "conversation": "Conversation",
    "parent": "Parent run",
    "dialect": "Dialect",
    "run_id": "Run",
    "trace_id": "Trace",
}


def read_report(document: Json) -> Report:
    """Read a run document, the shape that `sentric_analyzer.document.run_document` gives."""
    run, risk = document["run"], document["risk"]
    moments = read_timeline(document)
    return Report(
        title=f"{one_line(run['agent']) or 'Agent'} run {one_line(run['run_id'])[:12]}",
        task=visible(run["task"]),
        headline=_headline(risk["counts"], len(document["not_evaluated"])),
        highest=risk["highest_severity"] or "",
        risk=risk["total"],
        risk_note=f"over the budget of {BUDGET}" if risk["total"] > BUDGET else f"of a budget of {BUDGET}",
        counts=tuple((severity, risk["counts"].get(severity, 0)) for severity in SEVERITIES),
        lead=(*_named(run, _LEAD), *_times(run)),
        facts=_named(run, _FACTS),
        error=visible(run["error"]),
        coverage=(*_coverage(document["coverage"]), *(Caveat(one, gap=True) for one in sentences(document))),
        loosened=tuple(visible(name) for name in document["policy"]["loosened"]),
        policy=visible(document["policy"]["digest"]),
        matters=tuple(_matters(document["findings"], moments)),
        moments=moments.shown,
    )


def unseen(not_evaluated: int) -> str:
    """What is said where no rule matched, of which some could not be evaluated, or not for all steps."""
    if not not_evaluated:
        return UNSEEN
    left_out = f"{plural(not_evaluated, 'rule')} could not be evaluated, or only in part"
    return f"No rule matched, but {left_out}. That is not the same as safe: see coverage."


def _headline(counts: Mapping[str, int], not_evaluated: int) -> str:
    total = sum(counts.values())
    if not total:
        return unseen(not_evaluated)
    parts = [f"{counts[severity]} {severity}" for severity in SEVERITIES if counts.get(severity)]
    return f"{plural(total, 'finding')}: {', '.join(parts)}"


def _named(run: Json, names: Mapping[str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(name, one_line(run[key])) for key, name in names.items() if run[key])


def _times(run: Json) -> Iterator[Fact]:
    started, ended = _moment(run["started"]), _moment(run["ended"])
    if started:
        yield Fact("Started", f"{started:%Y-%m-%d %H:%M:%S} UTC")
    if started and ended:
        yield Fact("Lasted", f"{(ended - started).total_seconds():.1f} s")


def _moment(timestamp: str | None) -> datetime | None:
    return datetime.fromisoformat(timestamp) if timestamp else None


def _coverage(coverage: Json) -> Iterator[Caveat]:
    if guarded := coverage["guarded"]:
        yield Caveat(f"{plural(guarded, 'action')} judged before running.", gap=False)
    if seen := coverage["seen"]:
        yield Caveat(f"{plural(seen, 'action')} judged afterwards, from spans alone.", gap=False)
    if not guarded and not seen:
        yield Caveat("No action of this run was captured.", gap=True)
    for name, (noun, gap) in _GAPS.items():
        if number := coverage[name]:
            yield Caveat(f"{plural(number, noun)} {gap}.", gap=True)
    if not coverage["has_task"]:
        yield Caveat("The task is not known.", gap=True)
    if not coverage["ended"]:
        yield Caveat("The end of the run was not seen.", gap=True)
    yield from (Caveat(one_line(note), gap=True) for note in coverage["notes"])


def _matters(findings: Iterable[Json], moments: Moments) -> Iterator[Matter]:
    """One for each rule or model, the gravest first, and then in the order in which they came up."""
    by_rule: dict[tuple[str, str, str], list[Json]] = {}
    for finding in sorted(findings, key=lambda finding: finding["sequence"]):
        by_rule.setdefault((finding["rule_id"], finding["severity"], finding.get("model") or ""), []).append(finding)
    for found in sorted(by_rule.values(), key=lambda found: SEVERITIES.index(found[0]["severity"])):
        yield _matter(found, moments)


def _matter(found: list[Json], moments: Moments) -> Matter:
    first = found[0]
    return Matter(
        rule_id=visible(first["rule_id"]),
        title=one_line(first["title"]),
        severity=first["severity"],
        decision=_decision(first),
        risk=first["risk"],
        category=one_line(first["category"]),
        references=tuple(one_line(reference) for reference in first["references"]),
        description=visible(first["description"]).strip(),
        occasions=tuple(_occasions(found, moments)),
        model=one_line(first.get("model") or ""),
    )


def _decision(finding: Json) -> str:
    """What the policy says of a finding, and what its rule would have said."""
    would = finding.get("would")
    return f"{finding['decision']}, for it is in shadow: would {one_line(would)}" if would else finding["decision"]


def _occasions(found: list[Json], moments: Moments) -> Iterator[Occasion]:
    for reasoning, same in groupby(found, key=lambda finding: moments.reasoning.get(finding["event_id"], ())):
        places = tuple(_place(finding, moments) for finding in same)
        shared = _shared(places)
        of_step = places[0].label.startswith("step")
        yield Occasion(
            tuple(_without(place, shared) for place in places),
            shared,
            "Why, in the model's words" if of_step else "What the model thought next",
            reasoning,
        )


def _shared(places: tuple[Place, ...]) -> tuple[Fact, ...]:
    """The evidence that several places have in common, in their order."""
    if len(places) == 1:
        return ()
    return tuple(fact for fact in places[0].evidence if all(fact in place.evidence for place in places))


def _without(place: Place, facts: tuple[Fact, ...]) -> Place:
    return replace(place, evidence=tuple(fact for fact in place.evidence if fact not in facts))


def _place(finding: Json, moments: Moments) -> Place:
    event_id = finding["event_id"]
    return Place(
        anchor=moments.anchors.get(event_id, ""),
        label=moments.labels.get(event_id, f"event {event_id}"),
        finding_id=finding["finding_id"],
        evidence=tuple(
            Fact(one_line(evidence["name"]), visible(evidence["value"]))
            for evidence in finding["evidence"]
            if evidence["name"] != _REASONING or event_id not in moments.reasoning
        ),
        failure=one_line(finding["error"]),
    )
