"""What was said before a run, to warm the engine with: injection crosses turns, and goes from agent to agent."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeAlias

from sentric.events import Action, AnyEvent, Author, Message, Observation, Outcome, Run, Source
from sentric.policy.variables import compact

CONVERSATIONS = 64
"""Conversations that are remembered; the one that was silent longest is forgotten first."""
TRACES = 8
"""Traces of which the runs are remembered for those that have them for their parents."""
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
    """What was said before, in runs of the same project: of the same conversation, or of agents that led to a run."""

    load: Load = _nothing
    """Asked for what is not remembered."""
    _runs: OrderedDict[tuple[str, str], tuple[Run, ...]] = field(default_factory=OrderedDict)
    _traces: OrderedDict[tuple[str, str], tuple[Run, ...]] = field(default_factory=OrderedDict)

    def earlier(self, run: Run) -> tuple[Run, ...]:
        """What was said before this run, in runs of which the oldest comes first; remembers this one for the next.

        Of the agents of one trace that work together a run is told what all of them had heard when it began, and of
        the definitions of tools those of its own agent: another's tools of the same names are not these.
        """
        kin = self._of_trace(run)
        known = {other.run_id: other for other in (*self._of_conversation(run), *kin)}
        before = sorted(known.values(), key=attrgetter("started"))
        return tuple(other if other.agent == run.agent else _without_definitions(other) for other in before)

    def _of_conversation(self, run: Run) -> tuple[Run, ...]:
        if not run.conversation:
            return ()
        key = (run.project, run.conversation)
        known = self._runs.get(key)
        if known is None or any(other.started > run.started for other in known):
            # What came before a run in the middle may have been forgotten for what came after it.
            known = (*self.load(run, EARLIER_RUNS), *(known or ()))
        told = {other.run_id: other for other in known if other.run_id != run.run_id}
        before = _latest(other for other in told.values() if other.started <= run.started)
        _remember(self._runs, key, _latest((*told.values(), run)), CONVERSATIONS)
        return before

    def _of_trace(self, run: Run) -> tuple[Run, ...]:
        """The agents' runs that this one goes back to, and others of theirs, as far as they had come."""
        if not run.trace_id:
            return ()
        key = (run.project, run.trace_id)
        told = {other.run_id: other for other in self._traces.get(key, ()) if other.run_id != run.run_id}
        _remember(self._traces, key, _latest((*told.values(), run)), TRACES)
        if not run.parent:
            return ()
        first = _first(run, told)
        others = (other for other in told.values() if other.started <= run.started and _first(other, told) == first)
        return tuple(_until(other, run.started) for other in others)


def _first(run: Run, known: Mapping[str, Run]) -> str:
    """The id of the run that all began with."""
    seen: set[str] = set()
    while run.parent and run.parent in known and run.parent not in seen:
        run = known[run.parent]
        seen.add(run.run_id)
    return run.parent or run.run_id


def _until(run: Run, time: int) -> Run:
    """A run as far as it had come; what the human wants of it is wanted of those that begin beside it, too."""
    return replace(run, events=tuple(event for event in run.events if event.time < time or _is_wish(event)))


def _is_wish(event: AnyEvent) -> bool:
    return isinstance(event, Message) and event.author is Author.USER


def _without_definitions(run: Run) -> Run:
    kept = tuple(
        event for event in run.events if not (isinstance(event, Observation) and event.source is Source.TOOL_DEFINITION)
    )
    return run if len(kept) == len(run.events) else replace(run, events=kept)


def _remember(
    known: OrderedDict[tuple[str, str], tuple[Run, ...]], key: tuple[str, str], runs: tuple[Run, ...], most: int
) -> None:
    known[key] = runs
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)


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
