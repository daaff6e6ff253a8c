"""Why a request is refused, and what the sender is told."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

RETRY_SECONDS = 1
"""What a sender is asked to wait before it tries again. Senders back off further by themselves."""


class Reason(StrEnum):
    """Why a request is refused; also a label of the counter of refusals."""

    MALFORMED = "malformed"
    NOT_FOUND = "not_found"
    METHOD = "method"
    TIMEOUT = "timeout"
    LENGTH = "length"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    CONTENT_TYPE = "content_type"
    ENCODING = "encoding"
    HEADERS = "headers"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    ATTEMPTS = "attempts"
    RATE = "rate"
    INTERNAL = "internal"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reason is on the wire. OTLP senders try again after those with `retry` alone."""

    status: int
    """Of HTTP."""
    code: int
    """Of google.rpc and gRPC."""
    retry: bool = False
    """It is worth trying again: the sender is told after how long."""


ANSWERS = {
    Reason.MALFORMED: Answer(400, 3),
    Reason.NOT_FOUND: Answer(404, 5),
    Reason.METHOD: Answer(405, 12),
    Reason.TIMEOUT: Answer(408, 4),
    Reason.LENGTH: Answer(411, 3),
    Reason.TOO_LARGE: Answer(413, 3),
    Reason.TOO_MANY: Answer(413, 3),
    Reason.CONTENT_TYPE: Answer(415, 3),
    Reason.ENCODING: Answer(415, 3),
    Reason.HEADERS: Answer(431, 3),
    Reason.UNAUTHENTICATED: Answer(401, 16),
    Reason.FORBIDDEN: Answer(403, 7),
    Reason.ATTEMPTS: Answer(429, 8, retry=True),
    Reason.RATE: Answer(429, 8, retry=True),
    Reason.INTERNAL: Answer(500, 13),
    Reason.BUSY: Answer(503, 14, retry=True),
    Reason.UNAVAILABLE: Answer(503, 14, retry=True),
}


class Refusal(Exception):  # noqa: N818 (an answer, not an error)
    """A request is not accepted; the message goes to the sender.

    Args:
        reason: why.
        message: what the sender is told.
        wait: seconds after which it is worth trying again, where it is at all.
    """

    def __init__(self, reason: Reason, message: str, *, wait: float = RETRY_SECONDS) -> None:
        super().__init__(message)
        self.reason = reason
        self._wait = wait

    @property
    def answer(self) -> Answer:
        """What the sender gets."""
        return ANSWERS[self.reason]

    @property
    def retry_seconds(self) -> int:
        """Whole seconds to wait before trying again; 0: it cannot help."""
        return max(ceil(self._wait), RETRY_SECONDS) if self.answer.retry else 0
