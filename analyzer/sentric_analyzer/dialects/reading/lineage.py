"""Runs that others led to."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sentric.events import AnyEvent, Author, Message, Run


def with_tasks_known(runs: Mapping[str, Run]) -> list[Run]:
    """With whether the human's own words are known of each run, or of one that led to it.

    Linear in the runs, however many of them lie in one another.

    Args:
        runs: of a trace, by their ids.
    """
    known: dict[str, bool] = {}
    for run in runs.values():
        chain: dict[str, None] = {}
        above: Run | None = run
        while above and above.run_id not in known and above.run_id not in chain and not _is_told(above.events):
            chain[above.run_id] = None
            above = runs.get(above.parent)
        found = above is not None and above.run_id not in chain and known.get(above.run_id, True)
        known |= dict.fromkeys((*chain, *([above.run_id] if above else [])), found)
    return [replace(run, coverage=replace(run.coverage, has_task=known[run.run_id])) for run in runs.values()]


def _is_told(events: Iterable[AnyEvent]) -> bool:
    """Whether they tell words of the human: a message that was captured without its text does not."""
    return any(isinstance(event, Message) and event.author is Author.USER and bool(event.text) for event in events)
