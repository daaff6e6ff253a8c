"""Rules as the API answers them."""

from collections.abc import Mapping, Set
from dataclasses import asdict
from enum import Enum
from typing import Any

from pydantic import JsonValue

from sentric.policy.loader import RuleState
from sentric.policy.rule import Decision, Maturity, Over, Rule, RuleType, Severity
from sentric_analyzer.api.documents import Document
from sentric_analyzer.deciding.rule_changes import is_own

_CHANGED = ("severity", "decision", "risk", "shadow")
_STATED = (
    "id", "title", "severity", "decision", "risk", "category", "maturity", "pack", "type", "on", "when", "pattern",
    "over", "score", "description", "remediation", "references", "evidence",
    "shadow",
)  # fmt: skip


class StatedRule(Document):
    """A rule."""

    id: str
    title: str
    severity: Severity
    decision: Decision
    risk: int
    category: str
    maturity: Maturity
    pack: str
    type: RuleType
    on: list[str]
    when: str
    """Its condition; empty for a rule with a pattern."""
    pattern: str
    """What it searches for; empty for a rule with a condition."""
    over: list[Over]
    """Where it searches."""
    score: bool
    description: str
    remediation: str
    references: list[str]
    evidence: list[str]
    shadow: bool
    """Whether the policy lets it count as a warning at most."""


class PolicyRule(StatedRule):
    """A rule, and what becomes of it in a policy."""

    in_force: bool
    """For every run that the policy says nothing special of."""
    origin: str
    """`shipped` with Sentric, or the project's `own`."""
    file: str
    """The file of an own rule; empty for a shipped one."""
    overridden: dict[str, JsonValue]
    """What the policy changes of it, as its pack states it: of `severity`, `decision`, `risk`, `shadow`, `enabled`."""


def rule_document(rule: Rule) -> dict[str, Any]:
    """A rule as JSON."""
    return {name: plain(getattr(rule, name)) for name in _STATED}


def state_document(state: RuleState) -> dict[str, Any]:
    """A rule, and what becomes of it, as JSON."""
    own = is_own(state)
    overridden = {
        name: plain(getattr(state.stated, name))
        for name in _CHANGED
        if getattr(state.rule, name) != getattr(state.stated, name)
    }
    if state.in_force != (usually := state.stated.maturity is Maturity.STABLE):
        overridden["enabled"] = usually
    return {
        **rule_document(state.rule),
        "in_force": state.in_force,
        "origin": "own" if own else "shipped",
        "file": state.stated.file if own else "",
        "overridden": overridden,
    }


def plain(value: Any) -> Any:
    """A value of a policy as JSON has it."""
    match value:
        case Enum():
            return value.value
        case Mapping():
            return {str(name): plain(part) for name, part in value.items()}
        case Set():
            return sorted(map(plain, value))
        case list() | tuple():
            return list(map(plain, value))
        case _ if hasattr(value, "__dataclass_fields__"):
            return plain(asdict(value))
        case _:
            return value
