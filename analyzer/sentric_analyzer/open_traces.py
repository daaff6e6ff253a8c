"""Open traces, between those who put them together and the store, which has what they do not hold."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sentric_analyzer.assembly import Assembler, Released
from sentric_analyzer.counts import Metric
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.dialects import Dialects
from sentric_analyzer.storage import PatientStore, RecordedTrace

_logger = logging.getLogger(__name__)
_NEVER = float("inf")


@dataclass(slots=True)
class OpenTraces:
    """What is open, taken up from the store after a restart, and read from there where it is not held whole.

    Args:
        assembler: puts traces together.
        store: has the spans of all of them.
        on_count: told what is not taken up.
        clock: that of the assembler.
        dialects: for which spans are read.
    """

    assembler: Assembler
    store: PatientStore
    on_count: OnCount
    clock: Callable[[], float]
    dialects: Dialects
    _untaken: int = 0
    """Traces in the store that were open at the last stop and are not taken up."""
    _next_turn: float = _NEVER
    """When some of these are."""
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def take_up(self) -> None:
        """Take up what was open when the service last stopped; where that is too much at once, the rest in turns."""
        now = self.clock()
        within = self.assembler.longest + now - self._begun
        traces, others = self.store.open_traces(self.dialects.marks, within=within)
        for project, trace_id, spans, rooted in traces:
            self.assembler.take_up(project, trace_id, spans=spans, rooted=rooted)
        before, self._untaken = self._untaken, others
        self._next_turn = now + self.assembler.idle if others else _NEVER
        if others and not before:
            _logger.warning("%d traces that were open at the last stop wait until others of them are judged", others)
        elif others and others >= before:  # those taken up stay open: there is nothing to be judged in them
            self._next_turn = _NEVER
            self.on_count(Metric.FAILED, "open_trace", others)
            _logger.error("%d traces that were open at the last stop are not judged: they are too many", others)

    def take_up_more(self) -> None:
        """The next turn, if it is time. To be called when nothing waits to be judged."""
        if self.clock() >= self._next_turn:
            self.take_up()

    def due(self) -> list[Released]:
        """What is due; a trace of which there was more before our memory goes back is to be read from the store.

        Judged without that, it would lack what came before, or be a revision of its runs which withdraws what was found
        in them. While there are traces that were not taken up, any may be one of these.
        """
        due = self.assembler.due()
        new = {(one.project, one.trace_id) for one in due if one.new}
        known = new if self._untaken else self.store.judged_traces(list(new))
        for project, trace_id in known:
            self.assembler.read_back(project, trace_id)
        return [
            replace(one, spans=(), reopened=True) if one.new and (one.project, one.trace_id) in known else one
            for one in due
        ]

    def recorded(self, released: Released) -> RecordedTrace:
        """A trace that is to be judged: as it was held, or as the store has it."""
        if not released.reopened:
            return RecordedTrace(released.spans, 0)
        most = self.assembler.max_trace_bytes
        return self.store.recorded_trace(released.project, released.trace_id, self.dialects.marks, most=most)
