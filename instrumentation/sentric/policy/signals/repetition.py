"""Actions repeated without effect."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

from sentric.events import Action, Observation, Outcome
from sentric.policy.rule import Tuning
from sentric.policy.signals.family import Facts, Family
from sentric.policy.signals.reading import reading

LONGEST_PERIOD = 4
"""Actions in the longest cycle that is recognised."""
CYCLES = {2: 2, 3: 3, 4: 3}
"""How often a cycle of a length must come round: twice for A-B-A-B, three times for longer ones."""


@dataclass(frozen=True, slots=True)
class RepetitionFacts(Facts):
    """Facts about repetition."""

    repeats: int = 0
    """How many times in a row this same call was made, on the same page and element, and each brought the same page
    and result as before. 1 for a call that is new. Counting ends at the policy's limit."""
    looping: bool = False
    """It was made as many times as the policy calls a loop."""
    alternating: bool = False
    """The same two to four different calls come round and round, each with the same page and result as before."""


_NOTHING = RepetitionFacts()


@dataclass(slots=True)
class _Call:
    """A call, and a digest of what was seen from then until the next one."""

    call: Hashable
    seen: int = 0


class Repetition(Family[RepetitionFacts]):
    """Counts calls that change nothing."""

    facts = RepetitionFacts

    def __init__(self, tuning: Tuning) -> None:
        super().__init__(tuning)
        longest = max(tuning.repeats, *(period * cycles for period, cycles in CYCLES.items()))
        self._calls: deque[_Call] = deque(maxlen=longest)

    def observation(self, observation: Observation) -> RepetitionFacts:
        """What is seen between two calls tells whether the first had an effect."""
        self._see(observation.text)
        return _NOTHING

    def outcome(self, outcome: Outcome, action: Action | None) -> None:
        """An error is part of what was seen; a result comes as an observation."""
        self._see(outcome.error)

    def action(self, action: Action) -> RepetitionFacts:
        """Compare a call with those before it."""
        self._calls.append(_Call(_call(action)))
        calls = list(self._calls)
        repeats = _repeats(calls)
        return RepetitionFacts(
            repeats=repeats,
            looping=repeats >= self.tuning.repeats,
            alternating=any(_is_cycle(calls[-period * cycles :], period, cycles) for period, cycles in CYCLES.items()),
        )

    def _see(self, text: str) -> None:
        if self._calls and text:
            # Only ever compared within one run, so the seed of the hash does not show.
            self._calls[-1].seen = hash((self._calls[-1].seen, text))


def _call(action: Action) -> int:
    element = action.element
    # Pages are numbered anew at each look: where an element is known by its path, its number tells nothing.
    numbered = element is None or not element.xpath
    arguments = tuple(sorted(pair for pair in reading(action).arguments if numbered or pair[0] != "index"))
    where = (element.xpath, element.name, element.text) if element is not None else None
    return hash((action.server, action.tool, action.url, where, arguments))


def _repeats(calls: list[_Call]) -> int:
    count = 1
    for index in range(len(calls) - 2, -1, -1):
        if calls[index].call != calls[-1].call:
            break
        # The latest call has shown nothing yet: those before it are compared with each other.
        if index < len(calls) - 2 and calls[index].seen != calls[-2].seen:
            break
        count += 1
    return count


def _is_cycle(calls: list[_Call], period: int, cycles: int) -> bool:
    if len(calls) < period * cycles or calls[-1].call != calls[-1 - period].call:
        return False
    if len({call.call for call in calls[:period]}) < 2:
        return False
    last = len(calls) - 1
    return all(
        calls[index].call == calls[index - period].call
        and (index == last or calls[index].seen == calls[index - period].seen)
        for index in range(period, len(calls))
    )
