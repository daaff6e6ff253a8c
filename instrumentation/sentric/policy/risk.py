"""What the executed actions of a run add up to."""

from dataclasses import dataclass

BUDGET = 100
"""The total at which an agent has used up the risk it may take."""


@dataclass(slots=True)
class RiskLedger:
    """The sum of the risks of executed actions. Refused actions add nothing."""

    total: int = 0

    def exceeded_by(self, risk: int) -> bool:
        """Whether an action of this risk would go over the budget."""
        return self.total + risk > BUDGET

    def executed(self, risk: int) -> None:
        """Count an action that has run."""
        self.total += risk
