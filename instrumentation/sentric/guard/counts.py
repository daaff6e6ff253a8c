"""What the guard refused, and what it had to drop, do again or do without: every reason has a name, and is counted.

`counts()` gives the numbers of this process; once something asks the service, they are also one observable counter of
OpenTelemetry, `sentric.guard.events`, by reason.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from sentric import semconv
from sentric.forks import in_child, process_lock

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

METRIC = "sentric.guard.events"


class Count(StrEnum):
    """What is counted."""

    REFUSED_RULE = "refused_rule"
    """Actions refused because a rule blocks them."""
    REFUSED_DENIED = "refused_denied"
    """Actions refused because a person said no, or nothing in time."""
    REFUSED_NOBODY_TO_ASK = "refused_nobody_to_ask"
    """Actions refused because a person would have had to be asked."""
    REFUSED_STOPPED = "refused_stopped"
    """Actions refused because an operator has stopped their agent."""
    REFUSED_SHUT_DOWN = "refused_shut_down"
    """Actions refused because their agent was refused too often."""
    REFUSED_SERVICE = "refused_service"
    """Actions refused because the service has a reason of its own."""
    REFUSED_CHANGED = "refused_changed"
    """Actions refused because they were others by then."""
    REFUSED_WITHDRAWN = "refused_withdrawn"
    """Actions refused because whoever wanted them gave up."""
    REFUSED_UNDECIDED = "refused_undecided"
    """Actions refused because they could not be judged."""
    REFUSED_UNVERIFIED = "refused_unverified"
    """Actions refused because nobody could say whether their agent may go on."""
    REFUSED_UNRECORDED = "refused_unrecorded"
    """Actions refused because what was decided could not be kept."""
    OPENED_UNDECIDED = "opened_undecided"
    """Actions done although they could not be judged: the setting `fail_mode` says so."""
    OPENED_UNVERIFIED = "opened_unverified"
    """Actions done although nobody could say whether their agent may go on: the setting `fail_mode` says so."""
    OPENED_UNRECORDED = "opened_unrecorded"
    """Actions done although what was decided could not be kept: the setting `fail_mode` says so."""
    DECISION_RETRIED = "decision_retried"
    """The service was asked once more about the same action."""
    DECISION_FAILED = "decision_failed"
    """It gave no decision."""
    WAIT_RETRIED = "wait_retried"
    """Waiting for a person was broken off, and went on."""
    WAIT_FAILED = "wait_failed"
    """What became of a question could not be learnt."""
    WITHDRAWAL_DROPPED = "withdrawal_dropped"
    """Too many questions waited to be withdrawn, or the process ended: it expires by itself."""
    WITHDRAWAL_FAILED = "withdrawal_failed"
    """A question could not be withdrawn: it expires by itself."""
    STREAM_ENDED = "stream_ended"
    """The subscription of an agent was broken off by the service or the network, and is begun anew."""
    STREAM_FAILED = "stream_failed"
    """It could not be begun, or said what cannot be used."""
    STREAM_BEGUN_ANEW = "stream_begun_anew"
    """It was given up to hear the state afresh, as an answer told of another one."""
    LISTENER_FAILED = "listener_failed"
    """An error of ours in who listens for changes of the policy."""
    SPOOL_KEPT = "spool_kept"
    """Records that are safe on disk."""
    SPOOL_FULL = "spool_full"
    """There was no room for a record."""
    SPOOL_FAILED = "spool_failed"
    """A record could not be written."""
    SPOOL_ROTATED = "spool_rotated"
    """Old files removed, with their records, where there is no service that they could be sent to."""
    SPOOL_TORN = "spool_torn"
    """Places in files that hold no whole record: what a crash leaves behind."""
    SPOOL_DELIVERED = "spool_delivered"
    """Records that the service has taken."""
    SPOOL_RETRIED = "spool_retried"
    """A record could not be delivered now."""
    SPOOL_REJECTED = "spool_rejected"
    """Records that the service refused for good: they are in the file `rejected`."""
    SPOOL_REJECTED_DROPPED = "spool_rejected_dropped"
    """Records that the service refused for good, and for which that file had no room."""


_lock = process_lock()
_counts = dict.fromkeys(Count, 0)


def count(what: Count, amount: int = 1) -> None:
    """Count something."""
    with _lock:
        _counts[what] += amount


def counts() -> dict[str, int]:
    """How often each has happened in this process."""
    return {what.value: number for what, number in _counts.items()}


def export() -> None:
    """Make a metric of the counts, in whatever meter the process has."""
    from opentelemetry import metrics

    metrics.get_meter("sentric").create_observable_counter(
        METRIC, [_observed], description="What the guard refused, had to drop, do again or do without, by reason."
    )


def _after_fork() -> None:
    """Begin at 0 in a child."""
    _counts.update(dict.fromkeys(Count, 0))


def _observed(_: "CallbackOptions") -> "Iterable[Observation]":
    from opentelemetry.metrics import Observation

    return [Observation(number, {semconv.SENTRIC_REASON: reason}) for reason, number in counts().items()]


in_child(_after_fork)
