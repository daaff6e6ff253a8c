"""Where an action stands and where it goes: secure or not, local, disguised; and whether it types a credential."""

import re
import unicodedata
from dataclasses import dataclass

from sentric.events import Action, Element, Kind, Message, Observation
from sentric.policy.rule import Tuning
from sentric.policy.signals.brands import CHEAP_SUFFIXES
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.hosts import Place, place
from sentric.policy.signals.lexicon import words
from sentric.policy.signals.lookalike import IMITATED, disguised, genuine_places, imitated
from sentric.policy.signals.reading import Reading, reading
from sentric.policy.signals.task import Task

LABEL_LIMIT = 200
"""Characters of an element's name and label that are read."""
HOSTS_KEPT = 1024
"""Hosts whose judgement is remembered."""
SUBDOMAINS = 5
"""More labels than this before the registered domain are suspicious."""

_AUTOCOMPLETE = words("current-password new-password one-time-code cc-number cc-csc cc-exp cc-exp-month cc-exp-year")
_NOT_TYPED_SECRETS = frozenset({"search", "checkbox", "radio", "button", "submit", "hidden", "url", "date", "color"})
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_CREDENTIALS = re.compile(
    r"\b(password|passwd|pwd|pass ?code|pass ?phrase|pin|otp|totp|cvv2?|cvc2?|csc|ssn"
    r"|(credit |debit )?card ?(number|no|num)|cc ?number|security code|verification code|one ?time ?(code|password)"
    r"|api ?key|access ?token|auth(entication)? code|seed phrase|private key"
    r"|passwort|kennwort|kartennummer|(sicherheits|bestatigungs|verifizierungs|prufe?) ?(code|nummer|ziffer)"
    r"|contrasena|clave|nip|numero de tarjeta|codigo (de )?(nip|seguridad|verificacion|acceso|confirmacion)"
    r"|mot de passe|numero de (la )?carte|code (de )?(securite|verification|confirmation|secret|confidentiel))\b"
)


@dataclass(frozen=True, slots=True)
class OriginFacts(Facts):
    """Facts about places."""

    secure_origin: bool = False
    """The page the action stands on, and the form it fills where that is known, use HTTPS. Loopback addresses count
    as secure only where the policy says so."""
    credential_field: bool = False
    """The action types a password, a card number or a one-time code, by the field's type, name or label, or types
    a value that redaction knew for a secret."""
    loopback: bool = False
    """The page, or a target of the action, is this machine itself, however it is spelled."""
    private_network: bool = False
    """The page, or a target of the action, is an address of a private network."""
    target_hosts: tuple[str, ...] = ()
    """Hosts the action goes to: by its arguments and by the form it is part of."""
    lookalike_host: str = ""
    """The host that seems made to be taken for another."""
    lookalike_of: str = ""
    """The site it is made to be taken for: one the task names, a protected one, or a much imitated one."""
    suspicious_domain: str = ""
    """A host the action goes to that has a mark of deceit."""
    suspicious_because: str = ""
    """Which mark that is."""


_NOTHING = OriginFacts()


class Origin(Family[OriginFacts]):
    """Judges the places of actions."""

    facts = OriginFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        self._task = Task()
        self._shipped = genuine_places((*tuning.protected_domains, *IMITATED))
        self._genuine = self._shipped
        self._allowed = frozenset(where.site for where in genuine_places(tuning.allowed_domains))
        self._imitated: dict[str, str] = {}

    def message(self, message: Message) -> None:
        """Sites the human names are compared with, too."""
        if self._task.hear(message):
            self._genuine = (*genuine_places(self._task.sites), *self._shipped)
            self._imitated.clear()

    def observation(self, observation: Observation) -> OriginFacts:
        """Nothing is said about texts."""
        return _NOTHING

    def action(self, action: Action) -> OriginFacts:
        """Judge the places of an action."""
        stands = place(action.url) if action.url else None
        read = reading(action)
        goes = read.goes
        reached = (*goes.places, goes.form) if goes.form is not None else goes.places
        places = (stands, *reached) if stands is not None else reached
        lookalike = next(((where, of) for where in places if (of := self._imitation(where))), None)
        marked = next(((where, why) for where in reached if (why := self._mark(where))), None)
        return OriginFacts(
            secure_origin=self._is_secure(stands) and (goes.form is None or self._is_secure(goes.form)),
            credential_field=_types_credential(action, read),
            loopback=any(where.loopback for where in places),
            private_network=any(where.private for where in places),
            target_hosts=tuple(dict.fromkeys(where.host for where in reached if where.host)),
            lookalike_host=lookalike[0].host if lookalike else "",
            lookalike_of=lookalike[1] if lookalike else "",
            suspicious_domain=marked[0].host if marked else "",
            suspicious_because=marked[1] if marked else "",
        )

    def _is_secure(self, where: Place | None) -> bool:
        if where is None:
            return False
        return where.scheme in {"https", "wss"} or (self.tuning.allow_loopback and where.loopback)

    def _imitation(self, where: Place) -> str:
        if not where.label or where.site in self._allowed:
            return ""
        if (found := self._imitated.get(where.host)) is None:
            found = imitated(where, self._genuine)
            if len(self._imitated) >= HOSTS_KEPT:
                self._imitated.clear()
            self._imitated[where.host] = found
        return found

    def _mark(self, where: Place) -> str:
        if not where.host or self._task.names(where) or where.site in self._allowed:
            return ""
        if where.userinfo:
            return "a user name stands before the host"
        if where.address:
            return "" if where.loopback or where.private else "an IP address instead of a name"
        if where.host.rpartition(".")[2] in CHEAP_SUFFIXES:
            return "a top-level domain used mostly for abuse"
        if where.host.removesuffix(where.site).count(".") > SUBDOMAINS:
            return "many subdomains"
        return disguised(where)


def _types_credential(action: Action, read: Reading) -> bool:
    if action.kind is not Kind.INPUT:
        return False
    if any("‹secret:" in text for _, text in read.arguments):
        return True
    return action.element is not None and _is_credential_field(action.element)


def _is_credential_field(element: Element) -> bool:
    kind = element.type.lower()
    if kind == "password" or not _AUTOCOMPLETE.isdisjoint(element.autocomplete.lower().split()):
        return True
    if kind in _NOT_TYPED_SECRETS or element.tag.lower() in {"button", "a", "select"}:
        return False
    label = f"{element.name[:LABEL_LIMIT]} {element.text[:LABEL_LIMIT]}"
    return _CREDENTIALS.search(" ".join(_WORDS.findall(_plain(label))).lower()) is not None


def _plain(text: str) -> str:
    """A text without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
