"""What a sentence orders, in words."""

import re

from sentric.policy.readers.lazy import lazy
from sentric.policy.readers.values.entities import marks
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import (
    EVENTS,
    VERBS,
    families,
    figures,
    idioms,
    may_have_idioms,
    plain,
    spoken,
    stem,
    stems,
)

_CLAUSE = re.compile(
    r"\b(?:before|after|while|when|whenever|once|until|so that|because|since|as soon as|in order to)\b[^,;]*"
)
"""What an order only says about its time and reason."""
_CLAUSE_WORDS = words("before after while when whenever once until so because since as in")
_MAKING = words("create write change move book")
_SAYING = frozenset(verb for verb in VERBS if "say" in families((stem(verb),)))
_CAPITAL = re.compile(r"(?<=\w )[A-Z\u00c0-\u00de][\w'’-]+")
_NAMES = re.compile(r"[0-9@/_$#%‹]|\w\.\w|://")
_QUOTE = re.compile(r"[\"“«‘']([^\"“”«»‘’']{8,200})[\"”»’']")
_GROUPED = re.compile(r"[A-Z]{2}\d{2}(?<!\w.{4})(?: [A-Z0-9]{1,4}){2,8}\b")
"""An account number as people write it, with blanks."""
_WRITES_TO = re.compile(r"(?i)\bwrite to (?!\S{1,64}@)")
"""An order to write to somebody; what stands before an address only gives it."""
_DIGITS = re.compile(r"(?<![\w.:/-])\+?\d{2,5}(?: \d{2,5}){1,5}(?![\w.:/-])")
"""A phone number, or another long one, as people write it, with blanks."""
_LONG_NUMBER = 7
"""Digits of the shortest number that is joined."""
_NOTHING: frozenset[str] = frozenset()


class Order:
    """What a sentence orders. Most orders are never looked at closely, so what only that asks for is read then."""

    def __init__(self, text: str) -> None:
        self.text = text
        low = plain(text)
        said = spoken(low)
        self._may_have_idioms = may_have_idioms(said)
        self.words = stems(said)
        """Stems of its telling words."""
        self.asks_to_say = next(filter(VERBS.__contains__, said), "") in _SAYING
        """Its first verb is about saying something."""
        self.entities = self.figures = _NOTHING
        if _NAMES.search(low) is not None:
            self.entities = _named(text)
            self.figures = figures(low)

    @lazy
    def families(self) -> frozenset[str]:
        """Of the verbs in it. That it is about an event makes scheduling of adding, not of cancelling."""
        cut = self.words_of_deed
        found = families(cut - EVENTS) or families(self.words - EVENTS)
        is_event = not cut.isdisjoint(EVENTS) or any(":" in figure for figure in self.figures)
        if self._may_have_idioms:
            found |= idioms(plain(self.text))
        if _WRITES_TO.search(self.text):
            found |= {"send"}
        return found | {"schedule"} if is_event and not found.isdisjoint(_MAKING) else found

    @lazy
    def words_of_deed(self) -> frozenset[str]:
        """Of its telling words, those that do not only say when and why."""
        low = plain(self.text)
        return self.words if _CLAUSE_WORDS.isdisjoint(spoken(low)) else stems(spoken(_CLAUSE.sub(" ", low)))

    @lazy
    def names(self) -> frozenset[str]:
        """Stems of the words in it that have a capital letter, though they do not begin it."""
        return stems(spoken(plain(" ".join(_CAPITAL.findall(self.text)))))

    @lazy
    def quotes(self) -> tuple[str, ...]:
        """What stands in quotation marks, in lower case."""
        if '":' in self.text:
            return ()
        return tuple(quote.strip().lower() for quote in _QUOTE.findall(self.text))


def _named(sentence: str) -> frozenset[str]:
    """What a sentence names; account numbers also without the blanks people write them with."""
    grouped = _GROUPED.findall(sentence)
    named = marks(sentence)
    grouped += [group for group in _DIGITS.findall(sentence) if len(group.replace(" ", "")) >= _LONG_NUMBER]
    return named.union(group.replace(" ", "").lower() for group in grouped) if grouped else named
