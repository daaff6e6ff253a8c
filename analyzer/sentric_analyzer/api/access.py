"""Who may ask: decided once, before anything is looked for."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.requests import Request

from sentric_analyzer.api.failures import Failures
from sentric_analyzer.control import Grant, KeyRing, Scope
from sentric_analyzer.declaration import Declaration, OnCount

OPEN = frozenset({"/healthz", "/readyz"})
"""Paths that anybody may ask for: those who keep the service running have no key."""
ADMINISTRATION = "/v1/keys"
"""Where also reading takes an admin key."""

_CHALLENGE = 'Bearer realm="sentric"'
_READING = frozenset({"GET", "HEAD"})


class Reason(StrEnum):
    """Why a request is refused; also a label of the counter."""

    NO_KEY = "no_key"
    WRONG_KEY = "wrong_key"
    SCOPE = "scope"
    SLOWED = "slowed"
    KEYS_UNKNOWN = "keys_unknown"


REFUSED = "sentric_api_refused"
METRICS = {REFUSED: Declaration("Requests to the API refused for want of a key.", "reason", tuple(Reason))}


class Denied(Exception):  # noqa: N818  # an answer, not an error
    """A request is refused; message, status and headers go to the sender."""

    def __init__(self, reason: Reason, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


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

    def admit(self, request: Request) -> Grant | None:
        """What the sender of a request may do; None: it needs no key, and has none.

        Raises:
            Denied: it may not ask for this.
        """
        path = request.scope["path"]
        if path in OPEN:
            return None
        try:
            return self._admit(request, administers=request.method not in _READING or _is_administration(path))
        except Denied as denied:
            self.on_count(REFUSED, denied.reason, 1)
            raise

    def _admit(self, request: Request, *, administers: bool) -> Grant | None:
        presented = request.headers.get("authorization")
        if presented is None:
            if administers or self.key_needed:
                needed = "an admin key" if administers else "a key"
                message = f"this takes {needed}: send the header Authorization: Bearer KEY"
                raise Denied(Reason.NO_KEY, 401, message, WWW_Authenticate=_CHALLENGE)
            return None
        grant = self._grant(presented, request.client.host if request.client else "")
        if Scope.ADMIN not in grant.scopes and (administers or Scope.READ not in grant.scopes):
            needed = "admin" if administers else "read or admin"
            has = ", ".join(sorted(grant.scopes))
            raise Denied(Reason.SCOPE, 403, f"this takes a key with scope {needed}: key {grant.key_id} has {has}")
        return grant

    def _grant(self, presented: str, address: str) -> Grant:
        if (ring := self.ring()) is None:
            raise Denied(Reason.KEYS_UNKNOWN, 503, "keys cannot be checked now: try again", Retry_After="5")
        scheme, _, key = presented.partition(" ")
        if scheme.lower() == "bearer" and (grant := ring.find(key.strip(), self.clock())):
            return grant
        if wait := self.failures.add(address):
            raise Denied(Reason.SLOWED, 429, "too many wrong keys: wait", Retry_After=str(math.ceil(wait)))
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        message = "the key is unknown, expired or revoked: send the header Authorization: Bearer KEY"
        raise Denied(Reason.WRONG_KEY, 401, message, WWW_Authenticate=challenge)


def _is_administration(path: str) -> bool:
    return path == ADMINISTRATION or path.startswith(f"{ADMINISTRATION}/")
