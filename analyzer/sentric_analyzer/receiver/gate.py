"""Who may send, and how much: decided from the head of a request, before its body is read."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from sentric_analyzer.control import KeyRing, Scope
from sentric_analyzer.receiver.rates import Buckets, buckets_for
from sentric_analyzer.receiver.refusal import Reason, Refusal

_MOST_KEY = 256
"""Characters of a key; longer ones are not hashed."""
_INGEST = frozenset({Scope.INGEST, Scope.ADMIN})
_ATTEMPTS = 10
"""Wrong keys from one address, after which it is told to wait, and one more is forgiven every few seconds."""
_FORGIVEN = 6.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one sender may send in a second. 0: as much as it likes."""

    requests: float = 0
    bytes: float = 0
    """After decompression."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a request: a key, or an address that presented none."""

    name: str
    """Id of the key, or the address."""
    projects: tuple[str, ...] = ()
    """The projects that the key is for; empty: the resources of the request say theirs."""


class Gate:
    """Lets senders in. For one thread, save `set_keys`.

    A key is looked up before anything is counted: the hash costs a microsecond, and so a valid key is accepted
    whoever else guesses at the same address. Only refusals are rationed.
    """

    def __init__(
        self,
        keys: KeyRing | None,
        rates: Rates,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._now = now
        self._failures = Buckets(1 / _FORGIVEN, _ATTEMPTS, clock)
        self._requests = buckets_for(rates.requests, clock)
        self._bytes = buckets_for(rates.bytes, clock)

    def set_keys(self, keys: KeyRing | None) -> None:
        """Use other keys from the next request on; None: they are not known now. From any thread."""
        self._keys = keys

    def admit(self, authorization: str | None, address: str, *, required: bool) -> Sender:
        """Who sends this.

        Args:
            authorization: the header, None where there is none.
            address: of the sender, as `network_of` gives it.
            required: refuse who presents no key.

        Raises:
            Refusal: the sender may not send, or not now.
        """
        if self._keys is None and (required or authorization is not None):
            raise Refusal(Reason.UNAVAILABLE, "the keys are not known now: try again")
        if authorization is not None:
            sender = self._holder(authorization, address)
        elif required:
            raise Refusal(Reason.UNAUTHENTICATED, "a key is needed: send Authorization: Bearer KEY")
        else:
            sender = Sender(address)
        for buckets in (self._requests, self._bytes):
            if buckets is not None and (wait := buckets.wait(sender.name)):
                raise Refusal(Reason.RATE, "too much in too short a time: send less", wait=wait)
        if self._requests is not None:
            self._requests.take(sender.name)
        return sender

    def charge(self, sender: Sender, count: int) -> None:
        """Count bytes that a sender has sent."""
        if self._bytes is not None:
            self._bytes.take(sender.name, count)

    def _holder(self, authorization: str, address: str) -> Sender:
        scheme, _, key = authorization.partition(" ")
        known = scheme.lower() == "bearer" and len(key) <= _MOST_KEY
        grant = self._keys.find(key.strip(), self._now()) if known and self._keys is not None else None
        if grant is None:
            raise self._failure(address)
        if grant.scopes.isdisjoint(_INGEST):
            raise Refusal(Reason.FORBIDDEN, "this key may not send: it needs the scope ingest")
        return Sender(grant.key_id, grant.projects)

    def _failure(self, address: str) -> Refusal:
        if wait := self._failures.wait(address):
            return Refusal(Reason.ATTEMPTS, "too many invalid keys: wait", wait=wait)
        self._failures.take(address)
        return Refusal(Reason.UNAUTHENTICATED, "the key is not valid")


@lru_cache(4096)
def network_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has to himself."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))
