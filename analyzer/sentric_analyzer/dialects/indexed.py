"""Lists and objects that were flattened into attributes, such as `llm.input_messages.0.message.role`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sentric_analyzer.dialects.known import known
from sentric_analyzer.dialects.messages import messages
from sentric_analyzer.dialects.parts import Parts, joined

DEEPEST = 12
"""Names in a row that are taken apart; what lies deeper stays under the rest of its name."""


def indexed(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """The list that stands under a prefix, which ends with a dot; holes in its numbering are closed.

    Work is linear in the attributes, whatever numbers and depths they claim.
    """
    return [_whole(item.items()) for item in _items(attributes, prefix)[0]]


def indexed_messages(
    attributes: Mapping[str, Any], prefix: str, *, encoded: bool = False, first: Callable[[Any], Any] = lambda one: one
) -> Parts:
    """The parts of the messages that stand under a prefix. Those that are known are not put together again.

    Where the numbering has holes, not all is readable: what stood in one was lost on the way, or never sent.

    Args:
        attributes: of a span.
        prefix: ends with a dot.
        encoded: as messages are read.
        first: what is done to each message before it is read; the same for all of that prefix.
    """

    def read(stated: tuple[str, Sequence[tuple[str, Any]]]) -> Parts:
        return messages([first(_whole(stated[1]))], encoded=encoded)

    before = known(encoded=encoded)
    items, whole = _items(attributes, prefix)
    told = joined(before.message((prefix, [*item.items()]), read) for item in items)
    return told if whole else told._replace(readable=False)


def _items(attributes: Mapping[str, Any], prefix: str) -> tuple[list[dict[str, Any]], bool]:
    """The items of a list as they were flattened, and whether its numbering has no holes.

    Their values stand under the rest of the names, from the dot on.
    """
    items: dict[str, dict[str, Any]] = {}
    for name in attributes:
        if name.startswith(prefix):  # only what is looked at counts as read
            number, dot, rest = name[len(prefix) :].partition(".")
            items.setdefault(number, {})[dot + rest] = attributes[name]
    found = _numbers(items)
    return [items[number] for number in found], not items or str(len(found) - 1) in items


def _whole(stated: Iterable[tuple[str, Any]]) -> Any:
    """An item of a list, from what was flattened."""
    root: dict[str, Any] = {}
    for name, value in stated:
        _put(root, ["", *name[1:].split(".", DEEPEST - 1)] if name else [""], value)
    return _unflattened(root)[""]


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    last = path.pop()
    for step in path:
        below = node.setdefault(step, {})
        if not isinstance(below, dict):  # a value and something below it: the value stays
            return
        node = below
    node.setdefault(last, value)


def _unflattened(node: dict[str, Any]) -> Any:
    """Objects of which all names are numbers become lists. An attribute that is an object itself stays one."""
    found = {name: _unflattened(below) if isinstance(below, dict) else below for name, below in node.items()}
    numbers = _numbers(found)
    return [found[number] for number in numbers] if numbers else found


def _numbers(names: Iterable[str]) -> list[str]:
    """Names in the order of their numbers, where all of them are some; else none."""
    if not all(map(_is_number, names)):
        return []
    return sorted(names, key=lambda name: (len(name.lstrip("0")), name))


def _is_number(name: str) -> bool:
    return name.isdigit() and name.isascii()
