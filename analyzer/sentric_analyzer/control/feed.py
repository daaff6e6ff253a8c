"""Tells whoever waits of what happens, in this process and in others: it reads on in the audit.

The audit has every step of an approval, every stop and every policy put in force, in their order; so who waits for one
of them needs no channel of its own, and who was away reads on from the number it knows.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

from sentric.errors import SentricError
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.changes import MOST_RECORDS, Changes

_logger = logging.getLogger(__name__)

INTERVAL = 0.25
"""Seconds between two looks: what another process has done is known as soon."""
TOGETHER = 0.1
"""Seconds after a change of this process's own until it is told, with all that has changed by then."""

HANGING = 2.0
"""Seconds that a look may take: a server that hangs is as good as none long before it is given up."""

Listener = Callable[[Sequence[Record]], None]
"""Called from the feed's thread with records as they follow each other; with none where no more will come. It must not
take long."""


class Feed:
    """Reads on in the audit, in a thread of its own, from entering until leaving.

    Args:
        changes: of the store; what is changed through it is told at once.
        interval: seconds between two looks.
        clock: gives seconds, from any start.
    """

    def __init__(
        self, changes: Changes, *, interval: float = INTERVAL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._changes = changes
        self._interval = interval
        self._clock = clock
        self._looked = clock()
        """When the store answered last."""
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._failing = False
        self.sequence = 0
        """Number of the last record that was told."""
        self._thread = threading.Thread(target=self._run, name="sentric-feed", daemon=True)

    def __enter__(self) -> Self:
        """Begin with what happens from now on.

        Raises:
            ControlError: the store does not answer.
        """
        self.sequence = self._changes.head()[0]
        self._looked = self._clock()
        self._changes.on_commit = self._wake.set
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._changes.on_commit = lambda: None
        self._stopped.set()
        self._wake.set()
        self._thread.join(HANGING)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have a listener told from now on; call what is returned, to have it told no more."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    def end(self) -> None:
        """Tell every listener that no more will come."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            _tell(listener, ())

    def failure(self) -> str:
        """Why nothing can be told; empty while it can."""
        is_failing = self._failing or self._clock() - self._looked > self._interval + HANGING
        return "the control store does not answer: stops and approvals are not heard of" if is_failing else ""

    def look(self) -> None:
        """Read on, and tell what there is."""
        while records := self._changes.records(after=self.sequence):
            self.sequence = records[-1].sequence
            with self._lock:
                listeners = tuple(self._listeners)
            for listener in listeners:
                _tell(listener, records)
            if len(records) < MOST_RECORDS:
                return

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._wake.wait(self._interval):
                self._stopped.wait(TOGETHER)  # what follows at once is read with it
            self._wake.clear()
            try:
                self.look()
            except Exception as error:  # the boundary of this thread, which must not end
                if not self._failing:  # once, not four times a second
                    is_ours = not isinstance(error, SentricError)
                    _logger.error("the audit cannot be read on: %s", error, exc_info=error if is_ours else None)
                self._failing = True
                continue
            self._failing, self._looked = False, self._clock()


def _tell(listener: Listener, records: Sequence[Record]) -> None:
    try:
        listener(records)
    except Exception:
        _logger.exception("a listener of the feed failed; the others are told")
