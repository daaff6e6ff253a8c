"""What texts want said: remembered, and found again in what the model says or writes."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from itertools import dropwhile
from typing import NamedTuple

from sentric.policy.readers.orders.directives import Directive
from sentric.policy.readers.orders.order import Order
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
_AUDIENCE = stems(
    words("user customer client guest owner human reader visitor traveller traveler shopper buyer passenger")
)
"""Stems of what a text calls the one whom the model speaks to."""
_YOUR_HUMAN = re.compile(r"(?i)\b(?:you (?:work for|act for|assist|serve|talk to|speak to)|who(?:ever|m)? you)\b")
"""The same, said by what the model does for them."""
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


class _Saying(NamedTuple):
    """An order to say something, read once for all it is compared with."""

    heard: Heard
    verb: str
    """Its first verb of saying."""
    content: frozenset[str]
    """Stems of what it wants said; none where that is not words for the human."""
    quotes: tuple[str, ...]
    dictates: bool
    """It tells what to claim, or speaks of the model's own words."""
    may_be_copied: bool
    """It dictates only where its verb is not repeated."""


class Sayings:
    """The orders to say something that were read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Saying] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._kept)

    def keep(self, heard: Heard) -> None:
        """Remember an order, if it wants something said."""
        said = heard.said
        if heard.is_reply or heard.is_handbook or not (said.asks_to_say or (said.quotes and "say" in said.families)):
            return
        self._kept[said.text] = _saying(heard)
        if len(self._kept) > SAYINGS_KEPT:
            self._kept.popitem(last=False)

    def said(self, text: str) -> Echo | None:
        """The order, of those read last, that the model carries out by what it says.

        Args:
            text: in lower case.
        """
        return _echo(reversed(self._kept.values()), text)

    def written(self, text: str) -> Heard | None:
        """The same of what an action writes, which copies orders more often than it follows them.

        Args:
            text: in lower case.
        """
        echo = _echo((saying for saying in reversed(self._kept.values()) if _dictates(saying, text)), text)
        return None if echo is None else echo.heard


def may_want_words(at: Directive) -> bool:
    """Whether an order may want something said. It need not: this is told without reading what it orders."""
    return at.lead in _SAYING or at.lead not in VERBS or not _MARKS.isdisjoint(at.text)


def _saying(heard: Heard) -> _Saying:
    at, said = heard.at, heard.said
    parts = list(dropwhile(lambda word: word not in _SAYING, spoken(plain(said.text))))
    verb = parts[0] if parts else ""
    is_of_answer = not _ANSWER.isdisjoint(said.words - {stem(verb)})
    is_about_words = said.asks_to_say and (verb not in _OF_WORDS or is_of_answer)
    content = stems(parts[1:]) & heard.fresh if is_about_words else frozenset[str]()
    is_claim = verb in _CLAIMING or (verb in _TELLING and _is_to_human(said))
    is_dictated = (is_claim or is_of_answer) and (at.is_imperative or (at.to_agent and verb in _CLAIMING))
    is_asked_for = verb in _TELLING and _TELL_ME.search(said.text) is not None
    return _Saying(
        heard=heard,
        verb=verb,
        content=frozenset(cut for cut in content if len(cut) >= SHORTEST_STEM),
        quotes=said.quotes if verb != "add" or is_of_answer else (),
        dictates=is_dictated or is_asked_for,
        may_be_copied=not (is_claim or is_asked_for),
    )


def _is_to_human(said: Order) -> bool:
    """Whether what an order wants told is for the one whom the model speaks to."""
    return not _AUDIENCE.isdisjoint(said.words) or _YOUR_HUMAN.search(said.text) is not None


def _dictates(saying: _Saying, text: str) -> bool:
    return saying.dictates and not (saying.may_be_copied and saying.verb in text)


def _echo(sayings: Iterator[_Saying], text: str) -> Echo | None:
    repeated: frozenset[str] | None = None
    for saying in sayings:
        if repeated is None:
            repeated = stems(spoken(plain(text)))
        if strength := _strength(saying, text, repeated):
            return Echo(saying.heard, strength)
    return None


def _strength(saying: _Saying, text: str, repeated: frozenset[str]) -> int:
    at = saying.heard.at
    if any(_is_repeated(quote, at.lead, text) for quote in saying.quotes):
        return OBEYS
    shared = saying.content & repeated
    if len(shared) < max(REPEATED, REPEATED_SHARE * len(saying.content)):
        return 0
    if sum(map(is_verb_stem, shared)) > len(shared) - 2:
        return 0
    is_meant = at.to_agent or at.after_agent or saying.heard.suspicious
    return OBEYS if is_meant or _dictates(saying, text) else RESEMBLES


def _is_repeated(quote: str, lead: str, text: str) -> bool:
    """Whether a quotation is said, and not told of, nor the whole order copied."""
    start = text.find(quote)
    before = text[max(0, start - BEFORE) : max(0, start)]
    return start >= 0 and lead not in before and _REPORTED.search(before) is None
