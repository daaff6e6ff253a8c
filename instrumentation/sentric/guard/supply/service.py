"""The policy that is in force in the service: asked for from time to time, and at once when it has changed."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from sentric.errors import PolicyError, SentricError
from sentric.guard.supply.last_good import LastGood
from sentric.guard.supply.source import brief
from sentric.guard.supply.turns import Turns
from sentric.policy.loader import load_policy, with_loopback
from sentric.policy.rule import Policy
from sentric.policy.signature import check_policy_key
from sentric.policy.supply import Supply, loaded, unverified, verified
from sentric.settings import Settings

Fetch = Callable[[str], tuple[str, bytes | None]]
"""Asks the service for the policy, unless it is that of an ETag: its ETag and its bytes; None: it is still the same.

It raises a SentricError where there is no answer that can be used."""

POLL = 30.0
"""Seconds until it is asked for again."""
_RETRY = 2.0
"""The same after a failure."""
_REASONS_TOLD = 16
"""Most failures that are told until a policy is there again; the same one is told once."""

_logger = logging.getLogger("sentric")


@dataclass(frozen=True, slots=True)
class _Held:
    """A policy that the service has given."""

    supply: Supply
    loaded: Policy
    """As its files say."""
    policy: Policy
    """As it is used here."""
    etag: str = ""
    """Of the answer; empty: it was on the disk."""


class FromService:
    """Keeps to the policy that the service has in force for a project.

    Nothing is used that was altered on the way, or is an older one. While the service does not answer, what was in
    force stays so; at the start that is what it gave last, which is kept on the disk. Where there is nothing: with
    the mode `enforce` no policy may be used, and otherwise the shipped rules stand in.

    Args:
        settings: of the agent.
        fetch: asks the service.
    """

    def __init__(self, settings: Settings, fetch: Fetch) -> None:
        self._settings, self._fetch = settings, fetch
        self._enforced = settings.mode == "enforce"
        self._last = LastGood(_place(settings))
        self._why, self._told = "it was not asked yet", set[str]()
        self._held: _Held | None = None
        with suppress(SentricError):  # told when it is asked; imported here, as a fork in the midst of it would hang
            check_policy_key(settings.policy_key)
        self._held = self._recalled()
        needs_no_other = self._enforced or self._held is not None
        self._stand_in = None if needs_no_other else load_policy(allow_loopback=settings.allow_loopback)
        self._turns = Turns("sentric-policy-service", self)

    @property
    def is_ready(self) -> bool:
        """Whether nobody waits for the first answer."""
        self._turns.start()
        return not self._enforced or self._turns.has_begun

    def current(self) -> Policy:
        """The policy in force, see `PolicySource`.

        Where policies are enforced, the first call waits for the first answer, up to `decide_timeout`.
        """
        self._turns.start()
        why = ""
        if self._enforced and not self._turns.wait_for_first(self._settings.decide_timeout):
            seconds = self._settings.decide_timeout
            why = f"{self._settings.url} has not answered within {seconds:g} s: look whether the service runs"
        if (held := self._held) is not None:
            return held.policy
        if self._stand_in is not None:
            return self._stand_in
        raise PolicyError([f"there is no policy of the service to decide by: {why or self._why}"])

    def told(self) -> None:
        """Hear that another policy may be in force in the service: it is asked at once."""
        self._turns.wake()

    def step(self) -> float:
        """Ask the service: the seconds until it is asked again."""
        try:
            answer = self._asked()
        except SentricError as error:
            self._fail(brief(error))
            return _RETRY
        self._told.clear()
        if answer is not None:
            body, fresh = answer
            self._held = fresh  # one assignment: who asks meanwhile gets the old one or the new one
            _logger.info("sentric: the policy %s is in force, activation %d", fresh.policy.digest, fresh.supply.number)
            self._keep(body, fresh.supply.number)
        return POLL

    def _asked(self) -> tuple[bytes, _Held] | None:
        """What the service answers; None where that is what is in force."""
        etag, body = self._fetch(self._held.etag if self._held else "")
        return (body, replace(self._good(body), etag=etag)) if body is not None else None

    def _good(self, body: bytes) -> _Held:
        """A policy that may be used.

        Raises:
            SentricError: it is none.
        """
        held, supply = self._held, self._stated(body, self._held.supply.number if self._held else 0)
        if held is not None and _content(held.supply) == _content(supply):
            return replace(held, supply=supply)
        whole = loaded(supply)
        return _Held(supply, whole, with_loopback(whole, self._settings.allow_loopback))

    def _stated(self, body: bytes, least: int) -> Supply:
        key, project = self._settings.policy_key, self._settings.project
        check_policy_key(key)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise PolicyError(["the policy that was sent is no JSON"]) from None
        if key:
            return verified(document, key, project=project, least=least)
        return unverified(document, project=project, least=least)

    def _recalled(self) -> _Held | None:
        """What was kept on the disk, if it may be used."""
        try:
            content = self._last.read()
            return self._good(content) if content else None
        except (OSError, SentricError) as error:
            why = error.strerror if isinstance(error, OSError) else brief(error)
            _logger.error("sentric: the last good policy, %s, is not used: %s", self._last.path, why)
            return None

    def _keep(self, body: bytes, number: int) -> None:
        """Keep what is in force for the next start, unless another process has kept a newer one meanwhile."""
        try:
            supply = self._stated(self._last.read(), 0)
            loaded(supply)
            if supply.number > number:
                return
        except (OSError, SentricError):
            pass  # it is of no use to anybody
        try:
            self._last.write(body)
        except OSError as error:
            self._tell(
                f"the policy could not be kept for the next start: {self._last.path}: {error.strerror}: "
                "name another SENTRIC_GUARD_DIR"
            )

    def _fail(self, why: str) -> None:
        self._why = why
        if self._held is not None:
            self._tell(f"the policy stays as it was, because the service has given no other: {why}")
        elif self._enforced:
            self._tell(f"actions are refused, because the service has given no policy: {why}")
        else:
            self._tell(f"the shipped rules are used, because the service has given no policy: {why}")

    def _tell(self, what: str) -> None:
        if what not in self._told and len(self._told) < _REASONS_TOLD:
            self._told.add(what)
            _logger.error("sentric: %s", what)


def _content(supply: Supply) -> tuple[object, ...]:
    return supply.digest, supply.main, supply.documents


def _place(settings: Settings) -> Path:
    name = sha256(json.dumps([settings.url, settings.project]).encode()).hexdigest()[:16]
    return Path(settings.guard_dir) / f"policy-{name}.json"
