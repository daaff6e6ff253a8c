"""Tells people through channels, and takes it back: whatever a channel does, it is noted, and nobody waits for it."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from sentric_analyzer.approvals.channel import Channel, ChannelError, Notice
from sentric_analyzer.approvals.configuration import Configuration
from sentric_analyzer.approvals.counts import NOT_WITHDRAWN, Metric
from sentric_analyzer.approvals.lane import Lane
from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.control.approval import Approval, State
from sentric_analyzer.control.attempt import Attempt, AttemptState
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.declaration import OnCount

_logger = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds for which the control store is asked again before what a channel has done is not noted."""
_AGAIN_SECONDS = 0.5
T = TypeVar("T")

NewLink = Callable[[str, float], str]
"""Makes a link at which the person of an attempt can answer: id of the attempt, Unix seconds until when."""
WHY = {
    State.APPROVED: "it was approved",
    State.DENIED: "it was denied",
    State.EXPIRED: "nobody has answered in time",
    State.CANCELLED: "it was withdrawn",
}
"""What is said to whoever need not answer any more."""


class Telling:
    """Tells people, and that they need not answer any more, in lanes of each channel's own.

    Args:
        store: where attempts are kept.
        configuration: names the channels, and the secrets that nothing may repeat.
        channels: by their names.
        linked: names of those channels that send a link.
        show: gives what people are shown of an approval.
        new_link: makes links.
        on_count: called with each withdrawal that could not be told.
    """

    def __init__(
        self,
        store: ControlStore,
        configuration: Configuration,
        channels: Mapping[str, Channel],
        *,
        linked: frozenset[str],
        show: Callable[[Approval], Shown],
        new_link: NewLink,
        on_count: OnCount = lambda name, value, amount: None,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._channels = channels
        self._linked = linked
        self._show = show
        self._new_link = new_link
        self._on_count = on_count
        self._stopped = threading.Event()
        self._lanes = {name: Lane(f"sentric-tell-{name}") for name in channels}
        self._withdrawals = {name: Lane(f"sentric-withdraw-{name}") for name in channels}

    def end(self) -> None:
        """Tell nobody any more; what is under way ends with the process."""
        self._stopped.set()
        for lane in (*self._lanes.values(), *self._withdrawals.values()):
            lane.end()

    def tell(self, attempt: Attempt) -> bool:
        """Have somebody told; whether that will be tried."""
        return self._lanes[attempt.channel].put(partial(self._tell, attempt.attempt_id))

    def take_back(self, attempt: Attempt, approval: Approval) -> None:
        """Have somebody who was told told that they need not answer any more."""
        lane = self._withdrawals.get(attempt.channel)  # none where the channel is not stated any more
        if lane is not None and attempt.sent is not None:
            lane.put(partial(self._take_back, attempt, approval))

    def _tell(self, attempt_id: str) -> None:
        attempt = self._patiently(lambda: self._store.attempts.find(attempt_id))
        approval = self._patiently(lambda: self._store.approvals.find(attempt.approval_id, projects=None))
        if attempt.state is not AttemptState.BEGUN or approval.state is not State.PENDING:
            return  # it has waited too long for its turn in the lane
        reference, why = self._told(attempt, approval)
        if why:
            self._patiently(lambda: self._store.attempts.failed(attempt_id, why))
            return
        after = self._patiently(lambda: self._store.attempts.sent(attempt_id, reference))
        if after is not None and after.state is AttemptState.WITHDRAWN:  # while it was told
            found = self._patiently(lambda: self._store.approvals.find(attempt.approval_id, projects=None))
            self.take_back(after, found)

    def _told(self, attempt: Attempt, approval: Approval) -> tuple[str, str]:
        """How the other side names it that somebody was told, or why they were not.

        The channel's own error is left behind here: it may hold secrets, and would be told with whatever fails next.
        """
        link = ""
        try:
            if attempt.channel in self._linked:
                link = self._new_link(attempt.attempt_id, approval.expires)
            return self._channels[attempt.channel].notify(self._notice(attempt, approval, link)), ""
        except BaseException as error:  # noqa: BLE001  # the boundary to channels: whatever one raises, the next has its turn
            return "", self._failure(attempt, error, link)

    def _take_back(self, attempt: Attempt, approval: Approval) -> None:
        why = WHY.get(approval.state, "")
        try:
            notice = self._notice(attempt, approval, "")
            self._channels[attempt.channel].withdraw(notice, attempt.reference, why)
        except BaseException as error:  # noqa: BLE001  # the boundary to channels
            _logger.warning("channel %s: not withdrawn: %s", attempt.channel, self._failure(attempt, error, ""))
            self._on_count(Metric.ATTEMPTS, (attempt.channel, NOT_WITHDRAWN), 1)

    def _notice(self, attempt: Attempt, approval: Approval, link: str) -> Notice:
        return Notice(
            attempt_id=attempt.attempt_id,
            approval_id=approval.approval_id,
            project=approval.project,
            person=attempt.person,
            shown=self._show(approval),
            link=link,
            seconds=max(0.0, attempt.due - self._store.changes.clock()),
        )

    def _failure(self, attempt: Attempt, error: BaseException, link: str) -> str:
        """Why a channel has failed, without secrets. Of what is no ChannelError, the message may hold any."""
        if isinstance(error, ChannelError):
            text = self._configuration.without_secrets(str(error))
            return (text.replace(link, "…") if link else text) or "the channel does not say why"
        places = traceback.extract_tb(error.__traceback__)
        place = f"{places[-1].filename}:{places[-1].lineno}" if places else "nowhere"
        _logger.error("channel %s: %s at %s", attempt.channel, type(error).__name__, place)
        return f"the channel has failed: {type(error).__name__}"

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask the control store, again while it does not answer: what a channel has done must be noted."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except ControlError:
                if time.monotonic() > end or self._stopped.wait(_AGAIN_SECONDS):
                    raise
