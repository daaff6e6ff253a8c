"""An action as the families read it."""

from dataclasses import dataclass

from sentric.events import Action
from sentric.policy.readers.actions.targets import Targets, targets
from sentric.policy.readers.words.text import leaves, readable


@dataclass(frozen=True, slots=True)
class Reading:
    """What several families want to know of one action."""

    arguments: tuple[tuple[str, str], ...]
    """Texts and numbers in the arguments, each with the nearest key above it."""
    goes: Targets
    """Where the action goes."""
    reasoning: str
    """The model's reasoning, `readable`."""


_latest: tuple[Action | None, Reading | None] = (None, None)


def reading(action: Action) -> Reading:
    """Read an action. The families are asked about the same one in turn, so the latest reading is kept."""
    global _latest  # noqa: PLW0603  # one tuple, replaced whole: threads can at worst read an action twice
    known, read = _latest
    if known is not action or read is None:
        arguments = tuple(leaves(action.arguments))
        read = Reading(arguments, targets(action, arguments), readable(action.reasoning.text))
        _latest = (action, read)
    return read
