"""Orders that send the agent to a site, though the human asks for no such visit."""

from sentric.events import Kind
from sentric.policy.readers.orders.deed import Deed
from sentric.policy.readers.orders.directives import Directive
from sentric.policy.readers.orders.weighing import Heard
from sentric.policy.readers.tasks.request import Request
from sentric.policy.readers.words.lexicon import words
from sentric.policy.readers.words.vocabulary import stems

OF_PAGES = frozenset({Kind.HTTP, Kind.NAVIGATE, Kind.EXTRACT, Kind.DOWNLOAD})
"""Kinds of actions that bring pages, which send everybody to other pages."""
_GOING = words("visit open go browse navigate click follow access load check see read")
_LINKS = stems(words("link links url website webpage page site article blog web internet online search browse"))
"""Stems of words by which people ask to go where texts lead."""


def sites(deed: Deed) -> list[str]:
    """The sites that a deed names."""
    return [name for name in deed.entities if "." in name]


def sends_to(at: Directive, named: list[str]) -> bool:
    """Whether an order is to go to one of some sites."""
    return at.is_imperative and at.lead in _GOING and any(site in at.text.lower() for site in named)


def is_sent(request: Request, deed: Deed, heard: Heard) -> bool:
    """Whether a mail, a note or a message sends the agent to a site that nobody else speaks of.

    Who asks for what a text says asks for where it leads as well.
    """
    named = [site for site in sites(deed) if site in heard.telling]
    if heard.is_page or heard.is_reply or not sends_to(heard.at, named):
        return False
    if request.hands_over_to(heard.at.record, heard.read_by, is_asked=True):
        return False
    return bool(request.people) or request.stems.isdisjoint(_LINKS)
