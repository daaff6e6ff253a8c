"""The latest runs of each conversation, to warm the engine with: injection crosses turns."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from sentric.events import Action, AnyEvent, Message, Observation, Outcome, Run
from sentric.policy.variables import compact

CONVERSATIONS = 64
"""Conversations that are remembered; the one that was silent longest is forgotten first."""
EARLIER_RUNS = 8
"""Runs of one conversation that are remembered."""
EARLIER_EVENTS = 2_000
"""Events of one conversation that are remembered: a longer run alone is kept whole or not at all."""
EARLIER_CHARACTERS = 1_000_000
"""Characters in the texts of those events."""

Load: TypeAlias = Callable[[Run, int], Sequence[Run]]
"""Gives the runs of a run's conversation that began before it, at most so many, the latest first."""


def _nothing(run: Run, limit: int) -> Sequence[Run]:
    return ()


@dataclass(slots=True)
class Conversations:
    """What was said before, in runs of the same project and conversation that began earlier."""

    load: Load = _nothing
    """Asked for what is not remembered."""
    _runs: OrderedDict[tuple[str, str], tuple[Run, ...]] = field(default_factory=OrderedDict)

    def earlier(self, run: Run) -> tuple[Run, ...]:
        """The runs of the same conversation before this one, oldest first; remembers this one for the next."""
        if not run.conversation:
            return ()
        key = (run.project, run.conversation)
        known = self._runs.get(key)
        if known is None or any(other.started > run.started for other in known):
            # What came before a run in the middle may have been forgotten for what came after it.
            known = (*self.load(run, EARLIER_RUNS), *(known or ()))
        told = {other.run_id: other for other in known if other.run_id != run.run_id}
        before = _latest(other for other in told.values() if other.started <= run.started)
        self._remember(key, _latest((*told.values(), run)))
        return before

    def _remember(self, key: tuple[str, str], runs: tuple[Run, ...]) -> None:
        self._runs[key] = runs
        self._runs.move_to_end(key)
        if len(self._runs) > CONVERSATIONS:
            self._runs.popitem(last=False)


def _latest(runs: Iterable[Run]) -> tuple[Run, ...]:
    """As many of the last runs as fit, the oldest first."""
    kept: list[Run] = []
    events = characters = 0
    for run in sorted(runs, key=attrgetter("started"))[: -EARLIER_RUNS - 1 : -1]:
        events += len(run.events)
        characters += sum(map(_length, run.events)) if events <= EARLIER_EVENTS else 0
        if events > EARLIER_EVENTS or characters > EARLIER_CHARACTERS:
            break
        kept.append(run)
    return tuple(reversed(kept))


def _length(event: AnyEvent) -> int:
    match event:
        case Message() | Observation():
            return len(event.text)
        case Outcome():
            return len(event.result) + len(event.error)
        case Action():
            return len(compact(event.arguments)) + len(event.reasoning.text)
