"""What a dialect is: one convention of telling about agents in spans."""

from collections.abc import Sequence
from typing import Protocol

from sentric.events import Run
from sentric_analyzer.dialects.trace import Node, Trace
from sentric_analyzer.spans import Span


class Dialect(Protocol):
    """One convention.

    Nothing here raises on hostile spans, and work is linear in their size but for sorting.
    """

    @property
    def name(self) -> str:
        """Goes into `Run.dialect`."""
        ...

    @property
    def marks(self) -> tuple[str, ...]:
        """Attributes of which every recognised span has one."""
        ...

    def recognises(self, span: Span) -> bool:
        """Whether the span tells of an agent in this convention."""
        ...

    def read(self, trace: Trace, nodes: Sequence[Node], *, project: str) -> Sequence[Run]:
        """The runs that some spans tell of, as they were sent: not yet redacted.

        Args:
            trace: the whole trace, for what lies between and above the spans.
            nodes: the recognised spans, at least one, in reading order.
            project: goes into the runs.
        """
        ...

    def finish(self, run: Run) -> Run:
        """Work out what follows from the events once they are redacted, such as the kinds of actions."""
        ...
