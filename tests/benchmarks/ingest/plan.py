"""What a generator is asked to do, and what it says it did. Both cross between processes as JSON."""

import json
from dataclasses import asdict, dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send, and where."""

    load: str
    spans_per_request: int
    protocol: str
    """http or grpc."""
    address: str
    """HOST:PORT."""
    seconds: float
    """How long new requests are begun."""
    rate: float = 0.0
    """Spans a second; 0 sends the next request as soon as one is acknowledged."""
    connections: int
    """Requests in flight at most: one on each connection."""
    path: str = "/v1/traces"
    """Of HTTP."""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    lenient: bool = False
    """Whether every error of the receiver's own is tried again: peers answer so when they are busy."""
    seed: int = 1

    def encode(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(slots=True, kw_only=True)
class Sent:
    """What was sent and acknowledged."""

    requests: int = 0
    spans: int = 0
    bytes: int = 0
    runs: int = 0
    """Runs of agents."""
    findings: dict[str, int] = field(default_factory=dict[str, int])
    """What must be found of severity high or critical, by rule."""
    refused: int = 0
    """Requests refused for now, and sent again."""
    reconnected: int = 0
    """Requests whose connection broke, and that were sent again."""
    began: float = 0.0
    """First request, by the monotonic clock that all processes of a machine share."""
    ended: float = 0.0
    """Last acknowledgement."""
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    """From sending, or from when it was due where there is a rate, to the acknowledgement."""
    cpu: float = 0.0
    """Seconds of the generator's own."""

    def encode(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> Self:
        return cls(**json.loads(text))
