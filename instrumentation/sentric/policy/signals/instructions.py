"""Passages of a text that tell an agent what to do, and what they ask for."""

from dataclasses import dataclass

import re2

from sentric.events import Action, Effect, Kind
from sentric.policy.signals.effects import NAME_LIMIT
from sentric.policy.signals.entities import entities, tokens
from sentric.policy.signals.lexicon import words
from sentric.policy.signals.patterns import Patterns
from sentric.policy.signals.signs import ADDRESS, DECISIVE, DEMAND

LEAD = 160
"""Characters before a sign of instruction that belong to its passage."""
REACH = 640
"""Characters after it."""
PASSAGES_LIMIT = 32
"""Passages told apart in one text."""
PLACES_LIMIT = 32
"""Places of one sign that are looked at in one text."""

_SIGNS = Patterns(DECISIVE | ADDRESS | DEMAND)
_SENTENCE = re2.compile(r"[.!?][\"')\]]*\s|\n\s*\n")

_REFERENCE = re2.compile(
    r"(?i)^\W*(?:(?:read|learn|find out|see) (?:more|also)|further reading|more (?:details|information)"
    r"|sources?\b|via\b)"
)
"""How a sentence begins that only points its readers somewhere."""
_IMPERATIVE = re2.compile(r"(?i)^\W*(?:(?:please|then|now|next|also|and|finally|\d+)\W+){0,3}([a-z]+)")
"""A sentence's first word, after those that lead up to an order."""

_FAMILIES = {
    "go": words("open visit go navigate browse load fetch follow click access"),
    "type": words("type enter fill input paste put write log sign login"),
    "send": words(
        "send post forward upload submit email mail transmit share reply respond report exfiltrate message publish copy"
    ),
    "pay": words("buy purchase order pay transfer wire donate book send"),
    "delete": words("delete remove erase drop cancel clear wipe"),
    "execute": words("run execute install download evaluate launch start"),
    "grant": words("grant invite add authorize allow share promote give change update reset set"),
    "write": words("create add update change set write append save edit replace make star join remember store"),
    "read": words("read get fetch open retrieve find look search list check show extract"),
}
_FAMILY_OF: dict[str, frozenset[str]] = {
    verb: frozenset(name for name, verbs in _FAMILIES.items() if verb in verbs)
    for verb in frozenset[str]().union(*_FAMILIES.values())
}
_OF_KIND: dict[Kind, frozenset[str]] = {
    Kind.NAVIGATE: words("go send type"),
    Kind.CLICK: words("go"),
    Kind.INPUT: words("type send"),
    Kind.SUBMIT: words("send type"),
    Kind.HTTP: words("send go read"),
    Kind.DOWNLOAD: words("execute go"),
    Kind.SHELL: words("execute"),
    Kind.EVALUATE_SCRIPT: words("execute"),
    Kind.UPLOAD: words("send"),
    Kind.MESSAGE: words("send"),
    Kind.PAYMENT: words("pay send"),
    Kind.PERMISSION: words("grant"),
    Kind.DELETE: words("delete"),
    Kind.MEMORY_WRITE: words("write"),
    Kind.FILE_WRITE: words("write"),
}
_GRAVE = words("send pay delete grant")
"""Families of verbs that articles seldom ask of their readers."""
_CHANGING = frozenset({Effect.WRITE, Effect.SEND, Effect.EXECUTE, Effect.DELETE, Effect.PAY, Effect.GRANT})


_Sign = tuple[int, int, str]
"""Where a sign begins and ends, and its name."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a text that tells an agent what to do."""

    text: str
    start: int
    """Where its first sign begins, within `text`."""
    signs: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    """Where its signs are, within `text`."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One sentence of a passage: what it asks to be done, and with what."""

    verbs: frozenset[str]
    """Families of its verbs."""
    words: frozenset[str]
    entities: frozenset[str]
    text: str


def passages(text: str) -> list[Passage]:
    """The instruction-like passages of a text.

    Args:
        text: as `readable` returns it.
    """
    names = _SIGNS.matching(text)
    if not names or not _suffices(names):
        return []
    places = sorted((start, end, name) for name in names for start, end in _SIGNS.spans(name, text, PLACES_LIMIT))
    return [_passage(text, group) for group in _grouped(places) if _suffices([name for _, _, name in group])][
        :PASSAGES_LIMIT
    ]


def demands(passage: Passage) -> list[Demand]:
    """What a passage asks for, sentence by sentence.

    Only sentences that hold a sign, or stand next to one that does, or begin with an order to change something, ask
    for something. Left out are those without a verb that an agent could obey, and mere references without a sign.
    """
    sentences = _sentences(passage.text)
    signed = [any(start < last and first < end for first, last in passage.spans) for start, end in sentences]
    found: list[Demand] = []
    for index, (start, end) in enumerate(sentences):
        sentence = passage.text[start:end]
        near = any(signed[max(0, index - 1) : index + 2]) or _is_order(sentence)
        if not near or (not signed[index] and _REFERENCE.search(sentence)):
            continue
        said = words_of(sentence)
        if verbs := _verbs(said):
            found.append(Demand(verbs, said, named_in(sentence), sentence))
    return found


def could_obey(action: Action, demand: Demand) -> bool:
    """Whether an action is of the sort that a demand asks for, or changes something at all."""
    if not action.effects.isdisjoint(_CHANGING):
        return True
    families = _OF_KIND.get(action.kind, frozenset[str]()) | _verbs(words_of(action.tool[:NAME_LIMIT]))
    if Effect.READ in action.effects:
        families |= {"read"}
    return not families.isdisjoint(demand.verbs)


def words_of(text: str) -> frozenset[str]:
    """The plain words of a text, in lower case."""
    return frozenset("".join(char if char.isalpha() else " " for char in text.lower()).split())


def named_in(text: str) -> frozenset[str]:
    """What a text names: its tokens, and of URLs the host and the part before the query, too."""
    named = tokens(text)
    for url in entities(text).urls:
        named |= {url.partition("?")[0], url.partition("://")[2].partition("/")[0].partition("?")[0]}
    return named


def _is_order(sentence: str) -> bool:
    first = _IMPERATIVE.search(sentence)
    return first is not None and not _verbs(frozenset({str(first[1]).lower()})).isdisjoint(_GRAVE)


def _verbs(said: frozenset[str]) -> frozenset[str]:
    return frozenset[str]().union(*(_FAMILY_OF[word] for word in said if word in _FAMILY_OF))


def is_verb(word: str) -> bool:
    """Whether a word is among the verbs that demands are made with."""
    return word in _FAMILY_OF


def _suffices(names: list[str]) -> bool:
    if any(name in DECISIVE for name in names):
        return True
    addressed = sum(name in ADDRESS for name in set(names))
    return addressed >= 2 or (addressed == 1 and any(name in DEMAND for name in names))


def _grouped(places: list[_Sign]) -> list[list[_Sign]]:
    """Signs near each other, together."""
    groups: list[list[_Sign]] = []
    last = 0
    for sign in places:
        if groups and sign[0] - last <= LEAD:
            groups[-1].append(sign)
            last = max(last, sign[1])
        else:
            groups.append([sign])
            last = sign[1]
    return groups


def _passage(text: str, group: list[_Sign]) -> Passage:
    start, end = group[0][0], max(end for _, end, _ in group)
    begin = max(0, start - LEAD)
    return Passage(
        text[begin : end + REACH],
        start - begin,
        tuple(dict.fromkeys(name for _, _, name in group)),
        tuple((first - begin, last - begin) for first, last, _ in group),
    )


def _sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end."""
    ends = [found.end() for found in _SENTENCE.finditer(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True))
