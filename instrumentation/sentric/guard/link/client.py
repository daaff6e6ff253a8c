"""The one place that speaks HTTP to the service: few connections that are kept, bounded answers, no redirects."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sentric.guard.link.answer import parsed
from sentric.guard.link.errors import LinkError

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection, HTTPResponse

    from sentric.guard.link.wire import Wire

    _Line = tuple[Wire, HTTPConnection]

ANSWER_LIMIT = 1 << 20
"""Most bytes of an answer."""
MOST_IDLE = 8
"""Connections that are kept for the next request."""
IDLE_SECONDS = 5.0
"""How long: the service closes them after ten, and what lies between may forget them without a word."""
_LONGEST_ETAG = 256
"""Characters: of a longer one it is not known whether it can be sent back."""
_PORTS = {"http": 80, "https": 443}
_CURES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the key is unknown, expired or revoked: set SENTRIC_API_KEY or SENTRIC_API_KEY_FILE to "
    "one of scope decide",
    HTTPStatus.FORBIDDEN: "the key may not do that: it needs the scope decide",
    HTTPStatus.NOT_FOUND: "there is no such project for the key, or no such approval: look at SENTRIC_PROJECT, and "
    "whether SENTRIC_URL is the address of `sentric serve`",
    HTTPStatus.CONFLICT: "that was asked before in another way, or is past",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the action is too large to be decided about",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the service cannot read what it is asked: is it of the same version?",
}
_OFTEN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""Refusals, besides those of a service that has troubles of its own, after which the same may be asked again."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: bytes | None
    deadline: float
    given_up: Callable[[], bool]
    etag: str = ""


@dataclass(slots=True)
class _Exchange:
    """A request that was sent, and its answer."""

    line: "_Line"
    response: "HTTPResponse"
    over: bool = False
    """Whether all of the answer has come, and another request may be sent."""

    @property
    def wire(self) -> "Wire":
        """What it goes over."""
        return self.line[0]


class Client:
    """Asks the service at an address. Any thread may use it.

    Args:
        url: base URL of its REST API.
        key: what to ask with.
    """

    def __init__(self, url: str, key: str) -> None:
        self.base = url.rstrip("/")
        self.fault = _fault(url, key)
        """Why it can never ask: a setting is wrong; empty: it can."""
        self._headers = {"Accept": "application/json", "User-Agent": "sentric-guard"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._begin()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        seconds: float,
        given_up: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """What the service answers to a request, which must be a JSON object.

        Args:
            method: GET, or POST of what does no harm when it is done twice.
            path: with its query.
            body: JSON.
            seconds: for all of it, from connecting to the last byte.
            given_up: looked at while waiting.

        Raises:
            LinkError: there is no usable answer.
            GivenUp: waiting was given up.
        """
        wanted = _Request(method, path, body, time.monotonic() + seconds, given_up or _never)
        with self._told(), self._asked(wanted) as exchange:
            document = _document(self._content(exchange, ANSWER_LIMIT))
            if exchange.response.status != HTTPStatus.OK:
                raise self._refusal(exchange.response, document)
            if document is None:
                raise LinkError(f"{self.base}: does not answer in JSON: is this the API of `sentric serve`?")
            return document

    def get(self, path: str, etag: str, *, seconds: float, limit: int) -> tuple[str, bytes | None]:
        """What is at a path, unless it is that of an ETag: its ETag and its bytes; None: it is still the same.

        Args:
            path: with its query.
            etag: of what is known; empty: nothing.
            seconds: for all of it, from connecting to the last byte.
            limit: most bytes of it.

        Raises:
            LinkError: there is no usable answer.
        """
        wanted = _Request("GET", path, None, time.monotonic() + seconds, _never, etag)
        with self._told(), self._asked(wanted) as exchange:
            response = exchange.response
            content = self._content(exchange, limit)
            if response.status == HTTPStatus.NOT_MODIFIED:
                if not etag:
                    raise LinkError(f"{self.base}: tells no change of what is not known: is this `sentric serve`?")
                return etag, None
            if response.status != HTTPStatus.OK:
                raise self._refusal(response, None)
            found = response.headers.get("ETag", "")
            return found if len(found) <= _LONGEST_ETAG else "", content

    @contextmanager
    def stream(
        self, path: str, *, seconds: float, given_up: Callable[[], bool]
    ) -> "Generator[tuple[Wire, HTTPResponse]]":
        """Server-sent events, as they come. The deadline of the wire is for whoever reads to move on.

        Raises:
            LinkError: there are none, or, from the block, no more.
            GivenUp: waiting was given up.
        """
        wanted = _Request("GET", path, None, time.monotonic() + seconds, given_up)
        with self._told(), self._asked(wanted) as exchange:
            response = exchange.response
            if response.status != HTTPStatus.OK:
                raise self._refusal(response, None)
            if response.headers.get_content_type() != "text/event-stream":
                raise LinkError(f"{self.base}: does not tell events: is this the API of `sentric serve`?")
            yield exchange.wire, response

    def _content(self, exchange: "_Exchange", limit: int) -> bytes:
        """All of an answer."""
        from http.client import IncompleteRead

        response = exchange.response
        content = response.read(limit + 1)
        if len(content) > limit:
            raise LinkError(f"{self.base}: an answer of more than {limit} bytes is none of ours")
        if response.length:  # http.client says nothing where less came than was announced
            raise IncompleteRead(content, response.length)
        exchange.over = response.isclosed() and not response.will_close
        return content

    def close(self) -> None:
        """Close the connections that are kept, and those in use once they are not."""
        with self._lock:
            idle = list(self._idle)
            self._idle.clear()
            self._leaving |= self._open
        for _, (wire, _) in idle:
            self._end(wire)

    def after_fork(self) -> None:
        """In a child: the connections are the parent's, and must be closed here without a word."""
        for wire in list(self._open):
            wire.end()
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Wire] = set()
        self._leaving: set[Wire] = set()
        """Those that are not to be kept."""
        self._idle: deque[tuple[float, _Line]] = deque()
        self._context: ssl.SSLContext | None = None

    @contextmanager
    def _asked(self, wanted: "_Request") -> "Generator[_Exchange]":
        """Send a request; the head of its answer has come. The connection is kept afterwards if the answer is over."""
        exchange = self._sent(wanted)
        try:
            yield exchange
        finally:
            if exchange.over:
                self._keep(exchange.line)
            else:
                self._end(exchange.line[0])

    def _sent(self, wanted: "_Request") -> "_Exchange":
        """Send a request over a connection that was kept; over a new one, where the other side had closed that."""
        kept = self._take()
        if kept is not None:
            try:
                return self._over(kept, wanted)
            except ConnectionError:
                pass
        return self._over(self._connect(wanted), wanted)

    def _over(self, line: "_Line", wanted: "_Request") -> "_Exchange":
        wire, connection = line
        headers = self._headers if wanted.body is None else self._headers | {"Content-Type": "application/json"}
        if wanted.etag:
            headers = headers | {"If-None-Match": wanted.etag}
        try:
            wire.until(wanted.deadline, wanted.given_up)
            connection.request(wanted.method, self._prefix + wanted.path, wanted.body, headers)
            return _Exchange(line, connection.getresponse())
        except BaseException:
            self._end(wire)
            raise

    def _connect(self, wanted: "_Request") -> "_Line":
        from sentric.guard.link.wire import connect, connection

        parts = urlsplit(self.base)
        host, usual = parts.hostname or "", _PORTS[parts.scheme]
        wire = connect(host, parts.port or usual, wanted.deadline, wanted.given_up)
        with self._lock:
            self._open.add(wire)
        if parts.scheme == "https":
            try:
                wire.secure(self._tls(), host)
            except BaseException:
                self._end(wire)
                raise
        return wire, connection(wire, host, parts.port or usual, usual)

    def _tls(self) -> "ssl.SSLContext":
        if self._context is None:
            from ssl import create_default_context

            self._context = create_default_context()
        return self._context

    @property
    def _prefix(self) -> str:
        return urlsplit(self.base).path

    def _take(self) -> "_Line | None":
        """The connection that was used last, if it is still good."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, line = self._idle.pop()
            if time.monotonic() - since < IDLE_SECONDS and not line[0].is_stale:
                return line
            self._end(line[0])

    def _keep(self, line: "_Line") -> None:
        with self._lock:
            gone: _Line | None = line
            if line[0] not in self._leaving:
                gone = self._idle.popleft()[1] if len(self._idle) == MOST_IDLE else None
                self._idle.append((time.monotonic(), line))
        if gone is not None:
            self._end(gone[0])

    def _end(self, wire: "Wire") -> None:
        with self._lock:
            self._open.discard(wire)
            self._leaving.discard(wire)
        wire.end()

    def _refusal(self, response: "HTTPResponse", document: dict[str, Any] | None) -> LinkError:
        """What an answer that is none says. Its own words are not repeated: they may hold what was asked."""
        status = response.status
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            told = "redirects are not followed: set SENTRIC_URL to the address of `sentric serve` itself"
        else:
            told = _CURES.get(status, "")
        after = response.headers.get("Retry-After", "")
        return LinkError(
            f"{self.base}: {told or f'answers with status {status}'}",
            again=status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _OFTEN,
            after=float(after[:6]) if after.isascii() and after.isdecimal() else 0.0,
            status=status,
            refused=document is not None and document.get("allowed") is False,
        )

    @contextmanager
    def _told(self) -> "Generator[None]":
        """Every way in which a connection can fail, in our words."""
        from http.client import HTTPException, IncompleteRead

        if self.fault:
            raise LinkError(self.fault)
        try:
            yield
        except (OSError, IncompleteRead) as error:
            said, again = _failure(error)
            raise LinkError(f"{self.base}: {said}", again=again) from None
        except (HTTPException, ValueError):
            raise LinkError(f"{self.base}: what it says cannot be read: is this the API of `sentric serve`?") from None


def _document(content: bytes) -> dict[str, Any] | None:
    try:
        return parsed(content)
    except ValueError:
        return None


def _failure(error: Exception) -> tuple[str, bool]:
    """What happened, and whether it may be otherwise the next time."""
    import ssl
    from socket import gaierror

    from sentric.guard.link.wire import Late

    match error:
        case Late() | TimeoutError():
            return "no answer in time: is `sentric serve` well?", True
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}): look at SSL_CERT_FILE", False
        case ssl.SSLError():
            return "TLS fails: is SENTRIC_URL right in http or https?", True
        case gaierror():
            return "its name cannot be resolved: look at SENTRIC_URL", True
        case _:
            return "nothing answers: is `sentric serve` running there?", True


def _fault(url: str, key: str) -> str:
    """What is wrong with the settings; empty: nothing."""
    if not key.isascii() or not key.isprintable() or " " in key:
        return "the key to ask the service with is no key: look at SENTRIC_API_KEY and its _FILE"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    stray = parts.username is not None or parts.query or parts.fragment or not url.isascii() or not url.isprintable()
    if not host or parts.scheme not in _PORTS or stray or " " in url:
        return "SENTRIC_URL is no base URL of the service: set it to http(s)://HOST:PORT"
    if parts.scheme == "http" and key and not _is_loopback(host):
        return f"SENTRIC_URL sends the key to {host} without TLS: use https"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
