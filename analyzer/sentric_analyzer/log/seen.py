"""Which records came lately."""

from collections import OrderedDict

from sentric_analyzer.log.waiting import Waiting


class Seen:
    """The newest digests, each with its record's position, or with the record itself while it is being written.

    Not safe by itself: the writer's lock guards it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._places: OrderedDict[bytes, int | Waiting] = OrderedDict()

    def get(self, digest: bytes) -> int | Waiting | None:
        """Where the record of a digest is; None if it has not come, or too long ago."""
        return self._places.get(digest)

    def put(self, digest: bytes, place: int | Waiting) -> None:
        """Remember a digest, and forget the oldest one over the bound."""
        self._places[digest] = place
        if len(self._places) > self._capacity:
            self._places.popitem(last=False)

    def settle(self, digest: bytes, position: int | None) -> None:
        """Replace a waiting record by what came of it: a position, or nothing."""
        if digest not in self._places:  # forgotten meanwhile
            return
        if position is None:
            del self._places[digest]
        else:
            self._places[digest] = position
