"""What can go wrong with a store."""

from sentric.errors import SentricError


class StoreError(SentricError):
    """The store cannot be opened, or refused what was asked of it.

    Attributes:
        code: ClickHouse's number for the error, where it gave one.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        self.code = code
        super().__init__(message)


class StoreHeldError(StoreError):
    """Another process has the embedded store open, and only one may."""
