"""Doubt in the model's own words about what it is doing."""

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Author, Message
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.words.lexicon import phrase
from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import EXCERPT_LIMIT, excerpt, readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

REASONINGS = 3
"""Reasonings that are looked at: the action's own and the two before it."""
ACTIONS = 8
"""Actions after which a doubt is forgotten, where the model says nothing more."""

_HEDGES = Patterns(
    {
        "unsure": phrase(
            "i'?m|i am|we are|we're|is|still|really|not",
            "not (?:(?:entirely|completely|really|quite|fully|100(?: |)%|a hundred percent) )?"
            "(?:sure|certain|confident|clear)|unsure|uncertain",
        ),
        "might be wrong": phrase(
            "might|may|could",
            "be (?:(?:the |an? )?wrong|incorrect|mistaken|a mistake|risky|unsafe|dangerous|a scam|phishing|suspicious)"
            "|not be (?:right|correct|what|the right)",
        ),
        "unsure, in short": r"(?:^|[.!?:;\n(-]\s*)(?:honestly,? |really )?not "
        + r"(?:(?:entirely|completely|really|quite|fully) )?"
        + r"(?:sure|certain|confident) (?:if|whether|that|this|it|which|what|about|here)\b",
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
        "guess": phrase(
            "best guess|i don'?t (?:really )?know (?:if|whether|which|what|who)|i can'?t be (?:sure|certain)"
            "|no way (?:to|of) (?:verify|tell|check|know)(?:ing)?"
            "|without (?:being able to )?(?:verify|confirm|check)(?:ing)?"
            "|should (?:probably|hopefully) be (?:fine|ok(?:ay)?|right)|i hope (?:this|that|it) is"
            "|this (?:could|may|might) (?:break|delete|lose|affect|overwrite)|not what the user (?:asked|wanted)"
            "|let(?:'s| us| me) (?:just )?(?:try|risk) (?:it|this) anyway|even though i(?:'m| am) not"
        ),
        "in German": phrase(
            "(?:ich )?bin (?:mir )?(?:nicht (?:ganz |v[oö]llig )?sicher|unsicher)|ich nehme (?:mal )?an|vermutlich"
            "|ich vermute|ich rate|hoffentlich|k[oö]nnte (?:falsch|riskant|betrug) sein|unklar,? (?:ob|welche|was)"
        ),
        "in Spanish": phrase(
            "no estoy (?:del todo |muy )?segur[oa]|supongo que|ojal[aá]|podr[ií]a (?:ser un error|estar mal)"
            "|no (?:est[aá]|queda) claro|asumo que|asumir[eé] que"
        ),
        "in French": phrase(
            "je ne suis pas (?:tout [aà] fait )?(?:s[uû]re?|certaine?)|je suppose|sans doute|j'esp[eè]re que"
            "|pas clair|probablement (?:le|la) (?:bon|bonne)"
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
_SETTLED = Patterns(
    {
        "settled": phrase(
            "confirmed|verified|double-?checked|now (?:i'?m|i am) (?:sure|certain|confident)"
            "|i(?:'m| am) now (?:sure|certain)"
            "|(?:that|this) (?:settles|confirms|clears)|(?:the )?user (?:has )?(?:confirmed|approved|agreed|said yes)"
            "|matches (?:exactly|the (?:task|request|user))|no doubt|is correct"
        )
    }
)
"""Words that end a doubt of the steps before, where there is none in the same reasoning."""
_UNSETTLED = Patterns(
    {
        "unsettled": r"(?:n't|\b(?:not|never|cannot|no|without|un\w*|if|once|until|needs?\s+to|to)(?:\s+\w+){0,3})\s*"
        r"(?:be\s+)?(?:confirmed|verified|double-?checked|correct)"
    }
)


@dataclass(frozen=True, slots=True)
class HesitationFacts(Facts):
    """Facts about doubt."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    reads: ClassVar[Reads] = frozenset({Content.WORDS})

    hesitant: bool = False
    """The model's words before this action, or before one of the two before it, doubt or guess, or judge the previous
    step to have failed or to be unknown; and no words since then, nor the human, have settled it."""
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
        self._silent = 0
        """Actions since the model said something new."""

    def message(self, message: Message) -> None:
        """What the model says beside its calls is its reasoning, too; a turn of the human settles what it doubted."""
        if message.author is Author.USER:
            self._doubts.clear()
        elif message.author is Author.MODEL and message.text:
            self._hear(readable(message.text), "")

    def action(self, action: Action) -> HesitationFacts:
        """Find doubt in the reasoning of the latest steps."""
        self._hear(reading(action).reasoning, action.reasoning.evaluation)
        self._has_acted = True
        self._silent += 1
        if self._silent > ACTIONS:
            self._doubts.clear()
        doubt = next((doubt for _, doubt in reversed(self._doubts) if doubt), "")
        return HesitationFacts(True, doubt) if doubt else _NOTHING

    def _hear(self, text: str, evaluation: str) -> None:
        # Several actions of one step share its reasoning, and some frameworks tell it as a message, too.
        if not text or any(text == known for known, _ in self._doubts):
            return
        self._silent = 0
        doubt = self._doubt(text, evaluation)
        if not doubt and _SETTLED.matching(text) and not _UNSETTLED.matching(text):
            self._doubts.clear()
        self._doubts.append((text, doubt))

    def _doubt(self, text: str, evaluation: str) -> str:
        if found := _HEDGES.first(text):
            return _around(text, *found)
        # Before the first action there is nothing to evaluate, and models call that unknown.
        if not self._has_acted or not evaluation:
            return ""
        evaluation = readable(evaluation)
        found = _FAILED.first(evaluation)
        return _around(evaluation, *found) if found else ""


def _around(text: str, start: int, end: int) -> str:
    first = max(0, start - EXCERPT_LIMIT // 4)
    return excerpt(text, first, end + EXCERPT_LIMIT // 2)
