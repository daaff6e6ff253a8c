"""What can go wrong with the log."""

from sentric.errors import SentricError


class LogError(SentricError):
    """The log cannot do what was asked of it."""


class LogHeldError(LogError):
    """Another process holds the directory."""


class LogBusyError(LogError):
    """What waits, to be written or to be read, has reached its bound; the same record may be tried again."""


class LogUnavailableError(LogError):
    """The record could not be made durable; the same record may be tried again."""


class LogCorruptError(LogError):
    """Bytes of the log are not what was written.

    Args:
        message: which file, where, and how much.
        position: first position that cannot be read.
        next_position: where reading can go on.
    """

    def __init__(self, message: str, *, position: int, next_position: int) -> None:
        super().__init__(message)
        self.position = position
        self.next_position = next_position
