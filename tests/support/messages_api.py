"""A stand-in for Anthropic's Messages API on loopback: it streams what a script says the model answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Block = dict[str, Any]
Script = Callable[[dict[str, Any]], list[Block]]
_USAGE = {"input_tokens": 10, "output_tokens": 5}


def says(text: str) -> Block:
    """The model says something."""
    return {"type": "text", "text": text}


def uses(call_id: str, tool: str, **given: Any) -> Block:
    """The model wants a tool."""
    return {"type": "tool_use", "id": call_id, "name": tool, "input": given}


def results(request: dict[str, Any]) -> dict[str, str]:
    """What the model was shown last of its calls, by their ids."""
    content = request["messages"][-1]["content"]
    shown = [block for block in content if isinstance(block, dict) and block.get("type") == "tool_result"]
    return {block["tool_use_id"]: json.dumps(block["content"]) for block in shown}


class Model:
    """Where it listens, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, Any]] = []


@contextmanager
def model(script: Script) -> Iterator[Model]:
    """Serve until the block is left."""
    made: list[Model] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer("text/plain", "")

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if "count_tokens" in self.path:
                self._answer("application/json", '{"input_tokens": 10}')
                return
            made[0].asked.append(request)
            events = _events(script(request), request["model"])
            lines = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
            self._answer("text/event-stream", "".join(lines))

        def _answer(self, kind: str, body: str) -> None:
            encoded = body.encode()
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.append(Model(f"http://127.0.0.1:{server.server_address[1]}"))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made[0]
        server.shutdown()


def _events(blocks: list[Block], name: str) -> Iterator[dict[str, Any]]:
    message = {"id": f"msg_{id(blocks)}", "type": "message", "role": "assistant", "model": name, "content": []}
    ended = {"stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": message | ended | {"usage": _USAGE}}
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            start, delta = block | {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start = block | {"input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    wants = any(block["type"] == "tool_use" for block in blocks)
    stopped = {"stop_reason": "tool_use" if wants else "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": stopped, "usage": {"output_tokens": 5}}
    yield {"type": "message_stop"}
