"""How rules come into force one by one: what holds them in shadow, and what turns one back.

    shadow: all                          # or ids of rules, with * and ?
    override:
      credential-over-http: {shadow: false}      # promoted
    error_budget:
      "*": {agents: 5, window: 3600}             # rules of severity low and medium
      credential-over-http: {agents: 3}          # a severer one only where it is named whole

A rule in shadow counts at most as a warning, and adds nothing to the risk of its agent; its findings say what it would
have decided.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

HOUR = 3600
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """How many agents a rule may refuse before it is turned back into the shadow."""

    agents: int
    """Different agents that may be refused within the window: with one more the rule is turned back."""
    window: int = HOUR
    """Seconds."""


def fits(rule_id: str, patterns: Iterable[str]) -> bool:
    """Whether an id is among some patterns, in the shell's manner."""
    return any(fnmatchcase(rule_id, pattern) for pattern in patterns)


def is_pattern(name: str) -> bool:
    """Whether a name may stand for several rules."""
    return not _WILD.isdisjoint(name)


def budget_for(rule_id: str, budgets: Mapping[str, ErrorBudget], *, severe: bool) -> ErrorBudget | None:
    """The budget of a rule: that of its id, or else of the last pattern that fits.

    Args:
        rule_id: of the rule.
        budgets: by ids and patterns.
        severe: whether its severity is high or critical: then no pattern is for it.
    """
    if rule_id in budgets or severe:
        return budgets.get(rule_id)
    return next((budgets[name] for name in reversed(tuple(budgets)) if fits(rule_id, (name,))), None)
