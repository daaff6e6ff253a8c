"""Orders in a text: sentences that tell whoever reads them to do something.

Texts for people are full of orders too. What makes one of them matter is that the agent carries it out though its
user has not asked for it: see `obedience`.
"""

import re
from bisect import bisect, bisect_left
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import re2

from sentric.policy.readers.values.entities import marks
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import EVENTS, VERBS, families, figures, plain, spoken, stem, stems

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
ADDRESSES_LIMIT = 64
"""Places told apart at which one text speaks to an agent."""
RECORD_LIMIT = 4096
"""Characters of a record that are read to learn whose it is."""

_LEADING = (
    "please|kindly|then|also|and|now|first|firstly|second|next|finally|lastly|additionally|afterwards?|so"
    "|therefore|just"
    "|simply|immediately|urgent|urgently|important|note|notice|attention|reminder|todo|action required|hi|hello"
    "|hey|dear"
    "|after that|as well|to|you|we|must|should|need to|needs to|have to|has to|(?:are|is) (?:required|asked"
    "|instructed"
    "|requested|expected) to|shall|will|can|could|would|may|might want to|make sure|be sure|ensure|remember|it is"
    "|it's"
    "|don't forget|do not forget|always|(?:ai )?(?:assistants?|agents?)|the (?:assistant|agent|model|ai)|feel free"
    r"|let's|step \d+|\d+\)?|before (?:you )?(?:continuing|proceeding|continue|proceed)|bitte|por favor|veuillez"
    r"|merci de"
    "|dann|puis|ensuite|luego"
)
"""What may stand before the verb of an order."""
_AGENT = (
    r"assistants?|chat ?bots?|bots?|language models?|llms?|copilots?|a\.?i\.?(?:s|'s)?"
    r"|(?:browsing|browser|coding|calendar|mail|email|analyst|shopping|travel|support|automated|autonomous"
    r"|software|digital"
    r"|virtual|this|dear|hey|your|any|all|the) (?:agents?|models?|helpers?)"
    r"|agents?[ ,:]|models (?:must|should|shall|need|please|reading|that|who|which|are|making|summari[sz]ing)"
    r"|(?:automated|automatic|smart|digital|machine) (?:systems?|readers?|processes|clients?|contributors?"
    r"|inbox(?:es)?"
    r"|helpers?)|(?:systems|clients|scripts|tools) (?:controlled|driven|run|operated) by"
    r"|ki[ -]?(?:system|assisten|agent|modell)\w*|assistenten?|assistentin|asistentes?|agente|assistentes?"
    r"|l['’]assistant"
)
"""What agents are called by those who speak to them."""
_ASKING = (
    r"please|kindly|must|should|need(?:s|ed)? to|ha(?:ve|s) to|(?:make|be) sure|(?:could|can|would) you"
    r"|if you (?:could|would)"
    rf"|(?:want|like|need|ask|urge) you to|{_AGENT}|bitte|por favor|veuillez|merci de|prosim|the process is"
)
_SIGNS = {"?": ".", "•": "\x01", "—": "\x01", "–": "\x02", "’": "\x03"}
"""What stands for signs at which orders begin: of ASCII, and no question mark."""
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.max_mem = 64 << 20
_START = re2.compile(
    r"(?:^|[.!;:>|\"'\n\\\[\](){},*\x01\x02-])[\s\"'>*_#`-]*"
    rf"(?:(?:{_LEADING})(?:\s*[,:!\x02-]\s*|\s+))*(?:{'|'.join(sorted(VERBS))})\b"
    rf"|\b(?:{_ASKING.replace('’', _SIGNS['’'])})\b"
    r"|[\"'](?:tool|tool_name|tool_call|function|function_call|agent_action|call)[\"']\s*:\s*[\"'{]"
    r"|[\"']name[\"']\s*:\s*[\"'][\w.-]{1,64}[\"']\s*,\s*[\"'](?:arguments|parameters|params|input|args)[\"']",
    _OPTIONS,
)
"""Where an order may begin; or a word that one hardly does without. Searched in what `_bytes` gives."""
# Repetitions are bounded or of one class of characters, so that searching takes linear time.
_BREAK = re.compile(
    # One class of characters to begin with, which is what `re` is quick at, and then what must stand behind it.
    r"[\n.!?;<>|}'\":](?:"
    r"(?<=\n)[ \t]{0,200}\n"  # an empty line
    r"|(?<=[.!?;])(?=[\s'\"\\<)]|$)"
    r"|(?<=[<>|])|(?<=\}), ?\{"
    r"|(?<=['\"])\s{0,8}[,:]|(?<=:)\s{1,8}[|>]"
    r"|(?<=\n)\s{0,40}(?:[A-Z0-9\[<\"'#]"  # a line that begins anew
    r"|(?:[-*•]|\d{1,3}[.)])\s"  # an item of a list
    r"|[\w ]{1,24}:\s)"  # a key and its value
    r")"
)
"""Where a sentence ends: where a match begins."""
_CALL_END = re.compile(r"\}\s{0,8}\}|\}\s{0,8}[^\s,}]|-->|</")
"""Where a tool call that stands in a text ends."""
_RECORD = re.compile(
    r"\n- (?=[\w ]{1,24}:)|\}, ?\{|\), ?[A-Za-z_]{1,40}\(|\nFrom: |\n-{3,200}|\n={3,200}|</(?:article|li|tr|section)>"
)
"""Where one record ends and the next begins: items, objects, mails, comments."""
_FOLD = re.compile(r"\\[ \t]{0,200}\n[ \t]{0,200}\\?")
_ESCAPED = re.compile(r"\\{1,8}n")
_TO_AGENT = re2.compile(
    rf"\b(?:{_AGENT}|the (?:current )?user(?:['’]s|s['’]|\b)"
    r"|(?:ongoing|original|current|assigned|previous) (?:task|request|instructions?|query)"
    r"|your (?:instructions|task|user|owner|system prompt|summary|digest))(?:\b|$|\s)",
    _OPTIONS,
)
"""How a text speaks to an agent, or of the one it works for: nobody writes so to a person."""
_FORBIDS = re.compile(
    r"(?i)(?:[\w'’-]+[,:]? ){0,6}?(?:(?:must|should|may|can|shall|do|does|will|would|need) ?(?:not|n['’]t|never)"
    r"|don['’]t|cannot|never)\b"
    r"(?![^.]{0,200}(?:\binstead\b|\bbut\b|, ))"
)
"""How a sentence begins that only says what not to do."""
_DEMANDS = re.compile(r"(?i)\b(?:please|kindly|must|should|shall|need to|have to|has to|are asked to|is asked to)\b")
_CLAUSE = re.compile(
    r"\b(?:before|after|while|when|whenever|once|until|so that|because|since|as soon as|in order to)\b[^,;]*"
)
"""What an order only says about its time and reason."""
_CLAUSE_WORDS = words("before after while when whenever once until so because since as in")
_MARKS = frozenset("\"“«‘'")
_MAKING = words("create write change move")
_CAPITAL = re.compile(r"(?<=\w )[A-Z\u00c0-\u00de][\w'’-]+")
_NAMES = re.compile(r"[0-9@/_$#%‹]|\w\.\w|://")
_QUOTE = re.compile(r"[\"“«‘']([^\"“”«»‘’']{8,200})[\"”»’']")
_GROUPED = re.compile(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{1,4}){2,8}\b")
_NOTHING: frozenset[str] = frozenset()
_ENDINGS = (". ", ".\n", "! ", "? ", "; ", "\n\n", ": ", '"', ">", "|")
"""Where a sentence before an order hardly goes on."""
_EDGES = "\"'.,;:!?>|*[](){}- \\"
_LABEL = re.compile(r"['\"]?\s?[:=(}\])]|[_.]\w")
"""After a verb, this makes it the name of a value, or a part of a name: `Email: …`, `open_me.txt`."""


class Order(NamedTuple):
    """What a sentence orders. Pages are full of them, and a tuple is made far faster than a dataclass."""

    text: str
    families: frozenset[str]
    """Of the verbs in it."""
    words: frozenset[str]
    """Stems of its telling words."""
    entities: frozenset[str]
    """What it names, see `marks`."""
    names: frozenset[str]
    """Stems of the words in it that have a capital letter, though they do not begin it."""
    figures: frozenset[str]
    quotes: tuple[str, ...]
    """What stands in quotation marks, in lower case."""
    asks_to_say: bool
    """Its first verb is about saying something."""


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
        return order(self.text)


def directives(text: str) -> list[Directive]:
    """The orders in a text.

    Args:
        text: as `readable` returns it.
    """
    text = _unescaped(text[:TEXT_LIMIT])
    found: list[Directive] = []
    places: _Places | None = None
    last = 0
    for mark in _START.finditer(_bytes(text)):
        first, end = mark.span()
        is_call = text[first] in "\"'" and text[end - 1] in "\"'{"
        if end <= last or (not is_call and _LABEL.match(text, end)):
            continue
        start = first if is_call else _beginning(text, last, first)
        ending = (_CALL_END if is_call else _BREAK).search(text, end, start + LONGEST)
        last = ending.start() if ending else min(len(text), start + LONGEST)
        sentence = " ".join(text[start:last].split()).lstrip(_EDGES)
        if sentence and sentence[-1] in "\"'" and sentence.count(sentence[-1]) % 2:
            sentence = sentence[:-1]
        if len(sentence) < SHORTEST or " " not in sentence or _forbids(sentence):
            continue
        places = places or _Places(text)
        is_imperative = is_call or not text[first].isalpha() or _DEMANDS.search(sentence) is not None
        lead = text[first:end].rpartition(" ")[2].strip(_EDGES).lower()
        found.append(places.placed(sentence, lead, start, last, is_call=is_call, is_imperative=is_imperative))
        if len(found) == DIRECTIVES_LIMIT:
            break
    return found


def _bytes(text: str) -> bytes:
    """A text in one byte a character, so that a place in it is one in the text."""
    for sign, other in _SIGNS.items():
        text = text.replace(sign, other)
    return text.encode("ascii", "replace")


def _forbids(sentence: str) -> bool:
    low = sentence.lower()
    negated = "not" in low or "never" in low or "n't" in low or "n’t" in low
    return negated and _FORBIDS.match(sentence) is not None


def _beginning(text: str, floor: int, start: int) -> int:
    """Where the sentence begins in which an order was noticed."""
    if not text[start].isalpha():
        return start
    floor = max(floor, start - LONGEST // 2)
    return max(floor, *(text.rfind(ending, floor, start) for ending in _ENDINGS))


class _Places:
    """Where the records of a text begin, and where it speaks to an agent."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._borders = [0, *(border.start() for border in _RECORD.finditer(text))]
        self._latest = (0, 0, "")
        self._addresses = [address.start() for address in islice(_TO_AGENT.finditer(text), ADDRESSES_LIMIT)]

    def placed(
        self, sentence: str, lead: str, start: int, end: int, *, is_call: bool, is_imperative: bool
    ) -> Directive:
        """An order with what stands around it."""
        index = bisect(self._borders, start)
        first = self._borders[index - 1]
        last = self._borders[index] if index < len(self._borders) else len(self._text)
        # The order's own neighbourhood counts, where the record is longer than what is read of it.
        begin = max(first, min(start - RECORD_LIMIT // 2, last - RECORD_LIMIT))
        near = start - BEFORE
        return Directive(
            text=sentence,
            lead=lead,
            to_agent=is_call or self._speaks_to_agent(start, end),
            after_agent=self._speaks_to_agent(max(first, near, self._text.rfind("\n\n", max(near, 0), start)), start),
            is_imperative=is_imperative,
            start=start,
            record_start=first,
            record_end=last,
            record=self._record(begin, min(last, begin + RECORD_LIMIT)),
        )

    def _record(self, start: int, end: int) -> str:
        """A part of the text: the same one for all orders in a record that is short enough."""
        if self._latest[:2] != (start, end):
            self._latest = (start, end, self._text[start:end])
        return self._latest[2]

    def _speaks_to_agent(self, start: int, end: int) -> bool:
        if not self._addresses:
            return False
        index = bisect_left(self._addresses, start)
        return index < len(self._addresses) and self._addresses[index] < end


@lru_cache(maxsize=ORDERS_KEPT)
def order(sentence: str) -> Order:
    """Read a sentence as an order. Agents see the same pages again and again, so orders are remembered."""
    low = plain(sentence)
    said = spoken(low)
    cut = stems(said)
    verb = next(filter(VERBS.__contains__, said), "")
    has_names = _NAMES.search(low) is not None
    has_clause = not _CLAUSE_WORDS.isdisjoint(said)
    has_quote = not _MARKS.isdisjoint(sentence) and '":' not in sentence
    return Order(
        text=sentence,
        families=_asked_for(stems(spoken(_CLAUSE.sub(" ", low))) if has_clause else cut),
        words=cut,
        entities=_named(sentence) if has_names else _NOTHING,
        names=stems(spoken(plain(" ".join(_CAPITAL.findall(sentence))))),
        figures=figures(low) if has_names else _NOTHING,
        quotes=tuple(quote.strip().lower() for quote in _QUOTE.findall(sentence)) if has_quote else (),
        asks_to_say="say" in families((stem(verb),)),
    )


def _asked_for(cut: frozenset[str]) -> frozenset[str]:
    """The families of an order's verbs. That it is about an event makes scheduling of adding, not of cancelling."""
    found = families(cut - EVENTS)
    return found | {"schedule"} if not cut.isdisjoint(EVENTS) and not found.isdisjoint(_MAKING) else found


def _named(sentence: str) -> frozenset[str]:
    """What a sentence names; account numbers also without the blanks people write them with."""
    grouped = _GROUPED.findall(sentence)
    named = marks(sentence)
    return named.union(group.replace(" ", "").lower() for group in grouped) if grouped else named


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = _FOLD.sub(" ", text.replace("\\'", "'").replace('\\"', '"'))
        text = _ESCAPED.sub("\n", text)
    return text.replace("''", "'") if "''" in text else text
