"""What was decided while the service was away is delivered to it, the oldest first, in the background."""

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from sentric.guard.boundary import shielded
from sentric.guard.counts import Count, count
from sentric.guard.link.errors import LinkError, SpoolError
from sentric.guard.link.spool import LeftBehind, Spool

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before it is tried again where the service does not take a record."""
SEARCH_SECONDS = 60.0
"""Seconds between two searches for files that were left behind, where nothing else is to be done."""
_FOR_GOOD = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""What is wrong with the record itself; a key that is none, or a service that is none, can be mended."""
MOST_FAILURES = 5
"""How often in a row the service may fail over one record in a way of its own, before that is the record's fault."""
_logger = logging.getLogger("sentric")


class Delivery:
    """Delivers what a spool holds. It has a thread while there is something to be delivered.

    Args:
        spool: that holds it.
        send: gives a record to the service, which has taken it when this returns; raises LinkError.
        is_there: whether the service may be asked now.
    """

    def __init__(self, spool: Spool, send: Callable[[bytes], None], is_there: Callable[[], bool]) -> None:
        self._spool = spool
        self._send = send
        self._is_there = is_there
        self._has_told = False
        self._taken: LeftBehind | None = None
        self._begin()
        spool.on_kept = self.kept

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._is_working = False
        self._searched = -SEARCH_SECONDS
        self._has_searched = False
        self._is_kept = False
        self._failures = 0

    def kept(self) -> None:
        """There is a new record."""
        self._is_kept = True
        self.wake()

    def wake(self) -> None:
        """Try now, if there may be something to be delivered."""
        with self._lock:
            self._woken.set()
            if self._is_working or not (self._is_kept or time.monotonic() - self._searched >= SEARCH_SECONDS):
                return
            self._is_working = True
        try:
            threading.Thread(target=self._work, name="sentric-delivery", daemon=True).start()
        except RuntimeError:  # the process ends: what is left is for another one
            self._is_working = False

    def after_fork(self) -> None:
        """In a child: what was taken is the parent's."""
        if self._taken is not None:
            self._taken.close()
            self._taken = None
        self._begin()

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while True:
            self._woken.clear()
            if self._deliver_all():
                with self._lock:
                    if not self._is_kept:
                        self._is_working = False
                        return
                pause = FIRST_PAUSE
                continue
            self._woken.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    @shielded(False)
    def _deliver_all(self) -> bool:
        """Deliver until nothing is left, or the service does not take it; whether nothing is left."""
        self._has_searched = False
        try:
            while self._is_there():
                self._is_kept = False
                self._searched = time.monotonic()
                if not self._deliver_next():
                    return True
        except (LinkError, SpoolError, OSError):
            self._is_kept = True
            count(Count.SPOOL_RETRIED)
        return False

    def _deliver_next(self) -> bool:
        """Deliver the oldest record; whether there was one.

        Raises:
            LinkError: it cannot be delivered now.
            SpoolError, OSError: what there is cannot be read.
        """
        if self._taken is None and not self._has_searched:
            self._taken = self._spool.take()
            self._has_searched = self._taken is None
        if self._taken is not None:
            record = self._taken.first()
            if record is None:
                self._taken.remove()
                self._taken = None
                return True
            self._settle(record)
            self._taken.drop()
            return True
        record = self._spool.first()
        if record is None:
            return False
        self._settle(record)
        self._spool.drop()
        return True

    def _settle(self, record: bytes) -> None:
        try:
            self._send(record)
            self._failures = 0
            count(Count.SPOOL_DELIVERED)
        except LinkError as error:
            if not self._is_for_good(error):
                raise
            self._failures = 0
            self._spool.reject(record, error.status)
            if not self._has_told:
                self._has_told = True
                _logger.warning("sentric: the service refuses what was decided without it, which is kept: %s", error)

    def _is_for_good(self, error: LinkError) -> bool:
        """Whether it would never be otherwise."""
        if error.refused and error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self._failures += 1
        return error.refused and (error.status in _FOR_GOOD or self._failures >= MOST_FAILURES)
