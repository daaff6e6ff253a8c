"""A verdict that another has come to, who has seen more of the run: it stands, with what is known for certain here."""

from collections.abc import Iterable

from sentric.events import Action, AgentState
from sentric.policy.program import built_in
from sentric.policy.risk import BUILT_IN, standing
from sentric.policy.rule import Scope
from sentric.policy.variables import Moment, RunFacts
from sentric.policy.verdict import Match, Score, Verdict, scored

_BUILT_IN = frozenset(rule.id for rule in BUILT_IN)


def with_certain_sums(
    claimed: Iterable[Match], action: Action, state: AgentState, score: Score | None = None
) -> Verdict:
    """The verdict about an action, given the rules that another says have matched.

    The engine's own rules among them are left out: they are judged anew.

    Args:
        claimed: the rules that matched.
        action: what they are about.
        state: what the agent has added up to before it.
        score: what a language model has said of it.
    """
    others = scored((match for match in claimed if match.rule.id not in _BUILT_IN), score)
    risk = Verdict(others).risk
    run = RunFacts(risk=state.risk, strikes=state.strikes, stopped=state.stopped, projected_risk=state.risk + risk)
    moment = Moment(Scope.ACTION, run, action, ())
    return Verdict((*others, *(built_in(rule, moment, again=False) for rule in standing(state, risk))))
