"""Token buckets by name, in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable

_MOST_NAMES = 10_000
_BURST_SECONDS = 10
"""A sender that was silent may send so many seconds' worth at once."""


class Buckets:
    """A bucket for each name: it holds `burst` tokens and gets `rate` of them a second. For one thread.

    Only the names used last are remembered, each with what it had left; a name that is not has a full bucket.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float], *, most_names: int = _MOST_NAMES) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._most_names = most_names
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, name: str) -> float:
        """Seconds until the bucket has a token; 0: it has one."""
        left, _ = self._look(name)
        return 0.0 if left >= 1 else (1 - left) / self._rate

    def take(self, name: str, count: float = 1) -> None:
        """Take tokens, more than there are too: the wait is so much longer."""
        left, now = self._look(name)
        self._buckets[name] = (left - count, now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._most_names:
            self._buckets.popitem(last=False)

    def _look(self, name: str) -> tuple[float, float]:
        now = self._clock()
        left, then = self._buckets.get(name, (self._burst, now))
        return min(left + (now - then) * self._rate, self._burst), now


def buckets_for(rate: float, clock: Callable[[], float]) -> Buckets | None:
    """Buckets for senders that may send so much a second; None where the rate is 0: as much as they like."""
    return Buckets(rate, max(rate * _BURST_SECONDS, 1), clock) if rate else None
