"""What the log keeps: OTLP requests, whole, in the order in which they came."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Signal(StrEnum):
    """Which OTLP request a record's body is."""

    TRACES = "traces"
    LOGS = "logs"


DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted OTLP request."""

    projects: tuple[str, ...]
    """Projects of the sender's key, none with a line break; empty: the resources of the request say theirs."""
    signal: Signal
    body: bytes
    """Protobuf of an `ExportTraceServiceRequest` or an `ExportLogsServiceRequest`."""
    received: int
    """Unix nanoseconds."""

    @property
    def joined_projects(self) -> str:
        """The projects as one text: a name is printable, and so without line breaks."""
        return "\n".join(self.projects)

    def digest(self) -> bytes:
        """What a request sent again has in common with the first: the hash of projects, signal and body."""
        digest = hashlib.sha256(f"{self.signal}\0{self.joined_projects}\0".encode())
        digest.update(self.body)
        return digest.digest()[:DIGEST_BYTES]


class Entry(NamedTuple):
    """A record where it lies in the log."""

    position: int
    next_position: int
    """Position after the record: what is committed when it is done with."""
    record: Record


class Receipt(NamedTuple):
    """The log's word that a record is durable."""

    position: int
    duplicate: bool
    """The same record was there already, at this position; it was not written again."""
