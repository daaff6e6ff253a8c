"""The log in parts, prepared: halved, and halved again, where a request among them cannot be worked on."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sentric.redaction import Redactor
from sentric_analyzer.counts import Metric
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.dialects import BUILT_IN, Dialects
from sentric_analyzer.log import Entry, LogCorruptError, LogReader, SetAside
from sentric_analyzer.logs import described
from sentric_analyzer.preparation import Prepared, prepare, warm_up

_logger = logging.getLogger(__name__)

PART_BYTES = 16 << 20
"""Request bytes that are prepared together: about 5,000 spans of ordinary size."""
LONGEST_WAIT = 1.0
"""Seconds for which the next request is waited for, before it is looked whether to go on."""


@dataclass(slots=True)
class Parts:
    """What the log holds, from the committed position on, in parts.

    Args:
        log: is read by one thread.
        redactor: the secrets it has seen are looked for in all that comes later.
        set_aside: for requests that cannot be prepared.
        on_count: told what could not be read or prepared.
        patiently: repeats what the disk refuses.
        dialects: for which spans are kept.
    """

    log: LogReader
    redactor: Redactor
    set_aside: SetAside
    on_count: OnCount
    patiently: Callable[[Callable[[Entry], Path | None], Entry], Path | None]
    dialects: Dialects = BUILT_IN
    _redacting: threading.Lock = field(default_factory=threading.Lock)

    def read(self, *, until: Callable[[], bool]) -> Iterator[list[Entry] | int]:
        """The records of each part, or a position at which reading goes on behind damaged bytes.

        A part ends where a batch ended that had been begun before a crash.
        """
        position = self.log.committed
        while not until():
            try:
                part = self._next(position)
            except LogCorruptError as error:
                _logger.error("%s", error)
                self.on_count(Metric.FAILED, "log", 1)
                position = error.next_position
                yield position
            else:
                if part:
                    position = part[-1].next_position
                    yield part

    def prepared(self, part: Sequence[Entry]) -> Iterator[Prepared | int]:
        """A part that is ready to be stored, or smaller ones where it cannot be prepared whole.

        Of a single record that cannot be, the position behind it is given, and it is set aside.
        """
        prepared, why = None, ""
        try:
            prepared = self._prepare(part)
        except Exception as error:  # noqa: BLE001  # the boundary of what strangers send
            why = described(error)
        if prepared:
            yield prepared
        elif len(part) > 1:
            for half in _halves(part):
                yield from self.prepared(half)
        else:
            warm_up()  # where nothing can be prepared, it is not for this request
            self._give_up(part[0], why)
            yield part[0].next_position

    def halves(self, first: int, end: int, why: str) -> list[Prepared]:
        """The two halves of what lies between two positions, of which the store refused something.

        None of a single record: it is set aside.
        """
        batch: list[Entry] = []
        for entry in self.log.read(first):
            batch.append(entry)
            if entry.next_position >= end:
                break
        if len(batch) > 1:
            return [self._prepare(half) for half in _halves(batch)]
        self._give_up(batch[0], why)
        return []

    def _give_up(self, entry: Entry, why: str) -> None:
        path = self.patiently(self.set_aside.keep, entry)
        self.on_count(Metric.FAILED, "request" if path else "lost_request", 1)
        kept = f"it is kept in {path}" if path else f"it is not kept: {self.set_aside.directory} is full"
        _logger.error("the request at position %d of the log cannot be stored: %s: %s", entry.position, why, kept)

    def _prepare(self, part: Sequence[Entry]) -> Prepared:
        with self._redacting:
            return prepare(part, self.redactor, self.dialects)

    def _next(self, position: int) -> list[Entry]:
        """The next records; none behind the end of a batch that had been begun before a crash.

        Raises:
            LogCorruptError: what is to be read first is damaged.
        """
        begun = self.log.begun
        part: list[Entry] = []
        size = 0
        try:
            for entry in self._entries(position):
                part.append(entry)
                size += len(entry.record.body)
                if entry.next_position >= begun > position or size >= PART_BYTES:
                    break
        except LogCorruptError:
            if not part:
                raise
        return part

    def _entries(self, position: int) -> Iterator[Entry]:
        """The first record is waited for; those behind it are taken as far as they are there."""
        first = next(self.log.read(position, wait=LONGEST_WAIT), None)
        if first is not None:
            yield first
            yield from self.log.read(first.next_position)


def _halves(batch: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]
