"""How a text came into the model's view: from where, by which call, and what sort of text that makes it."""

from dataclasses import dataclass

from sentric.events import Action, Effect, Observation
from sentric.policy.readers.actions.reading import reading
from sentric.policy.readers.orders.deed import PROGRAM, deed
from sentric.policy.readers.orders.visits import OF_PAGES
from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import stems

_HANDBOOKS = stems(words("kb knowledge policy policies procedure handbook manual faq playbook runbook guideline sop"))
"""Stems of what tools are called that look things up for a support agent."""


@dataclass(frozen=True, slots=True)
class Coming:
    """How a text came into the model's view."""

    origin: str
    here: Place | None
    by: tuple[str, ...]
    """The arguments of the call that brought it, or the address of its page."""
    is_reply: bool
    """It is the answer to an action that changed something."""
    is_page: bool = True
    """It is a page, or nobody knows."""
    is_handbook: bool = False
    """It is of what looks like a handbook."""


def coming(observation: Observation, answered: Action | None) -> Coming:
    """Tell how a text came, given the action that it answers, if any."""
    origin = observation.origin
    here = place(origin) if "://" in origin else None
    if answered is None:
        return Coming(origin, here, (origin,), is_reply=False)
    arguments = tuple(text for _, text in reading(answered).arguments)
    changed = answered.kind not in PROGRAM and bool(answered.effects - {Effect.READ})
    is_page = here is not None or answered.kind in OF_PAGES
    is_handbook = not deed(answered).tool.isdisjoint(_HANDBOOKS)
    return Coming(origin, here, arguments, is_reply=changed, is_page=is_page, is_handbook=is_handbook)
