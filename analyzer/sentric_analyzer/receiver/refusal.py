"""Why a request is refused, and what the sender is told."""

from dataclasses import dataclass
from enum import StrEnum

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
    INTERNAL = "internal"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reason is on the wire. Of these, OTLP senders try again after 503 and UNAVAILABLE alone."""

    status: int
    """Of HTTP."""
    code: int
    """Of google.rpc and gRPC."""
    retry: bool = False


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
    Reason.INTERNAL: Answer(500, 13),
    Reason.BUSY: Answer(503, 14, retry=True),
    Reason.UNAVAILABLE: Answer(503, 14, retry=True),
}


class Refusal(Exception):  # noqa: N818 (an answer, not an error)
    """A request is not accepted; the message goes to the sender."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def answer(self) -> Answer:
        """What the sender gets."""
        return ANSWERS[self.reason]
