"""What a dialect is: one convention of telling about agents in spans."""

from typing import Protocol

from sentric_analyzer.dialects.telling import Telling
from sentric_analyzer.spans import Span


class Dialect(Protocol):
    """One convention.

    Nothing here raises on hostile spans, and work is linear in their size.
    """

    @property
    def name(self) -> str:
        """Goes into `Run.dialect`."""
        ...

    @property
    def marks(self) -> tuple[str, ...]:
        """Attributes of which every span has one that tells something."""
        ...

    @property
    def sessions(self) -> tuple[str, ...]:
        """Attributes that say which conversation a span belongs to; the first of them counts."""
        ...

    def recognises(self, span: Span) -> bool:
        """Whether a span is in this convention."""
        ...

    def tell(self, span: Span) -> Telling | None:
        """What a recognised span tells; None where it only stands around others."""
        ...
