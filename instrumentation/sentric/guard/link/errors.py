"""What can go wrong between the guard and the service."""

from sentric.errors import SentricError


class LinkError(SentricError):
    """The service cannot be reached, or gives no usable answer: one line, without key, body or arguments.

    Attributes:
        again: whether it may help to ask again.
        after: seconds that the service wants to be left alone before.
        status: of the answer, 0 where there was none.
        refused: the answer is a refusal in the service's own words, not of something that stands before it.
    """

    def __init__(
        self, message: str, *, again: bool = False, after: float = 0.0, status: int = 0, refused: bool = False
    ) -> None:
        super().__init__(message)
        self.again = again
        self.after = after
        self.status = status
        self.refused = refused


class SpoolError(SentricError):
    """A record could not be made durable: one line that names the file and the cure."""


class GivenUp(Exception):  # noqa: N818  # how waiting ends, not an error
    """Whoever asked does not want to know any more."""
