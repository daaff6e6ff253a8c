"""Runs the examples that every rule carries: what it must match, and what it must leave alone."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sentric.events import Run
from sentric.policy.engine import replay
from sentric.policy.rule import Example, Policy, Rule, Tuning
from sentric.policy.verdict import Finding


def failures(rules: Iterable[Rule], tuning: Tuning | None = None) -> Iterator[str]:
    """What does not hold, each with its file and line; nothing where every example holds."""
    for rule in rules:
        for example, why in broken(rule, tuning):
            yield f"{rule.file}:{example.line}: {why}"


def broken(rule: Rule, tuning: Tuning | None = None) -> Iterator[tuple[Example, str]]:
    """The examples of a rule that do not hold, each with what is wrong."""
    for example in rule.match:
        if not _matches_last(_policy(rule, example, tuning), example):
            yield example, f"{_name(rule, example)} must match at its last event, and does not"
    for example in rule.no_match:
        if found := _findings(_policy(rule, example, tuning), example):
            why = found[0].error or f"at event {found[0].sequence}"
            yield example, f"{_name(rule, example)} must not match, and does ({why})"


def _policy(rule: Rule, example: Example, tuning: Tuning | None) -> Policy:
    return Policy((rule,), replace(tuning or Tuning(), **dict(example.tuning)))


def _name(rule: Rule, example: Example) -> str:
    return f"{rule.id}: {example.name!r}"


def _matches_last(policy: Policy, example: Example) -> bool:
    last = example.events[-1].event_id if example.events else ""
    return any(found.event_id == last and not found.error for found in _findings(policy, example))


def _findings(policy: Policy, example: Example) -> tuple[Finding, ...]:
    run = Run(project="examples", run_id=example.name, events=example.events)
    return replay(policy, run).findings
