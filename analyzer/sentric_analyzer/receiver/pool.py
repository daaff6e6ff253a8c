"""Who gets a place when there are fewer than there are senders."""

from collections import OrderedDict
from itertools import islice
from typing import Protocol

_LOOKED_AT = 64
"""Members of a pool that are asked whether they are busy, at most, when one has to go."""


class Member(Protocol):
    """What takes a place: a connection, a body that is being received."""

    address: str

    @property
    def busy(self) -> bool:
        """It waits for us, not for the other side."""
        ...

    def evict(self) -> None:
        """End now."""
        ...


class Pool:
    """Places, so many in all and so many for one address. For one thread.

    Who comes when all are taken gets the place of the one that has waited longest without ever having sent a
    request; where each has, of the one whose last request is longest ago. So slow senders push out each other, and
    an honest one that sends its request soon after it connects gets through.
    """

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._all = _Crowd()
        self._by_address: dict[str, _Crowd] = {}

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, member: Member) -> bool:
        """Give a place; False where there is none, because all who have one are busy."""
        crowd = self._by_address.get(member.address)
        full = self._all if len(self._all) >= self._most else None
        if crowd and len(crowd) >= self._most_per_address:
            full = crowd
        if full is not None:
            victim = full.last_in_worth()
            if victim is None:
                return False
            self.leave(victim)
            victim.evict()
        self._all.add(member)
        self._by_address.setdefault(member.address, _Crowd()).add(member)
        return True

    def served(self, member: Member) -> None:
        """A member has sent a request."""
        if crowd := self._by_address.get(member.address):
            crowd.served(member)
            self._all.served(member)

    def leave(self, member: Member) -> None:
        """Give a place back; nothing happens where it is back already."""
        crowd = self._by_address.get(member.address)
        if crowd and crowd.remove(member):
            self._all.remove(member)
            if not len(crowd):
                del self._by_address[member.address]


class _Crowd:
    """Members, the first to go first."""

    def __init__(self) -> None:
        self._new: OrderedDict[Member, None] = OrderedDict()
        self._proven: OrderedDict[Member, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._new) + len(self._proven)

    def add(self, member: Member) -> None:
        self._new[member] = None

    def served(self, member: Member) -> None:
        if self.remove(member):
            self._proven[member] = None

    def remove(self, member: Member) -> bool:
        for members in (self._proven, self._new):
            if member in members:
                del members[member]
                return True
        return False

    def last_in_worth(self) -> Member | None:
        for members in (self._new, self._proven):
            for member in islice(members, _LOOKED_AT):
                if not member.busy:
                    return member
        return None
