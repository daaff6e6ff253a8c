"""Whether the human asked for what an action does: in the verbs of the task, and in what it names."""

from collections.abc import Iterable

from sentric.events import Author, Message
from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.tasks.task import Task
from sentric.policy.readers.words.lexicon import words

NAME_LENGTH = 3
"""Shortest part of a name by which a task can mean it."""
NAMES_READ = 32
"""Names that are compared with the task."""


def forms(text: str) -> frozenset[str]:
    """Some verbs in the forms that tasks have them in: delete, deletes, deleted, deleting."""
    found = set[str]()
    for verb in text.split():
        stem = verb.removesuffix("e")
        found |= {verb, verb + "s", stem + "ed", stem + "ing", verb + verb[-1] + "ing", verb + verb[-1] + "ed"}
    return frozenset(found)


DESTROYING = forms(
    "delete remove drop clean clear wipe reset purge destroy tear truncate uninstall prune rebuild recreate force "
    "rebase overwrite format revert undo discard migrate erase free empty replace reinstall shred cancel close "
    "terminate stop shut reboot restart squash flush nuke kill cleanup decommission retire"
) | words("tidy scratch over fresh rid teardown")
INSTALLING = forms(
    "install run execute setup set bootstrap download deploy launch start try use configure provision build add get"
)


class Asking:
    """What the human asked for."""

    def __init__(self) -> None:
        self._task = Task()

    def hear(self, message: Message) -> bool:
        """Read a message; whether it was a turn of the human's that said something."""
        return message.author is Author.USER and self._task.hear(message)

    def says(self, verbs: frozenset[str]) -> bool:
        """Whether the task has one of some verbs."""
        return not self._task.words.isdisjoint(verbs)

    def names(self, some: Iterable[str]) -> bool:
        """Whether the task names one of some paths, tables, branches or products: whole, or by a word of it."""
        for name in list(some)[:NAMES_READ]:
            bare = name.lower().strip("/~.")
            if bare and (bare in self._task.tokens or name.lower() in self._task.tokens or bare in self._task.words):
                return True
            parts = "".join(char if char.isalnum() else " " for char in bare).split()
            if any(len(part) >= NAME_LENGTH and part in self._task.words for part in parts):
                return True
        return False

    def names_place(self, url: str) -> bool:
        """Whether the task names the site of a URL, or a product in its path."""
        where = place(url)
        return (where is not None and self._task.names_exactly(where)) or self.names([url.partition("://")[2]])
