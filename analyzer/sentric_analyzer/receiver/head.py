"""The head of an HTTP request: what is checked before its body is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sentric_analyzer.receiver.decode import JSON, PROTOBUF, parse_content_type
from sentric_analyzer.receiver.encodings import parse_encoding
from sentric_analyzer.receiver.exports import EXPORTS, Export
from sentric_analyzer.receiver.gate import Sender
from sentric_analyzer.receiver.refusal import Reason, Refusal

_MOST_HEADERS = 100
_VERSIONS = ("1.0", "1.1")
_BY_PATH = {export.path: export for export in EXPORTS}
_WHOLE_URL = re.compile(rb"^https?://[^/?#]*", re.IGNORECASE)
"""What stands before the path where a sender writes the target as for a proxy, which a server must read as well."""
_OFFER = frozenset({"upgrade", "http2-settings"})
"""Names in a Connection header that belong to the offer to speak another protocol."""


@dataclass(slots=True)
class Head:
    """Method, path and headers, as they arrive."""

    path: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hosts: int = 0
    """How many headers say the host."""
    _count: int = 0

    def add(self, name: bytes, value: bytes) -> None:
        """Add a header; a name given twice is joined, as HTTP has it.

        Raises:
            Refusal: there are too many.
        """
        self._count += 1
        if self._count > _MOST_HEADERS:
            raise Refusal(Reason.HEADERS, f"there are more than {_MOST_HEADERS} headers")
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.hosts += key == "host"
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def without_offer(self, version: str) -> bytes:
        """The head of a POST again, without its offer to speak another protocol."""
        kept = {name: value for name, value in self.headers.items() if name != "upgrade"}
        stated = (token.strip() for token in kept.pop("connection", "").split(","))
        if left := [token for token in stated if token.lower() not in _OFFER]:
            kept["connection"] = ", ".join(left)
        lines = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        return b"POST %s HTTP/%s\r\n%s\r\n" % (self.path, version.encode(), lines.encode("latin-1"))

    @property
    def media(self) -> str:
        """Media type in which a refusal is written."""
        is_json = self.headers.get("content-type", "").lower().startswith(JSON)
        return JSON if is_json else PROTOBUF

    def expects_continue(self, version: str) -> bool:
        """Whether the sender waits for a word before it sends the body, which there is from HTTP/1.1 on."""
        return version != "1.0" and self.headers.get("expect", "").lower() == "100-continue"


@dataclass(frozen=True, slots=True)
class Target:
    """What a request whose head is fine asks for."""

    export: Export
    media: str
    encoding: str
    sender: Sender


Admit = Callable[[str | None], Sender]
"""Who sends what bears this Authorization header, None where there is none; raises Refusal."""


def check_head(head: Head, method: bytes, version: str, most: int, admit: Admit) -> Target:
    """Check everything that can be checked before the body is there.

    Args:
        head: path and headers.
        method: of the request.
        version: of HTTP.
        most: bytes of the largest body.
        admit: asked for the sender, once it is known that something is posted here.

    Raises:
        Refusal: the request cannot be accepted, whatever its body is.
    """
    export = _BY_PATH.get(_WHOLE_URL.sub(b"", head.path, count=1).partition(b"?")[0].decode("latin-1"))
    if export is None:
        raise Refusal(Reason.NOT_FOUND, f"post to {', '.join(_BY_PATH)}")
    if method != b"POST":
        raise Refusal(Reason.METHOD, f"post to {export.path}")
    _check_framing(head, version)
    sender = admit(head.headers.get("authorization"))
    media = parse_content_type(head.headers.get("content-type", ""))
    encoding = parse_encoding(head.headers.get("content-encoding", ""))
    length = head.headers.get("content-length")
    if length is None and "transfer-encoding" not in head.headers:
        raise Refusal(Reason.LENGTH, "state a Content-Length, or send chunks")
    if length is not None and int(length) > most:  # the parser has made sure that it is a number
        raise Refusal(Reason.TOO_LARGE, f"the body is larger than {most} bytes")
    return Target(export, media, encoding, sender)


def _check_framing(head: Head, version: str) -> None:
    """Refuse what a proxy in front of us may understand in another way, as to where the body ends.

    The parser refuses what states two lengths, or a length and chunks.
    """
    if version not in _VERSIONS:
        raise Refusal(Reason.MALFORMED, "this is not HTTP/1.1")
    if version == "1.1" and head.hosts != 1:
        raise Refusal(Reason.MALFORMED, "state the Host, once")
    coding = head.headers.get("transfer-encoding")
    if coding is not None and (coding.strip().lower() != "chunked" or version == "1.0"):
        raise Refusal(Reason.MALFORMED, "of transfer encodings only chunked is read here, and in HTTP/1.1")
