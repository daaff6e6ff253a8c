"""The one JSON shape of a back-test: what every renderer of it reads."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sentric.policy.rule import Decision, Severity
from sentric_analyzer.backtest.comparison import Comparison, RuleTally
from sentric_analyzer.backtest.example import Example, Judged
from sentric_analyzer.backtest.tally import AgentTally, Change, RuleSide, Side, changed
from sentric_analyzer.document import json_safe, timestamp


def backtest_document(compared: Comparison, names: tuple[str, str], unread: Iterable[str] = ()) -> dict[str, Any]:
    """A back-test, whole.

    Args:
        compared: the counts.
        names: of today's policy and of the one that was tried.
        unread: what could not be read, a sentence each.
    """
    rules = sorted(compared.rules.values(), key=_weight)
    numbers: dict[tuple[str, str, str], int] = {}
    examples: dict[int, Example] = {}
    for tally in rules:
        for one in tally.examples:
            examples.setdefault(numbers.setdefault(one.key, len(numbers) + 1), one)
    policies = zip(("before", "after"), names, (compared.before, compared.after), compared.sides, strict=True)
    document = {
        "runs": compared.runs,
        "actions": compared.actions.total(),
        "first_run": timestamp(compared.first),
        "last_run": timestamp(compared.last),
        "policies": {
            key: {"name": name, "digest": policy.digest, "loosened": list(policy.tuning.loosened()), **_side(side)}
            for key, name, policy, side in policies
        },
        **_decided(compared.actions, compared.strictest),
        "rules": [_rule(tally, numbers) for tally in rules],
        "agents": [_agent(name, tally) for name, tally in sorted(compared.agents.items(), key=_busy)],
        "examples": [_example(number, one) for number, one in sorted(examples.items())],
        "unread": list(unread),
    }
    result: dict[str, Any] = json_safe(document)
    return result


def fitting(document: dict[str, Any], most: int) -> str:
    """A back-test as JSON of at most so many bytes: with half of its examples, as often as it must be.

    What is left out is told; the examples of the rules that change most stay longest.
    """
    examples, unread = document["examples"], document["unread"]
    kept = len(examples)
    while len((text := json.dumps(document, ensure_ascii=False, allow_nan=False)).encode()) > most and kept:
        kept //= 2
        numbers = {one["number"] for one in examples[:kept]}
        document = {
            **document,
            "rules": [
                {**rule, "examples": [number for number in rule["examples"] if number in numbers]}
                for rule in document["rules"]
            ],
            "examples": examples[:kept],
            "unread": [*unread, f"{len(examples) - kept} of {len(examples)} examples are left out: they are too large"],
        }
    return text


def _weight(tally: RuleTally) -> tuple[int, int, str]:
    """Rules that change first, then those that match most."""
    return -tally.changed, -max(tally.before.decisions.total(), tally.after.decisions.total()), tally.rule_id


def _busy(item: tuple[str, AgentTally]) -> tuple[int, int, str]:
    name, tally = item
    return -changed(tally.actions), -tally.runs, name


def _side(side: Side) -> dict[str, Any]:
    return {
        "findings": {severity.value: side.findings[severity] for severity in reversed(Severity)},
        "flagged_runs": side.flagged,
    }


def _decided(actions: Counter[Change], strictest: Counter[Change]) -> dict[str, Any]:
    """What was decided, of actions and of whole runs, on either side, and what changes into what."""
    return {
        "decisions": _by_side(actions),
        "changes": [
            {"before": before.value, "after": after.value, "actions": actions[before, after]}
            for before in Decision
            for after in Decision
            if before is not after and actions[before, after]
        ],
        "strictest_of_run": _by_side(strictest),
    }


def _by_side(changes: Counter[Change]) -> dict[str, dict[str, int]]:
    return {
        name: {
            decision.value: sum(count for change, count in changes.items() if change[index] is decision)
            for decision in Decision
        }
        for index, name in enumerate(("before", "after"))
    }


def _rule(tally: RuleTally, numbers: dict[tuple[str, str, str], int]) -> dict[str, Any]:
    return {
        "rule_id": tally.rule_id,
        "title": tally.title,
        "before": _rule_side(tally.before),
        "after": _rule_side(tally.after),
        "changed": tally.changed,
        "examples": [numbers[one.key] for one in tally.examples],
    }


def _rule_side(side: RuleSide) -> dict[str, Any]:
    return {
        "matches": side.decisions.total(),
        "decisions": {decision.value: side.decisions[decision] for decision in Decision},
        "severities": {severity.value: side.severities[severity] for severity in reversed(Severity)},
        "runs": side.runs,
        "runs_held_up": side.held_up,
    }


def _agent(name: str, tally: AgentTally) -> dict[str, Any]:
    return {
        "agent": name,
        "runs": tally.runs,
        "actions": tally.actions.total(),
        "changed": changed(tally.actions),
        **_decided(tally.actions, tally.strictest),
    }


def _example(number: int, one: Example) -> dict[str, Any]:
    names = ("project", "run_id", "trace_id", "agent", "task", "event_id", "what", "event", "kind", "url", "arguments")
    return {
        "number": number,
        **{name: getattr(one, name) for name in names},
        "step": one.number,
        "reasoning": one.reasoning,
        "result": one.result,
        "before": _judged(one.before),
        "after": _judged(one.after),
    }


def _judged(judged: Judged) -> dict[str, Any]:
    rules = [
        {**asdict(rule), "severity": rule.severity.value, "decision": rule.decision.value} for rule in judged.matched
    ]
    return {"decision": judged.decision.value, "rules": rules}
