"""Where a URL leads, as a browser would read it (the WHATWG URL standard), and which site that is."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import can_ada
from publicsuffixlist import PublicSuffixList

from sentric.policy.signals.lexicon import words
from sentric.policy.signals.text import readable

URL_LIMIT = 2048
"""Characters of a URL that are read: a host lies within them or is not one."""
_RESERVED = words("example test local internal lan home corp intranet")
"""Top-level names for documentation, tests and private networks (RFC 2606, 6762, 8375), which no list has."""
_SECRET = re.compile("‹secret:[^›]{0,80}›")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}:(?!\d)", re.IGNORECASE)


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
    """An address of a private network: private, link-local, shared or unique-local."""
    address: bool
    """The host is an IP address."""
    userinfo: bool
    """A user name or password stands before the host."""


def place(url: str) -> Place | None:
    """Read a URL, or a host with or without a port; None where there is no telling where it leads."""
    return _place(url[:URL_LIMIT])


@lru_cache(maxsize=2048)
def _place(url: str) -> Place | None:
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
    userinfo = bool(parsed.username or parsed.password)
    if (ip := _address(host)) is not None:
        loopback = ip.is_loopback or ip.is_unspecified
        site = _with_port("localhost" if loopback else host, scheme, str(parsed.port))
        return Place(scheme, host, site, "", loopback, not ip.is_global and not loopback, True, userinfo)
    if host == "localhost" or host.endswith(".localhost"):
        return Place(scheme, host, _with_port(host, scheme, str(parsed.port)), "", True, False, False, userinfo)
    site, label = _registered(host)
    site = site or _with_port(host, scheme, str(parsed.port))
    return Place(scheme, host, site, label, False, host.endswith(".internal"), False, userinfo)


def known_suffix(host: str) -> bool:
    """Whether a host ends in a public suffix that exists, or in one set aside for private use, so that it is a site."""
    return host.rpartition(".")[2] in _RESERVED or _suffixes().publicsuffix(host, accept_unknown=False) is not None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    if not host.startswith("[") and not host[-1].isdigit():
        return None
    try:
        ip = ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def _with_port(host: str, scheme: str, port: str) -> str:
    return f"{host}:{port or {'https': '443', 'wss': '443'}.get(scheme, '80')}"


@lru_cache(maxsize=2048)
def _registered(host: str) -> tuple[str, str]:
    site = _suffixes().privatesuffix(host) or ""
    return site, site.partition(".")[0]


@cache
def _suffixes() -> PublicSuffixList:
    """The list shipped with the package: never fetched."""
    return PublicSuffixList()
