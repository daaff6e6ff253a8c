"""Orders in a text: sentences that tell whoever reads them to do something.

Texts for people are full of orders too. What makes one of them matter is that the agent carries it out though its
user has not asked for it: see `obedience`.
"""

import re
from bisect import bisect, bisect_left
from collections.abc import Collection
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import re2

from sentric.policy.readers.orders.beginnings import APOSTROPHE, beginnings, flat
from sentric.policy.readers.orders.order import Order
from sentric.policy.readers.words.agents import SPOKEN_TO
from sentric.policy.readers.words.glance import SPEAKS_TO_AGENT, glance
from sentric.policy.readers.words.records import borders
from sentric.policy.readers.words.vocabulary import begins_order

TEXT_LIMIT = 262_144
"""Characters of a text that are searched for orders."""
DIRECTIVES_LIMIT = 128
"""Orders told apart in one text."""
SHORTEST, LONGEST = 8, 800
"""Characters of a sentence that can be an order."""
ORDERS_KEPT = 4096
"""Sentences remembered as read."""
BEFORE = 100
"""Characters before an order in which an agent may be spoken to."""
NEAR = 640
"""Characters around a sign of injection within which orders are under suspicion."""
ADDRESSES_LIMIT = 64
"""Places told apart at which one text speaks to an agent."""
RECORD_LIMIT = 4096
"""Characters of a record that are read to learn whose it is."""

# Repetitions are bounded or of one class of characters, so that searching takes linear time.
_BREAK = re.compile(
    # One class of characters to begin with, which is what `re` is quick at, and then what must stand behind it.
    r"[\n.!?;<>|}'\":](?:"
    r"(?<=\n)[ \t]{0,200}\n"  # an empty line
    r"|(?<=[.!?;])(?=[\s'\"\\<)]|$)(?<!\b[DM]r\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bProf\.)"
    r"|(?<=[<>|])|(?<=\}), ?\{"
    r"|(?<=['\"])\s{0,8}[,:\n]|(?<=:)\s{1,8}[|>]"
    r"|(?<=\n)\s{0,40}(?:[A-Z0-9\[<\"'#]"  # a line that begins anew
    r"|(?:[-*•]|\d{1,3}[.)])\s"  # an item of a list
    r"|[\w ]{1,24}:\s)"  # a key and its value
    r")"
)
"""Where a sentence ends: where a match begins."""
_CALL_END = re.compile(r"\}\s{0,8}\}|\}\s{0,8}[^\s,}]|-->|</")
"""Where a tool call that stands in a text ends."""
_FOLD = re.compile(r"\\[ \t]{0,200}\n[ \t]{0,200}\\?")
_ESCAPED = re.compile(r"\\{1,8}n")
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_TO_AGENT = re2.compile(SPOKEN_TO, _OPTIONS)
_NOT = f"n{APOSTROPHE}t"
_FORBIDS = re.compile(
    r"(?i)(?:[\w'’-]+[,:]? ){0,6}?(?:(?:must|should|may|can|shall|do|does|will|would|need) ?(?:not|n['’]t|never)"
    r"|don['’]t|cannot|never)\b"
    r"(?![^.]{0,200}(?:\binstead\b|\bbut\b|, ))"
)
"""How a sentence begins that only says what not to do."""
_DEMANDS = re.compile(r"\b(?:please|kindly|must|should|shall|need to|have to|has to|are asked to|is asked to)\b")
_LAST_ENDING = re.compile(r".*([.!;:] |\.\n|\n\n|[\">|])", re.DOTALL)
"""Up to the last place where a sentence before an order hardly goes on, in a `flat` text."""
_EDGES = "\"'.,;:!?>|*[](){}- \\"
_LABEL = re.compile(r"['\"]?\s?[:=(}\])]|[_.]\w")
"""After a verb, this makes it the name of a value, or a part of a name: `Email: …`, `open_me.txt`."""


class Directive(NamedTuple):
    """An order where it stands. What it orders is read when it is asked for: most orders never matter."""

    text: str
    lead: str
    """The word by which it was noticed, in lower case: mostly its verb."""
    to_agent: bool
    """It speaks to an agent, or of its user."""
    after_agent: bool
    """What stands right before it does."""
    is_imperative: bool
    """It begins with its verb, or demands by must, please and their kin."""
    start: int
    record_start: int
    record_end: int
    record: str
    """The record it stands in, cut at `RECORD_LIMIT`: says whose words these are."""

    @property
    def order(self) -> Order:
        """What it orders."""
        return _order(self.text)


_order = lru_cache(maxsize=ORDERS_KEPT)(Order)
"""Agents see the same pages again and again, so orders are remembered."""


def directives(text: str) -> list[Directive]:
    """The orders in a text.

    Args:
        text: as `readable` returns it.
    """
    seen = text
    text = _unescaped(text[:TEXT_LIMIT])
    if "\\" in seen:
        seen = text  # else a look at the text as it was tells the same, and others take that too
    low = flat(text)
    found: list[Directive] = []
    places: _Places | None = None
    last = 0
    for first, end in beginnings(low):
        is_call = low[first] in "\"'" and low[end - 1] in "\"'{"
        if end <= last or (not is_call and _LABEL.match(text, end)):
            continue
        start = first if is_call or not text[first].isalpha() else _beginning(low, last, first)
        ending = (_CALL_END if is_call else _BREAK).search(text, end, start + LONGEST)
        last = ending.start() if ending else min(len(text), start + LONGEST)
        sentence = _on_one_line(text[start:last]).lstrip(_EDGES)
        if ending and ending[0][0] in "\"'" and sentence.count(ending[0][0]) % 2:
            sentence += ending[0][0]
        if sentence and sentence[-1] in "\"'" and sentence.count(sentence[-1]) % 2:
            sentence = sentence[:-1]
        if len(sentence) < SHORTEST or " " not in sentence or _forbids(sentence, low, start, last):
            continue
        places = places or _Places(text, glance(seen))
        lead = low[first:end].rpartition(" ")[2].strip(_EDGES)
        begins = not text[first].isalpha() or (first == 0 and begins_order(lead))
        is_imperative = is_call or begins or _DEMANDS.search(low, start, last) is not None
        found.append(places.placed(sentence, lead, start, last, is_call=is_call, is_imperative=is_imperative))
        if len(found) == DIRECTIVES_LIMIT:
            break
    return found


def _on_one_line(part: str) -> str:
    """A part of a text with single blanks for all its white space. Most has nothing else, and is not taken apart."""
    return part.strip() if part.isprintable() and "  " not in part else " ".join(part.split())


def _forbids(sentence: str, low: str, start: int, end: int) -> bool:
    """Whether a sentence only says what not to do.

    Args:
        sentence: the sentence.
        low: the text it stands in, `flat`.
        start: of the sentence in there.
        end: of the sentence in there.
    """
    said = low[start:end]
    negated = "not" in said or "never" in said or "n't" in said or _NOT in said
    return negated and _FORBIDS.match(sentence) is not None


def _beginning(low: str, floor: int, start: int) -> int:
    """Where the sentence begins in which an order was noticed."""
    floor = max(floor, start - LONGEST // 2)
    ending = _LAST_ENDING.match(low, floor, start)
    return ending.start(1) if ending is not None else floor


class _Places:
    """Where the records of a text begin, and where it speaks to an agent."""

    def __init__(self, text: str, glimpse: Collection[str]) -> None:
        self._text = text
        self._borders = borders(text, glimpse)
        self._latest = (0, 0, "")
        self._addresses = _addresses(text) if SPEAKS_TO_AGENT in glimpse else []

    def placed(
        self, sentence: str, lead: str, start: int, end: int, *, is_call: bool, is_imperative: bool
    ) -> Directive:
        """An order with what stands around it."""
        index = bisect(self._borders, start)
        first = self._borders[index - 1]
        last = self._borders[index]
        # The order's own neighbourhood counts, where the record is longer than what is read of it.
        begin = max(first, min(start - RECORD_LIMIT // 2, last - RECORD_LIMIT))
        record = self._record(begin, min(last, begin + RECORD_LIMIT))
        if not self._addresses:
            return Directive(sentence, lead, is_call, False, is_imperative, start, first, last, record)
        near = max(first, start - BEFORE, self._text.rfind("\n\n", max(start - BEFORE, 0), start))
        return Directive(
            text=sentence,
            lead=lead,
            to_agent=is_call or self._speaks_to_agent(start, end),
            after_agent=self._speaks_to_agent(near, start),
            is_imperative=is_imperative,
            start=start,
            record_start=first,
            record_end=last,
            record=record,
        )

    def _record(self, start: int, end: int) -> str:
        """A part of the text: the same one for all orders in a record that is short enough."""
        if self._latest[:2] != (start, end):
            self._latest = (start, end, self._text[start:end])
        return self._latest[2]

    def _speaks_to_agent(self, start: int, end: int) -> bool:
        index = bisect_left(self._addresses, start)
        return index < len(self._addresses) and self._addresses[index] < end


def _addresses(text: str) -> list[int]:
    """Where a text speaks to an agent."""
    return [address.start() for address in islice(_TO_AGENT.finditer(text), ADDRESSES_LIMIT)]


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = _FOLD.sub(" ", text.replace("\\'", "'").replace('\\"', '"'))
        text = _ESCAPED.sub("\n", text)
    return text.replace("''", "'") if "''" in text else text


def is_near(at: Directive, signs: tuple[int, ...]) -> bool:
    """Whether an order stands beside a sign of injection, in the same record."""
    return any(max(at.record_start, at.start - NEAR) <= sign <= at.record_end for sign in signs)


def is_within(at: Directive, unseen: list[tuple[int, int]]) -> bool:
    """Whether an order stands where people do not see it."""
    return any(first <= at.start + 1 < last for first, last in unseen)
