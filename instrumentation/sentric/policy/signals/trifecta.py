"""The lethal trifecta: content that strangers may have written, private data, and a way out, all in one run.

Any two of the three are harmless; an agent that has all three does whatever the content says with whatever it knows
(Simon Willison, "The lethal trifecta for AI agents", 2025; Meta, "Agents Rule of Two", 2025).
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Effect, Kind, Observation, Outcome, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import excerpt
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.approval import asserted_approval
from sentric.policy.signals.family import Facts, Family

CONTENT_LENGTH = 40
"""Shortest result that can hold content: shorter ones are confirmations and numbers."""
NAME_LIMIT = 256
"""Characters of a tool's name that are read."""
SITES_KEPT = 64
"""Sites remembered where the agent has typed a credential."""

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_FROM_OTHERS = words(
    "web website webpage page pages url urls http browser mail mails email emails inbox message messages thread "
    "threads comment comments issue issues review reviews ticket tickets chat chats channel channels post posts feed "
    "tweet tweets article articles news invite invitation invitations calendar event events search google "
    "bing wiki forum document documents attachment attachments pull download scrape crawl sms "
    "notification notifications"
)
"""Words in the names of tools that bring what other people may have written."""
_PRIVATE = words(
    "mail mails email emails inbox message messages contact contacts calendar account accounts balance transaction "
    "transactions statement statements profile file files document documents drive note notes password passwords "
    "credential credentials secret secrets vault medical patient patients health salary payroll employee employees "
    "customer customers client clients user users database db sql record records order orders invoice invoices crm "
    "history memory keychain clipboard personal private bank card cards"
)
"""Words in the names of tools that bring what is not public."""
_CONTENT_KINDS = frozenset({Kind.NAVIGATE, Kind.EXTRACT, Kind.HTTP, Kind.DOWNLOAD})
_PRIVATE_KINDS = frozenset({Kind.DATABASE, Kind.FILE_READ, Kind.EXPORT})
_OUT = frozenset({Effect.SEND, Effect.DELETE, Effect.PAY, Effect.GRANT})
_SHOWN = frozenset({Source.PAGE, Source.EXTRACT})


@dataclass(frozen=True, slots=True)
class TrifectaFacts(Facts):
    """Facts about the trifecta."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    reads: ClassVar[Reads] = frozenset({Content.RESULTS})

    trifecta: bool = False
    """With this action, and for the first time in the run, all three have come together: content that others may have
    written was read, private data was read, and something leaves or changes for good. Not where the action asserts an
    approval."""
    trifecta_untrusted: str = ""
    """Where the content came from."""
    trifecta_private: str = ""
    """Where the private data came from."""


_NOTHING = TrifectaFacts()


class Trifecta(Family[TrifectaFacts]):
    """Watches for the three to come together."""

    facts = TrifectaFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._untrusted = self._private = ""
        self._told = False
        self._sites: dict[str, None] = {}
        """Where the agent has logged in."""
        self._latest: Action | None = None
        """The action whose result comes next."""

    def observation(self, observation: Observation) -> TrifectaFacts:
        """Tell what sort of content it is."""
        action, self._latest = self._latest, None
        if self._told or (self._untrusted and self._private) or observation.source is Source.TOOL_DEFINITION:
            return _NOTHING
        if observation.source in _SHOWN:
            self._untrusted = self._untrusted or _shown(observation.origin)
            if self._sites and (where := place(observation.origin)) is not None and where.site in self._sites:
                self._private = self._private or _shown(observation.origin)
        elif len(observation.text) >= CONTENT_LENGTH:
            self._read(observation, action)
        if not self._private and "‹secret:" in observation.text and entities(observation.text).secrets:
            self._private = _shown(observation.origin)
        return _NOTHING

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """What kind of action a result is of tells what is in it. An error brings nothing."""
        self._latest = action if outcome.result else None

    def action(self, action: Action) -> TrifectaFacts:
        """Tell whether it is the third."""
        if self._told:
            return _NOTHING
        if action.kind is Kind.INPUT:
            self._learn_login(action)
        if not (self._untrusted and self._private) or action.effects.isdisjoint(_OUT) or asserted_approval(action):
            return _NOTHING
        self._told = True
        return TrifectaFacts(True, self._untrusted, self._private)

    def _read(self, observation: Observation, action: Action | None) -> None:
        kind = action.kind if action is not None else Kind.OTHER
        tool = action.tool if action is not None else observation.origin
        name = frozenset(part.lower() for part in _PARTS.findall(tool[:NAME_LIMIT]))
        if kind in _CONTENT_KINDS or observation.source is Source.RESOURCE or not name.isdisjoint(_FROM_OTHERS):
            self._untrusted = self._untrusted or _shown(observation.origin)
        if action is not None and not action.effects <= {Effect.READ}:
            return  # what changes something tells how that went
        if kind in _PRIVATE_KINDS or not name.isdisjoint(_PRIVATE):
            self._private = self._private or _shown(observation.origin)

    def _learn_login(self, action: Action) -> None:
        element = action.element
        typed = element is not None and element.type.lower() == "password"
        if not typed and not any("‹secret:" in text for _, text in reading(action).arguments):
            return
        if (where := place(action.url)) is not None and where.site and len(self._sites) < SITES_KEPT:
            self._sites[where.site] = None


def _shown(origin: str) -> str:
    return excerpt(origin) or "a text without a known origin"
