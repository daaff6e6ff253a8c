"""The agent of docs/plain-functions.md, with a model that wants what it must not."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import sentric
from fixtures.pipeline import Pipeline
from support.guarding import calls

GUIDE = (Path(__file__).parents[4] / "docs" / "plain-functions.md").read_text()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[Any], list[Any]]]:
    """A model with a script: what it answers, and what it was asked."""
    script: list[Any] = []
    requests: list[Any] = []

    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            message = {"role": "assistant", "content": None, **script.pop(0)}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        yield script, requests
        server.shutdown()


def wants(number: int, name: str, **arguments: str) -> dict[str, Any]:
    return {"id": f"c-{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def test_the_agent_of_the_guide_is_refused_and_goes_on(
    enforced: None, asked: tuple[list[Any], list[Any]], pipeline: Pipeline, tmp_path: Path
) -> None:
    (page,) = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "def answer" in block]
    namespace: dict[str, Any] = {}
    exec(page, namespace)  # noqa: S102  # it is our own page
    note, erased = tmp_path / "note.txt", tmp_path / "erased"
    note.write_text("a note")
    script, requests = asked
    both = [wants(1, "shell", command=f"touch {erased} # erase"), wants(2, "read_file", path=str(note))]
    script += [{"tool_calls": both}, {"content": "That is not allowed."}]
    assert namespace["answer"]("Read my note") == "That is not allowed."
    assert not erased.exists()
    refused, shown = [message["content"] for message in requests[1]["messages"] if message["role"] == "tool"]
    assert refused.startswith("shell was refused.")
    assert shown == "a note"
    assert calls(pipeline) == [("shell", "rule"), ("read_file", "")]
    assert {span.attributes["sentric.task"] for span in pipeline.spans} == {"Read my note"}


def test_the_other_pieces_of_the_guide_are_what_the_code_takes(enforced: None) -> None:
    pieces = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "def answer" not in block]
    for piece in pieces:
        exec(piece, {"sentric": sentric})  # noqa: S102  # it is our own page
    assert len(pieces) == 2
