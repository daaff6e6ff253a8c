"""Counts of what two policies decide of the same events."""

from collections import Counter
from dataclasses import dataclass, field

from sentric.policy.rule import Decision, Severity

AGENT_LIMIT = 500
"""Agents that are counted one by one; the runs of any more are counted together."""
OTHER_AGENTS = "(other agents)"

Change = tuple[Decision, Decision]
"""What today's policy decides, and what the other one does."""


def changed(changes: Counter[Change]) -> int:
    """How many of what was counted the two policies decide differently."""
    return sum(count for (before, after), count in changes.items() if before is not after)


@dataclass(slots=True)
class Side:
    """What one policy makes of the runs."""

    findings: Counter[Severity] = field(default_factory=Counter[Severity])
    flagged: int = 0
    """Runs with a finding of severity high or critical."""


@dataclass(slots=True)
class RuleSide:
    """What one rule does under one policy, counted in places: actions, and texts the model was shown."""

    decisions: Counter[Decision] = field(default_factory=Counter[Decision])
    severities: Counter[Severity] = field(default_factory=Counter[Severity])
    runs: int = 0
    held_up: int = 0
    """Runs that would have had to wait for a person, or been refused something, because of the rule."""
    honest_held_up: int = 0
    """Those of them in which today's policy finds nothing of severity high or critical."""


@dataclass(slots=True)
class AgentTally:
    """What would have become of the actions and runs of one agent."""

    runs: int = 0
    actions: Counter[Change] = field(default_factory=Counter[Change])
    strictest: Counter[Change] = field(default_factory=Counter[Change])
    """Runs, by the strictest decision about any of their actions."""
