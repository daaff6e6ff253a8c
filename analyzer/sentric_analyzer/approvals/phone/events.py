"""What Telnyx tells of a call, read from the JSON of a webhook that was verified. Pure, whatever is sent."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sentric_analyzer.approvals.phone.call import (
    Answered,
    Detected,
    Event,
    Found,
    Gathered,
    Gathering,
    Heard,
    HungUp,
    Spoken,
)
from sentric_analyzer.control.webhooks import LONGEST_ID

LONGEST_TRANSCRIPT = 1000
"""Characters of what somebody said at once."""
LONGEST_REFERENCE = 256
"""Characters of the name that Telnyx gives a call."""
_LONGEST_STATE = 256
_MOST_TURNS = 10_000
_PARTS = 3
_FOUND = {
    "human": Found.HUMAN,
    "human_residence": Found.HUMAN,
    "human_business": Found.HUMAN,
    "machine": Found.MACHINE,
    "fax_detected": Found.MACHINE,
    "not_sure": Found.NOT_SURE,
    "silence": Found.NOT_SURE,
}
_GATHERED = {"valid": Gathering.VALID, "invalid": Gathering.INVALID, "timeout": Gathering.TIMEOUT}


@dataclass(frozen=True, slots=True)
class ClientState:
    """What every event of a call carries: which attempt it is of, proof that we have placed it, and the turn."""

    attempt_id: str
    secret: str
    turn: int

    def encoded(self) -> str:
        """As Telnyx takes it."""
        return base64.b64encode(f"{self.attempt_id}.{self.secret}.{self.turn}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event of a call."""

    event_id: str
    reference: str
    """How Telnyx names the call."""
    state: ClientState
    number: str
    """Who was called; "" where the event does not say."""
    event: Event | None
    """None: it changes nothing."""


def told(document: object) -> Told | None:
    """What a webhook tells; None where that is nothing about a call that carries a state of ours."""
    data = _mapping(_mapping(document).get("data"))
    payload = _mapping(data.get("payload"))
    event_id, reference = _text(data.get("id"), LONGEST_ID), _text(payload.get("call_control_id"), LONGEST_REFERENCE)
    state = _client_state(_text(payload.get("client_state"), _LONGEST_STATE))
    if not event_id or not reference or state is None:
        return None
    read = _READ.get(_text(data.get("event_type"), LONGEST_ID))
    return Told(
        event_id=event_id,
        reference=reference,
        state=state,
        number=_text(payload.get("to"), LONGEST_REFERENCE),
        event=read(payload, state.turn) if read else None,
    )


def _detected(payload: Mapping[str, Any], turn: int) -> Event | None:
    found = _FOUND.get(_text(payload.get("result"), LONGEST_ID))
    return Detected(found) if found else None


def _spoken(payload: Mapping[str, Any], turn: int) -> Event:
    return Spoken(turn, is_whole=payload.get("status") == "completed")


def _gathered(payload: Mapping[str, Any], turn: int) -> Event:
    how = _GATHERED.get(_text(payload.get("status"), LONGEST_ID), Gathering.BROKEN_OFF)
    return Gathered(turn, how, _text(payload.get("digits"), LONGEST_ID))


def _heard(payload: Mapping[str, Any], turn: int) -> Event | None:
    data = _mapping(payload.get("transcription_data"))
    transcript, confidence = data.get("transcript"), data.get("confidence")
    is_ours = data.get("transcription_track") == "outbound"  # what we have said ourselves
    if data.get("is_final") is not True or is_ours or not isinstance(transcript, str):
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, int | float | None):
        return None
    return Heard(turn, transcript[:LONGEST_TRANSCRIPT], None if confidence is None else float(confidence))


def _hung_up(payload: Mapping[str, Any], turn: int) -> Event:
    return HungUp(_text(payload.get("hangup_cause"), LONGEST_ID))


_READ: Mapping[str, Callable[[Mapping[str, Any], int], Event | None]] = {
    "call.answered": lambda payload, turn: Answered(),
    "call.machine.detection.ended": _detected,
    "call.machine.premium.detection.ended": _detected,
    "call.speak.ended": _spoken,
    "call.gather.ended": _gathered,
    "call.transcription": _heard,
    "call.hangup": _hung_up,
}


def _client_state(text: str) -> ClientState | None:
    try:
        parts = base64.b64decode(text, validate=True).decode("ascii").split(".")
    except (binascii.Error, ValueError):
        return None
    if len(parts) != _PARTS or not all(parts) or not parts[2].isdecimal() or len(parts[2]) > len(str(_MOST_TURNS)):
        return None
    return ClientState(parts[0], parts[1], int(parts[2]))


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _text(value: object, longest: int) -> str:
    """A short text in one line; "" for anything else."""
    return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""
