"""Where a URL leads, as a browser would read it (the WHATWG URL standard), and which site that is."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import can_ada
from publicsuffixlist import PublicSuffixList

from sentric.policy.readers.places.internal import Address, Inside, address, unusual
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.text import readable

URL_LIMIT = 2048
"""Characters of a URL that are read: a host lies within them or is not one."""
COUNTRY_LENGTH = 2
"""Characters of a country's top-level name."""
_RESERVED = words("example test local internal lan home corp intranet")
"""Top-level names for documentation, tests and private networks (RFC 2606, 6762, 8375), which no list has."""
_TRADE = words("com co net org")
"""Second-level names under which some countries' domains are given out without a public suffix that says so."""
_SECRET = re.compile("‹secret:[^›]{0,80}›")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_ORDINARY = re.compile(r"(https?)://((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#][!-~]*)?")
"""A URL of which a parser says nothing that does not meet the eye."""
_SCHEME = re.compile(r"(?:https?|wss?|ftp):|[a-z][a-z0-9+.-]{0,20}:(?!\d)", re.IGNORECASE)
"""Before a digit only those that browsers take for one without slashes too: others are hosts with a port."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads."""

    scheme: str
    host: str
    """In ASCII form, as it is looked up; "" where the scheme has none."""
    site: str
    """What belongs together: the registered domain; for addresses and bare names, host and port."""
    label: str
    """The registered domain without its public suffix: what a brand calls itself."""
    loopback: bool
    """The machine itself, in any spelling."""
    private: bool
    """An address or a name of a private network: private, link-local, shared or unique-local; or of a cloud's
    metadata service."""
    address: bool
    """The host is an IP address."""
    userinfo: bool
    """A user name or password stands before the host."""
    metadata: bool = False
    """A cloud's metadata service, which gives a machine's keys to whoever asks from it."""
    unusual: bool = False
    """An address of this machine or network that is written so that it is hard to know for one: `0x7f.1`."""

    @property
    def inside(self) -> bool:
        """Whether it is this machine, or in its network."""
        return self.loopback or self.private


def place(url: str) -> Place | None:
    """Read a URL, or a host with or without a port; None where there is no telling where it leads."""
    return _place(url[:URL_LIMIT])


@lru_cache(maxsize=2048)
def _place(url: str) -> Place | None:
    if (ordinary := _ORDINARY.fullmatch(url)) is not None and "xn--" not in ordinary[2]:
        return _at(url, ordinary[1], ordinary[2], "", userinfo=False)
    text = readable(_SECRET.sub("secret", url) if "‹" in url else url).strip()
    if "://" not in text and not _SCHEME.match(text):
        text = "http://" + text.lstrip("/")
    try:
        parsed = can_ada.parse(text)
    except ValueError:
        return None
    scheme, host = str(parsed.protocol).rstrip(":"), str(parsed.hostname).rstrip(".")
    if not host:
        return Place(scheme, "", "", "", False, False, False, False)
    return _at(url, scheme, host, str(parsed.port), userinfo=bool(parsed.username or parsed.password))


def _at(url: str, scheme: str, host: str, port: str, *, userinfo: bool) -> Place:
    if (found := address(host)) is not None:
        return _numbered(url, scheme, host, port, userinfo, found)
    site, label = _registered(host)
    return Place(scheme, host, site or _with_port(host, scheme, port), label, False, False, False, userinfo)


def _numbered(url: str, scheme: str, host: str, port: str, userinfo: bool, found: Address) -> Place:
    """A host that is an address, or a name that stands for one."""
    loopback = found.inside is Inside.MACHINE and not found.borrowed
    private = found.inside is not None and not loopback
    site, label = ("", "") if found.ip is not None or loopback else _registered(host)
    own = "localhost" if loopback and found.ip is not None else host
    return Place(
        scheme,
        host,
        site or _with_port(own, scheme, port),
        label,
        loopback,
        private,
        found.ip is not None,
        userinfo,
        found.inside is Inside.METADATA,
        (private or loopback) and unusual(_written(url), host),
    )


def _written(text: str) -> str:
    """The host as it stands in a URL."""
    before, mark, after = text.partition("://")
    authority = _AUTHORITY_END.split((after if mark else before).lstrip("/\\"), maxsplit=1)[0]
    shown = authority.rpartition("@")[2]
    return shown.partition("]")[0] if shown.startswith("[") else shown.partition(":")[0]


def known_suffix(host: str) -> bool:
    """Whether a host ends in a public suffix that exists, or in one set aside for private use, so that it is a site."""
    return host.rpartition(".")[2] in _RESERVED or _suffixes().publicsuffix(host, accept_unknown=False) is not None


def _with_port(host: str, scheme: str, port: str) -> str:
    return f"{host}:{port or {'https': '443', 'wss': '443'}.get(scheme, '80')}"


@lru_cache(maxsize=2048)
def _registered(host: str) -> tuple[str, str]:
    site = _suffixes().privatesuffix(host) or ""
    label, _, suffix = site.partition(".")
    if label in _TRADE and len(suffix) == COUNTRY_LENGTH and (name := host.removesuffix(f".{site}")) != host:
        # amazon.com.be: what stands before com.be is what a brand registers.
        label = name.rpartition(".")[2]
        site = f"{label}.{site}"
    return site, label


@cache
def _suffixes() -> PublicSuffixList:
    """The list shipped with the package: never fetched."""
    return PublicSuffixList()
