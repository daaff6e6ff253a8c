"""Slows down who tries out keys."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

FREE = 10
"""Wrong keys from one address before it must wait."""
LONGEST_WAIT = 60.0
"""Seconds it waits at most: the wait doubles with every wrong key, from one second."""
FORGOTTEN_AFTER = 900.0
"""Seconds without a wrong key after which an address is as good as new."""
MOST_ADDRESSES = 10_000
"""Addresses that are remembered; the one longest quiet is forgotten first."""


class _Tried(NamedTuple):
    times: int
    last: float
    until: float


class Failures:
    """Counts wrong keys by address. For one thread.

    It is asked only about keys that are wrong. Who has a good one never waits, whatever others at the address do.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tried: OrderedDict[str, _Tried] = OrderedDict()

    def add(self, address: str) -> float:
        """Note a wrong key: how many seconds the address must wait; 0 where it may be told that the key is wrong."""
        now, place = self._clock(), _place(address)
        times, last, until = self._tried.pop(place, _Tried(0, now, now))
        if now < until:
            self._tried[place] = _Tried(times, last, until)
            return until - now
        times = times + 1 if now - last < FORGOTTEN_AFTER else 1
        wait = min(2.0 ** min(times - FREE, 16), LONGEST_WAIT) if times >= FREE else 0.0
        self._tried[place] = _Tried(times, now, now + wait)
        if len(self._tried) > MOST_ADDRESSES:
            self._tried.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        return len(self._tried)


def _place(address: str) -> str:
    """What one sender is taken to have: an IPv4 address, or the /64 that a network gives each of its own."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
