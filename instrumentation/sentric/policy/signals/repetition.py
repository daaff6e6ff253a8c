"""Actions repeated without effect."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar

import re2

from sentric.events import Action, Author, Message, Observation, Outcome, Source
from sentric.policy.content import Reads
from sentric.policy.readers.actions.patience import is_idle, is_patient
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.words.text import readable
from sentric.policy.rule import Scope, Tuning
from sentric.policy.signals.family import Facts, Family

LONGEST_PERIOD = 4
"""Actions in the longest cycle that is recognised."""
CYCLES = {2: 2, 3: 3, 4: 3}
"""How often a cycle of a length must come round: twice for A-B-A-B, three times for longer ones."""
PATIENCE = 5
"""How many times as often calls may come round that only wait for something, ask how far it is, or move a page."""
TEXT_LIMIT = 262_144
"""Characters seen after one call beyond which clocks in them are no longer told from the rest."""
TEXTS_KEPT = 2 * LONGEST_PERIOD
"""Calls whose texts are kept, so that clocks in them can still be told from the rest."""
DRIFT = 64
"""By how many characters what was seen may be longer or shorter where only clocks differ."""

_CLOCK = re2.compile(
    r"(?i)\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d)?(?::\d\d)?(?:\.\d+)?(?:z\b|[+-]\d\d:?\d\d)?"
    r"|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?(?: ?[ap]\.?m\b)?"
    r"|\b\d+(?:\.\d+)? ?(?:ms|milliseconds?|s|secs?|seconds?|mins?|minutes?|hours?)\b"
    r"|\b1\d{9}(?:\d{3})?\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
)
"""What differs at every look and tells nothing: times, durations, Unix times, ids of requests."""


@dataclass(frozen=True, slots=True)
class RepetitionFacts(Facts):
    """Facts about repetition."""

    stated_about: ClassVar[tuple[Scope, ...]] = (Scope.ACTION,)
    fields_read: ClassVar[Mapping[str, Reads]] = dict.fromkeys(("repeats", "looping"), frozenset())

    repeats: int = 0
    """How many times in a row this same call was made, on the same page and element, and each brought the same page
    and result as before, apart from times and clocks. 1 for a call that is new. Counting ends at the policy's limit."""
    looping: bool = False
    """It was made as many times as the policy calls a loop; waiting, asking for a status and moving
    within a page may be done more often."""
    alternating: bool = False
    """The same two to four different calls come round and round, each with the same page and result as before."""


_NOTHING = RepetitionFacts()
_NEW = RepetitionFacts(repeats=1)


@dataclass(slots=True)
class _Call:
    """A call, and digests of what was seen from then until the next one."""

    call: int
    idle: bool
    """It changes nothing."""
    patient: bool
    """It waits for something, asks how far it is, or moves within a page."""
    exact: int = 0
    timeless: int | None = None
    """Without clocks; None where that is not known."""
    texts: list[str] = field(default_factory=list[str])
    length: int = 0

    def see(self, text: str) -> None:
        # Only ever compared within one run, so the seed of the hash does not show.
        self.exact = hash((self.exact, text))
        self.length += len(text)
        if self.length <= TEXT_LIMIT:
            self.texts.append(text)
        else:
            self.texts.clear()

    def settle(self) -> None:
        """Work out the digest without clocks, which is only done for calls that come again."""
        if self.timeless is None and self.length <= TEXT_LIMIT:
            self.timeless = hash(tuple(_CLOCK.sub(" ", readable(text)) for text in self.texts))
            self.texts.clear()

    def brought_the_same(self, other: "_Call") -> bool:
        return self.exact == other.exact or (self.timeless is not None and self.timeless == other.timeless)


class Repetition(Family[RepetitionFacts]):
    """Counts calls that change nothing."""

    facts = RepetitionFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        longest = max(tuning.repeats, *(period * cycles for period, cycles in CYCLES.items()))
        self._calls: deque[_Call] = deque(maxlen=longest * PATIENCE)

    def message(self, message: Message) -> None:
        """A human who speaks again may well want the same done again."""
        if message.author is Author.USER:
            self._calls.clear()

    def observation(self, observation: Observation) -> RepetitionFacts:
        """What is seen between two calls tells whether the first had an effect."""
        if observation.source is not Source.TOOL_DEFINITION:
            self._see(observation.text)
        return _NOTHING

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """An error is part of what was seen; a result comes as an observation."""
        self._see(outcome.error)

    def action(self, action: Action) -> RepetitionFacts:
        """Compare a call with those before it."""
        call = _call(action)
        periods = [period for period, earlier in enumerate(self._latest(), 1) if earlier.call == call.call]
        facts = self._compared([*self._calls, call], periods) if periods else _NEW
        if len(self._calls) >= TEXTS_KEPT:
            self._calls[-TEXTS_KEPT].texts.clear()
        self._calls.append(call)
        return facts

    def _latest(self) -> Iterator[_Call]:
        """The calls that may be the same one period before, the latest first."""
        return islice(reversed(self._calls), LONGEST_PERIOD)

    def _compared(self, calls: list[_Call], periods: list[int]) -> RepetitionFacts:
        """What is told of the last of some calls, which is the same as those some periods before."""
        for period in periods:
            _tell_clocks(calls, period)
        call, repeats = calls[-1], _repeats(calls)
        return RepetitionFacts(
            repeats=repeats,
            looping=repeats >= self.tuning.repeats * (PATIENCE if call.patient else 1),
            alternating=any(_comes_round(calls, period, cycles) for period, cycles in CYCLES.items()),
        )

    def _see(self, text: str) -> None:
        if self._calls and text:
            self._calls[-1].see(text)


def _call(action: Action) -> _Call:
    element = action.element
    # Pages are numbered anew at each look: where an element is known by its path, its number tells nothing.
    numbered = element is None or not element.xpath
    arguments = reading(action).arguments
    if not numbered:
        arguments = tuple(pair for pair in arguments if pair[0] != "index")
    where = (element.xpath, element.name, element.text) if element is not None else None
    call = hash((action.server, action.tool, action.url, where, tuple(sorted(arguments))))
    return _Call(call, is_idle(action), is_patient(action))


def _tell_clocks(calls: list[_Call], period: int) -> None:
    """Compare what the latest calls brought with what those one period before did, where only a clock may differ."""
    for index in range(len(calls) - 1 - period, len(calls) - 1):
        if index < period:
            continue
        call, before = calls[index], calls[index - period]
        if call.exact != before.exact and abs(call.length - before.length) <= DRIFT:
            call.settle()
            before.settle()


def _repeats(calls: list[_Call]) -> int:
    count = 1
    for index in range(len(calls) - 2, -1, -1):
        if calls[index].call != calls[-1].call:
            break
        # The latest call has shown nothing yet: those before it are compared with each other.
        if index < len(calls) - 2 and not calls[index].brought_the_same(calls[index + 1]):
            break
        count += 1
    return count


def _comes_round(calls: list[_Call], period: int, cycles: int) -> bool:
    if len(calls) <= period or calls[-1].call != calls[-1 - period].call:
        return False
    latest = calls[-period:]
    if any(call.patient for call in latest) and all(call.idle for call in latest):
        cycles *= PATIENCE
    return _is_cycle(calls[-period * cycles :], period, cycles)


def _is_cycle(calls: list[_Call], period: int, cycles: int) -> bool:
    if len(calls) < period * cycles or len({call.call for call in calls[:period]}) < 2:
        return False
    last = len(calls) - 1
    return all(
        calls[index].call == calls[index - period].call
        and (index == last or calls[index].brought_the_same(calls[index - period]))
        for index in range(period, len(calls))
    )
