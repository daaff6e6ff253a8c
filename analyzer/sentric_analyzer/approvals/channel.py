"""A way to reach a person. What a channel is for the rest; each has a file of its own."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sentric.errors import SentricError
from sentric_analyzer.approvals.shown import Shown


class ChannelError(SentricError):
    """Somebody could not be reached. One line, for the record: without keys, and without the URL of a channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a channel is to tell somebody."""

    attempt_id: str
    """Of this attempt to reach somebody: what comes back names it."""
    approval_id: str
    project: str
    person: str
    """Id of the person who is asked; whatever is answered through the channel is their answer."""
    shown: Shown
    link: str = ""
    """URL at which they can answer; "" where the channel takes answers itself, or no link can be made."""
    seconds: float
    """Until it is somebody else's turn, or nobody's."""


class Channel(Protocol):
    """Reaches people. Its methods may take as long as they take: each is called in a thread of its own."""

    name: str
    """As the configuration calls it."""

    def notify(self, notice: Notice) -> str:
        """Tell somebody.

        Returns:
            How the other side names it, to withdraw it by; "" where it has no name.

        Raises:
            ChannelError: they could not be reached.
        """
        ...

    def withdraw(self, notice: Notice, reference: str, why: str) -> None:
        """Say that it has been answered, or is nobody's any more: a call is ended, a message is followed by another.

        Raises:
            ChannelError: they could not be reached.
        """
        ...


@runtime_checkable
class Ending(Protocol):
    """A channel that has something to end with the service."""

    def end(self) -> None:
        """Reach nobody any more."""
        ...
