"""Services that a task speaks of, and the secrets that are for them: a user's own key, a webhook, a signed download."""

import re
from collections.abc import Iterable
from itertools import islice

from sentric.policy.readers.places.brands import is_brand_domain
from sentric.policy.readers.places.hosts import URL_LIMIT, Place, place
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.values.entities import secret_id
from sentric.policy.readers.values.memory import SeenValues
from sentric.policy.readers.words.lexicon import words

NAME_LENGTH = 4
"""Shortest word of a task that can be the name of a service."""
BRAND_LENGTH = 5
"""Shortest word of a task that a longer name of a site can begin with: `openweather`, `openweathermap`."""
KEPT = 1024
"""Sites, and secrets, remembered; those beyond are not."""
LINKS_KEPT = 512
"""URLs remembered unread, until somebody asks for a site or there are more of them."""
SECRETS_LIMIT = 64
"""Secrets of one text that are looked at."""
NAME_HEAD = 48
"""Characters before a secret in which its name says which service it is for."""
LINK_HEAD, LINK_TAIL = 512, 1024
"""Characters of a URL before and behind a secret in it."""

_FINGERPRINT = re.compile(r"‹secret:([a-z][a-z0-9_]{0,31}:[0-9a-f]{8})")
_URL_END = re.compile(r"[\s\"'<>`]")
_HOST_END = re.compile(r"[/\\?#]")
_WORDS = re.compile(r"[a-z]{3,}")
_SECRETS = words(
    "password passwords passphrase passcode pin code codes key keys apikey token tokens credential credentials secret "
    "secrets login logins wifi webhook passwort kennwort schlüssel zugangsdaten contraseña clave claves"
)
"""Words of tasks that are about a secret."""


class Services:
    """What is known of services by the task's words, and by what was read beside secrets."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._read_of: set[str] = set()
        """Sites of URLs in what was read."""
        self._links: dict[str, None] = {}
        """URLs whose sites nobody has asked for yet: most runs send nothing to a place outside the task."""
        self._called: dict[str, frozenset[str]] = {}
        """Secrets with the words in front of each: `STRIPE_API_KEY=`."""

    def read_of(self, urls: Iterable[str]) -> None:
        """A text that was read has some URLs."""
        if len(self._read_of) < KEPT:
            self._links.update(dict.fromkeys([url[:URL_LIMIT] for url in urls]))
        if len(self._links) > LINKS_KEPT:
            self._read_links()

    def read(self, text: str, seen: SeenValues) -> None:
        """Read a text with secrets. Whoever made a link with a secret in it knows the secret."""
        for found in islice(_FINGERPRINT.finditer(text), SECRETS_LIMIT):
            secret = found[1]
            head = text[max(0, found.start() - LINK_HEAD) : found.start()]
            self._note(secret_id(secret), head)
            scheme = head.rfind("://")
            if scheme < 0 or _URL_END.search(head, scheme):
                continue
            tail = _URL_END.split(text[found.start() : found.start() + LINK_TAIL], maxsplit=1)[0]
            host = _HOST_END.split(f"{head[scheme + 3 :]}{tail}", maxsplit=1)[0]
            linked = place(f"https://{host}")
            if linked is not None and linked.site:
                seen.remember((), (secret,), (linked.site,))

    def is_about_secrets(self) -> bool:
        """Whether the task speaks of a password, a key or the like."""
        return not _SECRETS.isdisjoint(self._task.words)

    def is_for(self, secret: str, where: Place) -> bool:
        """Whether a secret is of the service at a host, by its kind or by the name that it was read with."""
        if not where.label or not is_brand_domain(where):
            return False
        return secret.startswith(f"{where.label}_") or where.label in self._called.get(secret_id(secret), ())

    def is_home(self, secret: str, where: Place) -> bool:
        """Whether the task names a service, and speaks of a secret, or the secret is of that service."""
        return self._names(where) and (self.is_about_secrets() or self.is_for(secret, where))

    def is_spoken_of(self, where: Place) -> bool:
        """Whether a host has the name of a service that the task names, and no text brought the agent there.

        An agent knows by itself where a service is: api.openweathermap.org for OpenWeather.
        """
        if self._names(where):
            return True
        self._read_links()
        if where.site in self._read_of or not is_brand_domain(where):
            return False
        return any(len(brand) >= BRAND_LENGTH and where.label.startswith(brand) for brand in self._task.brands)

    def _read_links(self) -> None:
        for url in self._links:
            if len(self._read_of) < KEPT and (linked := place(url)) is not None and linked.site:
                self._read_of.add(linked.site)
        self._links.clear()

    def _names(self, where: Place) -> bool:
        if len(where.label) < NAME_LENGTH or not is_brand_domain(where):
            return False
        return where.label in self._task.brands or where.label in self._task.plain

    def _note(self, secret: str, before: str) -> None:
        if len(self._called) < KEPT and secret not in self._called:
            self._called[secret] = frozenset(_WORDS.findall(before[-NAME_HEAD:].lower().rpartition("\n")[2]))
