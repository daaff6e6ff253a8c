"""Recorded runs for the commands that judge them again: from files, or from what a service has stored."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from pathlib import Path
from typing import Protocol

from sentric.errors import SentricError
from sentric.events import Run
from sentric.redaction import chosen_redactor
from sentric.settings import Settings
from sentric_analyzer.cli.inputs import STANDARD_INPUT, Inputs, find
from sentric_analyzer.dialects import Dialects, read_runs
from sentric_analyzer.spans import Span

HELD_BYTES = 16 << 20
"""Bytes of spans of traces that wait for their turn: those of one conversation lie close together."""


class Recorded(Protocol):
    """Runs that can be gone through more than once."""

    errors: list[str]
    """What could not be read the last time."""

    def runs(self) -> Iterator[Run]:
        """Every run there is."""
        ...


@dataclass(slots=True)
class TraceFiles:
    """Runs in files of OTLP: the inputs of `sentric analyze`.

    The spans of a trace may lie anywhere in the files. They are counted in a first reading, so that in the second
    each trace is judged and forgotten as soon as it is whole and its turn has come: what began first comes first, for
    the runs of one conversation are in several traces.
    """

    paths: tuple[Path, ...]
    settings: Settings
    on_progress: Callable[[int, int], None] = lambda done, size: None
    """Is told the bytes read and the bytes there are, of each reading of the files."""
    errors: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    _key: bytes = b""
    _piped: tuple[Span, ...] | None = None
    """What came on standard input, which can be read once."""
    _piped_errors: list[str] = field(default_factory=list[str])
    _sizes: Counter[str] = field(default_factory=Counter[str])
    """Spans of each trace."""
    _starts: dict[str, int] = field(default_factory=dict[str, int])

    def runs(self) -> Iterator[Run]:
        """See Recorded. One fingerprint stands for one secret in all of them."""
        self._key = self._key or secrets.token_bytes(32)
        dialects = Dialects.of(self.settings.dialects)
        for spans in self._traces():
            redactor = chosen_redactor(self.settings, self._key)
            yield from read_runs(spans, project=self.settings.project, redactor=redactor, dialects=dialects)

    def _traces(self) -> Iterator[list[Span]]:
        """The spans of each trace, in the order in which the traces began."""
        if not self._sizes:
            self._count()
        inputs = self._opened()
        yield from in_turn(self._whole(inputs), sorted(self._starts, key=lambda trace: (self._starts[trace], trace)))
        self.errors, self.notes = inputs.errors, inputs.notes

    def _count(self) -> None:
        for span in self._spans(self._opened()):
            self._sizes[span.trace_id] += 1
            self._starts[span.trace_id] = min(self._starts.get(span.trace_id, span.start), span.start)

    def _whole(self, inputs: Inputs) -> Iterator[list[Span]]:
        """The spans of each trace, as soon as it is whole."""
        wanted = self._sizes.copy()
        open_traces: dict[str, list[Span]] = {}
        for span in self._spans(inputs):
            open_traces.setdefault(span.trace_id, []).append(span)
            wanted[span.trace_id] -= 1
            if wanted[span.trace_id] <= 0:
                yield open_traces.pop(span.trace_id)
        yield from open_traces.values()  # files that shrank meanwhile

    def _opened(self) -> Inputs:
        """The files, to be read once more; what is piped in is read the first time."""
        longest = self.settings.attribute_limit
        inputs = find((path for path in self.paths if path != STANDARD_INPUT), longest=longest)
        if STANDARD_INPUT in self.paths and self._piped is None:
            piped = find([STANDARD_INPUT], longest=longest)
            self._piped, self._piped_errors = tuple(piped.spans()), piped.errors
        inputs.errors += self._piped_errors
        return inputs

    def _spans(self, inputs: Inputs) -> Iterator[Span]:
        size = inputs.size()
        yield from self._piped or ()
        for span in inputs.spans():
            self.on_progress(inputs.bytes_read, size)
            yield span


@dataclass(slots=True)
class StoredRuns:
    """Runs that a service has stored, over REST while it runs."""

    settings: Settings
    since: datetime
    project: str | None = None
    errors: list[str] = field(default_factory=list[str])

    def runs(self) -> Iterator[Run]:
        """See Recorded."""
        from sentric_analyzer.api.reader import open_reader

        settings = self.settings
        with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
            moment = max(0, int(self.since.timestamp() * 1_000_000) * 1000)
            yield from reader.recorded_runs(project=self.project, since=moment)


def in_turn(traces: Iterable[list[Span]], order: Sequence[str], limit: int = HELD_BYTES) -> Iterator[list[Span]]:
    """Traces in an order of their ids, as far as those that wait for their turn fit into so many bytes.

    Where they do not fit, the earliest of those that wait goes ahead.
    """
    places = {trace_id: place for place, trace_id in enumerate(order)}
    waiting: list[tuple[int, int, list[Span]]] = []
    held = turn = 0
    for number, spans in enumerate(traces):
        heappush(waiting, (places.get(spans[0].trace_id, 0), number, spans))
        held += sum(span.size for span in spans)
        while waiting and (waiting[0][0] <= turn or held > limit):
            place, _, released = heappop(waiting)
            held -= sum(span.size for span in released)
            turn = max(turn, place + 1)
            yield released
    yield from (spans for _, _, spans in sorted(waiting))


def nothing(source: Recorded) -> SentricError:
    """Why there is nothing to judge."""
    match source:
        case StoredRuns():
            where = f"project {source.project!r}" if source.project else "what is stored"
            return SentricError(f"no run in {where} started since {source.since:%Y-%m-%d %H:%M} UTC: go further back")
        case _:
            return SentricError("no agent run in the traces: nothing to judge")
