"""What the human's task names: the places, addresses and words that an action may be about without question."""

from dataclasses import dataclass
from functools import lru_cache

from sentric.events import Author, Message
from sentric.policy.readers.places.brands import brands, is_brand_domain, plain_words
from sentric.policy.readers.places.hosts import Place, known_suffix, place
from sentric.policy.readers.values.entities import entities, host_names, secret_id, tokens
from sentric.policy.readers.words.text import readable

TASK_LIMIT = 65_536
"""Characters of the human's turns, and of the operator's text, that are read."""
TURNS_KEPT = 16
"""Turns remembered as read."""
NAME_LENGTH = 3
"""Shortest word of a task that can name a person."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn names."""

    sites: tuple[str, ...]
    words: frozenset[str]
    plain: frozenset[str]
    brands: frozenset[str]
    tokens: frozenset[str]
    values: frozenset[str]
    secrets: frozenset[str]


class Task:
    """What the human's turns name, and the sites that the operator's text names."""

    def __init__(self) -> None:
        self.sites: dict[str, None] = {}
        """In the order they were named."""
        self.words: set[str] = set()
        self.plain: set[str] = set()
        """Words that stand by themselves, outside addresses, and are not common: they may name somebody."""
        self.brands: set[str] = set()
        """Words that may be the brand of a site."""
        self.tokens: set[str] = set()
        """All that is not a plain word."""
        self.values: set[str] = set()
        self.secrets: set[str] = set()
        self.operator_sites: set[str] = set()
        self._room = {Author.USER: TASK_LIMIT, Author.SYSTEM: TASK_LIMIT, Author.MODEL: 0}

    def hear(self, message: Message) -> bool:
        """Read a message; whether it added anything."""
        text = message.text[: self._room[message.author]]
        self._room[message.author] -= len(text)
        if not text:
            return False
        if message.author is Author.SYSTEM:
            self.operator_sites.update(_sites(text))
            return True
        named = _turn(text)
        self.sites.update(dict.fromkeys(named.sites))
        self.words |= named.words
        self.plain |= named.plain
        self.brands |= named.brands
        self.tokens |= named.tokens
        self.values |= named.values
        self.secrets |= named.secrets
        return True

    def names(self, where: Place) -> bool:
        """Whether the task, or the operator, names the site.

        They do by its address, or, where the task has no address of any site, by a word that is its brand.
        """
        if self.names_exactly(where):
            return True
        return not self.sites and where.label in self.brands and is_brand_domain(where)

    def names_exactly(self, where: Place) -> bool:
        """Whether the task, or the operator, names the site by its address."""
        return where.site in self.sites or where.site in self.operator_sites

    def names_address(self, email: str) -> bool:
        """Whether the task names an e-mail address, its domain by address, or the person by a part of it."""
        if email in self.tokens:
            return True
        person, _, domain = email.partition("@")
        if self.plain and any(len(part) >= NAME_LENGTH and part in self.plain for part in _words(person)):
            return True
        where = place(domain) if self.sites or self.operator_sites else None
        return where is not None and self.names_exactly(where)


@lru_cache(maxsize=TURNS_KEPT)
def _turn(text: str) -> _Turn:
    """Read a turn. Several families ask for the same one."""
    named, shown = entities(text), readable(text)
    return _Turn(
        sites=tuple(sites_in(text)),
        words=frozenset(_words(text)),
        plain=plain_words(shown),
        brands=brands(shown),
        tokens=tokens(text),
        values=frozenset(named.values),
        secrets=frozenset(map(secret_id, named.secrets)),
    )


@lru_cache(maxsize=TURNS_KEPT)
def _sites(text: str) -> tuple[str, ...]:
    return tuple(sites_in(text))


def sites_in(text: str) -> list[str]:
    """The sites that a text names, by URL or by host, in that order."""
    places = [place(url) for url in entities(text).urls]
    places += [place(name) for name in host_names(tokens(text)) if ":" in name or known_suffix(name)]
    return [where.site for where in places if where is not None and where.site]


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in readable(text).lower()).split()
