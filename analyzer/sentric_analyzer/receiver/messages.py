"""From the bytes of an HTTP connection to whole requests, or to the reason why there are none."""

from dataclasses import dataclass
from typing import Protocol

import httptools

from sentric_analyzer.receiver.head import Admit, Head, Target, check_head
from sentric_analyzer.receiver.limits import Budget
from sentric_analyzer.receiver.refusal import Reason, Refusal

_HEAD_BYTES = 32 << 10
_CHUNKING = 4
"""How many times its body a chunked message may measure, with all that is between the chunks."""


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; its body counts against the budget until it is answered."""

    target: Target
    body: bytes
    keep_alive: bool


class Sink(Protocol):
    """Who is told what the parser finds. After a refusal it is told nothing more."""

    def head_begins(self) -> None:
        """A request has begun."""

    def body_begins(self, *, expects_continue: bool) -> None:
        """The head of a request is fine."""

    def request_ends(self, request: Request) -> None:
        """A request is whole."""

    def make_room(self) -> bool:
        """Give up a body that takes longer, if there is one, so that this one can be taken in."""
        ...

    def refuse(self, refusal: Refusal, media: str) -> None:
        """Nothing more is parsed."""


class MessageParser:
    """Parses the requests of one connection; checks each as early as it can be checked."""

    def __init__(self, sink: Sink, body_limit: int, budget: Budget, admit: Admit) -> None:
        self._sink = sink
        self._admit = admit
        self._body_limit = body_limit
        self._budget = budget
        self._parser = httptools.HttpRequestParser(self)
        self._refused = False
        self._message_bytes = 0
        self._begun = False
        self._head = Head()
        self._target: Target | None = None
        self._body = bytearray()  # not a list of chunks: of one byte each, they would take 40 times their size

    @property
    def is_between_requests(self) -> bool:
        """No request has begun that has not ended."""
        return not self._begun

    @property
    def body_bytes(self) -> int:
        """How much of a body has come."""
        return len(self._body)

    def feed(self, data: bytes) -> None:
        """Take what has arrived; nothing more is parsed after a refusal."""
        if self._refused:
            return
        self._message_bytes += len(data)
        while data and not self._refused:
            data = self._parse(data)
        if self._target is None and self._message_bytes > _HEAD_BYTES:
            self.refuse(Refusal(Reason.HEADERS, f"the head is larger than {_HEAD_BYTES} bytes"))
        elif self._message_bytes > _HEAD_BYTES + self._body_limit * _CHUNKING:
            self.refuse(Refusal(Reason.TOO_LARGE, "there is too much between the chunks"))

    def _parse(self, data: bytes) -> bytes:
        """Parse, up to the end of a head that offers another protocol; what is to be parsed instead of the rest."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            # HTTP lets a server pass over the offer, but this parser then leaves the body: so it gets the head anew.
            version, self._parser = self._parser.get_http_version(), httptools.HttpRequestParser(self)
            return self._head.without_offer(version) + data[offer.args[0] :]
        except httptools.HttpParserError:
            self.refuse(Refusal(Reason.MALFORMED, "this is not an HTTP/1.1 request"))
        return b""

    def refuse(self, refusal: Refusal) -> None:
        """End the parsing for good."""
        if not self._refused:
            self.close()
            self._sink.refuse(refusal, self._head.media)

    def close(self) -> None:
        """Parse nothing more and forget what has come of a body."""
        self._refused = True
        self._budget.release(len(self._body))
        self._body = bytearray()

    def _begin(self, *, begun: bool) -> None:
        self._begun = begun
        self._head, self._target, self._body = Head(), None, bytearray()

    # What httptools calls; it calls on after a refusal, to the end of what it was fed.

    def on_message_begin(self) -> None:
        """A request begins."""
        if not self._refused:
            self._begin(begun=True)
            self._sink.head_begins()

    def on_url(self, url: bytes) -> None:
        """A part of the path."""
        self._head.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; after the body, a trailer, which says nothing to us."""
        if self._target is not None or self._refused:
            return
        try:
            self._head.add(name, value)
        except Refusal as refusal:
            self.refuse(refusal)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self._refused:
            return
        try:
            method, version = self._parser.get_method(), self._parser.get_http_version()
            self._target = check_head(self._head, method, version, self._body_limit, self._admit)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if self._parser.should_upgrade():
            self._target = None
            return
        self._sink.body_begins(expects_continue=self._head.expects_continue(version))

    def on_body(self, chunk: bytes) -> None:
        """A part of the body."""
        if self._refused:
            return
        if len(self._body) + len(chunk) > self._body_limit:
            self.refuse(Refusal(Reason.TOO_LARGE, f"the body is larger than {self._body_limit} bytes"))
        elif not self._budget.claim(len(chunk)) and not (self._sink.make_room() and self._budget.claim(len(chunk))):
            self.refuse(Refusal(Reason.BUSY, "too many bodies are being received: try again"))
        else:
            self._body += chunk

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._refused or self._target is None:
            return
        keep_alive = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
        request = Request(self._target, bytes(self._body), keep_alive)
        self._message_bytes = 0
        self._begin(begun=False)
        self._sink.request_ends(request)
