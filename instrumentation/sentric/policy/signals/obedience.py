"""Actions that carry out what a text told the agent to do, though the human has not asked for it.

Texts for people are full of orders, and agents are often asked to do what one says. An action counts as obedience by
how much of an order it carries out (its verb, what it names, its telling words) and how little the human asked for it.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from heapq import nlargest
from itertools import islice
from typing import ClassVar

from sentric.events import Action, Author, Effect, Kind, Message, Observation, Outcome, Source
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.directives import Directive, Order, directives
from sentric.policy.signals.entities import marks
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.hidden import hidden_parts
from sentric.policy.signals.hosts import Place, place
from sentric.policy.signals.instructions import alarms
from sentric.policy.signals.reading import reading
from sentric.policy.signals.request import Request
from sentric.policy.signals.text import excerpt, readable
from sentric.policy.signals.vocabulary import families, figures, is_verb_stem, plain, spoken, stems

DIRECTIVES_KEPT = 512
"""Orders remembered; the one not seen for the longest time is forgotten first."""
COMPARED = 16
"""Orders an action is compared with: those that share most with it."""
USED_KEPT = 2048
"""Things the agent named by itself, before it read of them, that are remembered."""
ACTIONS_KEPT = 256
"""Actions whose arguments are kept until they are needed."""
POINTED_LENGTH = 256
"""Longest argument that says what an action is about. Longer ones are prose that may quote anything."""
QUOTING_LENGTH = 4096
"""Characters of an argument in which a quotation is looked for."""
SAYINGS_KEPT = 64
"""Orders to say something that are remembered."""
SAYING_LENGTH = 16_384
"""Characters of the model's words in which they are looked for."""
REPEATED, REPEATED_SHARE = 3, 0.6
"""Telling words of such an order, and their share, that make its echo."""
OWN_LENGTH = 16
"""Longest id that a tool gives to a thing of its own."""
ENTITY_LENGTH = 3
"""Shortest entity that is telling."""
NEAR = 640
"""Characters around a sign of injection within which orders are under suspicion."""

_NUMBER = re.compile(r"[$€£]?(?:\d{1,6}|\d{1,4}(?:[:.,/-]\d{1,4}){1,5})[%€]?(?:t\d\d:\d\d(?::\d\d)?)?")
"""A date, a time, an amount: too common to tell anything by itself."""
_ON_PAGE = frozenset({Kind.CLICK, Kind.INPUT, Kind.SUBMIT, Kind.NAVIGATE, Kind.EXTRACT})
"""Kinds by which an agent finds its way through pages, which tell everybody what to click."""
_ABOUT_PAGE = frozenset({Kind.INPUT, Kind.SUBMIT, Kind.UPLOAD, Kind.PAYMENT})
"""Kinds that are about the page they happen on: what an order named may be that page."""
_PROGRAM = frozenset({Kind.SHELL, Kind.EVALUATE_SCRIPT})
_SPEAKS_OF_ORDERS = re.compile(
    r"instruct|inject|malicious|suspicious|phishing|ignor|tells? (?:me|the agent|assistants?|readers?)|asks? (?:me"
    r"|the agent|assistants?|readers?)"
    r"|not follow|did not act|won't|will not|attempt"
)
"""How a model speaks that tells of an order instead of following it."""
_OWN = re.compile(r"[\w-]+")
"""How the ids and names look that a tool gives to things of its own."""
_TOOL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_FAMILY_OF_EFFECT = {
    Effect.SEND: "send",
    Effect.PAY: "pay",
    Effect.DELETE: "delete",
    Effect.GRANT: "grant",
    Effect.EXECUTE: "run",
}
_OF_KIND = {
    Kind.NAVIGATE: frozenset({"go"}),
    Kind.CLICK: frozenset({"go"}),
    Kind.HTTP: frozenset({"go"}),
    Kind.DOWNLOAD: frozenset({"get"}),
    Kind.INPUT: frozenset({"type"}),
}
_NONE: frozenset[str] = frozenset()
_READ = frozenset({Effect.READ})
_EMPTY: dict[str, None] = {}


@dataclass(frozen=True, slots=True)
class ObedienceFacts(Facts):
    """Facts about orders that the agent read and carries out."""

    obedience: int = 0
    """How strongly the action carries out an order that the human has not given: 0 for not at all, 3 and more for
    what hardly happens by chance."""
    obeyed_text: str = ""
    """The order."""
    obeyed_entities: tuple[str, ...] = ()
    """What the order and the action both name, and the human did not."""
    obeyed_origin: str = ""
    """Where the order was read."""
    obeyed_because: tuple[str, ...] = ()
    """What the judgement rests on."""
    order_to_agent: str = ""
    """An order in the text that speaks to an agent, or of its user, or stands where people do not see it; not stated
    before in this run."""

    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = {
        **dict.fromkeys(
            ("obedience", "obeyed_text", "obeyed_entities", "obeyed_origin", "obeyed_because"),
            (Scope.ACTION, Scope.MESSAGE),
        ),
        "order_to_agent": (Scope.OBSERVATION,),
    }


_NOTHING = ObedienceFacts()


class _Wish(Enum):
    """What the human's wish has to do with a deed."""

    TO_KNOW = "only to know something"
    SOMETHING_ELSE = "to do something else"
    SUCH_A_DEED = "a deed of this sort, with other things"
    THIS_DEED = "a deed of this sort, with such things"


@dataclass(frozen=True, slots=True)
class _Heard:
    """An order the model has read."""

    at: Directive
    origin: str
    telling: frozenset[str]
    """Of its entities, those that nobody but the text has named so far."""
    fresh: frozenset[str]
    """Of its words, those that neither the task nor the agent has used so far."""
    figures: frozenset[str]
    """Of its numbers, those that the task does not have."""
    read_by: tuple[str, ...]
    suspicious: bool
    """It stands beside signs of injection."""
    is_reply: bool
    """It came as the answer to an action that changed something: often about that action."""

    @property
    def said(self) -> Order:
        """What it orders."""
        return self.at.order


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a text was read."""

    origin: str
    here: Place | None
    by: tuple[str, ...]
    """The arguments of the call that brought it, or the address of its page."""
    is_reply: bool


@dataclass(frozen=True, slots=True)
class _Deed:
    """What an action does, in words."""

    verbs: frozenset[str]
    """Families of its verbs."""
    name: str
    """Its tool's, in lower case."""
    tool: frozenset[str]
    """Stems of its tool's name."""
    things: frozenset[str]
    """Stems of what its tool's name says it is about."""
    words: frozenset[str]
    """Stems of its tool's name, of the names of its arguments and of short arguments."""
    given: frozenset[str]
    """Stems of short arguments."""
    figures: frozenset[str]
    entities: frozenset[str]
    text: str
    """Its arguments, in lower case."""
    reports: bool
    """It tells of orders, as a summary of an article about them does."""
    changes: bool
    """It does more than look."""
    finds_its_way: bool
    """It looks, or it finds its way through pages, which tell everybody what to click."""


class Obedience(Family[ObedienceFacts]):
    """Compares what the agent does with what it was told by texts."""

    facts = ObedienceFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._request = Request()
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        self._by_mark: dict[str, dict[str, None]] = {}
        """The orders that each entity or stem occurs in."""
        self._to_say: OrderedDict[str, _Heard] = OrderedDict()
        """Those that ask to say something."""
        self._used: OrderedDict[str, None] = OrderedDict()
        self._unread: deque[_Deed] = deque(maxlen=ACTIONS_KEPT)
        self._answered: Action | None = None

    def message(self, message: Message) -> ObedienceFacts | None:
        """What the human asks for may be done, whoever asks for it too; what the model says may be put in its mouth."""
        self._request.hear(message)
        if message.author is not Author.MODEL or not self._to_say:
            return None
        said = message.text[:SAYING_LENGTH].lower()
        if _SPEAKS_OF_ORDERS.search(said):
            return None
        return self._repeated(said)

    def _repeated(self, said: str) -> ObedienceFacts | None:
        """What a text was told to say, and says."""
        words = stems(spoken(plain(said)))
        for heard in reversed(self._to_say.values()):
            quoted = any(quote in said for quote in heard.said.quotes)
            content = frozenset(cut for cut in heard.fresh if not is_verb_stem(cut))
            repeats = len(content & words)
            if quoted or (repeats >= REPEATED and REPEATED_SHARE * len(content) <= repeats):
                return ObedienceFacts(
                    obedience=3 + (quoted or heard.at.to_agent or heard.at.after_agent or heard.suspicious),
                    obeyed_text=excerpt(heard.said.text),
                    obeyed_origin=heard.origin,
                    obeyed_because=("it says what the order wants it to say",),
                )
        return None

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """The text that comes next answers this action."""
        self._answered = action

    def observation(self, observation: Observation) -> ObedienceFacts:
        """Remember the orders in a text. What a tool says of itself is meant to be followed: `tools` judges it."""
        if observation.source is Source.TOOL_DEFINITION:
            return _NOTHING
        answered, self._answered = self._answered, None
        text = readable(observation.text)
        found = directives(text)
        if not found:
            return _NOTHING
        self._learn_used()
        read = _read(observation, answered)
        signs, unseen = alarms(text), hidden_parts(text)
        shown = ""
        for at in found:
            if at.order.text in self._heard:
                self._heard.move_to_end(at.order.text)
                continue
            suspicious = _is_near(at, signs) or any(first <= at.start + 1 < last for first, last in unseen)
            self._remember(at, read, suspicious=suspicious)
            if not shown and at.is_imperative and (at.to_agent or suspicious):
                shown = excerpt(at.order.text)
        return ObedienceFacts(order_to_agent=shown) if shown else _NOTHING

    def action(self, action: Action) -> ObedienceFacts:
        """Tell whether the action carries out an order."""
        deed = _deed(action)
        facts = self._obeyed(action, deed) if self._heard else _NOTHING
        self._unread.append(deed)
        return facts

    def _learn_used(self) -> None:
        for deed in self._unread:
            self._used.update(dict.fromkeys(sorted(deed.entities | deed.given)))
        self._unread.clear()
        while len(self._used) > USED_KEPT:
            self._used.popitem(last=False)

    def _remember(self, at: Directive, read: _Reading, *, suspicious: bool) -> None:
        said = at.order
        heard = self._heard[said.text] = _Heard(
            at=at,
            origin=read.origin,
            telling=frozenset([name for name in said.entities if self._is_telling(name, read.here)]),
            fresh=(said.words - self._request.stems).difference(self._used),
            figures=said.figures - self._request.figures,
            read_by=read.by,
            suspicious=suspicious,
            is_reply=read.is_reply,
        )
        if said.asks_to_say or (said.quotes and "say" in said.families):
            self._to_say[said.text] = heard
            if len(self._to_say) > SAYINGS_KEPT:
                self._to_say.popitem(last=False)
        for mark in (*heard.telling, *said.words):
            self._by_mark.setdefault(mark, {})[said.text] = None
        if len(self._heard) > DIRECTIVES_KEPT:
            self._forget(self._heard.popitem(last=False)[1])
            self.evict("orders")

    def _forget(self, heard: _Heard) -> None:
        for mark in (*heard.telling, *heard.said.words):
            if (texts := self._by_mark.get(mark)) is not None:
                texts.pop(heard.said.text, None)
                if not texts:
                    del self._by_mark[mark]

    def _is_telling(self, name: str, here: Place | None) -> bool:
        task = self._request.task
        if len(name) < ENTITY_LENGTH or _NUMBER.fullmatch(name) or name in self._used:
            return False
        if name in task.tokens or name.removeprefix("secret:") in task.secrets or self._request.names(name):
            return False
        if "@" in name:
            return not task.names_address(name)
        where = place(name) if "://" in name or "." in name or ":" in name else None
        if where is None or not where.site:
            return True
        return not task.names(where) and not (here is not None and where.site == here.site)

    def _obeyed(self, action: Action, deed: _Deed) -> ObedienceFacts:
        wish = self._wish(deed)
        best: tuple[int, _Heard | None] = (0, None)
        for heard in self._candidates(deed):
            if deed.finds_its_way and not (heard.suspicious or heard.at.to_agent or heard.at.after_agent):
                continue
            weight = _weigh(action, deed, heard, wish)[0]
            if weight > best[0] and not self._defers_to(heard, wish):
                best = (weight, heard)
        return _NOTHING if best[1] is None else _stated(action, deed, best[1], best[0], wish)

    def _candidates(self, deed: _Deed) -> list[_Heard]:
        """The orders that share most with what is done."""
        shared: dict[str, int] = {}
        for mark in (*deed.entities, *deed.words):
            for text in islice(reversed(self._by_mark.get(mark, _EMPTY)), COMPARED):
                shared[text] = shared.get(text, 0) + 1
        best = nlargest(COMPARED, shared.items(), key=lambda item: (item[1], item[0]))
        return [self._heard[text] for text, _ in best]

    def _wish(self, deed: _Deed) -> _Wish:
        """What the human's wish has to do with a deed."""
        if self._request.only_asks:
            return _Wish.TO_KNOW
        if deed.verbs.isdisjoint(self._request.families):
            is_mentioned = any(is_verb_stem(cut) for cut in deed.tool & self._request.stems)
            return _Wish.SUCH_A_DEED if is_mentioned else _Wish.SOMETHING_ELSE
        if deed.things and (deed.things | deed.given).isdisjoint(self._request.stems):
            return _Wish.SUCH_A_DEED
        return _Wish.THIS_DEED

    def _defers_to(self, heard: _Heard, wish: _Wish) -> bool:
        """Whether the human has asked to do what the text says."""
        if heard.suspicious or heard.at.to_agent:
            return False
        is_asked = wish is _Wish.THIS_DEED and not heard.is_reply
        return self._request.hands_over_to(heard.at.record, heard.read_by, is_asked=is_asked)


def _read(observation: Observation, answered: Action | None) -> _Reading:
    origin = observation.origin
    here = place(origin) if "://" in origin else None
    if answered is None:
        return _Reading(origin, here, (origin,), is_reply=False)
    arguments = tuple(text for _, text in reading(answered).arguments)
    return _Reading(origin, here, arguments, is_reply=bool(answered.effects - {Effect.READ}))


def _is_near(at: Directive, signs: tuple[int, ...]) -> bool:
    """Whether an order stands beside a sign of injection, in the same record."""
    return any(max(at.record_start, at.start - NEAR) <= sign <= at.record_end for sign in signs)


def _weigh(action: Action, deed: _Deed, heard: _Heard, wish: _Wish) -> tuple[int, tuple[str, ...]]:
    """How much of an order a deed carries out, and why."""
    said = heard.said
    named = _named(action, deed, heard)
    repeated = min(2, len(heard.fresh & deed.given)) + min(2, len(heard.figures & deed.figures))
    of_verb = not deed.verbs.isdisjoint(said.families)
    if action.kind in _ON_PAGE:
        of_verb = of_verb or bool(named) or repeated > 0  # whatever a page offers is done by clicks and keys
    if action.kind in _PROGRAM:
        of_verb = of_verb and not heard.fresh.isdisjoint(deed.given)  # every command line is run
    things = len(deed.things & said.words)
    of_tool = not heard.is_reply and deed.name in said.entities
    quoted = not deed.reports and any(quote in deed.text for quote in said.quotes)
    weights = (
        (3 * bool(named), "it names what the order names"),
        (quoted * (3 if of_verb or said.asks_to_say else 2), "it says what the order quotes"),
        (int(of_tool), "its tool is named by the order"),
        (repeated if not (named or quoted or deed.reports) else 0, "it repeats what the order says"),
        (int(of_verb), "it is the deed the order asks for"),
        (int(things > 0), "it is about the thing the order speaks of"),
        (int(2 * len(said.words & deed.words) >= len(said.words)), "it does most of what the order says"),
        (3 * (heard.at.to_agent or heard.at.after_agent) or 2 * heard.suspicious, "the order speaks to an agent"),
        (int(wish in {_Wish.TO_KNOW, _Wish.SOMETHING_ELSE}), "the human asks for nothing of this sort"),
        (int(wish is _Wish.TO_KNOW), "the human only wants to know something"),
        (-2 * (not of_verb and not things and not of_tool and not quoted), "it is something else"),
        (-3 * (deed.finds_its_way and not (named or quoted or of_tool or repeated > 1)), "it only looks"),
        (-3 * deed.reports, "it tells of orders"),
        (-2 * (not deed.verbs and not named), "nobody knows what it does"),
        (-3 * (bool(heard.telling) and not (named or quoted or of_tool)), "it is done with something else"),
        (-3 * (wish is _Wish.THIS_DEED and not named and not quoted), "the human asks for such a deed"),
        (-3 * (heard.is_reply and not named), "the order is the answer to an earlier action"),
    )
    return sum(weight for weight, _ in weights), tuple(why for weight, why in weights if weight > 0)


def _named(action: Action, deed: _Deed, heard: _Heard) -> tuple[str, ...]:
    shared = sorted(heard.telling & deed.entities)
    if action.kind in _PROGRAM:
        # A command line is made of words that any manual names.
        return tuple(name for name in shared if "://" in name or "@" in name)
    if heard.is_reply:
        # What a tool answers speaks of its own things.
        return tuple(name for name in shared if len(name) > OWN_LENGTH or not _OWN.fullmatch(name))
    return tuple(shared)


def _stated(action: Action, deed: _Deed, heard: _Heard, weight: int, wish: _Wish) -> ObedienceFacts:
    because = _weigh(action, deed, heard, wish)[1]
    return ObedienceFacts(
        obedience=weight,
        obeyed_text=excerpt(heard.said.text),
        obeyed_entities=_named(action, deed, heard),
        obeyed_origin=heard.origin,
        obeyed_because=because,
    )


def _deed(action: Action) -> _Deed:
    name = [part.lower() for part in _TOOL.findall(action.tool[:256])]
    tool = stems(name)
    short = [text for _, text in reading(action).arguments if len(text) <= POINTED_LENGTH and "\n" not in text.strip()]
    if action.kind in _PROGRAM:
        short = [text for _, text in reading(action).arguments]
    if action.element is not None:
        short += [action.element.text[:POINTED_LENGTH], action.element.form_action]
    given = "\n".join(short)
    keys = (key.replace("_", " ") for key, _ in reading(action).arguments)
    cut = stems(spoken(plain(given)))
    verbs = families(tool) | frozenset(
        _FAMILY_OF_EFFECT[effect] for effect in action.effects if effect in _FAMILY_OF_EFFECT
    )
    changes = _changes(action, verbs)
    text = "\n".join(text[:QUOTING_LENGTH] for _, text in reading(action).arguments).lower()
    return _Deed(
        verbs=verbs,
        name=action.tool.lower(),
        tool=tool,
        things=frozenset(cut for cut in tool if not is_verb_stem(cut)),
        words=tool | cut | stems(spoken(plain(" ".join(keys)))),
        given=cut,
        figures=figures(given),
        entities=marks(given).union(marks(action.url) if action.kind in _ABOUT_PAGE else ()),
        text=text,
        reports=_SPEAKS_OF_ORDERS.search(text) is not None,
        changes=changes,
        finds_its_way=action.kind in _ON_PAGE or not changes,
    )


def _changes(action: Action, verbs: frozenset[str]) -> bool:
    """Whether an action does more than look, as far as is known: what nothing is known of may do anything."""
    return action.effects != _READ or "get" in verbs
