"""Runs that others led to."""

from collections.abc import Mapping
from dataclasses import replace

from sentric.events import AnyEvent, Author, Message, Run


def with_task_known(run: Run, runs: Mapping[str, Run]) -> Run:
    """With whether the human's own words are known of a run, or of one that led to it."""
    chain, above = [run], runs.get(run.parent)
    while above and above not in chain:
        chain.append(above)
        above = runs.get(above.parent)
    has_task = any(_is_wanted(event) for one in chain for event in one.events)
    return replace(run, coverage=replace(run.coverage, has_task=has_task))


def _is_wanted(event: AnyEvent) -> bool:
    """Whether an event tells words of the human: one that was captured without its text does not."""
    return isinstance(event, Message) and event.author is Author.USER and bool(event.text)
