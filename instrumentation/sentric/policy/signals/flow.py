"""Values that were seen in one place and leave for another that the task does not speak of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from sentric.events import Action, Author, Effect, Kind, Message, Observation, Outcome, Source
from sentric.policy.content import Content, Reads
from sentric.policy.readers.actions.reading import Reading, reading
from sentric.policy.readers.actions.targets import Targets
from sentric.policy.readers.places.embedded import embedded_urls
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.tasks.belonging import OPERATOR, TASK, Belonging
from sentric.policy.readers.tasks.contacts import Standing
from sentric.policy.readers.tasks.recipients import Recipients
from sentric.policy.readers.tasks.services import Services
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.channels import Channels, Sink
from sentric.policy.readers.values.entities import entities, entities_of_url
from sentric.policy.readers.values.memory import SeenValues
from sentric.policy.readers.values.payload import (
    Leak,
    Payload,
    hidden,
    is_key,
    of_url,
    payload,
    shortened,
    values_of,
)
from sentric.policy.readers.values.personal_data import numbers
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

FORMS_KEPT = 64
"""Sites whose typed values are remembered."""
FIELDS_KEPT = 64
"""Values remembered as typed on one site."""
_SENDING = frozenset(
    {Kind.NAVIGATE, Kind.HTTP, Kind.DOWNLOAD, Kind.SUBMIT, Kind.UPLOAD, Kind.EXPORT, Kind.MESSAGE, Kind.PAYMENT}
    | {Kind.SHELL, Kind.EVALUATE_SCRIPT}
)
"""Kinds that take what they are given to their target, whatever their effects."""
_UNADDRESSED = frozenset({Kind.INPUT, Kind.MESSAGE})
"""Kinds of which the arguments are read though they name no place."""
_FORM = frozenset({Kind.CLICK, Kind.SUBMIT, Kind.PAYMENT, Kind.MESSAGE})
"""Kinds that can send a page's form."""
_BLANK = ("about:", "chrome:", "data:")
"""Pages a browser starts with: they say nothing."""
_NOWHERE = Targets()
_NO_LOAD = Payload()


@dataclass(frozen=True, slots=True)
class FlowFacts(Facts):
    """Facts about where values go."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_stated_about: ClassVar[Mapping[str, tuple[Scope, ...]]] = dict.fromkeys(
        ("fetched_target", "linked_target", "embedded_data", "embedded_from"), (Scope.ACTION, Scope.MESSAGE)
    )
    reads: ClassVar[Reads] = frozenset({Content.TEXT, Content.RESULTS})
    fields_read: ClassVar[Mapping[str, Reads]] = dict.fromkeys(
        ("carries_secret", "outside_target", "outside_is_known"), frozenset({Content.TEXT})
    )

    foreign_target: str = ""
    """Host or e-mail address that the action sends something to, which the task does not name and which is neither
    allowed nor the place the thing came from. The tool, where a message with a secret has no address."""
    carried: tuple[str, ...] = ()
    """What is sent there, shortened: fingerprints of secrets, e-mail addresses, long numbers and tokens."""
    carried_from: tuple[str, ...] = ()
    """The places it was seen at before: sites, tools, the task."""
    carried_as: tuple[str, ...] = ()
    """How it was hidden, if it was: `base64`, `hex in percent`, `reversed`."""
    carries_secret: bool = False
    """A secret is among what is carried."""
    foreign_is_known: bool = False
    """That place is no stranger's: an address that a directory of the user's gave, a host with the name of a service
    that the task speaks of, or a message that not everybody can read. Whether the thing may go there is not clear."""
    outside_target: str = ""
    """Host or e-mail address that the action sends to, whatever it takes there, which the task does not name."""
    outside_is_known: bool = False
    """The same of that place."""
    split_target: str = ""
    """Place outside the task to which half of a token has gone in pieces, in this call and the ones before it."""
    split_token: str = ""
    """That token, shortened."""
    copied_target: str = ""
    """Place outside the task to which a long text goes that was read, word for word, somewhere else."""
    copied_from: tuple[str, ...] = ()
    """Where it was read."""
    copied_characters: int = 0
    """Its length, white space aside."""
    url_target: str = ""
    """Host outside the task to which a secret or a token made by chance goes within a URL."""
    url_tokens: tuple[str, ...] = ()
    """These, shortened."""
    fetched_target: str = ""
    """Host outside the task in a URL that carries data and that a program fetches unasked when it shows the text: an
    image, a frame, a style, in the model's own words or in an argument."""
    linked_target: str = ""
    """The same for a URL that somebody has to follow."""
    embedded_data: tuple[str, ...] = ()
    """The data in that URL, shortened."""
    embedded_from: tuple[str, ...] = ()
    """Where they were seen before."""


_NOTHING = FlowFacts()


class Flow(Family[FlowFacts]):
    """Follows values from place to place."""

    facts = FlowFacts

    def __init__(self, tuning: Tuning) -> None:
        self._task = Task()
        self._seen = SeenValues()
        self._channels = Channels()
        self._typed: dict[str, Payload] = {}
        self._services = Services(self._task)
        self._recipients = Recipients(tuning, self._task)
        self._belonging = Belonging(tuning, self._task, self._seen, self._services, self._recipients)
        self._answering: tuple[str, ...] = ()
        super().__init__(tuning)
        self.evicted = self._seen.evicted

    def tune(self, tuning: Tuning) -> None:
        """Go on by another policy."""
        super().tune(tuning)
        self._recipients.tune(tuning)
        self._belonging.tune(tuning)

    def message(self, message: Message) -> FlowFacts | None:
        """Learn the sites of the task and the secrets given with it; tell of data in URLs in the model's words."""
        self._task.hear(message)
        if message.author is Author.MODEL:
            facts = self._embedded((message.text,), frozenset(), _NOTHING)
            return None if facts is _NOTHING else facts
        given = TASK if message.author is Author.USER else OPERATOR
        self._seen.remember((), entities(message.text).secrets, (given,))
        self._channels.hear(message.text)
        self._recipients.hear(message)
        if message.author is Author.USER and len(self._belonging.numbers) < FIELDS_KEPT:
            self._belonging.numbers.update(numbers(message.text))
        return None

    def observation(self, observation: Observation) -> FlowFacts:
        """Remember the values of a text with the place it came from."""
        if observation.source is Source.TOOL_DEFINITION:
            return _NOTHING
        where = place(observation.origin) if "://" in observation.origin else None
        if not observation.origin.startswith(_BLANK):
            self._belonging.settle(where if observation.source is Source.PAGE else None, _NOWHERE)
            self._belonging.has_read = True
        here: tuple[str, ...] = (where.site or observation.origin,) if where is not None else (observation.origin,)
        if observation.source is Source.TOOL_RESULT:
            here = tuple(dict.fromkeys((*here, *self._answering)))
            self._answering = ()
        named = entities(observation.text)
        values = values_of(observation.text, named)
        self._learn(here, where, Payload(values, named.secrets))
        self._recipients.read(observation, named, values)
        self._channels.read(observation.text, named, here)
        self.evicted.update(dict.fromkeys(self._channels.evicted()))
        self._services.read_of(named.urls)
        for url in named.urls:
            inside = entities_of_url(url)
            load = (*inside.values, *inside.emails)
            if (load or inside.secrets) and (linked := place(url)) is not None and linked.site:
                self._seen.remember(load, inside.secrets, (linked.site,))
        if named.secrets:
            self._services.read(observation.text, self._seen)
        return _NOTHING

    def _learn(self, here: tuple[str, ...], where: Place | None, load: Payload) -> None:
        """Remember what was seen somewhere, but not what the agent itself typed there and now sees again."""
        typed = self._typed.get(where.site) if where is not None else None
        if typed is not None:
            values = tuple(value for value in load.values if value not in typed.values)
            load = Payload(values, tuple(secret for secret in load.secrets if secret not in typed.secrets))
        self._seen.remember(load.values, load.secrets, here)

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """What a tool gives back came from where its call went, too."""
        places = reading(action).goes.places if action is not None else ()
        self._answering = tuple(where.site for where in places)
        self._recipients.asks(action)

    def action(self, action: Action) -> FlowFacts:
        """Tell what the action carries, and whether it goes where it has no business."""
        stands = place(action.url) if action.url else None
        read = reading(action)
        self._belonging.settle(stands, read.goes)
        goes_out = bool(read.goes.places or read.goes.emails) or action.kind in _UNADDRESSED
        load = payload(text for _, text in read.arguments) if goes_out else _NO_LOAD
        leak = self._leaving(action, stands, read.goes, load)
        facts = _NOTHING if leak is None else _facts(leak)
        if sinks := self._outside(action, stands, read.goes):
            sink = min(sinks, key=lambda sink: sink.is_known)
            facts = replace(facts, outside_target=sink.name, outside_is_known=sink.is_known)
            # What leaves openly says enough.
            facts = facts if leak is not None else self._covertly(action, stands, read, load, sinks, facts)
        if facts.foreign_target and _sends(action):
            facts = self._in_url(read, facts)
        facts = self._embedded([text for _, text in read.arguments], frozenset(read.goes.links), facts)
        self._remember(action, stands, load)
        return facts

    def _outside(self, action: Action, stands: Place | None, goes: Targets) -> list[Sink]:
        """The places outside the task that the action sends to."""
        places = goes.places if _sends(action) else ()
        if action.kind is Kind.INPUT:
            places = tuple(where for where in (stands, goes.form) if where is not None)
        sinks = [
            Sink(where.host, where.site, self._services.is_spoken_of(where))
            for where in places
            if where.host and not self._belonging.is_expected(where) and not self._belonging.is_at_ease(where)
        ]
        for email in goes.emails:
            where = place(email.partition("@")[2])
            if where is None or self._recipients.is_welcome(email, where) or self._recipients.is_answered(email):
                continue
            standing = self._recipients.standing(email, where)
            if standing is Standing.ASKED:
                continue
            sinks.append(Sink(email, where.site, standing is Standing.LISTED))
        return sinks

    def _covertly(
        self, action: Action, stands: Place | None, read: Reading, load: Payload, sinks: list[Sink], facts: FlowFacts
    ) -> FlowFacts:
        """What leaves in less plain ways than as it stands."""
        texts = tuple(text for _, text in read.arguments)
        inside = hidden(texts, load)
        leak = self._leaving(action, stands, read.goes, inside.payload)
        if leak is not None:
            hidden_facts = _facts(leak, leak.ways(inside))
            facts = replace(hidden_facts, outside_target=facts.outside_target, outside_is_known=facts.outside_is_known)
        strangers = [sink for sink in sinks if not sink.is_known]
        if split := self._channels.split(strangers, (*texts, *inside.texts), self._belonging.foreign_value):
            facts = replace(facts, split_target=split[0].name, split_token=shortened(split[1]))
        self.evicted.update(dict.fromkeys(self._channels.evicted()))
        if copied := self._channels.copied(sinks, (*texts, *inside.texts), self._recipients.letters.is_party):
            sink, passage = copied
            facts = replace(
                facts, copied_target=sink.name, copied_from=passage.places, copied_characters=passage.length
            )
        return facts

    def _in_url(self, read: Reading, facts: FlowFacts) -> FlowFacts:
        # The links of a command are in lower case, which base64 does not survive: read them as they stand, too.
        written = (embedded.url for _, text in read.arguments for embedded in embedded_urls(text))
        sites = {where.site for where in read.goes.places}
        for url in dict.fromkeys((*read.goes.links, *written)):
            where = place(url)
            if where is None or where.site not in sites or not (leak := self._given_away(url, where)):
                continue
            values = {value: seen for value, seen in leak.values.items() if is_key(value)}
            if not leak.is_known and (leak.secrets or values):
                return replace(facts, url_target=where.host, url_tokens=Leak("", leak.secrets, values).shown)
        return facts

    def _embedded(self, texts: Iterable[str], targets_of_action: frozenset[str], facts: FlowFacts) -> FlowFacts:
        """URLs within texts that carry data to a place outside the task."""
        for text in texts:
            for embedded in embedded_urls(text) if text not in targets_of_action else ():
                where = place(embedded.url)
                if where is None or not where.host or embedded.url in targets_of_action:
                    continue
                if leak := self._given_away(embedded.url, where, quoted=True):
                    target = "fetched_target" if embedded.fetched else "linked_target"
                    found = {target: where.host, "embedded_data": leak.shown, "embedded_from": leak.places}
                    facts = replace(facts, **found)  # type: ignore[arg-type]  # one of two names, by what fetches it
                    if embedded.fetched:
                        return facts
        return facts

    def _given_away(self, url: str, where: Place, *, quoted: bool = False) -> Leak | None:
        """What a URL tells the place it leads to that the place has no business with."""
        if self._belonging.is_expected(where):
            return None
        leak = self._belonging.carried(where, of_url(url))
        if leak is None and quoted and not self._belonging.is_at_ease(where):
            for text, places in self._channels.quoted(url, where.site):
                return Leak(where.host, {}, {text: dict.fromkeys(places)})
        return leak

    def _leaving(self, action: Action, stands: Place | None, goes: Targets, load: Payload) -> Leak | None:
        taken = load if _sends(action) else Payload((), load.secrets)
        found = [self._belonging.carried(where, taken) for where in goes.places if where.host]
        body = Payload(tuple(value for value in load.values if value not in goes.emails), load.secrets)
        found += [self._belonging.mailed(email, body) for email in goes.emails]
        found += self._through_form(action, stands, goes, load)
        if action.kind is Kind.MESSAGE and not goes.places and not goes.emails:
            found.append(self._belonging.posted(action, load))
        leaks = [leak for leak in found if leak is not None]
        return min(leaks, key=lambda leak: leak.is_known, default=None)

    def _through_form(self, action: Action, stands: Place | None, goes: Targets, load: Payload) -> list[Leak | None]:
        if action.kind is Kind.INPUT:
            # A page can read what is typed into it, whether it is sent or not.
            taken = Payload((), load.secrets)
            return [self._belonging.carried(where, taken) for where in (stands, goes.form) if where is not None]
        typed = self._typed.get(stands.site) if stands is not None else None
        if action.kind not in _FORM or stands is None or typed is None:
            return []
        if goes.form is not None and goes.form.site != stands.site:
            return [self._belonging.carried(goes.form, typed)]
        # Secrets were told of when they were typed.
        return [self._belonging.carried(stands, Payload(typed.values, ()))] if _submits(action) else []

    def _remember(self, action: Action, stands: Place | None, load: Payload) -> None:
        if stands is None or action.kind is not Kind.INPUT:
            return
        # Typing a value where it has no business does not make that place one it came from.
        is_foreign = not self._belonging.is_expected(stands)
        values = tuple(value for value in load.values if not (is_foreign and self._seen.places_of_value(value)))
        secrets = tuple(secret for secret in load.secrets if not (is_foreign and self._seen.places_of_secret(secret)))
        self._seen.remember(values, secrets, (stands.site,))
        before = self._typed.pop(stands.site, Payload((), ()))
        self._typed[stands.site] = Payload(
            _latest((*before.values, *load.values)), _latest((*before.secrets, *load.secrets))
        )
        if len(self._typed) > FORMS_KEPT:
            del self._typed[next(iter(self._typed))]


def _sends(action: Action) -> bool:
    return action.kind in _SENDING or not action.effects.isdisjoint({Effect.SEND, Effect.PAY})


def _submits(action: Action) -> bool:
    if action.kind is not Kind.CLICK:
        return True
    return action.element is not None and action.element.type.lower() == "submit"


def _latest(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[-FIELDS_KEPT:]


def _facts(leak: Leak, ways: tuple[str, ...] = ()) -> FlowFacts:
    return FlowFacts(
        foreign_target=leak.target,
        carried=leak.shown,
        carried_from=leak.places,
        carried_as=ways,
        carries_secret=bool(leak.secrets),
        foreign_is_known=leak.is_known,
    )
