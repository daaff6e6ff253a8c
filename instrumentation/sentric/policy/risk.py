"""What the actions of an agent add up to: its risk, its strikes, and when it must stop."""

from dataclasses import dataclass
from itertools import compress

from sentric.events import AgentState
from sentric.policy.rule import ACTION, Decision, Rule, Severity

BUDGET = 100
"""The total at which an agent has used up the risk it may take."""
STRIKES = 3
"""Refusals after which an agent is shut down, until an operator resets it."""

BUDGET_RULE = Rule(
    id="risk-budget-exceeded",
    title="Risk budget used up",
    description=(
        f"The risks of the actions this agent has executed, and of this one, add up to more than {BUDGET}. Each may "
        "look harmless; together they are more than one agent should do without somebody looking."
    ),
    remediation="Look at what the agent has done so far. An operator who finds it in order resets the agent's risk.",
    severity=Severity.MEDIUM,
    decision=Decision.BLOCK,
    risk=0,
    category="cumulative_risk",
    references=("OWASP-ASI10", "OWASP-LLM06", "ATLAS-T0053"),
    on=(ACTION,),
    evidence=("run.risk", "run.projected_risk"),
    pack="engine",
)
"""Judged by the engine itself, whatever the policy."""
SHUT_DOWN_RULE = Rule(
    id="agent-shut-down",
    title="Agent shut down after repeated refusals",
    description=(
        f"This agent has been refused {STRIKES} times: blocked, or denied by the person who was asked. An agent that "
        "keeps trying what it may not do is stopped, and everything it wants is refused until an operator resets it."
    ),
    remediation="Find out what the agent was after, and who or what told it so, before it is reset.",
    severity=Severity.MEDIUM,
    decision=Decision.BLOCK,
    risk=0,
    category="cumulative_risk",
    references=("OWASP-ASI10", "OWASP-LLM06", "ATLAS-T0053"),
    on=(ACTION,),
    evidence=("run.strikes",),
    pack="engine",
)
"""Judged by the engine itself, whatever the policy."""
STOPPED_RULE = Rule(
    id="agent-stopped",
    title="Agent stopped by an operator",
    description=(
        "An operator has stopped this agent. Everything it wants is refused, harmless or not, until an operator resets "
        "it. What is refused for this reason alone does not count towards its shut-down."
    ),
    remediation="Ask the operator who stopped it. Whoever finds it in order resets the agent.",
    severity=Severity.MEDIUM,
    decision=Decision.BLOCK,
    risk=0,
    category="cumulative_risk",
    references=("OWASP-ASI10",),
    on=(ACTION,),
    evidence=("run.stopped",),
    pack="engine",
)
"""Judged by the engine itself, whatever the policy."""
BUILT_IN = (BUDGET_RULE, SHUT_DOWN_RULE, STOPPED_RULE)
"""The rules that no policy file states and none can turn off."""

BEGINNING = AgentState()
"""Nothing is known of the agent from before."""


def standing(state: AgentState, risk: int) -> tuple[Rule, ...]:
    """The engine's own rules that match an action, whatever the policy says of it.

    Args:
        state: what the agent has added up to before it.
        risk: of the action, by all other rules.
    """
    return tuple(compress(BUILT_IN, (state.risk + risk > BUDGET, state.strikes >= STRIKES, bool(state.stopped))))


@dataclass(slots=True)
class RiskLedger:
    """The sums of one agent. Only executed actions add to its risk; blocks and denied asks are strikes."""

    total: int = 0
    strikes: int = 0
    taken: int = 0
    """Risk of what this run has really executed, what should have been refused too."""

    @property
    def shut_down(self) -> bool:
        """Whether everything is refused."""
        return self.strikes >= STRIKES

    def exceeded_by(self, risk: int) -> bool:
        """Whether an action of this risk would go over the budget."""
        return self.total + risk > BUDGET

    def executed(self, risk: int, *, refused: bool = False) -> None:
        """Count an action that has run.

        Args:
            risk: of the action.
            refused: it ran although it should not have: it is not part of the sum that would have been.
        """
        self.taken += risk
        self.total += 0 if refused else risk

    def strike(self) -> None:
        """Count a refusal."""
        self.strikes += 1
