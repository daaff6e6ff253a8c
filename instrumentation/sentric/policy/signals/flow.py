"""Values that were seen in one place and leave for another that the task does not speak of."""

from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sentric.events import Action, Author, Effect, Kind, Message, Observation, Outcome, Source
from sentric.policy.rule import Tuning
from sentric.policy.signals.brands import is_search_engine
from sentric.policy.signals.entities import Entities, entities
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.hosts import Place, place
from sentric.policy.signals.memory import Seen, SeenValues
from sentric.policy.signals.reading import Reading, reading
from sentric.policy.signals.targets import Targets, targets
from sentric.policy.signals.task import Task
from sentric.policy.signals.text import leaves

CARRIED_LIMIT = 8
"""Carried values that are named in the facts."""
SHOWN = 6
"""Characters of a carried value that are shown at each end."""
FORMS_KEPT = 64
"""Sites whose typed values are remembered."""
CORRESPONDENTS_KEPT = 256
"""E-mail addresses whose texts are remembered."""
FIELDS_KEPT = 64
"""Values remembered as typed on one site."""

_SENDING = frozenset(
    {Kind.NAVIGATE, Kind.HTTP, Kind.DOWNLOAD, Kind.SUBMIT, Kind.UPLOAD, Kind.EXPORT, Kind.MESSAGE, Kind.PAYMENT}
    | {Kind.SHELL, Kind.EVALUATE_SCRIPT}
)
"""Kinds that take what they are given to their target, whatever their effects."""
_FORM = frozenset({Kind.CLICK, Kind.SUBMIT, Kind.PAYMENT, Kind.MESSAGE})
"""Kinds that can send a page's form."""
_BLANK = ("about:", "chrome:", "data:")
"""Pages a browser starts with: they say nothing."""
_NOWHERE = Targets()
_TASK = "the task"
_OPERATOR = "the system prompt"


@dataclass(frozen=True, slots=True)
class FlowFacts(Facts):
    """Facts about where values go."""

    foreign_target: str = ""
    """Host or e-mail address that the action sends something to, which the task does not name and which is neither
    allowed nor the place the thing came from."""
    carried: tuple[str, ...] = ()
    """What is sent there, shortened: fingerprints of secrets, e-mail addresses, long numbers and tokens."""
    carried_from: tuple[str, ...] = ()
    """The places it was seen at before: sites, tools, the task."""
    carries_secret: bool = False
    """A secret is among what is carried."""


_NOTHING = FlowFacts()


@dataclass(frozen=True, slots=True)
class _Load:
    """What an action takes with it."""

    values: tuple[str, ...]
    secrets: tuple[str, ...]


class Flow(Family[FlowFacts]):
    """Follows values from place to place."""

    facts = FlowFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._task = Task()
        self._seen = SeenValues()
        self._typed: dict[str, _Load] = {}
        self._written: OrderedDict[str, frozenset[str]] = OrderedDict()
        """What was last read in one text with an e-mail address: known to whoever is behind it."""
        self._allowed = frozenset(
            where.site for domain in tuning.allowed_domains if (where := place(domain)) is not None
        )
        self._home = ""
        self._has_read = False
        self._answering: tuple[str, ...] = ()

    def message(self, message: Message) -> None:
        """Learn the sites of the task, and the secrets given with it."""
        self._task.hear(message)
        if message.author is not Author.MODEL:
            given = _TASK if message.author is Author.USER else _OPERATOR
            self._seen.remember((), entities(message.text).secrets, (given,))

    def observation(self, observation: Observation) -> FlowFacts:
        """Remember the values of a text with the place it came from."""
        where = place(observation.origin) if "://" in observation.origin else None
        if not observation.origin.startswith(_BLANK):
            self._settle(where if observation.source is Source.PAGE else None, _NOWHERE)
            self._has_read = True
        here: tuple[str, ...] = (where.site or observation.origin,) if where is not None else (observation.origin,)
        if observation.source is Source.TOOL_RESULT:
            here = tuple(dict.fromkeys((*here, *self._answering)))
            self._answering = ()
        named = entities(observation.text)
        self._learn(here, where, _Load((*named.values, *named.emails), named.secrets))
        self._correspond(named)
        for url in named.urls:
            if (linked := place(url)) is not None and linked.site:
                inside = entities(url)
                self._seen.remember((*inside.values, *inside.emails), inside.secrets, (linked.site,))
        return _NOTHING

    def _learn(self, here: tuple[str, ...], where: Place | None, load: _Load) -> None:
        """Remember what was seen somewhere, but not what the agent itself typed there and now sees again."""
        typed = self._typed.get(where.site) if where is not None else None
        if typed is not None:
            values = tuple(value for value in load.values if value not in typed.values)
            load = _Load(values, tuple(secret for secret in load.secrets if secret not in typed.secrets))
        self._seen.remember(load.values, load.secrets, here)

    def _correspond(self, named: Entities) -> None:
        for email in named.emails[:CORRESPONDENTS_KEPT]:
            self._written[email] = frozenset((*named.values, *named.emails))
            self._written.move_to_end(email)
        while len(self._written) > CORRESPONDENTS_KEPT:
            self._written.popitem(last=False)

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """What a tool gives back came from where its call went, too."""
        places = targets(action, leaves(action.arguments)).places if action is not None else ()
        self._answering = tuple(where.site for where in places)

    def action(self, action: Action) -> FlowFacts:
        """Tell what the action carries, and whether it goes where it has no business."""
        stands = place(action.url) if action.url else None
        read = reading(action)
        goes = read.goes
        self._settle(stands, goes)
        load = _load(read)
        found = self._leaving(action, stands, goes, load)
        self._remember(action, stands, load)
        return found

    def _settle(self, stands: Place | None, goes: Targets) -> None:
        """Where the task names no site, the first one is: where the agent was started, or went before it read."""
        if self._home or self._has_read:
            return
        first = next((where for where in (stands, *goes.places) if where is not None and where.site), None)
        self._home = first.site if first is not None else ""

    def _leaving(self, action: Action, stands: Place | None, goes: Targets, load: _Load) -> FlowFacts:
        sends = action.kind in _SENDING or not action.effects.isdisjoint({Effect.SEND, Effect.PAY})
        taken = load if sends else _Load((), load.secrets)
        found = [self._carried(where, taken) for where in goes.places if where.host]
        body = _Load(tuple(value for value in load.values if value not in goes.emails), load.secrets)
        found += [self._mailed(email, body) for email in goes.emails]
        found += self._through_form(action, stands, goes, load)
        return next((facts for facts in found if facts is not None), _NOTHING)

    def _through_form(self, action: Action, stands: Place | None, goes: Targets, load: _Load) -> list[FlowFacts | None]:
        if action.kind is Kind.INPUT:
            # A page can read what is typed into it, whether it is sent or not.
            taken = _Load((), load.secrets)
            return [self._carried(where, taken) for where in (stands, goes.form) if where is not None]
        typed = self._typed.get(stands.site) if stands is not None else None
        if action.kind not in _FORM or stands is None or typed is None:
            return []
        if goes.form is not None and goes.form.site != stands.site:
            return [self._carried(goes.form, typed)]
        # Secrets were told of when they were typed.
        return [self._carried(stands, _Load(typed.values, ()))] if _submits(action) else []

    def _carried(self, where: Place, load: _Load) -> FlowFacts | None:
        if not (load.values or load.secrets) or self._is_expected(where):
            return None
        secrets = {secret: seen for secret in load.secrets if (seen := self._foreign_secret(secret, where.site))}
        is_at_ease = is_search_engine(where) or self._task.names(where)
        values = {
            value: seen
            for value in load.values
            if not is_at_ease and (seen := self._foreign_value(value, where.site)) is not None
        }
        return _facts(where.host, secrets, values)

    def _foreign_value(self, value: str, site: str) -> Seen | None:
        seen = self._seen.places_of_value(value)
        if not seen or site in seen or value in self._task.tokens or value in self._task.values:
            return None
        return seen

    def _mailed(self, email: str, load: _Load) -> FlowFacts | None:
        where = place(email.partition("@")[2])
        if self._task.names_address(email) or where is None or where.site in self._allowed:
            return None
        secrets = {secret: seen for secret in load.secrets if (seen := self._foreign_secret(secret, where.site))}
        known = self._written.get(email, frozenset[str]())
        values = {
            value: seen
            for value in load.values
            if value not in known and (seen := self._foreign_value(value, where.site)) is not None
        }
        return _facts(email, secrets, values)

    def _foreign_secret(self, secret: str, site: str) -> Seen | None:
        """Where a secret came from, if that makes a site the wrong place for it."""
        seen = self._seen.places_of_secret(secret)
        if not seen or site in seen:
            return None
        # A task that gives a password but names no site leaves it to the agent to find where it belongs.
        is_given = all(where in {_TASK, _OPERATOR} for where in seen)
        return None if is_given and not self._task.sites else seen

    def _is_expected(self, where: Place) -> bool:
        """Whether even secrets belong there. For them, a word that is like a brand is not enough."""
        if not where.site or where.site in self._allowed or self._task.names_exactly(where):
            return True
        return where.site == self._home and not self._task.sites

    def _remember(self, action: Action, stands: Place | None, load: _Load) -> None:
        if stands is None or action.kind is not Kind.INPUT:
            return
        # Typing a value where it has no business does not make that place one it came from.
        is_foreign = not self._is_expected(stands)
        values = tuple(value for value in load.values if not (is_foreign and self._seen.places_of_value(value)))
        secrets = tuple(secret for secret in load.secrets if not (is_foreign and self._seen.places_of_secret(secret)))
        self._seen.remember(values, secrets, (stands.site,))
        before = self._typed.pop(stands.site, _Load((), ()))
        self._typed[stands.site] = _Load(
            _latest((*before.values, *load.values)), _latest((*before.secrets, *load.secrets))
        )
        if len(self._typed) > FORMS_KEPT:
            del self._typed[next(iter(self._typed))]


def _submits(action: Action) -> bool:
    if action.kind is not Kind.CLICK:
        return True
    return action.element is not None and action.element.type.lower() == "submit"


def _latest(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[-FIELDS_KEPT:]


def _load(read: Reading) -> _Load:
    values: dict[str, None] = {}
    secrets: dict[str, None] = {}
    for _, text in read.arguments:
        named = entities(unquote_plus(text) if "%" in text else text)
        values.update(dict.fromkeys((*named.values, *named.emails)))
        secrets.update(dict.fromkeys(named.secrets))
    return _Load(tuple(values), tuple(secrets))


def _facts(target: str, secrets: dict[str, Seen], values: dict[str, Seen]) -> FlowFacts | None:
    if not secrets and not values:
        return None
    shown = [f"‹secret:{secret}›" for secret in secrets] + [_shortened(value) for value in values]
    places = dict.fromkeys(where for seen in (*secrets.values(), *values.values()) for where in seen if where)
    return FlowFacts(
        foreign_target=target,
        carried=tuple(shown[:CARRIED_LIMIT]),
        carried_from=tuple(places)[:CARRIED_LIMIT],
        carries_secret=bool(secrets),
    )


def _shortened(value: str) -> str:
    return value if len(value) <= 2 * SHOWN + 1 else f"{value[:SHOWN]}…{value[-SHOWN:]}"
