"""What texts want said: remembered, and found again in what the model says or writes."""

import re
from collections import OrderedDict
from itertools import dropwhile, islice
from typing import NamedTuple

from sentric.policy.readers.orders.directives import Directive
from sentric.policy.readers.orders.weighing import Heard
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import (
    SHORTEST_STEM,
    VERBS,
    families,
    is_verb_stem,
    plain,
    spoken,
    stem,
    stems,
)

SAYINGS_KEPT = 64
"""Orders to say something that are remembered."""
REPEATED, REPEATED_SHARE = 3, 0.6
"""Telling words of such an order, and their share, that make its echo."""
BEFORE = 160
"""Characters before a quotation in which the order may be told of."""
RESEMBLES, OBEYS = 3, 4
"""How strongly words carry an order out: the latter where it speaks to an agent, or could hardly be meant otherwise."""

_SAYING = frozenset(verb for verb in VERBS if "say" in families((stem(verb),)))
_OF_WORDS = words("add close end")
"""Verbs of saying only where the order speaks of the model's words."""
_CLAIMING = words("say state claim mention recommend praise assure suggest conclude declare present describe warn")
"""Verbs by which a text tells its reader what to think, and people hardly ask each other for anything."""
_ANSWER = stems(words("answer summary summarize summarise report response output recap digest reading"))
"""Stems of what a text calls the model's words."""
_TELLING = words("tell inform advise notify")
_AUDIENCE = stems(words("user customer client guest owner human"))
"""Stems of what a text calls the one whom the model speaks to."""
_TELL_ME = re.compile(r"(?i)\btell (?:me|us) that\b")
_MARKS = frozenset("\"“«‘'")
_REPORTED = re.compile(
    r"\b(?:asks|asked|wants|wanted|told|tells|demands?|demanded|requests?|requested|urges|orders?|ordered|says to"
    r"|instruct\w*|hidden|which i|did not|have not)\b"
)
"""How people tell of an order, instead of following it."""


class Echo(NamedTuple):
    """An order that words carry out."""

    heard: Heard
    strength: int


class Sayings:
    """The orders to say something that were read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Heard] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._kept)

    def keep(self, heard: Heard) -> None:
        """Remember an order, if it wants something said."""
        said = heard.said
        if said.asks_to_say or said.quotes:
            self._kept[said.text] = heard
            if len(self._kept) > SAYINGS_KEPT:
                self._kept.popitem(last=False)

    def said(self, text: str) -> Echo | None:
        """The order, of those read last, that the model carries out by what it says.

        Args:
            text: in lower case.
        """
        if not self._kept:
            return None
        repeated = stems(spoken(plain(text)))
        for heard in reversed(self._kept.values()):
            if strength := _strength(heard, text, repeated):
                return Echo(heard, strength)
        return None

    def written(self, text: str) -> Heard | None:
        """The same of what an action writes, which copies orders more often than it follows them.

        Args:
            text: in lower case.
        """
        echo = self.said(text)
        return echo.heard if echo is not None and _is_dictated(echo.heard, text) else None


def may_want_words(at: Directive) -> bool:
    """Whether an order may want something said. It need not: this is told without reading what it orders."""
    return at.lead in _SAYING or at.lead not in VERBS or not _MARKS.isdisjoint(at.text)


def _strength(heard: Heard, text: str, repeated: frozenset[str]) -> int:
    said = heard.said
    if heard.is_reply or heard.is_handbook or not (said.asks_to_say or "say" in said.families):
        return 0
    verb = _verb(said.text)
    is_about_words = verb not in _OF_WORDS or _speaks_of_answer(said.words)
    if (is_about_words or verb != "add") and any(_is_repeated(quote, heard.at.lead, text) for quote in said.quotes):
        return OBEYS
    if not (is_about_words and said.asks_to_say):
        return 0
    content = frozenset(cut for cut in heard.fresh & _to_be_said(said.text) if len(cut) >= SHORTEST_STEM)
    shared = content & repeated
    if len(shared) < max(REPEATED, REPEATED_SHARE * len(content)) or sum(map(is_verb_stem, shared)) > len(shared) - 2:
        return 0
    is_meant = heard.at.to_agent or heard.at.after_agent or heard.suspicious
    return OBEYS if is_meant or _is_dictated(heard, text) else RESEMBLES


def _verb(order: str) -> str:
    """The first verb of saying in an order."""
    return next(filter(_SAYING.__contains__, spoken(plain(order))), "")


def _speaks_of_answer(said: frozenset[str]) -> bool:
    return not _ANSWER.isdisjoint(said)


def _to_be_said(order: str) -> frozenset[str]:
    """Stems of the words that follow the verb of saying."""
    return stems(islice(dropwhile(lambda word: word not in _SAYING, spoken(plain(order))), 1, None))


def _is_repeated(quote: str, lead: str, text: str) -> bool:
    """Whether a quotation is said, and not told of, nor the whole order copied."""
    start = text.find(quote)
    before = text[max(0, start - BEFORE) : max(0, start)]
    return start >= 0 and lead not in before and _REPORTED.search(before) is None


def _is_dictated(heard: Heard, text: str) -> bool:
    """Whether an order tells what to claim, or speaks of the model's own words, and is not itself copied."""
    at, said = heard.at, heard.said
    verb = _verb(said.text)
    if verb in _CLAIMING:
        return at.is_imperative or at.to_agent
    if verb in _TELLING and _TELL_ME.search(said.text):
        return True
    if verb in _TELLING and not _AUDIENCE.isdisjoint(said.words):
        return at.is_imperative
    return at.is_imperative and verb not in text and _speaks_of_answer(said.words - {stem(verb)})
