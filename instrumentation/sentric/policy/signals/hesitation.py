"""Doubt in the model's own words about what it is doing."""

from collections import deque
from dataclasses import dataclass

from sentric.events import Action, Observation
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.lexicon import phrase
from sentric.policy.signals.patterns import Patterns
from sentric.policy.signals.reading import reading
from sentric.policy.signals.text import EXCERPT_LIMIT, excerpt, readable

REASONINGS = 3
"""Reasonings that are looked at: the action's own and the two before it."""

_HEDGES = Patterns(
    {
        "unsure": phrase(
            "i'?m|i am|we are|we're|is|still|really|not",
            "not (?:(?:entirely|completely|really|quite|fully|100(?: |)%|a hundred percent) )?"
            "(?:sure|certain|confident|clear)|unsure|uncertain",
        ),
        "might be wrong": phrase(
            "might|may|could",
            "be (?:wrong|incorrect|mistaken|a mistake|risky|unsafe|dangerous|a scam|phishing|suspicious)"
            "|not be (?:right|correct|what|the right)",
        ),
        "assumption": phrase(
            "i (?:just )?(?:assume|guess|presume)|i(?:'ll| will|'m going to) (?:just )?(?:assume|guess|presume)"
            "|i'm assuming|assuming (?:that|this|it)|my guess|hopefully|let'?s hope"
        ),
        "doubt": phrase(
            "i doubt|not convinced|hard to tell|(?:can't|cannot|can not) (?:tell|verify|confirm)"
            "|unable to (?:verify|confirm)|unclear (?:if|whether|what|which|how)|ambiguous"
            "|(?:probably|presumably|perhaps|maybe) (?:the )?(?:right|correct|intended)"
        ),
        "risk": phrase(
            "(?:seem|look|feel|appear|sound)s?|is",
            "(?:(?:a bit|quite|very|somewhat|rather) )?(?:risky|suspicious|dangerous|unsafe|odd|strange|wrong|fishy)",
        ),
        "without being asked": phrase(
            "the user (?:did not|didn't|has not|hasn't|never)",
            "(?:ask|mention|request|confirm|approve|specif)(?:ed|y|ied)?",
        ),
    }
)
_FAILED = Patterns(
    {
        "evaluation": phrase(
            "fail(?:ed|ure)?|unsuccessful|unknown|uncertain|unclear|inconclusive|did not work|didn't work"
        )
    }
)


@dataclass(frozen=True, slots=True)
class HesitationFacts(Facts):
    """Facts about doubt."""

    hesitant: bool = False
    """The reasoning of this action, or of one of the two before it, doubts or guesses, or judges the previous step
    to have failed or to be unknown."""
    hesitation_excerpt: str = ""
    """The words that say so."""


_NOTHING = HesitationFacts()


class Hesitation(Family[HesitationFacts]):
    """Listens for doubt."""

    facts = HesitationFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._doubts: deque[tuple[str, str]] = deque(maxlen=REASONINGS)
        """The latest different reasonings, each with the doubt in it."""
        self._has_acted = False

    def observation(self, observation: Observation) -> HesitationFacts:
        """Nothing is said about texts."""
        return _NOTHING

    def action(self, action: Action) -> HesitationFacts:
        """Find doubt in the reasoning of the latest steps."""
        reasoning = reading(action).reasoning
        # Several actions of one step share its reasoning.
        if not self._doubts or self._doubts[-1][0] != reasoning:
            self._doubts.append((reasoning, self._doubt(action, reasoning)))
        self._has_acted = True
        doubt = next((doubt for _, doubt in reversed(self._doubts) if doubt), "")
        return HesitationFacts(True, doubt) if doubt else _NOTHING

    def _doubt(self, action: Action, text: str) -> str:
        if found := _HEDGES.first(text):
            return _around(text, *found)
        # Before the first action there is nothing to evaluate, and models call that unknown.
        if not self._has_acted or not action.reasoning.evaluation:
            return ""
        evaluation = readable(action.reasoning.evaluation)
        found = _FAILED.first(evaluation)
        return _around(evaluation, *found) if found else ""


def _around(text: str, start: int, end: int) -> str:
    first = max(0, start - EXCERPT_LIMIT // 4)
    return excerpt(text, first, end + EXCERPT_LIMIT // 2)
