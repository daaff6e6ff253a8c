"""Keeps the valid keys of a running service up to date: what is revoked elsewhere is worth nothing a second later.

Policies that are put in force elsewhere are taken up in the same way.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from sentric.errors import SentricError
from sentric_analyzer.control.keyring import KeyRing
from sentric_analyzer.control.store import ControlStore

_logger = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two looks at the store."""
PATIENCE = 60.0
"""Seconds without an answer of the store after which no key is accepted: until then it may be restarted unnoticed."""

HANGING = 2.0
"""Seconds that a look may take: a server that hangs is as good as none long before it is given up."""


class KeyWatch:
    """Holds the valid keys, and asks the store whether they have changed, from entering until leaving.

    While the store does not answer, the keys known last are valid for PATIENCE seconds more, and `failure` says so
    from the first second. After that none is: a revocation that cannot be heard of must not go unnoticed for ever.

    Args:
        store: asked from a thread of its own.
        on_change: called with the keys, on entering and whenever they have changed, with None when there is no
            knowing any more; whoever is asked then should say "try again", not "wrong key".
        also: called on entering and whenever keys or policies have changed; where it fails, it is called again.
        interval: seconds between two looks.
        patience: seconds for which the keys known last are valid.
        clock: gives seconds, from any start.
    """

    def __init__(
        self,
        store: ControlStore,
        on_change: Callable[[KeyRing | None], None] = lambda ring: None,
        *,
        also: Callable[[], None] = lambda: None,
        interval: float = INTERVAL,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._on_change = on_change
        self._also = also
        self._lock = threading.Lock()
        self._interval = interval
        self._patience = patience
        self._clock = clock
        self._ring: KeyRing | None = None
        self._generation: int | None = None
        """Of the ring; None where it must be read anew."""
        self._answered = 0.0
        self._failing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sentric-keys", daemon=True)

    def __enter__(self) -> Self:
        """Read the keys, and go on watching them.

        Raises:
            ControlError: the store does not answer.
        """
        self._read()
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        self._thread.join(HANGING)

    def ring(self) -> KeyRing | None:
        """The valid keys; None where they have not been known for too long."""
        return self._ring

    def failure(self) -> str:
        """Why keys are not what they should be; empty while they are."""
        is_hanging = self._clock() - self._answered > self._interval + HANGING
        is_failing = self._failing or is_hanging
        return "the control store does not answer: a revoked key may not be known as such" if is_failing else ""

    def look(self) -> None:
        """Ask the store once, and take up what has changed."""
        with self._lock:  # who changes something here looks at once, and does not wait for the thread
            try:
                self._read()
            except Exception as error:  # noqa: BLE001  # the boundary of this thread, which must not end
                self._missed(error)
                return
            if self._failing:
                _logger.warning("the control store answers again")
            self._failing = False

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            self.look()

    def _read(self) -> None:
        # The number first: what changes between the two is then read once more, and not missed.
        generation = self._store.generation()
        if generation != self._generation:
            self._give(self._store.keys.ring())
            self._also()
            self._generation = generation
        self._answered = self._clock()

    def _missed(self, error: Exception) -> None:
        if not self._failing:  # once, not twice a second
            is_ours = not isinstance(error, SentricError)
            _logger.error("the keys cannot be read: %s", error, exc_info=error if is_ours else None)
        self._failing = True
        self._generation = None  # what answers next may be another store, with the same number
        if self._ring is not None and self._clock() - self._answered > self._patience:
            _logger.error("no key is accepted until the control store answers again")
            self._give(None)

    def _give(self, ring: KeyRing | None) -> None:
        self._ring = ring
        self._on_change(ring)
