"""The line to Telnyx, where what answers is not what it should be: one clear error, in time, without the key."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sentric_analyzer.approvals.channel import ChannelError
from sentric_analyzer.approvals.configuration import TelnyxStated
from sentric_analyzer.approvals.phone import client
from sentric_analyzer.approvals.phone.call import Speak
from sentric_analyzer.approvals.phone.line import Line, Place, Voice
from support.standin import Handler, Request, StandIn, answer, standing_in

KEY = "KEY-canary"
NUMBER = "+4930123456"
CALL = {"record_type": "call", "call_control_id": "v3:call", "call_leg_id": "l", "call_session_id": "s"}
NO_CALL = "Telnyx answers with no call: check telnyx.base_url"


@contextmanager
def line_to(handler: Handler) -> Iterator[tuple[Line, StandIn]]:
    with standing_in(handler) as telnyx:
        stated = TelnyxStated(
            api_key=KEY,
            public_key="",
            connection_id="17",
            from_number="+15550100",
            numbers=frozenset({NUMBER}),
            base_url=f"{telnyx.url}/v2",
        )
        line = Line(stated, "https://sentric.example/v1/webhooks/telnyx")
        try:
            yield line, telnyx
        finally:
            line.close()


def dial(line: Line) -> str:
    return line.dial(NUMBER, Place("", "c3RhdGU=", "a-dial"), ring_seconds=1000.0)


def test_what_is_sent() -> None:
    with line_to(lambda request: answer({"data": CALL})) as (line, telnyx):
        assert dial(line) == "v3:call"
        line.do(Speak("So."), Place("v3:call/../..", "c3RhdGU=", "a-1"), Voice("AWS.Polly.Joanna", "en-US"))

        dialled, spoken = telnyx.requests
        assert dialled.path == "/v2/calls"
        assert dialled.json() == {
            "connection_id": "17",
            "to": NUMBER,
            "from": "+15550100",
            "answering_machine_detection": "detect",
            "timeout_secs": 60,
            "time_limit_secs": 600,
            "client_state": "c3RhdGU=",
            "command_id": "a-dial",
            "webhook_url": "https://sentric.example/v1/webhooks/telnyx",
            "webhook_url_method": "POST",
        }
        assert spoken.path == "/v2/calls/v3:call%2F..%2F../actions/speak"
        assert spoken.json()["payload_type"] == "text"


@pytest.mark.parametrize(
    "body",
    [
        answer(b"<html>"),
        answer(b"<html>").replace(b"application/json", b"text/html"),
        answer({}),
        answer({"data": None}),
        answer({"data": []}),
        answer({"data": {**CALL, "call_control_id": 17}}),
        answer({"data": {**CALL, "call_control_id": ""}}),
        answer({"data": {**CALL, "call_control_id": "x" * 300}}),
        answer({"data": {**CALL, "call_control_id": "a\nb"}}),
        answer([]),
    ],
)
def test_what_is_no_call_is_an_error(body: bytes) -> None:
    with line_to(lambda request: body) as (line, _), pytest.raises(ChannelError) as raised:
        dial(line)
    assert str(raised.value) in (NO_CALL, "Telnyx cannot be reached")


def enormous(request: Request) -> bytes:
    return answer(json.dumps({"data": CALL, "more": "x" * (1 << 20)}).encode())


def dribbling(request: Request) -> None:
    request.line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        request.line.sendall(b" ")
        time.sleep(0.05)


@pytest.mark.parametrize("handler", [enormous, dribbling])
def test_too_much_and_too_slow_are_given_up(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.5)
    with line_to(handler) as (line, _):
        begun = time.monotonic()
        with pytest.raises(ChannelError, match=r"^Telnyx (does not answer within|cannot be reached)"):
            dial(line)
        assert time.monotonic() - begun < 10.0


def repeated(status: int) -> Callable[[Request], bytes]:
    return lambda request: answer({"data": CALL}) if request.number > 1 else answer({"errors": []}, status)


def test_what_may_go_well_at_once_is_tried_once_more_with_the_same_id() -> None:
    with line_to(repeated(502)) as (line, telnyx):
        assert dial(line) == "v3:call"
        assert [request.json()["command_id"] for request in telnyx.requests] == ["a-dial", "a-dial"]


def test_what_is_refused_is_not_tried_again_and_the_key_is_told_nowhere() -> None:
    with line_to(lambda request: answer({"errors": [{"detail": KEY}]}, 401, retry_after="60")) as (line, telnyx):
        with pytest.raises(ChannelError) as raised:
            dial(line)
        assert str(raised.value) == "Telnyx refuses the key (401): check telnyx.api_key"
        assert len(telnyx.requests) == 1
        assert KEY not in repr(line._stated)


def test_nobody_listens_there() -> None:
    with line_to(lambda request: None) as (line, telnyx):
        telnyx.close()
        with pytest.raises(ChannelError, match=r"^Telnyx cannot be reached$"):
            dial(line)
