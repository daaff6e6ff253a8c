"""The head of an HTTP request: what is checked before its body is read."""

from dataclasses import dataclass, field

from sentric_analyzer.receiver.decode import JSON, PROTOBUF, parse_content_type
from sentric_analyzer.receiver.encodings import parse_encoding
from sentric_analyzer.receiver.exports import EXPORTS, Export
from sentric_analyzer.receiver.refusal import Reason, Refusal

_BY_PATH = {export.path: export for export in EXPORTS}


@dataclass(slots=True)
class Head:
    """Method, path and headers, as they arrive."""

    path: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, name: bytes, value: bytes) -> None:
        """Add a header; a name given twice is joined, as HTTP has it."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def without_offer(self) -> bytes:
        """The head of a POST again, without its offer to speak another protocol."""
        kept = {name: value for name, value in self.headers.items() if name not in ("connection", "upgrade")}
        lines = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        return b"POST %s HTTP/1.1\r\n%s\r\n" % (self.path, lines.encode("latin-1"))

    @property
    def media(self) -> str:
        """Media type in which a refusal is written."""
        is_json = self.headers.get("content-type", "").lower().startswith(JSON)
        return JSON if is_json else PROTOBUF

    @property
    def expects_continue(self) -> bool:
        """The sender waits for a word before it sends the body."""
        return self.headers.get("expect", "").lower() == "100-continue"


@dataclass(frozen=True, slots=True)
class Target:
    """What a request whose head is fine asks for."""

    export: Export
    media: str
    encoding: str


def check_head(head: Head, method: bytes, most: int) -> Target:
    """Check everything that can be checked before the body is there.

    Raises:
        Refusal: the request cannot be accepted, whatever its body is.
    """
    export = _BY_PATH.get(head.path.partition(b"?")[0].decode("latin-1"))
    if export is None:
        raise Refusal(Reason.NOT_FOUND, f"post to {', '.join(_BY_PATH)}")
    if method != b"POST":
        raise Refusal(Reason.METHOD, f"post to {export.path}")
    media = parse_content_type(head.headers.get("content-type", ""))
    encoding = parse_encoding(head.headers.get("content-encoding", ""))
    length = head.headers.get("content-length")
    if length is None and "transfer-encoding" not in head.headers:
        raise Refusal(Reason.LENGTH, "state a Content-Length, or send chunks")
    if length is not None and int(length) > most:  # the parser has made sure that it is a number
        raise Refusal(Reason.TOO_LARGE, f"the body is larger than {most} bytes")
    return Target(export, media, encoding)
