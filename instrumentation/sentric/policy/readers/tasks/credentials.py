"""Credentials: which fields take them, and which site each one belongs to."""

import re
import unicodedata
from collections import OrderedDict

from sentric.events import Action, Author, Element, Kind, Message
from sentric.policy.readers.actions.reading import Reading
from sentric.policy.readers.places.hosts import Place
from sentric.policy.readers.tasks.task import TASK_LIMIT, sites_in
from sentric.policy.readers.values.entities import entities, secret_id
from sentric.policy.readers.words.lexicon import words

LABEL_LIMIT = 200
"""Characters of an element's name and label that are read."""
BOUND_KEPT = 256
"""Secrets whose sites are remembered; the one bound first is forgotten first."""
SITES_KEPT = 8
"""Sites of one secret that are remembered."""

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
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_SENTENCE = re.compile(r"\n|[.!?;]\s")
_UNBOUND = ("card", "iban", "account")
"""Beginnings of the kinds of secrets that are meant for many sites."""


_latest: tuple[Action | None, bool] = (None, False)


def types_credential(action: Action, read: Reading) -> bool:
    """Whether an action types a credential: by its field, or by a value that redaction knew for a secret."""
    global _latest  # noqa: PLW0603  # one tuple, replaced whole: threads can at worst read an action twice
    known, types = _latest
    if known is not action:
        types = _types_credential(action, read)
        _latest = (action, types)
    return types


def _types_credential(action: Action, read: Reading) -> bool:
    if action.kind is not Kind.INPUT:
        return False
    if any("‹secret:" in text for _, text in read.arguments):
        return True
    return action.element is not None and is_credential_field(action.element)


def is_credential_field(element: Element) -> bool:
    """Whether a field is for a password, a card number, a code: by its type, its purpose, or its name and label."""
    kind = element.type.lower()
    if kind == "password" or not _AUTOCOMPLETE.isdisjoint(element.autocomplete.lower().split()):
        return True
    if kind in _NOT_TYPED_SECRETS or element.tag.lower() in {"button", "a", "select"}:
        return False
    label = f"{element.name[:LABEL_LIMIT]} {element.text[:LABEL_LIMIT]}"
    return _CREDENTIALS.search(" ".join(_WORDS.findall(_plain(label))).lower()) is not None


class Bindings:
    """Which sites each secret belongs to: those the task gives it for, and the one it was typed at first."""

    def __init__(self) -> None:
        self._sites: OrderedDict[str, dict[str, None]] = OrderedDict()
        self._given: set[str] = set()
        """Secrets that the task or the operator gives."""
        self._owners: set[str] = set()
        """Sites that the task gives a secret for."""
        self._room = TASK_LIMIT
        self.evicted: dict[str, None] = {}
        """What was forgotten because of a limit."""

    def hear(self, message: Message) -> None:
        """Learn from the task which secret is for which site: what stands in one sentence, or one paragraph."""
        if message.author is Author.MODEL or "‹secret:" not in message.text:
            return
        text = message.text[: self._room]
        self._room -= len(text)
        for paragraph in _PARAGRAPH.split(text):
            if "‹secret:" not in paragraph:
                continue
            around = sites_in(paragraph)
            for sentence in _SENTENCE.split(paragraph):
                if secrets := entities(sentence).secrets:
                    self._give(secrets, tuple(dict.fromkeys(sites_in(sentence) or around)))

    def typed(self, secrets: tuple[str, ...], where: Place) -> None:
        """A secret nobody gave is of the site it is typed at first."""
        for secret in secrets:
            name = secret_id(secret)
            if name not in self._given and name not in self._sites and not secret.startswith(_UNBOUND):
                self._bind(name, where.site)

    def owner(self, secrets: tuple[str, ...], where: Place, *, named: bool) -> str:
        """The site that a secret belongs to instead of to a place; "" where it belongs there, or to no site.

        Args:
            secrets: as `entities` gives them.
            where: the place it is typed at.
            named: whether the task names that place. Then the secret is of another one only if the place has a
                secret of its own.
        """
        for secret in secrets:
            sites = self._sites.get(secret_id(secret))
            if not sites or where.site in sites or (named and where.site not in self._owners):
                continue
            if not any(_is_same_brand(site, where) for site in sites):
                return next(iter(sites))
        return ""

    def _give(self, secrets: tuple[str, ...], sites: tuple[str, ...]) -> None:
        self._given.update(map(secret_id, secrets[:BOUND_KEPT]))
        if len(sites) != 1:
            return
        for secret in secrets[:BOUND_KEPT]:
            if not secret.startswith(_UNBOUND):
                self._bind(secret_id(secret), sites[0])
                self._owners.add(sites[0])

    def _bind(self, name: str, site: str) -> None:
        sites = self._sites.setdefault(name, {})
        if len(sites) < SITES_KEPT:
            sites[site] = None
        if len(self._sites) > BOUND_KEPT:
            self._sites.popitem(last=False)
            self.evicted["secrets"] = None


def _is_same_brand(site: str, where: Place) -> bool:
    return bool(where.label) and site.partition(".")[0] == where.label


def _plain(text: str) -> str:
    """A text without accents."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
