"""A trace that is being put together: what is held of it, and when it is to be judged."""

from dataclasses import dataclass
from typing import TypeAlias

from sentric_analyzer.spans import Piece

PROMPT = 8
"""How many times as many spans as a trace has may be judged in it anew, before late ones have to wait."""

Key: TypeAlias = tuple[str, str]
"""Project and trace id."""


@dataclass(frozen=True, slots=True)
class Times:
    """When traces are judged, all in seconds.

    Attributes:
        grace: without a further span, after which a trace whose root has ended is complete.
        idle: without a further span, after which any trace is let go.
        checkpoint: after its first span, when a trace that goes on is judged for the first time; it is judged again
            whenever it is open half as long again.
        max_age: open, after which the spans of a trace are held no longer; also the longest between two judgements of
            a trace that goes on.
    """

    grace: float
    idle: float
    checkpoint: float
    max_age: float


class OpenTrace:
    """What is known of a trace. Plain, because there is one for each of many traces.

    Attributes:
        first: when its first span came, before whatever was let go of it.
        last: when its last span came.
        judged: when it was last judged; `first` until then.
        again: before when it is not judged again.
        due: the deadline it is scheduled for.
        conversation: the one that its spans say they belong to.
        count: spans that came, without the duplicates among those held.
        work: spans that were judged each time it was let go.
        size: bytes of what is held.
        rooted: its root has ended.
        marked: a dialect has something to read in it.
        fresh: something came since it was judged.
        whole: everything that came is held; of others nothing is.
        known: it has been given out before.
        spans: what is held, by span id.
        more: what is held besides: spans without an id, and further, different tellings of one.
    """

    __slots__ = (
        "again",
        "conversation",
        "count",
        "due",
        "first",
        "fresh",
        "judged",
        "known",
        "last",
        "marked",
        "more",
        "rooted",
        "size",
        "spans",
        "whole",
        "work",
    )

    def __init__(self, now: float) -> None:
        self.first = self.last = self.judged = self.again = now
        self.due = float("inf")
        self.count = self.work = self.size = 0
        self.rooted = self.marked = self.fresh = self.known = False
        self.whole = True
        self.conversation = ""
        self.spans: dict[str, Piece] = {}
        self.more: list[Piece] | None = None

    def pieces(self) -> tuple[Piece, ...]:
        """All that is held."""
        return (*self.spans.values(), *(self.more or ()))

    def read_back(self) -> None:
        """From now on it is held in the store alone."""
        self.whole, self.size, self.spans, self.more = False, 0, {}, None

    def was_judged(self, now: float, times: Times, *, let_go: bool) -> None:
        """Note that it is given out to be judged."""
        self.judged, self.fresh, self.known = now, False, True
        self.work += self.count if let_go else 0
        prompt = self.work <= PROMPT * self.count
        self.again = now if prompt else now + self._interval(times)

    def silent(self, times: Times) -> float:
        """When it is let go, if nothing more comes: its root has ended, or nobody knows whether it goes on."""
        quiet = min(times.grace, times.idle) if self.rooted else times.idle
        return max(self.last + quiet, self.again)

    def deadline(self, times: Times) -> float:
        """When something is to be done about it, if nothing more comes."""
        due = self.silent(times)
        if self.whole:
            due = min(due, self.first + times.max_age)
        if self.marked and self.fresh:
            due = min(due, self.judged + max(times.checkpoint, self._interval(times)))
        return due

    def _interval(self, times: Times) -> float:
        return min((self.judged - self.first) / 2, times.max_age)
