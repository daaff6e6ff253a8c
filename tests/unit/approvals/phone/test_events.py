"""Webhooks of calls: whatever is sent, it is read or left alone."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.approvals.phone.call import Answered, Detected, Found, Gathered, Gathering, Heard, HungUp, Spoken
from sentric_analyzer.approvals.phone.events import ClientState, told

STATE = ClientState("a" * 32, "b" * 32, 3)


def webhook(event_type: str, **payload: Any) -> dict[str, Any]:
    about = {"call_control_id": "v3:call", "client_state": STATE.encoded(), "to": "+4930123456"}
    return {
        "data": {
            "record_type": "event",
            "event_type": event_type,
            "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
            "occurred_at": "2018-02-02T22:25:27.521992Z",
            "payload": about | payload,
        },
        "meta": {"attempt": 1, "delivered_to": "https://example.com/webhooks"},
    }


SPEECH = {"transcript": "yes", "confidence": 0.9, "is_final": True}


@pytest.mark.parametrize(
    ("event_type", "payload", "event"),
    [
        ("call.initiated", {}, None),
        ("call.answered", {}, Answered()),
        ("call.machine.detection.ended", {"result": "human"}, Detected(Found.HUMAN)),
        ("call.machine.detection.ended", {"result": "machine"}, Detected(Found.MACHINE)),
        ("call.machine.detection.ended", {"result": "not_sure"}, Detected(Found.NOT_SURE)),
        ("call.machine.detection.ended", {"result": "angel"}, None),
        ("call.machine.premium.detection.ended", {"result": "human_business"}, Detected(Found.HUMAN)),
        ("call.machine.premium.detection.ended", {"result": "fax_detected"}, Detected(Found.MACHINE)),
        ("call.speak.ended", {"status": "completed"}, Spoken(3, is_whole=True)),
        ("call.speak.ended", {"status": "call_hangup"}, Spoken(3, is_whole=False)),
        ("call.speak.ended", {}, Spoken(3, is_whole=False)),
        ("call.gather.ended", {"status": "valid", "digits": "1"}, Gathered(3, Gathering.VALID, "1")),
        ("call.gather.ended", {"status": "timeout", "digits": ""}, Gathered(3, Gathering.TIMEOUT, "")),
        ("call.gather.ended", {"status": "cancelled", "digits": "1"}, Gathered(3, Gathering.BROKEN_OFF, "1")),
        ("call.gather.ended", {"digits": ["1"]}, Gathered(3, Gathering.BROKEN_OFF, "")),
        ("call.transcription", {"transcription_data": SPEECH}, Heard(3, "yes", 0.9)),
        ("call.transcription", {"transcription_data": SPEECH | {"confidence": None}}, Heard(3, "yes", None)),
        ("call.transcription", {"transcription_data": SPEECH | {"is_final": False}}, None),
        ("call.transcription", {"transcription_data": SPEECH | {"is_final": "true"}}, None),
        ("call.transcription", {"transcription_data": SPEECH | {"confidence": "1"}}, None),
        ("call.transcription", {"transcription_data": SPEECH | {"confidence": True}}, None),
        ("call.transcription", {"transcription_data": SPEECH | {"transcription_track": "outbound"}}, None),
        ("call.transcription", {"transcription_data": None}, None),
        ("call.hangup", {"hangup_cause": "user_busy"}, HungUp("user_busy")),
        ("call.dtmf.received", {"digit": "1"}, None),
        ("call.recording.saved", {}, None),
    ],
)
def test_events(event_type: str, payload: dict[str, Any], event: object) -> None:
    read = told(webhook(event_type, **payload))

    assert read is not None
    assert read.event == event
    assert (read.reference, read.number, read.state) == ("v3:call", "+4930123456", STATE)


@pytest.mark.parametrize(
    "client_state",
    [
        *(None, 1, "", "!", "YWJj", base64.b64encode(b"a.b").decode(), base64.b64encode(b"a.b.c").decode()),
        *(base64.b64encode(b"a.b.-1").decode(), base64.b64encode(b"a.b.99999999").decode(), "x" * 5000),
        *(base64.b64encode(b"..1").decode(), base64.b64encode("a.b.\u0663".encode()).decode()),
    ],
)
def test_a_call_without_a_state_of_ours_is_none_of_ours(client_state: object) -> None:
    assert told(webhook("call.answered", client_state=client_state)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_whatever_is_sent_is_read_or_left_alone(document: object) -> None:
    assert told(document) is None


@given(
    st.sampled_from(["call.speak.ended", "call.gather.ended", "call.transcription", "call.hangup", "call.answered"])
    | JSON,
    st.dictionaries(
        st.sampled_from(["status", "digits", "transcription_data", "hangup_cause", "to", "result"]),
        JSON | st.dictionaries(st.sampled_from(["transcript", "confidence", "is_final"]), JSON),
    ),
)
def test_hostile_values_are_read_or_left_alone(event_type: Any, payload: dict[str, Any]) -> None:
    told(webhook(event_type, **payload))
