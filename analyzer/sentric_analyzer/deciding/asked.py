"""What is asked about an action, as a caller states it: all of it claims, and hostile."""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import can_ada

from sentric.errors import SentricError
from sentric.event_json import EventFormatError, event_from_json
from sentric.events import AnyEvent, Effect, Element, Kind
from sentric.policy.seen import MOST_SHOWN, Excerpt
from sentric.redaction import Redactor
from sentric_analyzer.control.rulings import Settled
from sentric_analyzer.deciding.claims import Claim

LONGEST_NAME = 256
"""Most characters of the id and the name of an agent, and of the name of an action."""
LONGEST_IDEMPOTENCY_KEY = 128
MOST_EVENTS = 64
"""Events before the action that can be told."""


class AskedError(SentricError):
    """What is asked cannot be decided about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An action somebody wants to do.

    Raises:
        AskedError: a value cannot be used; the message names it.
    """

    agent_id: str
    action: str
    """Name of the tool."""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    agent_name: str = ""
    server: str = ""
    kind: Kind | None = None
    effects: frozenset[Effect] = frozenset()
    url: str = ""
    element: Element | None = None
    reasoning: str = ""
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    task: str = ""
    events: Sequence[Any] = ()
    """What happened in the run before, the earliest first: JSON objects as in the examples of rules."""
    seen: Sequence[Excerpt] = ()
    """What the agent has seen before, the latest first, for people; where none is told, it is taken from `events`."""
    run_id: str = ""
    call_id: str = ""
    approval_id: str = ""
    idempotency_key: str = ""
    verdict: Claim | None = None
    """What a guard, which has seen the whole run, has made of it: then it is not judged again."""
    settled: Settled | None = None
    """How it ended, where a guard has decided about it alone: then it is counted and recorded, and not decided."""
    happened: float | None = None
    """When that was, in Unix seconds; None: now."""

    def __post_init__(self) -> None:
        for name in ("agent_id", "action"):
            check_name(name, getattr(self, name), LONGEST_NAME)
        for name, longest in (
            ("agent_name", LONGEST_NAME),
            ("server", LONGEST_NAME),
            ("run_id", LONGEST_NAME),
            ("call_id", LONGEST_NAME),
            ("approval_id", 32),
            ("idempotency_key", LONGEST_IDEMPOTENCY_KEY),
        ):
            if getattr(self, name):
                check_name(name, getattr(self, name), longest)
        if len(self.events) > MOST_EVENTS:
            raise AskedError(f"events: up to {MOST_EVENTS} can be told: leave out the earliest")
        if len(self.seen) > MOST_SHOWN:
            raise AskedError(f"seen: people are shown up to {MOST_SHOWN} texts: leave out the earliest")
        if self.settled is not None and self.verdict is None:
            raise AskedError("verdict: must say with settled what was decided")
        if self.settled is not None and not self.idempotency_key:
            raise AskedError("idempotency_key: must be given with settled, so that it is counted once")

    def read_events(self, redactor: Redactor) -> list[AnyEvent]:
        """The events, redacted, in their order.

        Raises:
            AskedError: one of them is none; the message says which.
        """
        found: list[AnyEvent] = []
        for number, record in enumerate(self.events, start=1):
            try:
                found.append(event_from_json(redactor.value(record), sequence=number))
            except EventFormatError as error:
                raise AskedError(f"events[{number - 1}]: {error}") from None
        return found

    def binding(self, project: str, key: bytes) -> str:
        """What an approval holds for: the very same action. An HMAC, so that it tells nothing of what is in it."""
        element = None if self.element is None else [getattr(self.element, name) for name in Element.__slots__]
        stated = [project, self.agent_id, self.run_id, self.call_id, self.server, self.action]
        return _hmac(key, "binding", [*stated, self.arguments, _origin(self.url), element])

    def fingerprint(self, project: str, key: bytes) -> str:
        """All that is asked: a caller who uses an idempotency key again must ask the same.

        What a guard makes of it is not asked: one that had no answer tells with the same key what it has done.
        """
        rest = [self.url, self.reasoning, self.context, self.task, list(self.events), self.approval_id]
        meant = [self.kind, sorted(self.effects), self.agent_name]
        return _hmac(key, "request", [self.binding(project, key), *rest, *meant])


def check_name(name: str, value: str, longest: int) -> None:
    """Make sure that something can be found by a name.

    Raises:
        AskedError: it cannot.
    """
    if not 0 < len(value) <= longest or not value.isprintable():
        raise AskedError(f"{name}: must be 1 to {longest} printable characters")


def _origin(url: str) -> str:
    """Scheme, host and port, as a browser reads them; all of what is no URL of a site."""
    try:
        origin = str(can_ada.parse(url).origin) if url else ""
    except ValueError:
        return url
    return url if origin in ("", "null") else origin


def _hmac(key: bytes, purpose: str, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, f"sentric {purpose}\n{text}".encode(), "sha256").hexdigest()
