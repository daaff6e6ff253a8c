"""What can go wrong with the control state."""

from sentric.errors import SentricError


class ControlError(SentricError):
    """The control store cannot be opened, or does not answer."""


class ControlBusyError(ControlError):
    """Others were in the way: nothing has happened, and the same may be tried again."""


class KeyRefusedError(SentricError):
    """A key cannot be made as it was asked for."""


class UnknownKeyError(SentricError):
    """No key, or more than one, is meant."""
