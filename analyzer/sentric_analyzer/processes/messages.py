"""What a parent and its child say to each other beside the messages of those who use them."""

from dataclasses import dataclass

from sentric.errors import SentricError


class ChildError(SentricError):
    """A child has ended, or is not there."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has come up."""

    message: object


@dataclass(frozen=True, slots=True)
class Failed:
    """The child ends, because of this."""

    error: SentricError


@dataclass(frozen=True, slots=True)
class Stop:
    """The child shall end."""
