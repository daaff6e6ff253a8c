"""Lists and objects that were flattened into attributes, such as `llm.input_messages.0.message.role`."""

from collections.abc import Mapping
from typing import Any

DEEPEST = 12
"""Names in a row that are taken apart; what lies deeper stays under the rest of its name."""


def indexed(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """The list that stands under a prefix, which ends with a dot; holes in its numbering are closed.

    Work is linear in the attributes, whatever numbers and depths they claim.
    """
    return numbered(attributes, prefix)[0]


def numbered(attributes: Mapping[str, Any], prefix: str) -> tuple[list[Any], bool]:
    """The same, and whether its numbering has no holes: what stood in one was lost on the way, or never sent."""
    root: dict[str, Any] = {}
    for name in attributes:
        if name.startswith(prefix):  # only what is looked at counts as read
            _put(root, name[len(prefix) :].split(".", DEEPEST), attributes[name])
    found = _unflattened(root)
    if not isinstance(found, list):
        return [], not root
    return found, str(len(found) - 1) in root


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        below = node.setdefault(step, {})
        if not isinstance(below, dict):  # a value and something below it: the value stays
            return
        node = below
    node.setdefault(path[-1], value)


def _unflattened(node: Any) -> Any:
    """Objects of which all names are numbers become lists. An attribute that is an object itself stays one."""
    if not isinstance(node, dict):
        return node
    if node and all(name.isascii() and name.isdigit() for name in node):
        return [_unflattened(node[name]) for name in sorted(node, key=lambda name: (len(name.lstrip("0")), name))]
    return {name: _unflattened(below) for name, below in node.items()}
