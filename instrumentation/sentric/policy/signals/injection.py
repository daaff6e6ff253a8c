"""Instructions in texts that nobody asked to be instructed by, and actions that obey them."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from sentric.events import Action, Kind, Message, Observation
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.hosts import Place, place
from sentric.policy.signals.instructions import (
    Demand,
    Passage,
    could_obey,
    demands,
    is_verb,
    named_in,
    passages,
    words_of,
)
from sentric.policy.signals.lexicon import words
from sentric.policy.signals.reading import reading
from sentric.policy.signals.task import Task
from sentric.policy.signals.text import excerpt, readable

PASSAGES_KEPT = 64
"""Passages remembered; the one not seen for the longest time is forgotten first."""
ACTIONS_KEPT = 256
"""Actions whose subjects are kept until they are needed."""
USED_KEPT = 2048
"""Entities and words remembered that the agent used by itself before it read of them."""
POINTED_LENGTH = 256
"""Longest argument in which an entity is what the argument is about. Longer ones are prose that may quote it."""
ENTITY_LENGTH = 4
"""Shortest entity that is telling."""
PHRASE_LENGTH = 120
"""Longest argument that is compared word by word."""
WORD_LENGTH = 4
"""Shortest word compared."""

_HIDDEN = re2.compile(r"[\x{E0020}-\x{E007F}]+|[\x{200B}-\x{200D}\x{2060}-\x{2064}\x{FEFF}]{4,}|[\x{202D}\x{202E}]")
_SMALL_NUMBER = re2.compile(r"[$€£]?(?:\d{1,6}|\d{1,4}(?:[:.,/-]\d{1,4}){1,5})[%€]?")
"""A date, a time, an amount: too common to tell anything."""
_FLAG = re2.compile(r"\x{1F3F4}[\x{E0020}-\x{E007F}]{1,8}")
_FILLER = words("this that with from your have will then them they into about after before please")
_LONG_ARGUMENTS = frozenset({Kind.SHELL, Kind.EVALUATE_SCRIPT, Kind.NAVIGATE, Kind.HTTP})
"""Kinds where an entity counts however long the argument is."""
_ON_PAGE = frozenset({Kind.INPUT, Kind.SUBMIT, Kind.UPLOAD, Kind.PAYMENT})
"""Kinds that are about the page they happen on: what a passage named may be that page."""


@dataclass(frozen=True, slots=True)
class InjectionFacts(Facts):
    """Facts about instructions in untrusted text."""

    instruction_text: bool = False
    """The text holds a passage that tells an agent what to do, not stated before in this run."""
    instruction_excerpt: str = ""
    """Where that passage begins."""
    instruction_signs: tuple[str, ...] = ()
    """What makes it one."""
    hidden_characters: int = 0
    """Characters that no reader sees: tag characters, runs of four and more zero-width ones, forced direction."""
    obeys_instruction: bool = False
    """The action does what such a passage asked for, with something the passage named and the task did not."""
    obeyed_text: str = ""
    """The sentence it obeys."""
    obeyed_entities: tuple[str, ...] = ()
    """What the passage and the action both name."""
    obeyed_origin: str = ""
    """Where the passage was read."""


_NOTHING = InjectionFacts()


@dataclass(frozen=True, slots=True)
class _Heard:
    """A passage the model has read."""

    origin: str
    demands: tuple[Demand, ...]


class Injection(Family[InjectionFacts]):
    """Finds instructions in what the model reads, and actions that follow them."""

    facts = InjectionFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._task = Task()
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        self._used: OrderedDict[str, None] = OrderedDict()
        self._unread: deque[tuple[str, ...]] = deque(maxlen=ACTIONS_KEPT)
        """What earlier actions were about; read when there is an instruction to compare with."""

    def message(self, message: Message) -> None:
        """What the human names may be acted on, whoever else names it."""
        self._task.hear(message)

    def observation(self, observation: Observation) -> InjectionFacts:
        """Find instructions."""
        text = readable(observation.text)
        fresh = [passage for passage in passages(text) if self._is_fresh(passage, observation.origin)]
        hidden = _hidden(observation.text)
        if not fresh:
            return InjectionFacts(hidden_characters=hidden) if hidden else _NOTHING
        return InjectionFacts(
            instruction_text=True,
            instruction_excerpt=excerpt(fresh[0].text, fresh[0].start),
            instruction_signs=tuple(dict.fromkeys(sign for passage in fresh for sign in passage.signs)),
            hidden_characters=hidden,
        )

    def action(self, action: Action) -> InjectionFacts:
        """Tell whether the action obeys a passage."""
        about = tuple(_pointed(action))
        facts = self._obeyed(action, about) if self._heard else _NOTHING
        self._unread.append(about)
        return facts

    def _learn_used(self) -> None:
        for about in self._unread:
            for text in about:
                self._used.update(dict.fromkeys(sorted(named_in(text) | words_of(text))))
        self._unread.clear()
        while len(self._used) > USED_KEPT:
            self._used.popitem(last=False)

    def _is_fresh(self, passage: Passage, origin: str) -> bool:
        """Remember a passage; whether it was not known."""
        core = passage.text[passage.start : passage.start + PHRASE_LENGTH]
        if core in self._heard:
            self._heard.move_to_end(core)
            return False
        self._learn_used()
        here = place(origin) if "://" in origin else None
        self._heard[core] = _Heard(origin, tuple(self._unasked(demand, here) for demand in demands(passage)))
        if len(self._heard) > PASSAGES_KEPT:
            self._heard.popitem(last=False)
        return True

    def _unasked(self, demand: Demand, here: Place | None) -> Demand:
        """A demand without what the task names, the agent used by itself before, or is of the place it stands at."""
        telling = frozenset(
            entity
            for entity in demand.entities
            if len(entity) >= ENTITY_LENGTH
            and not _SMALL_NUMBER.fullmatch(entity)
            and entity not in self._used
            and not self._is_asked_for(entity, here)
        )
        unasked = frozenset(
            word
            for word in demand.words
            if _is_telling(word) and word not in self._task.words and word not in self._used
        )
        return Demand(demand.verbs, unasked, telling, demand.text)

    def _is_asked_for(self, entity: str, here: Place | None) -> bool:
        if entity in self._task.tokens or entity in self._task.secrets:
            return True
        if "@" in entity:
            return self._task.names_address(entity)
        where = place(entity) if "://" in entity or "." in entity or ":" in entity else None
        if where is None or not where.site:
            return False
        return self._task.names(where) or (here is not None and where.site == here.site)

    def _obeyed(self, action: Action, about: tuple[str, ...]) -> InjectionFacts:
        named = frozenset[str]().union(*map(named_in, about))
        phrases = [phrase for text in about if len(phrase := _phrase(text)) > 1]
        for heard in reversed(self._heard.values()):
            for demand in heard.demands:
                shared = named & demand.entities
                if not shared and not any(phrase <= demand.words for phrase in phrases):
                    continue
                if could_obey(action, demand):
                    return InjectionFacts(
                        obeys_instruction=True,
                        obeyed_text=excerpt(demand.text),
                        obeyed_entities=tuple(sorted(shared)),
                        obeyed_origin=heard.origin,
                    )
        return _NOTHING


def _hidden(text: str) -> int:
    if text.isascii():
        return 0
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return sum(len(run) for run in _HIDDEN.findall(_FLAG.sub("", clean)))


def _pointed(action: Action) -> Iterator[str]:
    """The texts of an action that say what it is about."""
    for _, text in reading(action).arguments:
        if len(text) <= POINTED_LENGTH or action.kind in _LONG_ARGUMENTS:
            yield text
    if action.element is not None:
        yield action.element.form_action
        yield action.element.text[:PHRASE_LENGTH]
    if action.kind in _ON_PAGE:
        yield action.url


def _phrase(text: str) -> frozenset[str]:
    """The telling words of a short text."""
    if len(text) > PHRASE_LENGTH:
        return frozenset()
    return frozenset(filter(_is_telling, words_of(readable(text))))


def _is_telling(word: str) -> bool:
    return len(word) >= WORD_LENGTH and word not in _FILLER and not is_verb(word)
