"""The one JSON shape of a judged run: REST returns it, and every renderer reads it.

Documents hold only what strict JSON can hold. Their times are RFC 3339 in UTC, null where a time is not known;
the events of the timeline keep theirs in Unix nanoseconds.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sentric.event_json import event_to_json
from sentric.events import AnyEvent, Run
from sentric.policy.rule import Severity
from sentric.policy.verdict import Finding, Replay, Step, Verdict

LATEST = (2**32 - 1) * 1_000_000_000
"""Unix nanoseconds of the last second of a ClickHouse DateTime, in 2106; later times are wrong."""
DEPTH_LIMIT = 100
"""Deepest nesting of a value; the `json` module fails at about ten times that."""
TOO_DEEP = "‹nested too deeply›"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS_LIMIT = 4096
"""Bits of the largest integer written in decimal: Python refuses to convert much larger ones."""


def run_document(replay: Replay) -> dict[str, Any]:
    """A judged run, whole: what it was, what is known of it, its timeline, steps and findings."""
    return {
        "run": _run(replay.run),
        "risk": risk_document(replay),
        "policy": {"digest": replay.policy_digest, "loosened": list(replay.loosened)},
        "coverage": json_safe(asdict(replay.run.coverage)),
        "not_evaluated": not_evaluated_documents(replay),
        "timeline": _timeline(replay),
        "steps": [step_document(step) for step in replay.steps],
        "findings": [finding_document(finding) for finding in replay.findings],
    }


def risk_document(replay: Replay) -> dict[str, Any]:
    """The sum of a run: total risk, highest severity (null without findings), findings by severity."""
    counts = Counter(finding.severity for finding in replay.findings)
    highest = max(counts, key=Severity.rank, default=None)
    return {
        "total": replay.risk,
        "highest_severity": highest.value if highest else None,
        "counts": {severity.value: counts[severity] for severity in reversed(Severity)},
    }


def not_evaluated_documents(replay: Replay) -> list[dict[str, Any]]:
    """The rules that could not be judged: what was missing for each, in how many steps of those it looks at."""
    return [
        {"rule": json_safe(one.rule_id), "needs": list(one.needs), "steps": one.steps, "of": one.of}
        for one in replay.not_evaluated
    ]


def step_document(step: Step) -> dict[str, Any]:
    """An action with its verdict and its outcome. `duration_ms` is null where no outcome was seen."""
    action, outcome = step.action, step.outcome
    return {
        "sequence": action.sequence,
        "span_id": action.span_id,
        "event_id": action.event_id,
        "tool": json_safe(action.tool),
        "kind": action.kind.value,
        "effects": sorted(effect.value for effect in action.effects),
        "arguments": json_safe(action.arguments),
        "result": json_safe(outcome.result) if outcome else "",
        "error": json_safe(outcome.error) if outcome else "",
        "duration_ms": round(outcome.duration / 1e6, 3) if outcome else None,
        "reasoning": json_safe(asdict(action.reasoning)),
        "url": json_safe(action.url),
        "element": json_safe(asdict(action.element)) if action.element else None,
        "decision": step.verdict.decision.value,
        "rules": _rules(step.verdict),
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding with its evidence."""
    names = ("finding_id", "trace_id", "run_id", "rule_id", "title", "severity", "decision", "risk", "category")
    more = ("references", "description", "evidence", "event_id", "span_id", "sequence", "error")
    document = {name: json_safe(getattr(finding, name)) for name in (*names, *more)}
    document["evidence"] = [json_safe(asdict(evidence)) for evidence in finding.evidence]
    document["would"] = finding.would.value if finding.would else None
    document["model"] = json_safe(finding.model) or None
    document["time"] = timestamp(finding.time)
    return document


def steps_document(replay: Replay) -> dict[str, Any]:
    """A run in the common vocabulary, without what was thought of it: for `analyze --steps`."""
    run = replay.run
    return {
        "trace_id": run.trace_id,
        "run_id": json_safe(run.run_id),
        "parent": json_safe(run.parent),
        "dialect": json_safe(run.dialect),
        "agent": json_safe(run.agent),
        "model": json_safe(run.model),
        "session": json_safe(run.conversation),
        "task": json_safe(run.task),
        "coverage": json_safe(asdict(run.coverage)),
        "not_evaluated": not_evaluated_documents(replay),
        "steps": [_plain_step(step) for step in replay.steps],
    }


def timestamp(nanoseconds: int) -> str | None:
    """A Unix time as RFC 3339 in UTC with microseconds; null for 0, which stands for unknown."""
    clamped = clamp_time(nanoseconds)
    if clamped == 0:
        return None
    moment = _EPOCH + timedelta(microseconds=clamped // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def clamp_time(nanoseconds: int) -> int:
    """A Unix time within what every store and calendar can hold, 1970 to 2106."""
    return max(0, min(nanoseconds, LATEST))


def json_safe(value: Any, depth: int = 0) -> Any:
    """A value as strict JSON can hold it; applied twice it changes nothing more.

    Lone surrogates become U+FFFD, bytes hex, numbers without a JSON form text, sets sorted lists; what is
    nested more than `DEPTH_LIMIT` deep becomes `TOO_DEEP`.
    """
    match value:
        case str():
            return clean_text(str(value))
        case None | bool():
            return value
        case int():
            return int(value) if value.bit_length() <= _DIGITS_LIMIT else hex(value)
        case float():
            return float(value) if math.isfinite(value) else str(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _ if depth >= DEPTH_LIMIT:
            return TOO_DEEP
        case Mapping():
            return {clean_text(str(key)): json_safe(item, depth + 1) for key, item in value.items()}
        case set() | frozenset():
            return sorted((json_safe(item, depth + 1) for item in value), key=repr)
        case list() | tuple():
            return [json_safe(item, depth + 1) for item in value]
        case _:
            return clean_text(str(value))


def clean_text(text: str) -> str:
    """Text that can be encoded: lone surrogates replaced by U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _run(run: Run) -> dict[str, Any]:
    names = (
        "run_id",
        "trace_id",
        "project",
        "agent",
        "agent_id",
        "conversation",
        "parent",
        "task",
        "model",
        "service",
        "dialect",
    )
    document = {name: json_safe(getattr(run, name)) for name in names}
    return {
        **document,
        "started": timestamp(run.started),
        "ended": timestamp(run.ended),
        "error": json_safe(run.error),
    }


def _timeline(replay: Replay) -> list[dict[str, Any]]:
    verdicts = {step.action.event_id: step.verdict for step in replay.steps}
    return [_event(event, verdicts.get(event.event_id)) for event in replay.run.events]


def _event(event: AnyEvent, verdict: Verdict | None) -> dict[str, Any]:
    document: dict[str, Any] = {**json_safe(event_to_json(event)), "event_id": event.event_id}
    if document["event"] == "action" and verdict is not None:
        document["verdict"] = {
            "decision": verdict.decision.value,
            "rules": _rules(verdict),
            "risk": verdict.risk,
        }
    return document


def _rules(verdict: Verdict) -> list[str]:
    return [match.rule.id for match in verdict.matches]


def _plain_step(step: Step) -> dict[str, Any]:
    document = step_document(step)
    plain = {name: document[name] for name in ("span_id", "tool", "kind", "effects", "arguments", "result")}
    return {**plain, "reasoning": clean_text(step.action.reasoning.text), "url": document["url"]}
