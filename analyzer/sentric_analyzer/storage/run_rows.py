"""Judged runs as rows of the `agent_*` tables, and back."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from sentric.event_json import event_from_json, event_to_json
from sentric.events import Action, AnyEvent, Coverage, Outcome, Run
from sentric.policy.rule import Decision, Rule, Severity
from sentric.policy.verdict import Evidence, Finding, Match, NotEvaluated, Replay, Step, Verdict
from sentric_analyzer.document import clamp_time, clean_text, json_safe, risk_document
from sentric_analyzer.storage.arrow import Row, stream
from sentric_analyzer.storage.tables import EVENTS, FINDINGS, RUNS, STEPS, TABLES, Table

_INT64 = (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class RunRows:
    """Judged runs as rows, ready to be stored: what another process can be handed."""

    keys: tuple[tuple[str, str], ...]
    """Project and run id of each."""
    streams: Mapping[str, bytes]
    """Arrow streams by table, of all columns but the revision."""
    traces: tuple[tuple[str, str], ...] = ()
    """Project and id of traces that have no runs but these."""

    @classmethod
    def of(cls, replays: Iterable[Replay], traces: Iterable[tuple[str, str]] = ()) -> Self:
        """The rows of some runs; of one that is given twice, the last.

        Args:
            replays: the runs.
            traces: project and id of those of which these are all the runs.
        """
        latest = {(clean_text(replay.run.project), clean_text(replay.run.run_id)): replay for replay in replays}
        rows: dict[Table, list[Row]] = {table: [] for table in TABLES}
        for replay in latest.values():
            run = replay.run
            rows[EVENTS] += [_event_row(run, place, event) for place, event in enumerate(run.events)]
            rows[STEPS] += [_step_row(run, place, step) for place, step in enumerate(replay.steps)]
            rows[FINDINGS] += [finding_row(run, place, found) for place, found in enumerate(replay.findings)]
            rows[RUNS].append(_run_row(replay))
        streams = {table.name: stream(table.unrevised, of_table) for table, of_table in rows.items() if of_table}
        whole = dict.fromkeys((clean_text(project), clean_text(trace_id)) for project, trace_id in traces)
        return cls(tuple(latest), streams, tuple(whole))


def replay_of(
    run: Mapping[str, Any],
    events: Iterable[Mapping[str, Any]],
    steps: Iterable[Mapping[str, Any]],
    findings: Iterable[Mapping[str, Any]],
) -> Replay:
    """The judged run of its rows, in their order, of which the times are read as nanoseconds.

    The rules of its verdicts hold what a verdict is made of (id, severity, decision, risk), and nothing else.

    Raises:
        EventFormatError: an event was written by something else.
    """
    read = tuple(event_from_json(json.loads(row["Body"])) for row in events)
    actions = {event.event_id: event for event in read if isinstance(event, Action)}
    outcomes = {event.event_id: event for event in read if isinstance(event, Outcome)}
    return Replay(
        run=_run(run, read),
        steps=tuple(
            Step(actions[row["EventId"]], _verdict(row), outcomes.get(row["OutcomeId"]))
            for row in steps
            if row["EventId"] in actions
        ),
        findings=tuple(finding_of(row) for row in findings),
        risk=run["Risk"],
        policy_digest=run["PolicyDigest"],
        loosened=tuple(run["Loosened"]),
        not_evaluated=tuple(_not_evaluated(run)),
    )


def finding_of(row: Mapping[str, Any]) -> Finding:
    """The finding of a row, of which the time is read as nanoseconds."""
    return Finding(
        finding_id=row["FindingId"],
        project=row["Project"],
        run_id=row["RunId"],
        trace_id=row["TraceId"],
        span_id=row["SpanId"],
        event_id=row["EventId"],
        sequence=row["Sequence"],
        time=row["Time"],
        rule_id=row["RuleId"],
        title=row["Title"],
        description=row["Description"],
        severity=Severity(row["Severity"]),
        decision=Decision(row["Decision"]),
        risk=row["Risk"],
        category=row["Category"],
        references=tuple(row["References"]),
        evidence=tuple(map(Evidence, *(row[f"Evidence.{name}"] for name in ("Name", "Value", "EventId", "SpanId")))),
        policy_digest=row["PolicyDigest"],
        error=row["Error"],
        would=Decision(row["Would"]) if row["Would"] else None,
        model=row["Model"],
    )


def _run_row(replay: Replay) -> Row:
    run, coverage, risk = replay.run, replay.run.coverage, risk_document(replay)
    counts = risk["counts"]
    return (
        run.project,
        run.run_id,
        run.trace_id,
        run.agent,
        run.agent_id,
        run.conversation,
        run.parent,
        run.task,
        run.model,
        run.service,
        run.dialect,
        clamp_time(run.started),
        clamp_time(run.ended),
        run.error,
        coverage.guarded,
        coverage.seen,
        coverage.blind,
        coverage.without_arguments,
        coverage.without_results,
        coverage.unheard,
        coverage.lost,
        coverage.truncated,
        int(coverage.has_task),
        int(coverage.ended),
        coverage.notes,
        [one.rule_id for one in replay.not_evaluated],
        [",".join(one.needs) for one in replay.not_evaluated],
        [one.steps for one in replay.not_evaluated],
        [one.of for one in replay.not_evaluated],
        len(replay.steps),
        replay.risk,
        risk["highest_severity"] or "",
        counts["critical"],
        counts["high"],
        counts["medium"],
        counts["low"],
        replay.policy_digest,
        replay.loosened,
    )


def _event_row(run: Run, position: int, event: AnyEvent) -> Row:
    body = json_safe(event_to_json(event))
    return (
        run.project,
        run.run_id,
        position,
        event.event_id,
        run.trace_id,
        event.span_id,
        _int64(event.sequence),
        clamp_time(event.time),
        body["event"],
        _json(body),
    )


def _step_row(run: Run, position: int, step: Step) -> Row:
    action, outcome, matches = step.action, step.outcome, step.verdict.matches
    severity = step.verdict.severity
    return (
        run.project,
        run.run_id,
        position,
        action.event_id,
        outcome.event_id if outcome else "",
        run.trace_id,
        action.span_id,
        _int64(action.sequence),
        clamp_time(action.time),
        run.agent,
        action.tool,
        action.server,
        action.kind.value,
        sorted(effect.value for effect in action.effects),
        _json(json_safe(action.arguments)),
        outcome.result if outcome else "",
        outcome.error if outcome else "",
        max(0, min(outcome.duration, _INT64[1])) if outcome else 0,
        action.reasoning.text,
        action.url,
        _json(json_safe(asdict(action.element))) if action.element else "",
        step.verdict.decision.value,
        severity.value if severity else "",
        step.verdict.risk,
        [match.rule.id for match in matches],
        [match.rule.severity.value for match in matches],
        [match.decision.value for match in matches],
        [match.risk for match in matches],
    )


def finding_row(run: Run, position: int, finding: Finding) -> Row:
    """The row of a finding, without its revision: of which run, and where it stands in it."""
    return (
        finding.project,
        finding.run_id,
        finding.finding_id,
        position,
        finding.trace_id,
        finding.span_id,
        finding.event_id,
        _int64(finding.sequence),
        clamp_time(finding.time),
        run.agent,
        finding.rule_id,
        finding.title,
        finding.description,
        finding.severity.value,
        finding.severity.number,
        finding.decision.value,
        finding.risk,
        finding.category,
        finding.references,
        [evidence.name for evidence in finding.evidence],
        [evidence.value for evidence in finding.evidence],
        [evidence.event_id for evidence in finding.evidence],
        [evidence.span_id for evidence in finding.evidence],
        finding.policy_digest,
        finding.error,
        finding.would.value if finding.would else "",
        finding.model,
    )


def _run(row: Mapping[str, Any], events: tuple[AnyEvent, ...]) -> Run:
    return Run(
        project=row["Project"],
        run_id=row["RunId"],
        trace_id=row["TraceId"],
        agent=row["Agent"],
        agent_id=row["AgentId"],
        conversation=row["Conversation"],
        parent=row["Parent"],
        task=row["Task"],
        model=row["Model"],
        service=row["ServiceName"],
        dialect=row["Dialect"],
        started=row["Started"],
        ended=row["Ended"],
        error=row["Error"],
        events=events,
        coverage=Coverage(
            guarded=row["Guarded"],
            seen=row["Seen"],
            blind=row["Blind"],
            without_arguments=row["WithoutArguments"],
            without_results=row["WithoutResults"],
            unheard=row["Unheard"],
            lost=row["Lost"],
            truncated=row["Truncated"],
            has_task=bool(row["HasTask"]),
            ended=bool(row["EndSeen"]),
            notes=tuple(row["Notes"]),
        ),
    )


def _not_evaluated(row: Mapping[str, Any]) -> Iterator[NotEvaluated]:
    columns: Sequence[Sequence[Any]] = [row[f"NotEvaluated.{name}"] for name in ("RuleId", "Needs", "Steps", "Of")]
    for rule_id, needs, steps, of in zip(*columns, strict=True):
        yield NotEvaluated(rule_id, tuple(needs.split(",")), steps, of)


def _verdict(row: Mapping[str, Any]) -> Verdict:
    columns: Sequence[Sequence[Any]] = [row[f"Matches.{name}"] for name in ("RuleId", "Severity", "Decision", "Risk")]
    return Verdict(tuple(Match(_rule(*values)) for values in zip(*columns, strict=True)))


def _rule(rule_id: str, severity: str, decision: str, risk: int) -> Rule:
    return Rule(
        id=rule_id,
        title="",
        severity=Severity(severity),
        decision=Decision(decision),
        risk=risk,
        category="",
        when="",
        on=(),
    )


def _int64(value: int) -> int:
    return max(_INT64[0], min(value, _INT64[1]))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
