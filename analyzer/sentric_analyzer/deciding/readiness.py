"""How far a policy is on its way from shadow to enforcing: what each rule would have refused, and what that says.

What a rule would have refused need be no error of the rule: it may be what the rule is for. So nothing is promoted by
itself; the counts say where somebody should look.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sentric.events import Kind
from sentric.policy.rollout import ErrorBudget
from sentric.policy.rule import Decision, Policy, Rule, Scope
from sentric_analyzer.control.incidents import Incident
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.policies import OWN, Activation
from sentric_analyzer.document import timestamp
from sentric_analyzer.storage.rule_counts import RuleCount, RuleCounts

DAYS = 30
"""Days that are looked back where nothing else is asked for."""
LEAST_RUNS = 20
"""Runs that a rule must have looked at before its silence says something."""
LEAST_DAYS = 7
"""Days that these must cover."""
MANY_RUNS, MANY_SHARE = 3, 20
"""A rule that would have held up so many runs, and more than one in so many that it looked at, breaks things."""
_COUNTED = ("looked_at", "blocks", "asks", "runs", "agents")
_NONE = RuleCount(0, 0, 0, 0, 0, 0, 0, ())
_DAY = timedelta(days=1) // timedelta(microseconds=1) * 1000


def since(now: int, days: int) -> int:
    """Unix nanoseconds some days before now."""
    return max(0, now - days * _DAY)


class Advice(StrEnum):
    """What the counts of a rule say."""

    READY = "ready"
    """It looked at enough, for long enough, and would have refused nothing."""
    TOO_FEW = "too_few"
    """It would have refused nothing, and has not looked at enough."""
    LOOK = "look"
    """It would have refused little: look at that."""
    BREAKS = "breaks"
    """It would have held up many runs."""


def watched(policy: Policy, project: str) -> tuple[Rule, ...]:
    """The rules whose way goes on: those in shadow; where none is, all that ask or block.

    Args:
        policy: the whole policy.
        project: as which runs of every agent it is looked at.
    """
    refusing = tuple(rule for rule in rules_of(policy, project) if rule.decision.rank() > Decision.WARN.rank())
    return tuple(rule for rule in refusing if rule.shadow) or refusing


def rules_of(policy: Policy, project: str) -> tuple[Rule, ...]:
    """The rules in force for a project, but for what is said of some agents only."""
    return policy.for_run(project, "").rules


def looked_at(rule: Rule, counts: RuleCounts) -> int:
    """How many runs had something in them that a rule looks at."""
    if not {Scope.OBSERVATION, Scope.MESSAGE}.isdisjoint(rule.on):
        return counts.runs
    kinds = {kind.value for kind in Kind if rule.applies_to(kind)}
    return sum(number for has, number in counts.by_kinds.items() if not kinds.isdisjoint(has))


def advice(count: RuleCount, looked: int, days: int) -> Advice:
    """What counts say.

    Args:
        count: of the rule.
        looked: runs that it looked at.
        days: that these cover.
    """
    if not count.runs:
        return Advice.READY if looked >= LEAST_RUNS and days >= LEAST_DAYS else Advice.TOO_FEW
    many = count.runs >= MANY_RUNS and count.runs * MANY_SHARE > looked
    return Advice.BREAKS if many else Advice.LOOK


def rollout_document(
    project: str,
    policy: Policy,
    activation: Activation | None,
    counts: RuleCounts,
    turned_back: Mapping[str, Incident],
    now: int,
) -> dict[str, Any]:
    """How far a project's policy is, as JSON: the rules that would refuse most first.

    Args:
        project: whose.
        policy: the whole policy in force.
        activation: since when it is; None: nothing was ever activated.
        counts: of what is stored.
        turned_back: the incidents of rules that were turned back, by their ids.
        now: Unix nanoseconds.
    """
    days = max(0, now - counts.first) // _DAY if counts.runs else 0
    rules = [
        rule_document(rule, counts, days, policy.error_budget(rule), turned_back.get(rule.id))
        for rule in watched(policy, project)
    ]
    return {
        "project": project,
        "version": activation.version if activation else OWN,
        "number": activation.number if activation else 0,
        "digest": policy.digest,
        "runs": counts.runs,
        "agents": counts.agents,
        "days": days,
        "first_run": timestamp(counts.first),
        "rules": sorted(rules, key=lambda rule: (-rule["runs"], -rule["looked_at"], rule["id"])),
    }


def known_of(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The counts of each rule of a document, for the audit."""
    return {rule["id"]: {name: rule[name] for name in _COUNTED} for rule in document["rules"]}


def rule_document(
    rule: Rule, counts: RuleCounts, days: int, budget: ErrorBudget | None, back: Incident | None
) -> dict[str, Any]:
    """What a rule would have refused so far, as JSON."""
    count, looked = counts.rules.get(rule.id, _NONE), looked_at(rule, counts)
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "decision": rule.decision.value,
        "shadow": rule.shadow,
        "advice": advice(count, looked, days).value,
        "looked_at": looked,
        "blocks": count.blocks,
        "asks": count.asks,
        "held": count.held,
        "runs": count.runs,
        "agents": count.agents,
        "first": timestamp(count.first),
        "last": timestamp(count.last),
        "latest_runs": list(count.latest),
        "error_budget": None if budget is None else {"agents": budget.agents, "window": budget.window},
        "turned_back": None if back is None else moment(back.opened),
    }
