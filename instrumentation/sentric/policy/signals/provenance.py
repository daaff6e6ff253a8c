"""Where the ones an action is meant for came from: the human's words, the operator's, or some text the agent read."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from sentric.events import Action, Author, Effect, Kind, Message, Observation
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.tasks.expected import allowed_sites
from sentric.policy.readers.tasks.request import Request
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

SEEN_KEPT = 4096
"""Addresses and accounts remembered; the one not seen for the longest time is forgotten first."""
PROSE_LENGTH = 256
"""Characters from which on an argument is prose, whose values are not told."""
VALUES_LIMIT = 16
"""Values in the arguments of one action whose source is told."""
RECIPIENTS_LIMIT = 16
"""Recipients of one action that are looked at."""
RECIPIENT_LENGTH = 120
"""Longest text that is a recipient."""

_GOES_OUT = frozenset({Effect.SEND, Effect.PAY, Effect.GRANT})
_KEYS = re.compile(
    r"(?:^|_)(?:to|cc|bcc|recipients?|receivers?|payee|beneficiary|iban|account(?:_number)?|phone(?:_number)?|emails?"
    r"|collaborators?|members?|attendees?|participants?|guests?|invitees?|new_owner|share_with|with|destination)(?:_|$)"
)
"""Names of arguments that say whom an action is meant for."""
_GROUPED = re.compile(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{1,4}){2,8}\b")
"""An account number with the blanks people write it with."""
_STATE = frozenset({Kind.SUBMIT, Kind.PAYMENT, Kind.UPLOAD, Kind.PERMISSION, Kind.DELETE, Kind.MESSAGE})
_OWN = words("me myself self my mine user owner")


@dataclass(frozen=True, slots=True)
class ProvenanceFacts(Facts):
    """Facts about whom an action is meant for."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_read: ClassVar[Mapping[str, Reads]] = {
        **dict.fromkeys(("strange_recipients", "strange_recipients_from"), frozenset({Content.TEXT, Content.TASK})),
        "strange_site": frozenset({Content.PAGE, Content.TASK}),
    }

    argument_values: tuple[str, ...] = ()
    """E-mail addresses, URLs, accounts, long numbers and tokens in arguments that are not prose, up to 16."""
    argument_sources: tuple[str, ...] = ()
    """Where each of them was first named: `task`, `operator`, the origin of a text the agent read, or `nowhere`."""
    strange_recipients: tuple[str, ...] = ()
    """E-mail addresses, accounts and phone numbers the action sends, pays or gives access to, which neither the human
    nor the operator named."""
    strange_recipients_from: tuple[str, ...] = ()
    """Where each was first read; empty for one that nothing the agent read names."""
    strange_site: str = ""
    """Host of the page on which the action changes something, where the human names sites and none of them is it."""


_NOTHING = ProvenanceFacts()


class Provenance(Family[ProvenanceFacts]):
    """Remembers where addresses and accounts were first read."""

    facts = ProvenanceFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._request = Request()
        self._given: set[str] = set()
        """What the operator's text names."""
        self._seen: OrderedDict[str, str] = OrderedDict()

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        super().tune(tuning)
        self._allowed = allowed_sites(tuning)
        self._welcome = frozenset(name.lower() for name in tuning.allowed_recipients)

    def message(self, message: Message) -> None:
        """Whom the human or the operator names may be written to."""
        self._request.hear(message)
        if message.author is Author.SYSTEM:
            self._given.update((*_names(message.text), *entities(message.text).urls))

    def observation(self, observation: Observation) -> ProvenanceFacts:
        """Remember whom a text names."""
        for name in (*_names(observation.text), *entities(observation.text).urls):
            if name in self._seen:
                self._seen.move_to_end(name)
            else:
                self._seen[name] = observation.origin
        while len(self._seen) > SEEN_KEPT:
            self._seen.popitem(last=False)
            self.evict("addresses")
        return _NOTHING

    def action(self, action: Action) -> ProvenanceFacts:
        """Tell whether the action is meant for somebody that only a text named."""
        strange = tuple(self._strange(action)) if not action.effects.isdisjoint(_GOES_OUT) else ()
        site = self._strange_site(action)
        values = tuple(islice(dict.fromkeys(_values(action)), VALUES_LIMIT))
        if not strange and not site and not values:
            return _NOTHING
        return ProvenanceFacts(
            argument_values=values,
            argument_sources=tuple(map(self._source, values)),
            strange_recipients=strange,
            strange_recipients_from=tuple(self._seen.get(name, "") for name in strange),
            strange_site=site,
        )

    def _source(self, value: str) -> str:
        """Where a value was first named. The human's word counts most: who else says it too does not matter."""
        task = self._request.task
        if value in task.tokens or value in task.values or self._request.names(value):
            return "task"
        if value in self._given:
            return "operator"
        return self._seen.get(value, "nowhere")

    def _strange(self, action: Action) -> Iterator[str]:
        for name in dict.fromkeys(_recipients(action)):
            if not self._is_known(name):
                yield name

    def _is_known(self, name: str) -> bool:
        task = self._request.task
        if name in self._welcome or name in self._given or name in task.tokens or self._request.names(name):
            return True
        if "@" not in name:
            return False
        domain = name.partition("@")[2]
        where = place(domain)
        if task.names_address(name) or domain in self._welcome:
            return True
        return where is not None and (where.site in self._allowed or where.site in self._welcome)

    def _strange_site(self, action: Action) -> str:
        task = self._request.task
        if action.kind not in _STATE or not action.url or not task.sites:
            return ""
        where = place(action.url)
        if where is None or not where.site or where.site in self._allowed or task.names(where):
            return ""
        return where.host


def _recipients(action: Action) -> Iterator[str]:
    """Whom the arguments of an action name as those it is meant for."""
    found = 0
    for key, text in reading(action).arguments:
        if len(text) > RECIPIENT_LENGTH or not _KEYS.search(key):
            continue
        for name in _names(text):
            if found < RECIPIENTS_LIMIT and name not in _OWN:
                found += 1
                yield name


def _values(action: Action) -> Iterator[str]:
    for _, text in reading(action).arguments:
        named = entities(text if len(text) <= PROSE_LENGTH else "")
        yield from (*named.emails, *named.urls, *named.values)


def _names(text: str) -> list[str]:
    """The addresses and accounts that a text names."""
    named = entities(text)
    found = [*named.emails, *named.values]
    if len(text) <= RECIPIENT_LENGTH:
        found += (group.replace(" ", "").lower() for group in _GROUPED.findall(readable(text)))
    return found
