"""A stand-in for Telnyx on loopback: its REST API and webhooks for phone calls, and somebody who picks up.

python phone.py --webhook http://127.0.0.1:4319/v1/webhooks/telnyx --does "2; say What is it for?; 1"

The first line of the output is the base URL of the API, the second the public key of the webhooks; then what is said.
"""

import argparse
import base64
import json
import queue
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

BODY_LIMIT = 1 << 20
MOST_TRIES = 3
LONGEST_SPEECH = 3000
NOBODY = {"busy": "user_busy", "nobody": "timeout", "rejects": "call_rejected", "unknown": "not_found"}
"""Ways in which nobody picks up, and what a hang-up gives as its cause."""
SOMEBODY = ("human", "machine", "not_sure")

Json = dict[str, Any]


@dataclass
class Call:
    """One call, with a thread in which everything happens in it, one thing after the other."""

    to: str
    from_: str
    connection_id: str
    webhook_url: str
    client_state: str
    call_control_id: str = field(default_factory=lambda: f"v3:{uuid.uuid4().hex}")
    call_leg_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    call_session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    is_over: bool = False
    transcribes: bool = False
    gathers: str = ""
    commands: set[str] = field(default_factory=set)
    steps: queue.Queue[Callable[[], None] | None] = field(default_factory=queue.Queue)

    def about(self) -> Json:
        names = ("call_control_id", "call_leg_id", "call_session_id", "connection_id", "client_state", "to")
        return {name: getattr(self, name) for name in names} | {"from": self.from_}


class Phone:
    """The company and the person: calls are taken from entering until leaving.

    webhook_url: is told what happens, unless a call names another.
    picks_up: `human`, `machine` or `not_sure`, or one of NOBODY.
    does: what the person does each time they are listened to: a key, `say …`, `silence` or `hang up`; then they are
        silent.
    mangle: gives what is delivered in place of an event: nothing, twice the same, another one.
    refuse: a status by the name of a command (`dial`, `speak`, …) that is answered with it.
    hangs: names of commands, each of which is never answered once.
    """

    def __init__(
        self,
        *,
        webhook_url: str = "",
        picks_up: str = "human",
        does: Sequence[str] = (),
        api_key: str = "KEY-of-the-stand-in",
        pace: float = 0.0,
        tell: Callable[[str, str], None] = lambda who, what: None,
        mangle: Callable[[Json], list[Json]] = lambda event: [event],
        port: int = 0,
    ) -> None:
        self.webhook_url, self.picks_up, self.does = webhook_url, picks_up, list(does)
        self.api_key, self.pace, self.tell, self.mangle = api_key, pace, tell, mangle
        self.refuse: dict[str, int] = {}
        self.hangs: set[str] = set()
        self.is_listened_to = True
        """Whether the person does something when they are."""
        self.calls: dict[str, Call] = {}
        self.dialled: list[Json] = []
        self.spoken: list[str] = []
        self.asked: list[str] = []
        """Names of the commands, in their order."""
        self.statuses: list[int] = []
        """What deliveries were answered with."""
        self.events: list[Json] = []
        self._let_go = threading.Event()
        self._key = Ed25519PrivateKey.generate()
        self.public_key = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v2"

    def __enter__(self) -> "Phone":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()
        for call in self.calls.values():
            call.steps.put(None)

    def command(self, name: str, call_id: str, body: Json) -> tuple[int, Json]:
        """Answer a command of the REST API."""
        self.asked.append(name)
        if name in self.hangs:
            self.hangs.remove(name)
            self._let_go.wait()
        if status := self.refuse.get(name):
            return status, _errors("10015", "Refused by the stand-in")
        if name == "dial":
            return self._dial(body)
        call = self.calls.get(call_id)
        if call is None or call.is_over:
            return 422, _errors("90018", "Call has already ended")
        if (command_id := body.get("command_id", "")) and command_id in call.commands:
            return 200, {"data": {"result": "ok"}}
        act = getattr(self, f"_{name}", None)
        if act is None:
            return 404, _errors("10005", "Resource not found")
        call.commands.add(command_id)
        call.client_state = body.get("client_state", call.client_state)
        return act(call, body) or (200, {"data": {"result": "ok"}})

    def deliver(self, url: str, event: Json, *, timestamp: int | None = None, key: Any = None, tries: int = 1) -> int:
        """Send an event as a webhook, signed; the status of the answer, or 0 where there is none."""
        body = json.dumps({"data": event, "meta": {"attempt": 1, "delivered_to": url}}).encode()
        for _ in range(tries):
            status = self.post(url, body, self.signed(body, timestamp, key))
            if 0 < status < 500:
                break
            time.sleep(0.1)
        return status

    def signed(self, body: bytes, timestamp: int | None = None, key: Any = None) -> dict[str, str]:
        """The headers of a webhook."""
        stamp = str(int(time.time()) if timestamp is None else timestamp)
        signature = (key or self._key).sign(f"{stamp}|".encode() + body)
        return {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": base64.b64encode(signature).decode()}

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        told = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(url, body, told, method="POST")  # noqa: S310  # the service's own
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                status = error.code
        except OSError:
            status = 0
        self.statuses.append(status)
        return status

    def event(self, call: Call, event_type: str, **payload: Any) -> Json:
        return {
            "record_type": "event",
            "event_type": event_type,
            "id": str(uuid.uuid4()),
            "occurred_at": datetime.now(UTC).isoformat(),
            "payload": {**call.about(), **payload},
        }

    def _emit(self, call: Call, event_type: str, **payload: Any) -> None:
        if self.pace:
            time.sleep(self.pace)
        made = self.event(call, event_type, **payload)
        self.events.append(made)
        for event in self.mangle(made):
            self.deliver(call.webhook_url, event, tries=MOST_TRIES)

    def _dial(self, body: Json) -> tuple[int, Json]:
        if missing := [name for name in ("connection_id", "to", "from") if not body.get(name)]:
            return 422, _errors("10004", f"Missing required parameter: {', '.join(missing)}")
        self.dialled.append(body)
        url = body.get("webhook_url") or self.webhook_url
        call = Call(body["to"], body["from"], body["connection_id"], url, body.get("client_state", ""))
        self.calls[call.call_control_id] = call
        threading.Thread(target=self._run, args=(call,), daemon=True).start()
        call.steps.put(lambda: self._ring(call))
        names = ("call_control_id", "call_leg_id", "call_session_id", "client_state")
        about = {name: call.about()[name] for name in names}
        return 200, {"data": {"record_type": "call", "is_alive": False, **about}}

    def _run(self, call: Call) -> None:
        while (step := call.steps.get()) is not None:
            step()

    def _ring(self, call: Call) -> None:
        self.tell("phone", "rings")
        self._emit(call, "call.initiated", direction="outgoing", state="parked")
        if self.picks_up in NOBODY:
            self._end(call, NOBODY[self.picks_up], "unknown")
            return
        self.tell("person", "picks up" if self.picks_up == "human" else f"({self.picks_up} picks up)")
        self._emit(call, "call.answered", state="answered")
        self._emit(call, "call.machine.detection.ended", result=self.picks_up)

    def _speak(self, call: Call, body: Json) -> tuple[int, Json] | None:
        if not body.get("voice") or not 0 < len(body.get("payload", "")) <= LONGEST_SPEECH:
            return 422, _errors("10015", "Bad request")
        self.spoken.append(body["payload"])
        call.steps.put(lambda: self._say(call, body["payload"]))
        return None

    def _say(self, call: Call, text: str) -> None:
        self.tell("Sentric", text)
        self._emit(call, "call.speak.started")
        self._emit(call, "call.speak.ended", status="call_hangup" if call.is_over else "completed")

    def _gather(self, call: Call, body: Json) -> None:
        call.gathers = body.get("valid_digits", "0123456789#*")
        call.steps.put(lambda: self._act(call))

    def _act(self, call: Call) -> None:
        """What the person does, now that they are listened to."""
        if not call.gathers or call.is_over or not self.is_listened_to:
            return
        does = self.does.pop(0) if self.does else "silence"
        self.tell("person", f"presses {does}" if len(does) == 1 else does.removeprefix("say "))
        if does == "hang up":
            self._end(call, "normal_clearing", "callee")
        elif does.startswith("say ") and call.transcribes:
            data = {"transcript": does.removeprefix("say "), "confidence": 0.94, "is_final": True}
            self._emit(call, "call.transcription", transcription_data=data)
        elif len(does) == 1:
            self._emit(call, "call.dtmf.received", digit=does)
            status = "valid" if does in call.gathers else "invalid"
            call.gathers = ""
            self._emit(call, "call.gather.ended", digits=does, status=status)
        else:
            call.gathers = ""
            self._emit(call, "call.gather.ended", digits="", status="timeout")

    def _gather_stop(self, call: Call, body: Json) -> None:
        if call.gathers:
            call.gathers = ""
            call.steps.put(lambda: self._emit(call, "call.gather.ended", digits="", status="cancelled"))

    def _transcription_start(self, call: Call, body: Json) -> None:
        call.transcribes = True

    def _transcription_stop(self, call: Call, body: Json) -> None:
        call.transcribes = False

    def _hangup(self, call: Call, body: Json) -> None:
        call.steps.put(lambda: self._end(call, "normal_clearing", "caller"))

    def _end(self, call: Call, cause: str, source: str) -> None:
        if not call.is_over:
            call.is_over = True
            self.tell("phone", "the call is over")
            self._emit(call, "call.hangup", state="hangup", hangup_cause=cause, hangup_source=source)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        phone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT))
                parts = self.path.strip("/").split("/")
                if self.headers.get("Authorization") != f"Bearer {phone.api_key}":
                    return self._respond(401, _errors("10009", "Authentication failed"))
                if parts == ["v2", "calls"]:
                    return self._respond(*phone.command("dial", "", json.loads(body)))
                if len(parts) == 5 and parts[:2] == ["v2", "calls"] and parts[3] == "actions":
                    call_id = unquote(parts[2])
                    return self._respond(*phone.command(parts[4], call_id, json.loads(body or b"{}")))
                return self._respond(404, _errors("10005", "Resource not found"))

            def _respond(self, status: int, document: Json) -> None:
                payload = json.dumps(document).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(payload)))
                    self.end_headers()
                    self.wfile.write(payload)
                except OSError:
                    pass  # who asked has gone

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _errors(code: str, title: str) -> Json:
    return {"errors": [{"code": code, "title": title, "detail": title}]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--webhook", required=True, help="URL that is told what happens, unless a call names another")
    parser.add_argument("--picks-up", default="human", choices=[*SOMEBODY, *NOBODY])
    parser.add_argument(
        "--does", default="", help="what the person does, with ; between: 1, 'say …', silence, 'hang up'"
    )
    parser.add_argument("--key", default="KEY-of-the-stand-in", help="API key that is asked for")
    parser.add_argument("--pace", type=float, default=0.5, help="seconds between two events")
    parser.add_argument("--port", type=int, default=8904)
    stated = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    phone = Phone(
        webhook_url=stated.webhook,
        picks_up=stated.picks_up,
        does=[one.strip() for one in stated.does.split(";") if one.strip()],
        api_key=stated.key,
        pace=stated.pace,
        tell=lambda who, what: print(f"{who}: {what}", flush=True),
        port=stated.port,
    )
    with phone:
        print(phone.url, phone.public_key, sep="\n", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
