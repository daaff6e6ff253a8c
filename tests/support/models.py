"""A stand-in for an OpenAI-compatible API on loopback: it answers what a test says, and misbehaves as a test says."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

KEY = "canary-key-of-the-model"
MODEL = "small-model"
Request: TypeAlias = dict[str, Any]
"""The JSON of a request: `messages`, `response_format` and so on."""


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    slowly: bool = False
    """Byte by byte, forever."""
    hangs: bool = False
    """Never."""
    enormous: bool = False
    """As much as anybody reads."""


Script: TypeAlias = Callable[[Request], Answer]


def says(text: str | None, *, finished: str = "stop") -> Answer:
    """The model writes a text."""
    message = {"role": "assistant", "content": text}
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finished}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
    return Answer(json.dumps(document).encode())


def gives(**fields: Any) -> Answer:
    """The model writes a JSON object."""
    return says(json.dumps(fields))


def fails(status: int, **headers: str) -> Answer:
    """The server answers with a status that is no success."""
    return Answer(b'{"error": {"message": "canary of the server"}}', status, headers)


HANGS = Answer(hangs=True)
DRIBBLES = Answer(slowly=True)
ENORMOUS = Answer(enormous=True)


@dataclass
class StandIn:
    """Where it listens, and what it was asked."""

    url: str
    asked: list[Request] = field(default_factory=list[Request])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Of each request, with names in lower case."""

    def said(self, number: int = -1) -> str:
        """All that one request told the model."""
        return "\n".join(message["content"] for message in self.asked[number]["messages"])

    def settings(self) -> dict[str, str]:
        """Settings by which it is asked."""
        return {"model_url": self.url, "model": MODEL, "model_key": KEY}


@contextmanager
def standing_in(script: Script | Answer) -> Iterator[StandIn]:
    """Serve until the block is left; what hangs then, ends."""
    ended = threading.Event()
    made: list[StandIn] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        disable_nagle_algorithm = True  # else an answer waits for what the kernel delays

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made[0].asked.append(request)
            made[0].headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = script if isinstance(script, Answer) else script(request)
            with suppress(OSError):
                self._give(answer)

        def do_GET(self) -> None:
            raise AssertionError("nothing is to be asked for here")

        def _give(self, answer: Answer) -> None:
            if answer.hangs:
                ended.wait()
                self.close_connection = True
                return
            endless = answer.slowly or answer.enormous
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            for name, value in answer.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-length", str(1 << 40 if endless else len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            while endless and not ended.is_set():
                self.wfile.write(b" " * (1 if answer.slowly else 1 << 16))
                self.wfile.flush()
                if answer.slowly:
                    ended.wait(0.02)
            self.close_connection = self.close_connection or endless

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.append(StandIn(f"http://127.0.0.1:{server.server_address[1]}/v1"))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield made[0]
        finally:
            ended.set()
            server.shutdown()
            thread.join()
