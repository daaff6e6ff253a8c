"""Arguments as they are judged: whole, unless somebody has made them too large to be read at all."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from sentric.events import JsonValue
from sentric.policy.readers.words.text import LARGEST_NUMBER_BITS
from sentric.tracing.limits import NAME_LIMIT

ARGUMENTS_LIMIT = 262_144
"""Characters of all texts in an action's arguments that are judged: what the readers of shell text and SQL take too."""
ITEMS_LIMIT = 8192
"""Most entries of all lists and objects in arguments that are judged."""
DEPTH_LIMIT = 32
"""Deepest nesting of arguments that is judged."""
MARGIN = 4096
"""Characters before a cut that are dropped once more after redaction: a secret may have been cut in half there."""
_LEFT_OUT = "…"


class Bounded:
    """Takes one value as JSON data, as far as its room goes. What is cut is known."""

    def __init__(self, room: int = ARGUMENTS_LIMIT) -> None:
        """Begin.

        Args:
            room: characters of all its texts together.
        """
        self.cut = False
        self.length = 0
        """Characters of the texts taken."""
        self._room, self._items = room, ITEMS_LIMIT

    def value(self, value: object, depth: int = 0) -> JsonValue:
        """A value as it is judged."""
        match value:
            case None | bool() | float():
                return value
            case int():
                return value if value.bit_length() <= LARGEST_NUMBER_BITS else self._text(hex(value))
            case Mapping() | list() | tuple() | set() | frozenset() if depth >= DEPTH_LIMIT:
                self.cut = True
                return _LEFT_OUT
            case Mapping():
                entries = self._few(list(cast("Mapping[object, object]", value).items()))
                return {self._name(str(key)): self.value(item, depth + 1) for key, item in entries}
            case list() | tuple() | set() | frozenset():
                return [self.value(item, depth + 1) for item in self._few(list(cast("Iterable[Any]", value)))]
            case _:
                return self._text(str(value))

    def _few(self, items: list[Any]) -> list[Any]:
        kept = items[: self._items]
        self._items -= len(kept)
        self.cut = self.cut or len(kept) < len(items)
        return kept

    def _text(self, text: str) -> str:
        kept = text[: self._room - self.length]
        self.cut = self.cut or len(kept) < len(text)
        self.length += len(kept)
        return kept if kept.isascii() else kept.encode("utf-8", "replace").decode("utf-8")

    def _name(self, name: str) -> str:
        self.cut = self.cut or len(name) > NAME_LIMIT
        kept = name[:NAME_LIMIT]
        return kept if kept.isascii() else kept.encode("utf-8", "replace").decode("utf-8")


def copied(value: object, depth: int = 0) -> object:
    """The same data in containers of its own. What is no data, or lies deeper than is judged, is its text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if depth > DEPTH_LIMIT:
        return str(value)
    if isinstance(value, Mapping):
        return {key: copied(item, depth + 1) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [copied(item, depth + 1) for item in cast("Iterable[object]", value)]
    return str(value)
