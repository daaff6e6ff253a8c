"""What is fuzzed: each takes bytes, and only a Refusal may come out of it.

Each has seeds, made of the requests of real instrumentations in tests/fixtures/otlp.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import Message

from sentric_analyzer.receiver.decode import JSON, PROTOBUF, Bounds, decode
from sentric_analyzer.receiver.encodings import ENCODINGS, decompress
from sentric_analyzer.receiver.exports import LOGS, METRICS, TRACES, Export
from sentric_analyzer.receiver.gate import Sender
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.receiver.messages import MessageParser, Request
from sentric_analyzer.receiver.refusal import Refusal
from unit.receiver.otlp_messages import to_json

OTLP = Path(__file__).parents[1] / "fixtures" / "otlp"
LONGEST_SEED = 64 << 10
BOUNDS = Bounds(body=1 << 20, items=200, messages=2000, value=1000)
"""Small ones, so that every bound is met."""
POST = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"


@dataclass(frozen=True)
class Target:
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


class Sink:
    """Holds the parser to its word: after a refusal it says nothing more."""

    refused = False

    def head_begins(self) -> None:
        assert not self.refused

    def body_begins(self, *, expects_continue: bool) -> None:
        assert not self.refused

    def request_ends(self, request: Request) -> None:
        assert not self.refused
        assert len(request.body) <= BOUNDS.body

    def make_room(self) -> bool:
        return False

    def refuse(self, refusal: Refusal, media: str) -> None:
        assert not self.refused
        self.refused = True


def admit(authorization: str | None) -> Sender:
    return Sender(authorization or "")


def http(data: bytes) -> None:
    """The first byte says how the rest is cut."""
    size = data[0] + 1 if data else 1
    parser = MessageParser(Sink(), BOUNDS.body, Budget(BOUNDS.body), admit)
    for start in range(1, len(data), size):
        parser.feed(data[start : start + size])


def otlp(export: Export, media: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        try:
            decoded = decode(export, data, media, "", BOUNDS)
        except Refusal:
            return
        again = decode(export, decoded.body, PROTOBUF, "", BOUNDS)  # as whoever reads the log must be able to
        assert (again.body, again.items) == (decoded.body, decoded.items)

    return run


def encodings(data: bytes) -> None:
    """The first byte says which encoding."""
    if not data:
        return
    try:
        assert len(decompress(data[1:], ENCODINGS[data[0] % len(ENCODINGS)], BOUNDS.body)) <= BOUNDS.body
    except Refusal:
        return


def recorded(pattern: str = "*.otlp.pb") -> Iterator[bytes]:
    for path in sorted(OTLP.glob(pattern)):
        if ".logs." not in path.name and path.stat().st_size <= LONGEST_SEED:
            yield path.read_bytes()


def parsed() -> Iterator[Message]:
    for body in recorded():
        yield TRACES.request.FromString(body)


def json_seeds() -> Iterator[bytes]:
    source = random.Random(0)
    for message in parsed():
        yield json.dumps(to_json(message, source)).encode()


def http_seeds() -> Iterator[bytes]:
    for body in recorded("mcp-*.otlp.pb"):
        yield b"\xff" + POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
        yield b"\x10" + POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    yield b"\x00" + POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx" * 2


def encoding_seeds() -> Iterator[bytes]:
    for body in recorded("mcp-*.otlp.pb"):
        for number, encoding in enumerate(ENCODINGS):
            packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)
            yield bytes([number]) + packed(body)


TARGETS = {
    "http": Target(http, http_seeds),
    "protobuf": Target(otlp(TRACES, PROTOBUF), recorded),
    "protobuf-logs": Target(otlp(LOGS, PROTOBUF), recorded),
    "protobuf-metrics": Target(otlp(METRICS, PROTOBUF), recorded),
    "json": Target(otlp(TRACES, JSON), json_seeds),
    "encodings": Target(encodings, encoding_seeds),
}
