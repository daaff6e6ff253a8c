"""Sees to it that people are asked: each step of a route in its turn, whichever service takes it.

What is to be done is decided from what the control store holds, each time anew: a service that was killed, or one of
several, goes on where others were.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Self

from sentric.errors import SentricError
from sentric_analyzer.approvals.configuration import Configuration, Step
from sentric_analyzer.approvals.escalation import Move, next_move
from sentric_analyzer.approvals.routing import route_of
from sentric_analyzer.approvals.telling import WHY, Telling
from sentric_analyzer.control.approval import Approval
from sentric_analyzer.control.attempt import AttemptState
from sentric_analyzer.control.audit_chain import Record
from sentric_analyzer.control.errors import UnknownApprovalError
from sentric_analyzer.control.feed import Feed
from sentric_analyzer.control.store import ControlStore

_logger = logging.getLogger(__name__)

HANGING = 2.0
"""Seconds that what is under way may take when it is to end."""
LOOK_SECONDS = 30.0
"""Seconds after which all approvals that are not settled are looked at, whatever was heard of them."""
HEAD_START = 5.0
"""Seconds by which what was just heard of goes before what is looked at again, or was found at the start."""
RETRY_SECONDS = 1.0
"""Seconds after which what the control store did not answer is tried again."""
_HEARD = frozenset(
    f"approval.{what}" for what in ("ask", "approve", "deny", "expire", "cancel", "use", "failed", "unanswered")
)
_NOT_TOLD = "could not be told in time: the channel hangs, or the service ended meanwhile"


class Dispatcher:
    """Begins attempts, ends them, and has people told, in a thread of its own from entering until leaving.

    Args:
        store: where approvals and attempts are kept.
        feed: tells of what happens to them.
        configuration: the channels, and the routes.
        telling: tells people.
    """

    def __init__(self, store: ControlStore, feed: Feed, configuration: Configuration, telling: Telling) -> None:
        self._store = store
        self._feed = feed
        self._configuration = configuration
        self._telling = telling
        self._due: dict[str, float] = {}
        """When each approval is to be looked at, by its id."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._all_due = 0.0
        self._said = ""
        self._leave: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="sentric-asking", daemon=True)

    def __enter__(self) -> Self:
        self._leave = self._feed.listen(self._hear)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._leave()
        self._stopped.set()
        self._wake.set()
        self._telling.end()
        self._thread.join(HANGING)

    def _hear(self, records: Sequence[Record]) -> None:
        heard = [record.subject for record in records if record.what in _HEARD]
        if heard:
            self._look_at(heard, time.monotonic() - HEAD_START)

    def _look_at(self, approval_ids: Sequence[str], at: float) -> None:
        """Have approvals looked at, at the latest at a time of the monotonic clock."""
        with self._lock:
            for approval_id in approval_ids:
                self._due[approval_id] = min(at, self._due.get(approval_id, at))
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            self._boundary(self._look_at_all)
            while not self._stopped.is_set() and (approval_id := self._taken()) is not None:
                if not self._boundary(partial(self._look, approval_id)):
                    self._look_at([approval_id], time.monotonic() + RETRY_SECONDS)
            self._wake.wait(self._pause())

    def _look_at_all(self) -> None:
        if time.monotonic() >= self._all_due:
            self._all_due = time.monotonic() + RETRY_SECONDS  # where the next line fails
            self._look_at(self._store.attempts.unsettled(), time.monotonic())
            self._all_due = time.monotonic() + LOOK_SECONDS

    def _taken(self) -> str | None:
        """The one that is to be looked at now, if there is any, which is the one that has been due for longest."""
        with self._lock:
            first = min(self._due, key=self._due.__getitem__, default=None)
            if first is None or self._due[first] > time.monotonic():
                return None
            del self._due[first]
        return first

    def _pause(self) -> float:
        with self._lock:
            first = min(self._due.values(), default=self._all_due)
        return max(0.0, min(first, self._all_due) - time.monotonic())

    def _boundary(self, do: Callable[[], None]) -> bool:
        """Do something; whether it went well. Nothing ends this thread."""
        try:
            do()
        except Exception as error:  # the boundary of this thread, which must not end
            if self._said != str(error) and not self._stopped.is_set():  # the same again and again is said once
                self._said = str(error)
                is_ours = not isinstance(error, SentricError)
                _logger.error("people cannot be asked: %s", error, exc_info=error if is_ours else None)
            return False
        self._said = ""
        return True

    def _look(self, approval_id: str) -> None:
        """Do what is to be done about an approval, until there is nothing to do for now."""
        while not self._stopped.is_set():
            try:
                approval = self._store.approvals.find(approval_id, projects=None)
            except UnknownApprovalError:
                return  # it was forgotten
            route = route_of(approval, self._configuration.routes)
            steps = route.steps if route else ()
            now = self._store.changes.clock()
            move = next_move(approval, self._store.attempts.of(approval_id), steps, now)
            if move.again is not None:
                self._look_at([approval_id], time.monotonic() + move.again - now)
            if not self._do(move, approval, steps):
                return

    def _do(self, move: Move, approval: Approval, steps: Sequence[Step]) -> bool:
        """Make a move; whether another may follow at once."""
        for attempt in move.overdue:
            why = _NOT_TOLD if attempt.state is AttemptState.BEGUN else ""
            self._store.attempts.unanswered(attempt.attempt_id, why)
        for attempt in move.withdraw:
            withdrawn = self._store.attempts.withdraw(attempt.attempt_id, WHY.get(approval.state, ""))
            if withdrawn is not None:
                self._telling.take_back(withdrawn, approval)
        return move.begin is not None and self._begin(approval, move.begin, steps[move.begin])

    def _begin(self, approval: Approval, number: int, step: Step) -> bool:
        channel = self._configuration.channels[step.channel]
        attempt = self._store.attempts.begin(
            approval, number, channel=channel.name, person=channel.person, wait=step.wait
        )
        if attempt is not None and attempt.state is AttemptState.BEGUN and not self._telling.tell(attempt):
            self._store.attempts.failed(attempt.attempt_id, "too many wait to be told through this channel")
        return True
