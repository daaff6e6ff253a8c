"""Actions that carry out what a text told the agent to do, though the human has not asked for it.

Texts for people are full of orders, and agents are often asked to do what one says. An action counts as obedience by
how much of an order it carries out (its verb, what it names, its telling words) and how little the human asked for it.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from heapq import nlargest
from itertools import islice
from typing import ClassVar, NamedTuple

from sentric.events import Action, Author, Message, Observation, Outcome, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.orders.captions import Captions, is_of_a_shop
from sentric.policy.readers.orders.coming import Coming, coming
from sentric.policy.readers.orders.deed import Deed, deed, speaks_of_orders
from sentric.policy.readers.orders.deference import defers_to
from sentric.policy.readers.orders.directives import TEXT_LIMIT, Directive, directives, is_near, is_within
from sentric.policy.readers.orders.errand import Errand
from sentric.policy.readers.orders.sayings import OBEYS, Sayings, may_want_words
from sentric.policy.readers.orders.visits import is_sent, sends_to, sites
from sentric.policy.readers.orders.weighing import OWN_LENGTH, Heard, Wish, named_by_both, weigh
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.request import Request
from sentric.policy.readers.words.hidden import hidden_parts
from sentric.policy.readers.words.instructions import alarms
from sentric.policy.readers.words.text import excerpt, readable
from sentric.policy.readers.words.vocabulary import VERBS, families, is_verb_stem, stem
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

DIRECTIVES_KEPT = 512
"""Orders remembered; the one not seen for the longest time is forgotten first."""
WEAK = 3
"""Obedience that may be chance. A record's orders are resembled so once; to resemble them again says no more."""
COMPARED = 16
"""Orders an action is compared with: those that share most with it."""
PURSUED_KEPT = 4
"""Orders that an action is compared with because something was looked up for them."""
USED_KEPT = 2048
"""Things the agent named by itself, before it read of them, that are remembered."""
ACTIONS_KEPT = 256
"""Actions whose arguments are kept until they are needed."""
SAYING_LENGTH = 16_384
"""Characters of the model's words in which they are looked for."""
ENTITY_LENGTH = 3
"""Shortest entity that is telling."""

_NUMBER = re.compile(r"[$€£]?(?:\d{1,6}|\d{1,4}(?:[:.,/-]\d{1,4}){1,5})[%€]?(?:t\d\d:\d\d(?::\d\d)?)?")
"""A date, a time, an amount: too common to tell anything by itself."""
_YEAR = re.compile(r"(?:19|20)\d\d")
"""A year, which many dates share."""
_GRAVE = frozenset({"send", "pay", "delete", "grant", "run"})
"""Families of what can hardly be taken back."""
_GRAVE_VERBS = frozenset(verb for verb in VERBS if not families((stem(verb),)).isdisjoint(_GRAVE))
_SAY = frozenset({"say"})
_EMPTY: dict[str, None] = {}


@dataclass(frozen=True, slots=True)
class ObedienceFacts(Facts):
    """Facts about orders that the agent read and carries out."""

    reads: ClassVar[Reads] = frozenset({Content.TEXT, Content.RESULTS})
    fields_read: ClassVar[Mapping[str, Reads]] = {
        "order_to_agent": frozenset({Content.TEXT}),
        "unasked_order": frozenset({Content.TEXT, Content.TASK}),
    }

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

    unasked_order: str = ""
    """An order in the text to send, pay, delete or share something, which the human has not asked for and does not
    defer to; not stated before in this run."""

    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = {
        **dict.fromkeys(
            ("obedience", "obeyed_text", "obeyed_entities", "obeyed_origin", "obeyed_because"),
            (Scope.ACTION, Scope.MESSAGE),
        ),
        "order_to_agent": (Scope.OBSERVATION,),
        "unasked_order": (Scope.OBSERVATION,),
    }


_NOTHING = ObedienceFacts()


class _Waiting(NamedTuple):
    """An order that was heard, and not read."""

    at: Directive
    read: Coming
    number: int
    """Of the text it stood in."""
    suspicious: bool


class Obedience(Family[ObedienceFacts]):
    """Compares what the agent does with what it was told by texts."""

    facts = ObedienceFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._request = Request()
        self._errand = Errand(self._request)
        self._heard: OrderedDict[str, Heard] = OrderedDict()
        self._by_mark: dict[str, dict[str, None]] = {}
        """The orders that each entity or stem occurs in."""
        self._sayings = Sayings()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        """Orders that nothing has been compared with yet, so that nobody has read what they order."""
        self._is_spoken_to = False
        """An order that waits may speak to an agent."""
        self._used: OrderedDict[str, int] = OrderedDict()
        """By the number of the text before which the agent named it first."""
        self._pursued: deque[str] = deque(maxlen=PURSUED_KEPT)
        """The orders that something was looked up for: the next step may share no word with them."""
        self._texts = 0
        self._unread: deque[Deed] = deque(maxlen=ACTIONS_KEPT)
        self._answered: Action | None = None
        self._resembled: OrderedDict[int, None] = OrderedDict()
        """Records, by their hashes, that something resembled weakly: more of that tells nothing new."""

    def message(self, message: Message) -> ObedienceFacts | None:
        """What the human asks for may be done, whoever asks for it too; what the model says may be put in its mouth."""
        self._request.hear(message)
        if message.author is not Author.MODEL or not message.text:
            return None  # models often call a tool without a word
        self._read_some(lambda waiting: may_want_words(waiting.at))
        if not self._sayings:
            return None
        said = message.text[:SAYING_LENGTH].lower()
        echo = None if speaks_of_orders(said) else self._sayings.said(said)
        if echo is None or defers_to(self._request, echo.heard, Wish.SOMETHING_ELSE):
            return None
        return _echoed(echo.heard, echo.strength)

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """The text that comes next answers this action."""
        self._answered = action

    def observation(self, observation: Observation) -> ObedienceFacts:
        """Remember the orders in a text. What a tool says of itself is meant to be followed: `tools` judges it."""
        if observation.source is Source.TOOL_DEFINITION or self._trusts(observation.origin):
            return _NOTHING
        answered, self._answered = self._answered, None
        text = readable(observation.text)
        found = directives(text)
        if not found:
            return _NOTHING
        self._learn_used()
        self._texts += 1
        read = coming(observation, answered)
        signs, unseen = alarms(text), hidden_parts(text)
        captions = Captions(text[:TEXT_LIMIT] if signs else "")
        may_be_grave = not read.is_reply and bool(self._request.stems)
        shown = unasked = ""
        for at in found:
            if not self._is_new(at.text):
                continue
            suspicious = bool(unseen) and is_within(at, unseen)
            suspicious = suspicious or (bool(signs) and is_near(at, signs) and not captions.have(at.text))
            waiting = _Waiting(at, read, self._texts, suspicious)
            if read.here is not None and is_of_a_shop(at.text) and not _is_addressed(waiting):
                continue
            self._waiting[at.text] = waiting
            self._is_spoken_to = self._is_spoken_to or _is_addressed(waiting)
            if may_be_grave and not unasked and at.is_imperative and at.lead in _GRAVE_VERBS:
                unasked = excerpt(at.text) if self._is_grave(self._digest(at.text)) else ""
            if not shown and at.is_imperative and (at.to_agent or suspicious):
                shown = excerpt(at.text)
        while len(self._waiting) > DIRECTIVES_KEPT:
            self._waiting.popitem(last=False)
            self.evict("orders")
        return ObedienceFacts(order_to_agent=shown, unasked_order=unasked) if shown or unasked else _NOTHING

    def _is_new(self, text: str) -> bool:
        """Whether an order was not known; one that was counts as read again."""
        for known in (self._heard, self._waiting):
            if text in known:
                known.move_to_end(text)
                return False
        return True

    def action(self, action: Action) -> ObedienceFacts:
        """Tell whether the action carries out an order."""
        done = deed(action)
        if not self._heard and not self._waiting:
            self._unread.append(done)
            return _NOTHING
        if not done.finds_its_way:
            self._read_some(lambda _: True)
        elif self._is_waiting_for(named := sites(done)) or self._is_spoken_to:
            self._read_some(lambda waiting: _is_addressed(waiting) or sends_to(waiting.at, named))
        self._is_spoken_to = False
        facts = self._obeyed(action, done)
        if self._sayings and done.changes and not done.reports:
            written = self._sayings.written(done.text)
            if written is not None and not defers_to(self._request, written, self._wish(done)):
                facts = max(facts, _echoed(written, OBEYS), key=lambda told: told.obedience)
        self._unread.append(done)
        if done.finds_its_way:
            self._pursue(done)
        return facts

    def _trusts(self, origin: str) -> bool:
        where = place(origin) if "://" in origin else None
        names = (origin, origin.rpartition("/")[2]) if where is None else (where.host, where.site)
        return any(fnmatchcase(name, pattern) for pattern in self.tuning.trusted_sources for name in names)

    def _pursue(self, done: Deed) -> None:
        """Note which orders what is looked up belongs to: they may ask for more than one step."""
        names = [name for name in done.entities if len(name) > ENTITY_LENGTH]
        if self._is_waiting_for(names):
            self._read_some(lambda waiting: any(name in waiting.at.text.lower() for name in names))
        for name in names:
            for text in islice(reversed(self._by_mark.get(name, _EMPTY)), COMPARED):
                heard = self._heard[text]
                if name in heard.telling and not heard.pursued:
                    self._heard[text] = heard._replace(pursued=True)
                    self._pursued.append(text)

    def _learn_used(self) -> None:
        for done in self._unread:
            for name in sorted(done.entities | done.given):
                self._used.setdefault(name, self._texts)
        self._unread.clear()
        while len(self._used) > USED_KEPT:
            self._used.popitem(last=False)

    def _is_waiting_for(self, names: list[str]) -> bool:
        """Whether one of some names, in lower case, stands in a waiting order: one look at all, before one at each."""
        said = "\n".join(self._waiting).lower() if names else ""
        return any(map(said.__contains__, names))

    def _read_some(self, matters: Callable[["_Waiting"], bool]) -> None:
        """Read the waiting orders that matter now."""
        for text in [text for text, waiting in self._waiting.items() if matters(waiting)]:
            self._digest(text)

    def _digest(self, text: str) -> Heard:
        """Read what a waiting order orders, as if it were just heard."""
        at, read, number, suspicious = self._waiting.pop(text)
        said = at.order
        heard = self._heard[text] = Heard(
            at=at,
            origin=read.origin,
            telling=frozenset([name for name in said.entities if self._is_telling(name, read.here, number)]),
            fresh=frozenset([cut for cut in said.words - self._request.stems if not self._was_used(cut, number)]),
            names=said.names - self._request.stems,
            figures=frozenset([n for n in said.figures - self._request.figures if self._is_new_figure(n, number)]),
            read_by=read.by,
            suspicious=suspicious,
            is_reply=read.is_reply,
            is_handbook=read.is_handbook,
            is_page=read.is_page,
        )
        self._sayings.keep(heard)
        for mark in (*heard.telling, *said.words, *heard.figures):
            self._by_mark.setdefault(mark, {})[said.text] = None
        if len(self._heard) > DIRECTIVES_KEPT:
            self._forget(self._heard.popitem(last=False)[1])
            self.evict("orders")
        return heard

    def _is_grave(self, heard: Heard) -> bool:
        """Whether an order asks for something grave that the human has not asked for."""
        asked = self._request.families
        grave = heard.said.families & _GRAVE
        if not grave:
            return False
        if grave <= asked and not any("@" in name or "://" in name or len(name) > OWN_LENGTH for name in heard.telling):
            return False
        return not defers_to(self._request, heard, Wish.SOMETHING_ELSE)

    def _forget(self, heard: Heard) -> None:
        for mark in (*heard.telling, *heard.said.words, *heard.figures):
            if (texts := self._by_mark.get(mark)) is not None:
                texts.pop(heard.said.text, None)
                if not texts:
                    del self._by_mark[mark]

    def _was_used(self, name: str, number: int) -> bool:
        """Whether the agent had named something by itself before it read the text of that number."""
        return self._used.get(name, number) < number

    def _is_new_figure(self, figure: str, number: int) -> bool:
        return not _YEAR.fullmatch(figure) and not self._was_used(figure, number)

    def _is_telling(self, name: str, here: Place | None, number: int) -> bool:
        task = self._request.task
        if len(name) < ENTITY_LENGTH or _NUMBER.fullmatch(name) or self._was_used(name, number):
            return False
        if name in task.tokens or name.removeprefix("secret:") in task.secrets or self._request.names(name):
            return False
        if "@" in name:
            return not task.names_address(name)
        where = place(name) if "://" in name or "." in name or ":" in name else None
        if where is None or not where.site:
            return True
        return not task.names(where) and not (here is not None and where.site == here.site)

    def _obeyed(self, action: Action, deed: Deed) -> ObedienceFacts:
        wish = self._wish(deed)
        best: tuple[int, Heard | None] = (0, None)
        for heard in self._candidates(deed, wish):
            if deed.finds_its_way and not (heard.is_addressed or is_sent(self._request, deed, heard)):
                continue
            weight = weigh(action, deed, heard, wish)[0]
            if weight <= best[0] or self._errand.includes(action, deed, heard):
                continue
            if not (defers_to(self._request, heard, wish) and self._errand.serves(action, deed, heard)):
                best = (weight, heard)
        if best[1] is None or (best[0] == WEAK and not self._is_news(best[1].at.record)):
            return _NOTHING
        return _stated(action, deed, best[1], best[0], wish)

    def _is_news(self, record: str) -> bool:
        """Whether nothing has resembled what a record orders yet."""
        size = len(self._resembled)
        self._resembled[hash(record)] = None
        if len(self._resembled) > DIRECTIVES_KEPT:
            self._resembled.popitem(last=False)
            return True
        return len(self._resembled) > size

    def _candidates(self, deed: Deed, wish: Wish) -> list[Heard]:
        """The orders that share most with what is done."""
        shared: dict[str, int] = {}
        for mark in (*deed.entities, *deed.words, *deed.figures):
            for text in islice(reversed(self._by_mark.get(mark, _EMPTY)), COMPARED):
                shared[text] = shared.get(text, 0) + 1
        for text in () if deed.finds_its_way else self._pursued:
            shared.setdefault(text, 0)
        if deed.is_grave and wish is Wish.TO_KNOW:  # "remove it" shares no word with what deletes by an id
            for text in islice(reversed(self._heard), COMPARED):
                shared.setdefault(text, 0)
        best = nlargest(COMPARED, shared.items(), key=lambda item: (item[1], item[0]))
        return [self._heard[text] for text, _ in best if text in self._heard]

    def _wish(self, deed: Deed) -> Wish:
        """What the human's wish has to do with a deed."""
        if self._request.only_asks:
            return Wish.TO_KNOW
        asked = deed.verbs & self._request.families
        if deed.deletes and "delete" not in asked:
            return Wish.SOMETHING_ELSE
        if not asked or (asked == _SAY and deed.verbs != _SAY):
            is_mentioned = any(is_verb_stem(cut) for cut in deed.own & self._request.stems)
            return Wish.SUCH_A_DEED if is_mentioned else Wish.SOMETHING_ELSE
        if deed.things and not self._request.speaks_of(deed.things | deed.given):
            return Wish.SUCH_A_DEED
        if deed.gives_away and "delete" not in self._request.families:
            return Wish.THIS_DEED if any(map(self._request.names, deed.entities)) else Wish.LEFT_OPEN
        return Wish.THIS_DEED


def _echoed(heard: Heard, strength: int) -> ObedienceFacts:
    """What a text was told to say, and says."""
    return ObedienceFacts(
        obedience=strength,
        obeyed_text=excerpt(heard.said.text),
        obeyed_origin=heard.origin,
        obeyed_because=("it says what the order wants it to say",),
    )


def _is_addressed(waiting: _Waiting) -> bool:
    return waiting.at.to_agent or waiting.at.after_agent or waiting.suspicious


def _stated(action: Action, deed: Deed, heard: Heard, weight: int, wish: Wish) -> ObedienceFacts:
    because = tuple(why for weight, why in weigh(action, deed, heard, wish)[1] if weight > 0)
    return ObedienceFacts(
        obedience=weight,
        obeyed_text=excerpt(heard.said.text),
        obeyed_entities=named_by_both(action, deed, heard),
        obeyed_origin=heard.origin,
        obeyed_because=because,
    )
