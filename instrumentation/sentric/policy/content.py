"""What of a run may have been captured or not, and so what a rule may lack."""

from enum import StrEnum
from typing import TypeAlias

from sentric.policy.rule import Scope


class Content(StrEnum):
    """One sort of content."""

    TASK = "task"
    """What the human wants."""
    ARGUMENTS = "arguments"
    """What tools are given."""
    RESULTS = "results"
    """What comes into the model's view: results of tools, pages."""
    WORDS = "words"
    """What the model says: its answers and its reasoning."""
    PAGE = "page"
    """The page an action on one is about: its URL and the element."""
    DEFINITIONS = "definitions"
    """What tools are said to be."""
    TEXT = "text"
    """In what a signal reads: the event's own text, which is one of the others, by the event's sort."""


Reads: TypeAlias = frozenset[Content]
"""What must have been captured."""

OWN: dict[Scope, Content] = {
    Scope.ACTION: Content.ARGUMENTS,
    Scope.OBSERVATION: Content.RESULTS,
    Scope.MESSAGE: Content.WORDS,
}
"""What the text of an event is."""
