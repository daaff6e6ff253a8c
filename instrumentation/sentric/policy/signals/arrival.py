"""How the agent came to the place it acts on, and whether the credential it types there belongs there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sentric.events import Action, Kind, Message, Observation, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.autofill import Autofill
from sentric.policy.readers.actions.reading import Reading, reading
from sentric.policy.readers.places.handover import Handover, Handovers
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.places.landing import Landing, Landings
from sentric.policy.readers.places.lookalike import IMITATED, genuine_places, imitation
from sentric.policy.readers.tasks.credentials import Bindings, types_credential
from sentric.policy.readers.tasks.expected import WEB, Expected
from sentric.policy.readers.values.entities import entities
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

_ON_PAGE = frozenset({Kind.INPUT, Kind.CLICK, Kind.SUBMIT, Kind.PAYMENT, Kind.MESSAGE, Kind.PERMISSION})
"""Kinds that act on the page the agent stands on."""
_INTENDED = words(
    "buy pay purchase order book checkout subscribe renew donate reserve payment bill log login sign signin "
    "authenticate kaufen kauf bezahle bestelle buche anmelden einloggen comprar pagar acheter payer"
)
"""Words of tasks that are about buying or signing in."""


@dataclass(frozen=True, slots=True)
class ArrivalFacts(Facts):
    """Facts about the way to a place, and about credentials there."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_read: ClassVar[Mapping[str, Reads]] = {
        **dict.fromkeys(("handed_over", "handed_to_known", "credential_goes_to"), frozenset({Content.PAGE})),
        "credential_belongs_to": frozenset({Content.TEXT, Content.PAGE}),
        "autofilled": frozenset({Content.PAGE, Content.TASK, Content.RESULTS}),
    }

    redirected_from: str = ""
    """The host the agent asked for, where another site's page is what it then got, and neither the task names that
    site nor the task's own site handed it over to a place to pay or to sign in at."""
    redirected_to: str = ""
    """The host it landed on."""
    redirected_inside: bool = False
    """It asked for a public place, and landed in a private network."""
    handed_over: str = ""
    """The host the action gives something to, where the task's own site led there by a form, a link or a redirect,
    and it is a place to pay or to sign in at."""
    handed_to_known: bool = False
    """That place is a well-known payment or sign-in service."""
    credential_belongs_to: str = ""
    """The site that the typed secret belongs to, where it is typed somewhere else."""
    credential_goes_to: str = ""
    """The foreign host that gets the typed credential, where the field's form or frame is of another site."""
    autofilled: str = ""
    """The field for a credential that the action sends, filled by somebody other than the agent, on a site that the
    task does not name."""


_NOTHING = ArrivalFacts()


class Arrival(Family[ArrivalFacts]):
    """Follows the agent from place to place."""

    facts = ArrivalFacts

    def __init__(self, tuning: Tuning) -> None:
        self._expected = Expected(tuning)
        super().__init__(tuning)
        self._bindings = Bindings()
        self._handovers = Handovers()
        self._landings = Landings()
        self._autofill = Autofill()
        self.evicted = self._bindings.evicted

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        super().tune(tuning)
        self._expected.tune(tuning)
        self._genuine = genuine_places((*tuning.protected_domains, *IMITATED))

    def message(self, message: Message) -> None:
        """Learn which places are the task's, and which secret is for which."""
        if self._expected.hear(message):
            self._bindings.hear(message)

    def observation(self, observation: Observation) -> ArrivalFacts:
        """Learn where the agent stands, and what the page offers. Nothing is said about texts."""
        where = place(observation.origin) if "://" in observation.origin else None
        self._expected.saw(observation, where)
        if observation.source is not Source.PAGE or where is None or not where.host:
            return _NOTHING
        own = self._arrive(where)
        if own:
            self._handovers.links(entities(observation.text).urls)
        else:
            self._autofill.saw(where, readable(observation.text))
        return _NOTHING

    def action(self, action: Action) -> ArrivalFacts:
        """Judge the way to where an action is done, and what it gives to that place."""
        stands = place(action.url) if action.url else None
        read = reading(action)
        self._expected.acted(action, stands, read.goes)
        if stands is not None:
            self._arrive(stands)
        facts = self._judge(action, stands, read) if stands is not None and action.kind in _ON_PAGE else self._led()
        if action.kind in _ON_PAGE:
            self._handovers.presses(link=action.element is not None and action.element.tag.lower() == "a")
        if action.kind is Kind.NAVIGATE and read.goes.places:
            asked = read.goes.places[0]
            self._landings.asks(asked)
            self._handovers.asks(asked, own=self._expected.includes(asked))
        return facts

    def _arrive(self, where: Place) -> bool:
        """The agent stands somewhere; whether that is the task's own place."""
        own = self._expected.includes(where)
        # A browser's own pages, such as the one for an error, come in between.
        if where.scheme in WEB:
            intended = not self._expected.task.words.isdisjoint(_INTENDED)
            self._handovers.stands(where, own=own, intended=intended)
            self._landings.stands(where)
        return own

    def _led(self) -> ArrivalFacts:
        landing = self._landing()
        return _NOTHING if landing is None else _of_landing(landing)

    def _judge(self, action: Action, stands: Place, read: Reading) -> ArrivalFacts:
        form = read.goes.form
        frame = _frame(action)
        handed, receiver = self._handed(stands, form, frame)
        landing = self._landing() if handed is Handover.NONE else None
        base = _NOTHING if landing is None else _of_landing(landing)
        credential = types_credential(action, read)
        secrets = _secrets(read) if credential else ()
        is_plain = handed is Handover.NONE
        facts = ArrivalFacts(
            redirected_from=base.redirected_from,
            redirected_to=base.redirected_to,
            redirected_inside=base.redirected_inside,
            handed_over="" if is_plain else receiver.host,
            handed_to_known=handed is Handover.KNOWN,
            credential_belongs_to=self._owner(secrets, receiver) if is_plain else "",
            credential_goes_to=self._leaving(stands, form, frame) if credential else "",
            autofilled=""
            if self._expected.includes(stands) or not is_plain
            else self._autofill.submitted(action, stands),
        )
        if credential:
            self._autofill.typed(stands)
            if self._expected.includes(stands):
                self._bindings.typed(secrets, stands)
        return facts

    def _landing(self) -> Landing | None:
        landing = self._landings.landing()
        return None if landing is None or self._expected.includes(landing.landed) else landing

    def _handed(self, stands: Place, form: Place | None, frame: Place | None) -> tuple[Handover, Place]:
        """How the places that get what an action gives were handed over to; the last of those, which tells."""
        how, receiver = Handover.KNOWN, stands
        was_handed = False
        for where in (stands, form, frame):
            if where is None or (where is not stands and where.site == stands.site) or self._expected.includes(where):
                continue
            reached = self._handovers.of(where) if where is stands else self._handovers.embedded(where)
            how, receiver, was_handed = min(how, reached), where, True
        if was_handed and how is not Handover.NONE and imitation(receiver, self._genuine) is not None:
            how = Handover.NONE
        return (how if was_handed else Handover.NONE), receiver

    def _owner(self, secrets: tuple[str, ...], where: Place) -> str:
        if where.site in self._expected.allowed:
            return ""
        return self._bindings.owner(secrets, where, named=self._expected.task.names_exactly(where))

    def _leaving(self, stands: Place, *targets: Place | None) -> str:
        for where in targets:
            if where is None or not where.site or where.site == stands.site or self._expected.includes(where):
                continue
            is_same = (where.label and where.label == stands.label) or (where.loopback and stands.loopback)
            if not is_same and self._handovers.embedded(where) is Handover.NONE:
                return where.host
        return ""


def _frame(action: Action) -> Place | None:
    where = place(action.element.frame_origin) if action.element is not None and action.element.frame_origin else None
    return where if where is not None and where.host else None


def _secrets(read: Reading) -> tuple[str, ...]:
    return tuple(dict.fromkeys(secret for _, text in read.arguments for secret in entities(text).secrets))


def _of_landing(landing: Landing) -> ArrivalFacts:
    return ArrivalFacts(
        redirected_from=landing.asked.host,
        redirected_to=landing.landed.host,
        redirected_inside=landing.landed.private and not landing.asked.inside,
    )
