"""Addresses and names inside a machine or its network, and the services there that hand out a machine's keys."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from sentric.policy.readers.words.lexicon import words


class Inside(StrEnum):
    """What an address or a name is inside of."""

    MACHINE = "this machine"
    NETWORK = "a private network"
    METADATA = "a cloud's metadata service"


@dataclass(frozen=True, slots=True)
class Address:
    """A host that is an IP address, or stands for one."""

    ip: IPv4Address | IPv6Address | None
    """None for a name."""
    inside: Inside | None
    """None for a public one."""
    borrowed: bool = False
    """A public name that its owner lets resolve to an address inside."""


_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean, OpenStack
            "169.254.170.2",  # AWS, for containers
            "169.254.170.23",  # AWS, for pods
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle, classic
            "168.63.129.16",  # Azure, wire server
            "fd00:ec2::254",  # AWS
            "fd00:ec2::23",  # AWS, for pods
            "fd20:ce::254",  # Google
        ),
    )
)
"""Addresses of metadata services, from the providers' documentation."""
_METADATA_NAMES = words(
    "metadata metadata.google.internal metadata.goog instance-data instance-data.ec2.internal metadata.azure.internal "
    "metadata.tencentyun.com metadata.platformequinix.com"
)
_MACHINE_NAMES = words("localhost localhost.localdomain ip6-localhost ip6-loopback host.docker.internal")
_NETWORK_SUFFIXES = words("internal local localdomain lan intranet corp home private")
"""Top-level names of private networks (RFC 6762, appendix G; ICANN's `internal`); `home.arpa` is RFC 8375's."""
_WILDCARDS = words("nip.io sslip.io xip.io traefik.me localtest.me lvh.me vcap.me lacolhost.com local.gd")
"""Public names that resolve to the address written in them, or to this machine."""
_WRITTEN = re.compile(r"(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-]")
_SHORT = re.compile(r"127\.\d{1,3}")
"""The one abbreviation that people type."""
_PUBLIC = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "198.18.0.0/15")))
"""Not routed, but nobody's network: documentation, tests, reserved (RFC 5737, 2544, 1112)."""
_DOCUMENTED = IPv6Network("2001:db8::/32")
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")


@lru_cache(maxsize=2048)
def address(host: str) -> Address | None:
    """What a host stands for; None for an ordinary name.

    Args:
        host: in lower case and ASCII, as a URL parser returns it: unusual spellings of numbers are already resolved.
    """
    if (ip := _ip(host)) is not None:
        return Address(ip, _inside(ip))
    if host in _METADATA_NAMES:
        return Address(None, Inside.METADATA)
    if host in _MACHINE_NAMES or host.endswith(".localhost"):
        return Address(None, Inside.MACHINE)
    if host.rpartition(".")[2] in _NETWORK_SUFFIXES or host.endswith((".home.arpa", ".svc.cluster.local")):
        return Address(None, Inside.NETWORK) if "." in host else None
    if _domain(host) in _WILDCARDS:
        return Address(None, _written(host), borrowed=True)
    return None


def borrowed(host: str) -> bool:
    """Whether a public name stands for an address inside: `lvh.me`, `10.0.0.1.nip.io`."""
    found = address(host)
    return found is not None and found.borrowed and found.inside is not None


def unusual(written: str, host: str) -> bool:
    """Whether an inside address is written so that a reader, or a filter of names, does not know it for one.

    Args:
        written: the host as it stands in the URL, without user name and port.
        host: the same, as a URL parser returns it.
    """
    found = address(host)
    if found is None or found.inside is None:
        return False
    if found.ip is None:
        return not written.isascii() or (found.borrowed and _WRITTEN.search(host) is not None)
    shown = written.strip("[]").rstrip(".").lower()
    if isinstance(raw := _raw(host), IPv6Address):
        return raw != found.ip
    return shown != host and _SHORT.fullmatch(shown) is None


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])


def _raw(host: str) -> IPv4Address | IPv6Address | None:
    if not host.startswith("[") and not host[-1:].isdigit():
        return None
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    """The address a host is, with IPv4 addresses taken out of the IPv6 ones that wrap them."""
    ip = _raw(host)
    if not isinstance(ip, IPv6Address):
        return ip
    if (wrapped := ip.ipv4_mapped or ip.sixtofour) is not None:
        return wrapped
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 0xFFFF):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _inside(ip: IPv4Address | IPv6Address) -> Inside | None:
    if ip in _METADATA:
        return Inside.METADATA
    if ip.is_loopback or ip.is_unspecified:
        return Inside.MACHINE
    if ip.is_link_local or (isinstance(ip, IPv6Address) and ip.is_site_local):
        return Inside.NETWORK
    if ip.is_global or ip.is_multicast or any(ip in network for network in _PUBLIC) or ip in _DOCUMENTED:
        return None
    return Inside.NETWORK


def _written(host: str) -> Inside | None:
    """What the address written in a wildcard name is inside of; those without one resolve to this machine."""
    found = _WRITTEN.search(host)
    if found is None:
        return Inside.MACHINE
    try:
        return _inside(IPv4Address(".".join(found.groups())))
    except ValueError:
        return None
