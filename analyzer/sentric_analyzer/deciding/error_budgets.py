"""Error budgets: a rule that refuses more agents than its policy allows is turned back into the shadow, and told of."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sentric.errors import SentricError
from sentric.policy.rollout import ErrorBudget
from sentric.policy.rule import Policy
from sentric_analyzer.control.errors import ControlError, PolicyChangedError
from sentric_analyzer.control.refusals import Refusal, Refusals
from sentric_analyzer.deciding.counts import Metric
from sentric_analyzer.deciding.in_force import InForce
from sentric_analyzer.deciding.promotions import Excess, Promotions
from sentric_analyzer.deciding.readiness import rules_of
from sentric_analyzer.declaration import OnCount

_logger = logging.getLogger(__name__)

OVERLAP = 10.0
"""Seconds that are read again each time: what was decided first may be written last."""
PAGE, PAGES = 1000, 10
"""Refusals that are read at once, and how often in one look: the rest is read in the next."""


@dataclass(slots=True)
class _Tally:
    """Whom the rules of a project have refused, since its policy was activated last."""

    number: int
    """Of the activation."""
    read: float
    """Unix seconds up to which refusals are read."""
    budgets: Mapping[str, ErrorBudget]
    """By ids of rules."""
    refused: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    """By rule, the agents, each with when it was refused last."""
    told: set[str] = field(default_factory=set[str])
    """Rules that could not be turned back."""

    def add(self, refusals: Iterable[Refusal]) -> None:
        """Count refusals, which come in their order."""
        for refusal in refusals:
            for rule_id in refusal.rules:
                if (budget := self.budgets.get(rule_id)) is None:
                    continue
                agents = self.refused.setdefault(rule_id, {})
                agents.pop(refusal.agent_id, None)
                agents[refusal.agent_id] = refusal.time
                if len(agents) > budget.agents + 1:
                    del agents[next(iter(agents))]  # the one refused longest ago: so many are enough to know

    def excesses(self, now: float) -> Iterator[Excess]:
        """The rules that are over their budgets."""
        for rule_id, agents in self.refused.items():
            budget = self.budgets[rule_id]
            within = tuple(agent for agent, time in agents.items() if time >= now - budget.window)
            if len(within) > budget.agents and rule_id not in self.told:
                yield Excess(rule_id, within, budget.agents, budget.window)


class ErrorBudgets:
    """Looks again and again whether rules have used up their error budgets. For one thread.

    Args:
        refusals: says who was refused.
        in_force: the policies.
        promotions: turns rules back.
        projects: gives the names of all projects.
        clock: gives Unix seconds.
        on_count: called with each rule that is turned back.
    """

    def __init__(
        self,
        refusals: Refusals,
        in_force: InForce,
        promotions: Promotions,
        projects: Callable[[], Iterable[str]],
        clock: Callable[[], float],
        on_count: OnCount = lambda name, value, amount: None,
    ) -> None:
        self._refusals = refusals
        self._in_force = in_force
        self._promotions = promotions
        self._projects = projects
        self._clock = clock
        self._on_count = on_count
        self._tallies: dict[str, _Tally] = {}

    def look(self) -> None:
        """Count what was refused since the last look, and turn back what is over its budget.

        Raises:
            ControlError: the store does not answer.
        """
        tallies = {project: tally for project in self._projects() if (tally := self._tally(project)) is not None}
        self._tallies = tallies
        for project, tally in tallies.items():
            self._count(project, tally)
            if excesses := tuple(tally.excesses(self._clock())):
                self._turn_back(project, tally, excesses)

    def _tally(self, project: str) -> _Tally | None:
        """What is counted of a project; None where no rule has a budget. It begins anew with each activation."""
        activation, active = self._in_force.current(project)
        number, since = (activation.number, activation.time) if activation else (0, 0.0)
        before = self._tallies.get(project)
        if before is not None and before.number == number:
            return before
        if not (budgets := _budgets(active.policy, project)):
            return None
        longest = max(budget.window for budget in budgets.values())
        return _Tally(number, max(since, self._clock() - longest), budgets)

    def _count(self, project: str, tally: _Tally) -> None:
        begin, now = tally.read, self._clock()
        for _ in range(PAGES):
            page = self._refusals.since(project, tally.read, limit=PAGE)
            tally.add(page.refusals)
            if page.until is None or page.until <= tally.read:
                tally.read = max(begin, now - OVERLAP)
                return
            tally.read = page.until

    def _turn_back(self, project: str, tally: _Tally, excesses: tuple[Excess, ...]) -> None:
        try:
            self._promotions.turn_back(project, excesses, over=tally.number)
        except PolicyChangedError:
            return  # another service was first, or somebody: it is counted anew
        except ControlError:
            raise
        except SentricError as error:
            tally.told |= {one.rule_id for one in excesses}
            names = ", ".join(one.rule_id for one in excesses)
            _logger.error("project %s: over the error budget, and cannot be turned back: %s: %s", project, names, error)
            return
        for one in excesses:
            _logger.error("project %s: %s", project, one.told())
            self._on_count(Metric.TURNED_BACK, (), 1)


def _budgets(policy: Policy, project: str) -> dict[str, ErrorBudget]:
    """The budgets of the rules that decide for a project, by their ids."""
    if not policy.error_budgets:
        return {}
    found = {rule.id: policy.error_budget(rule) for rule in rules_of(policy, project) if not rule.shadow}
    return {rule_id: budget for rule_id, budget in found.items() if budget is not None}
