from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.receiver.decode import JSON, PROTOBUF
from sentric_analyzer.receiver.exports import LOGS, TRACES
from sentric_analyzer.receiver.gate import Sender
from sentric_analyzer.receiver.head import Head
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.receiver.messages import MessageParser, Request
from sentric_analyzer.receiver.refusal import Reason, Refusal

LIMIT = 1000
SOMEBODY = Sender("192.0.2.1")
POST = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"


@dataclass
class Recorder:
    requests: list[Request] = field(default_factory=list[Request])
    refusals: list[tuple[Reason, str]] = field(default_factory=list[tuple[Reason, str]])
    steps: list[str] = field(default_factory=list[str])

    def head_begins(self) -> None:
        self.steps.append("head")

    def body_begins(self, *, expects_continue: bool) -> None:
        self.steps.append("continue" if expects_continue else "body")

    def request_ends(self, request: Request) -> None:
        self.requests.append(request)

    def make_room(self) -> bool:
        self.steps.append("make room")
        return False

    def refuse(self, refusal: Refusal, media: str) -> None:
        self.refusals.append((refusal.reason, media))


def let_in(authorization: str | None) -> Sender:
    if authorization == "wrong":
        raise Refusal(Reason.UNAUTHENTICATED, "the key is not valid")
    return SOMEBODY


def parse(*parts: bytes, limit: int = LIMIT, budget: int = 10_000) -> Recorder:
    recorder = Recorder()
    parser = MessageParser(recorder, limit, Budget(budget), let_in)
    for part in parts:
        parser.feed(part)
    return recorder


def with_body(body: bytes, *, head: bytes = POST) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(*chunks: bytes) -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\nTrailer: t\r\n\r\n"


@given(st.binary(max_size=300), st.lists(st.integers(0, 800), max_size=5))
def test_a_request_is_the_same_however_it_is_cut(body: bytes, cuts: list[int]) -> None:
    for message in (with_body(body), chunked(*([body] if body else []), b"more")):
        places = [0, *sorted(min(cut, len(message)) for cut in cuts), len(message)]
        recorder = parse(*(message[start:end] for start, end in pairwise(places)))
        (request,) = recorder.requests
        assert request.body in (body, body + b"more")
        assert request.target.export is TRACES
        assert (request.target.media, request.target.encoding, request.keep_alive) == (PROTOBUF, "", True)
        assert recorder.steps == ["head", "body"]


def test_requests_sent_together_come_one_after_another() -> None:
    logs = POST.replace(b"/v1/traces", b"/v1/logs?x=1")
    recorder = parse(with_body(b"a") + with_body(b"b", head=logs) + with_body(b"c"))
    assert [(request.body, request.target.export) for request in recorder.requests] == [
        (b"a", TRACES),
        (b"b", LOGS),
        (b"c", TRACES),
    ]


@pytest.mark.parametrize(
    ("message", "keep_alive"),
    [
        (with_body(b""), True),
        (with_body(b"", head=POST + b"Connection: close\r\n"), False),
        (with_body(b"", head=POST.replace(b"HTTP/1.1", b"HTTP/1.0")), False),
        (with_body(b"", head=POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Connection: keep-alive\r\n"), False),
    ],
)
def test_the_sender_may_end_the_connection(message: bytes, keep_alive: bool) -> None:
    assert [request.keep_alive for request in parse(message).requests] == [keep_alive]


def test_a_sender_may_wait_for_a_word_before_the_body() -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    assert parse(head).steps == ["head", "continue"]
    assert parse(head.replace(b"HTTP/1.1", b"HTTP/1.0")).steps == ["head", "body"]  # which has no such word


@pytest.mark.parametrize("target", [b"http://x/v1/traces", b"HTTPS://y:4318/v1/traces?a=b", b"http://x@y/v1/traces"])
def test_the_target_may_be_written_as_for_a_proxy(target: bytes) -> None:
    [request] = parse(with_body(b"a", head=POST.replace(b"/v1/traces", target))).requests
    assert request.target.export is TRACES


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_offer_of_another_protocol_changes_nothing_else(version: bytes) -> None:
    offer = POST.replace(b"1.1", version) + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
    [request] = parse(with_body(b"a", head=offer)).requests
    assert (request.body, request.keep_alive) == (b"a", False)


JSON_POST = POST.replace(b"application/x-protobuf", b"application/json")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"POST /v1/nope HTTP/1.1\r\nHost: x\r\n\r\n", Reason.NOT_FOUND),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", Reason.NOT_FOUND),
        (b"GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n", Reason.METHOD),
        (b"OPTIONS /v1/logs HTTP/1.1\r\nHost: x\r\n\r\n", Reason.METHOD),
        (b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", Reason.CONTENT_TYPE),
        (with_body(b"", head=POST.replace(b"application/x-protobuf", b"text/plain")), Reason.CONTENT_TYPE),
        (with_body(b"", head=POST + b"Content-Type: application/json\r\n"), Reason.CONTENT_TYPE),
        (with_body(b"", head=POST + b"Content-Encoding: br\r\n"), Reason.ENCODING),
        (POST + b"\r\n", Reason.LENGTH),
        (POST + b"Content-Length: 1001\r\n\r\n", Reason.TOO_LARGE),
        (chunked(b"x" * 600, b"x" * 600), Reason.TOO_LARGE),
        (POST + b"X: " + b"x" * 40_000, Reason.HEADERS),
        (b"POST /" + b"x" * 40_000, Reason.HEADERS),
        (b"hello\r\n\r\n", Reason.MALFORMED),
        (b"\x16\x03\x01\x02\x00\x01\x00", Reason.MALFORMED),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reason.MALFORMED),
        (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", Reason.MALFORMED),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Reason.MALFORMED),
        (POST + b"Content-Length: -5\r\n\r\n", Reason.MALFORMED),
        (with_body(b"", head=POST.replace(b"Host: x\r\n", b"")), Reason.MALFORMED),
        (with_body(b"", head=POST + b"Host: y\r\n"), Reason.MALFORMED),
        (POST + b"a:\r\n" * 60_000, Reason.HEADERS),
        (POST + b"a: b\r\n" * 99 + b"Content-Length: 0\r\n\r\n", Reason.HEADERS),
        (POST + b"Authorization: wrong\r\nContent-Length: 5000\r\n\r\n", Reason.UNAUTHENTICATED),
        (POST.replace(b"/v1/traces", b"/v1/tra\0ces") + b"\r\n", Reason.MALFORMED),
        (POST + b"X: a\0b\r\nContent-Length: 0\r\n\r\n", Reason.MALFORMED),
        (POST + b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n", Reason.MALFORMED),
        (POST + b"Content-Length : 5\r\n\r\nhello", Reason.MALFORMED),
        (POST + b"Content-Length: 5, 5\r\n\r\nhello", Reason.MALFORMED),
        (POST + b"Content-Length: +5\r\n\r\nhello", Reason.MALFORMED),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Reason.MALFORMED),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Reason.MALFORMED),
        (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Reason.MALFORMED),
        (POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Reason.MALFORMED),
        (POST.replace(b"1.1", b"2.0") + b"Content-Length: 0\r\n\r\n", Reason.MALFORMED),
        (POST.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n", Reason.MALFORMED),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", Reason.MALFORMED),
        (b"POST /v1/../v1/traces HTTP/1.1\r\nContent-Length: 0\r\n\r\n", Reason.NOT_FOUND),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", Reason.NOT_FOUND),
    ],
)
def test_what_cannot_be_accepted_is_refused_once_and_ends_the_parsing(message: bytes, reason: Reason) -> None:
    recorder = parse(message, with_body(b"next"))
    assert [found for found, _ in recorder.refusals] == [reason]
    assert not recorder.requests


def test_a_head_is_refused_before_its_body_comes() -> None:
    recorder = parse(JSON_POST + b"Content-Length: 1001\r\n\r\n")
    assert recorder.refusals == [(Reason.TOO_LARGE, JSON)]
    assert recorder.steps == ["head"]


def test_a_head_that_has_begun_after_a_request_is_not_between_requests() -> None:
    parser = MessageParser(Recorder(), LIMIT, Budget(10_000), let_in)
    assert parser.is_between_requests
    parser.feed(with_body(b"a"))
    assert parser.is_between_requests
    parser.feed(with_body(b"a") + b"POST /v1")
    assert not parser.is_between_requests


def test_what_is_parsed_of_a_bomb_of_headers_is_bounded() -> None:
    seen = 0

    class Counting(Head):
        def add(self, name: bytes, value: bytes) -> None:
            nonlocal seen
            seen += 1
            super().add(name, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sentric_analyzer.receiver.messages.Head", Counting)
        parse(POST + b"a:\r\n" * 60_000)
    assert seen == 101


def test_an_offer_of_another_protocol_is_passed_over() -> None:  # Java's own client makes it with each request
    message = with_body(b"body", head=POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")
    assert [request.body for request in parse(message * 3, message).requests] == [b"body"] * 4


def test_a_body_may_come_in_tiny_chunks() -> None:
    assert [request.body for request in parse(chunked(*[b"x"] * 999)).requests] == [b"x" * 999]


def test_what_lies_between_chunks_is_bounded() -> None:
    padding = b"1;" + b"x" * 8000 + b"\r\nx\r\n"
    recorder = parse(POST + b"Transfer-Encoding: chunked\r\n\r\n", *[padding] * 100)
    assert [reason for reason, _ in recorder.refusals] == [Reason.TOO_LARGE]


def test_bodies_of_all_connections_share_a_budget_that_is_given_back() -> None:
    recorder, budget = Recorder(), Budget(100)
    parser = MessageParser(recorder, LIMIT, budget, let_in)
    parser.feed(with_body(b"x" * 90)[:-10])
    assert not budget.claim(21)
    parser.close()
    assert budget.claim(100)
    other = Recorder()
    MessageParser(other, LIMIT, budget, let_in).feed(with_body(b"x"))
    assert [reason for reason, _ in other.refusals] == [Reason.BUSY]


@given(st.lists(st.binary(max_size=40) | st.sampled_from([POST, with_body(b"b"), chunked(b"c"), b"\r\n"]), max_size=8))
def test_whatever_comes_is_parsed_or_refused_once(parts: list[bytes]) -> None:
    recorder = parse(*parts)
    assert len(recorder.refusals) <= 1
