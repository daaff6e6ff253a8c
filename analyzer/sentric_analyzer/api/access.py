"""Who asks, and whether that is enough for what is asked."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from sentric_analyzer.api.failures import Failures
from sentric_analyzer.api.needs import Needs
from sentric_analyzer.api.problems import Refused
from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.declaration import Declaration, OnCount
from sentric_analyzer.receiver.gate import network_of
from sentric_analyzer.receiver.rates import Buckets

_CHALLENGE = 'Bearer realm="sentric"'
_SEND = "send the header Authorization: Bearer KEY"
_WITHOUT_KEY = frozenset({Scope.READ})
"""What whoever has no key may do on loopback."""


class Reason(StrEnum):
    """Why a request is refused; also a label of the counter."""

    NO_KEY = "no_key"
    WRONG_KEY = "wrong_key"
    SCOPE = "scope"
    SLOWED = "slowed"
    RATE = "rate"
    KEYS_UNKNOWN = "keys_unknown"


REFUSED = "sentric_api_refused"
METRICS = {REFUSED: Declaration("Requests to the API refused.", "reason", tuple(Reason))}


@dataclass(slots=True)
class Access:
    """Admits requests. For one event loop."""

    ring: Callable[[], KeyRing | None]
    """Gives the valid keys; None while there is no knowing them."""
    key_needed: bool
    """Whether reading takes a key: everywhere but on loopback, where whoever asks is on this machine."""
    on_count: OnCount = lambda name, value, amount: None
    clock: Callable[[], float] = time.time
    failures: Failures = field(default_factory=Failures)
    rates: Buckets | None = None
    """Of requests, by key, or by address where there is none; None: as many as anybody likes."""

    def admit(self, request: Request) -> Grant | None:
        """The key of a request, before anything is looked for; None: it has none, and may do without.

        Raises:
            Refused: its sender is told nothing.
        """
        address = request.client.host if request.client else ""
        if (presented := request.headers.get("authorization")) is not None:
            grant = self._grant(presented, address)
            self._take(grant.key_id)
            return grant
        self.limit(address)
        if self.key_needed:
            raise self._no_key("a key")
        return None

    def limit(self, address: str) -> None:
        """Count a request of an address that shows no key.

        Raises:
            Refused: it makes too many.
        """
        self._take(network_of(address))

    def authorize(self, grant: Grant | None, needed: Needs) -> None:
        """Make sure that whoever was admitted may ask for what needs this.

        Raises:
            Refused: it may not.
        """
        if grant is None and needed.somebody:
            raise self._no_key("a key")
        if needed.met_by(grant.scopes if grant else _WITHOUT_KEY):
            return
        if grant is None:
            raise self._no_key(f"a key with scope {needed}")
        has = ", ".join(sorted(grant.scopes))
        raise self._denied(
            Reason.SCOPE, HTTPStatus.FORBIDDEN, f"this takes a key with scope {needed}: key {grant.key_id} has {has}"
        )

    def still_holds(self, request: Request) -> bool:
        """Whether the key that a request was admitted with is good for the same as it was then."""
        if (grant := grant_of(request)) is None:
            return True
        ring, presented = self.ring(), request.headers.get("authorization", "")
        return ring is not None and ring.find(presented.partition(" ")[2].strip(), self.clock()) == grant

    def _take(self, name: str) -> None:
        if self.rates is None:
            return
        if wait := self.rates.wait(name):
            seconds, message = str(math.ceil(wait)), "too many requests in too short a time: make fewer"
            raise self._denied(Reason.RATE, HTTPStatus.TOO_MANY_REQUESTS, message, Retry_After=seconds)
        self.rates.take(name)

    def _grant(self, presented: str, address: str) -> Grant:
        if (ring := self.ring()) is None:
            message = "keys cannot be checked now: try again"
            raise self._denied(Reason.KEYS_UNKNOWN, HTTPStatus.SERVICE_UNAVAILABLE, message, Retry_After="5")
        scheme, _, key = presented.partition(" ")
        if scheme.lower() == "bearer" and (grant := ring.find(key.strip(), self.clock())):
            return grant
        if wait := self.failures.add(address):
            seconds = str(math.ceil(wait))
            raise self._denied(
                Reason.SLOWED, HTTPStatus.TOO_MANY_REQUESTS, "too many wrong keys: wait", Retry_After=seconds
            )
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        message = f"the key is unknown, expired or revoked: {_SEND}"
        raise self._denied(Reason.WRONG_KEY, HTTPStatus.UNAUTHORIZED, message, WWW_Authenticate=challenge)

    def _no_key(self, needed: str) -> Refused:
        message = f"this takes {needed}: {_SEND}"
        return self._denied(Reason.NO_KEY, HTTPStatus.UNAUTHORIZED, message, WWW_Authenticate=_CHALLENGE)

    def _denied(self, reason: Reason, status: HTTPStatus, message: str, **headers: str) -> Refused:
        self.on_count(REFUSED, reason, 1)
        return Refused(status, message, headers={name.replace("_", "-"): value for name, value in headers.items()})


def grant_of(request: Request) -> Grant | None:
    """The key that a request was admitted with; None: it has none."""
    grant: Grant | None = request.state.grant
    return grant


async def _caller(request: Request) -> Grant:
    grant = grant_of(request)
    assert grant is not None, "a route that asks for its caller needs more than the scope read"  # noqa: S101
    return grant


Caller = Annotated[Grant, Depends(_caller)]
"""The key of a request, for routes that cannot be asked without one."""


async def _whole_caller(grant: Caller) -> Grant:
    if grant.projects:
        raise Refused(
            HTTPStatus.FORBIDDEN, f"key {grant.key_id} is for some projects: this takes an admin key for all of them"
        )
    return grant


WholeCaller = Annotated[Grant, Depends(_whole_caller)]
"""The same, of a key for every project: for what is of all of them."""
MaybeCaller = Annotated[Grant | None, Depends(grant_of)]
"""The key of a request; None: it has none."""
