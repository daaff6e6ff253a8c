"""Reads what a policy file changes of the rules of its packs."""

from sentric.policy.document import Reader
from sentric.policy.rollout import HOUR, ErrorBudget
from sentric.policy.rule import Decision, Override, Severity

ALL = "all"
"""In place of a list: every rule of the packs."""
ANY = "*"
MOST_AGENTS = 10_000
SHORTEST_WINDOW, LONGEST_WINDOW = 60, 30 * 86_400
_OVERRIDE_KEYS = ("enabled", "severity", "decision", "risk", "shadow")


def read_override(reader: Reader) -> Override:
    """What a policy changes of a rule. What is wrong with it is noted."""
    entries = reader.mapping(known=_OVERRIDE_KEYS)
    return Override(
        enabled=entries["enabled"].boolean() if "enabled" in entries else None,
        severity=entries["severity"].choice(Severity) if "severity" in entries else None,
        decision=entries["decision"].choice(Decision) if "decision" in entries else None,
        risk=entries["risk"].number(0, 100) if "risk" in entries else None,
        shadow=entries["shadow"].boolean() if "shadow" in entries else None,
    )


def read_shadow(reader: Reader) -> dict[str, Reader]:
    """The ids and patterns of the rules in shadow, each with its place; `all` is a pattern for every one."""
    if reader.is_text():
        if (word := reader.text()) != ALL:
            reader.problem(f"{word!r} is neither {ALL!r} nor a list of ids of rules")
        return {ANY: reader}
    return {name: item for item in reader.items() if (name := item.filled())}


def read_budgets(reader: Reader) -> tuple[dict[str, ErrorBudget], dict[str, Reader]]:
    """The error budgets by ids and patterns; and the places of these."""
    named = reader.named("the id of a rule, or a pattern of ids")
    return {name: _budget(item) for name, item in named.items()}, named


def _budget(reader: Reader) -> ErrorBudget:
    entries = reader.mapping(known=("agents", "window"), required=("agents",))
    return ErrorBudget(
        agents=entries["agents"].number(1, MOST_AGENTS) if "agents" in entries else 1,
        window=entries["window"].number(SHORTEST_WINDOW, LONGEST_WINDOW) if "window" in entries else HOUR,
    )
