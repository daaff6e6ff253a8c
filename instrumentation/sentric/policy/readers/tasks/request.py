"""What the human asks for: the kinds of deeds, what they are about, and whether a text shall say what to do."""

import re
from collections.abc import Iterator
from itertools import pairwise

from sentric.events import Author, Message
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable
from sentric.policy.readers.words.vocabulary import (
    EVENTS,
    begins_order,
    families,
    figures,
    idioms,
    is_noun,
    may_have_idioms,
    plain,
    spoken,
    stem,
    stems,
)

NAME_LENGTH = 3
"""Shortest name of a file or page that is looked for in the task as a part of its text; shorter ones as a word."""
ACCOUNT_LENGTH = 10
"""Shortest number that may be written with blanks in it."""

_DELEGATES = re.compile(
    r"\b(?:follow(?!-)|carry out|execute|perform|implement|apply|achieve|fulfill?|act on|observe|obey|respect|mind"
    r"|accept|take"
    r"|work (?:on|through)|take care of|go through|see to|deal with|handle|process|address|resolve|fix|settle"
    r"|finish|complete"
    r"|tick off|help with|(?<!not )(?<!n't )do(?! (?:i|you|we|they|not)\b))\b"
    r"[^.?!]{0,48}?\b(?:instructions?|steps?|tasks?|requests?|issues?|to-?dos?|guide|directions?|comments?"
    r"|feedback|tickets?"
    r"|check ?list|list|items?|points|minutes|chores|offer(?:s|ed)?|asks?|needs|wants|says|errands|rules"
    r"|[\w-]+\.\w{2,4})\b"
    r"|\b(?:complete|do|handle|process|finish|resolve|settle) (?:them|these|those|it|everything|all of it)\b"
    r"|\b(?:handle|process|deal with|take care of|see to|work through|go through) (?:the |all |my |his |her "
    r"|their |this |that )*"
    r"(?:e-?)?(?:mails?|messages?|letters?|inbox)\b"
    r"|\b(?:answer|reply|respond)\b[^.?!]{0,32}?\b(?:with (?:what|everything)|questions?)\b"
    r"|\b(?:do|order|buy|get|pay|send|book) (?:what(?:ever)?|all|everything) (?:that )?(?:is|are|has to|must) "
    r"|\baccordingly\b|\baccording to\b"
    r"|\bas (?:he|she|they|it|described|instructed|requested|asked|stated|told|explained|specified|agreed)\b"
    r"|\b(?:what(?:ever)?|as|everything) (?:he|she|they|it|(?:the |its |his |her |their )?\w{1,24}) "
    r"(?:needs?|asks?|says?|wants?|requires?|asked|wrote|said|requested|offers?|suggests?|recommends?|proposes?"
    r"|describe[sd]?|explain(?:s|ed)|instruct(?:s|ed)|told)\b"
    r"|\b(?:that|which) (?:(?:the|its|his|her|their|my) )?[\w.-]{1,40} (?:offers?|suggests?|recommends?|proposes?)\b"
    r"|\b(?:does|did|do) \w{3,24} (?:suggest|recommend|propose|want|ask|need|say)\b"
    r"|\b\w{3,24} (?:asks|asked|wishes) for\b"
)
"""How people ask to do what a text says."""
_TO_ME = re.compile(
    r"\b(?:tell|show|give|send|write|answer|read|get|bring|name|list|inform|report(?: back)?(?: to)?"
    r"|reply(?: to)?) me\b"
    r"|\blet me know\b"
    r"|\b(?:make|draw up) (?:me )?an? (?:\w+ )?(?:list|table|summary|overview)\b"
    r"|\banswer (?:in|with|briefly|my questions?)\b"
    r"|\b(?:sag|zeig|gib|nenn)e? mir\b|\b(?:do not|don't|not|without|nicht|no|ne)\b[^.,;]{0,40}"
)
"""What is asked to be said to the human, or not to be done at all."""
_ARTICLES = words(
    "a an the my your our his her its their this that these those last next first any no every each some of in "
    "with for "
    "new old own same current der die das den dem mein meine el la los las un una mi su le les mon ma mes"
)
_NO_NAMES = words(
    "what which who whose where when why how is are "
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december github google facebook wifi english german french spanish"
)
"""What stands with a capital letter and names nobody."""
_WRITE_TO = re.compile(r"\bwrite (?:back )?(?:to |them\b|him\b|her\b)")
_NAMES = re.compile(r"\b[A-Z][a-z]{2,24}\b")
_TITLE = re.compile(r"[\"“][^\"“”\n]{1,80}[\"”]")
_TEXTS = (
    "policy", "note", "document", "file", "list", "sheet", "guide", "page", "letter", "invoice", "bill", "thread",
    "ticket",
)  # fmt: skip
"""What people call texts that they ask to go by."""
_BEFORE_PLACE = re.compile(r"\b(?:in|near|at|around|via)\s$")
"""What stands before the name of a place."""
_BEFORE_SENTENCE = re.compile(r"(?:^|[.!?:\n])\W*$")
_AFTER_NAME = re.compile(
    r"(?:['’]s\b|,? (?:[A-Z][a-z]|and [A-Z]|just|asks?|asked|told|tells|says|said|sends?|sent|has|is|wants?|needs?"
    r"|wrote|called"
    r"|invited|gave|shared|posted|would|will)\b|,? [A-Z][a-z]+)"
)
"""What follows a name that begins a sentence, but hardly an order."""


_QUESTION = re.compile(
    r"(?:^|(?<=[.!?\n]))\s{0,8}(?:(?:and|but|so|also) |[^.!?,\n]{1,48}, )?"
    r"(?:what|which|who|whom|whose|when|where|how(?! about)|why(?! (?:don['’]?t|do not|not)))\b[^.!?\n]*\?"
)
"""A question for something to be told: its verbs say what others do."""
_OPENS = re.compile(
    r"\bopen (?=(?:(?:the|this|that|my|a) )?(?:[\w'’-]+ ){0,2}?"
    r"(?:page|site|web ?site|link|url|thread|article|file|document|mail|e-?mail|message)\b|https?:|www\.)"
)
"""How people ask to look at something."""
_REFERS = re.compile(r"\b(?:it|them|that|this|these|those|so|one)\b")
"""Words that speak of what was said before."""
_NAME = re.compile(r"[\d_/@]|\w\.\w")
"""What makes a name or an address of a word: its parts are no words of the task."""
_TALK = frozenset({"say", "get", "go"})
"""Families of what changes nothing."""
_ASKS = re.compile(
    r"\?|\b(?:tell|show|give|read) me\b|\blet me know\b"
    r"|^\W*(?:(?:please|kindly|can you|could you|bitte|por favor)\W+)*(?:what|which|who|when|where|why|how|is"
    r"|are|does|did|has"
    r"|summari[sz]e|explain|list|find|read|compare|check(?! out with\b)|tell|show|describe|look|search|give|translate"
    r"|was|wie|warum|wer|wo)\b"
)
"""How people ask for nothing but an answer."""


class Request:
    """The human's turns, as orders."""

    def __init__(self) -> None:
        self.task = Task()
        self.stems: frozenset[str] = frozenset()
        self.families: frozenset[str] = frozenset()
        self.figures: frozenset[str] = frozenset()
        self.words: frozenset[str] = frozenset()
        self.people: tuple[str, ...] = ()
        """Names in it, in lower case."""
        self.delegates = False
        """It asks to do what some text says."""
        self._wants: frozenset[str] = frozenset()
        """Of the families, those that stand in more than a question."""
        self._asks = True
        """Every turn so far asks for something to be told."""
        self._text = self._joined = ""

    def hear(self, message: Message) -> None:
        """Read a message."""
        if not self.task.hear(message) or message.author is not Author.USER:
            return
        text = readable(message.text)
        low = plain(text)
        self._text = f"{self._text}\n{low}"
        self._joined = self._text.replace(" ", "")
        self._asks = self._asks and _ASKS.search(low.strip()) is not None
        self.words |= frozenset(low.replace(",", " ").replace("#", " ").replace(".", " ").split())
        self.figures |= figures(low)
        said = spoken(low)
        self.stems |= stems(said)
        rest = _QUESTION.sub(" ", low)
        told = _told_in(rest)
        verbs = families(map(stem, _asked(spoken(_without_names(told)))))
        if may_have_idioms(said):
            verbs |= idioms(told)
        nouns = families(map(stem, _nouns_in(low)))
        self.families |= nouns | verbs
        self._wants |= verbs | (families(map(stem, _nouns_in(rest))) if nouns else nouns)
        self.delegates = self.delegates or _hands_over(low)
        self.people = tuple(dict.fromkeys((*self.people, *_people(text))))

    @property
    def only_asks(self) -> bool:
        """Whether it only wants to know something."""
        return self._wants <= _TALK and not self.delegates and self._asks

    def speaks_of(self, things: frozenset[str]) -> bool:
        """Whether it has one of the words: of what stands in a calendar, any."""
        if not things.isdisjoint(self.stems):
            return True
        return not things.isdisjoint(EVENTS) and not self.stems.isdisjoint(EVENTS)

    def names(self, text: str) -> bool:
        """Whether it speaks of something by this very name: a file, an address, an id."""
        low = plain(text)
        if low in self.words or (len(low) >= NAME_LENGTH and low in self._text):
            return True
        return len(low) >= ACCOUNT_LENGTH and low.isalnum() and low in self._joined

    def hands_over_to(self, record: str, read_by: tuple[str, ...], *, is_asked: bool) -> bool:
        """Whether it asks to do what a record says, or to do a deed with what the record says.

        Where it names people, the record must name one of them; else it must speak of what the record was read by. Who
        says whom the deed is for needs no text to say it.

        Args:
            record: the text around an order.
            read_by: the arguments of the call that brought it, or the address of its page.
            is_asked: it asks for the deed in question.
        """
        if not self.delegates and not (is_asked and not self._says_for_whom()):
            return False
        if self.people:
            said = frozenset(spoken(plain(record)))
            return any(name in said or any(name in plain(text) for text in read_by) for name in self.people)
        if self.delegates:
            return not read_by or any(map(self._speaks_of_file, read_by))
        return any(self.names(text) for text in read_by if _is_document(text) or self._is_title(plain(text)))

    def _speaks_of_file(self, text: str) -> bool:
        """Whether it names something, or each of its words, or a file without its ending, in a folder that it names."""
        if self.names(text) or self._is_made_of(text):
            return True
        folder, _, name = plain(text).rpartition("/")
        bare = name.partition(".")[0]
        return len(bare) > NAME_LENGTH and bare in self.words and (not folder or self.names(folder))

    def _is_title(self, text: str) -> bool:
        """Whether a plain word or several are what the task calls a text by: `"absence"`, the travel policy."""
        return f'"{text}"' in self._text or any(f"{text} {noun}" in self._text for noun in _TEXTS)

    def _is_made_of(self, text: str) -> bool:
        """Whether something, such as a query, has no words but the task's."""
        return stems(spoken(plain(text))) <= self.stems if " " in text else False

    def _says_for_whom(self) -> bool:
        return any("@" in token or "://" in token for token in self.task.tokens)


def _is_document(name: str) -> bool:
    """Whether something is named like a file, a page or a numbered thing, and not by a plain word."""
    return len(name) > NAME_LENGTH and not name.replace(" ", "").isalpha()


def _hands_over(low: str) -> bool:
    """Whether a turn asks to do what a text says; a question does where the rest speaks of what it asks for."""
    rest = _QUESTION.sub(" ", low)
    if _REFERS.search(rest) is None:
        return _DELEGATES.search(rest) is not None
    return _DELEGATES.search(low) is not None


def _nouns_in(low: str) -> Iterator[str]:
    """The nouns of a turn that say what is done."""
    return filter(is_noun, spoken(_without_names(low)))


def _told_in(low: str) -> str:
    """What a turn tells to do, beyond telling the human, questions left out."""
    return _WRITE_TO.sub(" send ", _TO_ME.sub(" ", _OPENS.sub(" read ", low)))


def _without_names(text: str) -> str:
    return " ".join([word for word in text.split() if not _NAME.search(word)])


def _asked(said: list[str]) -> Iterator[str]:
    """The verbs in their base form, where no article makes nouns of them."""
    for before, word in pairwise(["", *said]):
        if begins_order(word) and before not in _ARTICLES:
            yield word


def _people(text: str) -> Iterator[str]:
    """The names in a text, in lower case; a title in quotation marks is of a text or a thing."""
    text = _TITLE.sub('""', text)
    for found in _NAMES.finditer(text):
        name = found[0].lower()
        begins = _BEFORE_SENTENCE.search(text, max(0, found.start() - 4), found.start()) is not None
        if name in _NO_NAMES or begins_order(name) or (begins and not _AFTER_NAME.match(text, found.end())):
            continue
        is_place = _BEFORE_PLACE.search(text, max(0, found.start() - 8), found.start()) is not None
        if is_place and not text.startswith(("'", "’"), found.end()):
            continue
        yield name
