"""Lists and objects that were flattened into attributes, such as `llm.input_messages.0.message.role`."""

from collections.abc import Mapping
from typing import Any

DEEPEST = 12
"""Names in a row that are taken apart; what lies deeper stays under the rest of its name."""


def indexed(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """The list that stands under a prefix, which ends with a dot; holes in its numbering are closed.

    Work is linear in the attributes, whatever numbers and depths they claim.
    """
    root: dict[str, Any] = {}
    for name in attributes:
        if name.startswith(prefix):  # only what is looked at counts as read
            _put(root, name[len(prefix) :].split(".", DEEPEST), attributes[name])
    found = _unflattened(root)
    return found if isinstance(found, list) else []


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
    if found and all(map(_is_number, found)):
        return [found[name] for name in sorted(found, key=lambda name: (len(name.lstrip("0")), name))]
    return found


def _is_number(name: str) -> bool:
    return name.isdigit() and name.isascii()
