"""The spans of one trace, put in order: what every dialect starts from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from sentric_analyzer.dialects.values import canonical
from sentric_analyzer.spans import Span

V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A span in its place.

    Attributes:
        parent: None at the top, or where the parent is not in the trace.
        depth: 0 at the top.
        lost: id of the parent that is missing above the topmost ancestor, "" where that is a root.
    """

    span: Span
    parent: "Node | None"
    depth: int
    lost: str


class Trace:
    """The spans of one trace without duplicates, in an order that does not depend on how they arrived.

    Attributes:
        nodes: by start time, then parent before child, then span id.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        placed = _place(sorted(_distinct(spans), key=_identity))
        self.nodes: Sequence[Node] = sorted(
            placed, key=lambda node: (node.span.start, node.depth, *_identity(node.span))
        )
        self._downwards = sorted(self.nodes, key=attrgetter("depth"))

    def inherit(self, step: Callable[[Node, V | None], V]) -> dict[Node, V]:
        """Work out a value for every node from its own span and its parent's value."""
        values: dict[Node, V] = {}
        for node in self._downwards:
            values[node] = step(node, values[node.parent] if node.parent else None)
        return values


def _identity(span: Span) -> tuple[str, int, int, str]:
    return (span.span_id, span.start, span.end, span.name)


def _distinct(spans: Iterable[Span]) -> Iterable[Span]:
    """One span of each id: of two that differ the later and larger. Spans without an id are all kept."""
    kept: dict[str, Span] = {}
    for span in spans:
        if not span.span_id:
            yield span
        elif (other := kept.setdefault(span.span_id, span)) is not span and _replaces(span, other):
            kept[span.span_id] = span
    yield from kept.values()


def _replaces(span: Span, other: Span) -> bool:
    if (span.end, span.size) != (other.end, other.size):
        return (span.end, span.size) > (other.end, other.size)
    return _text(span) > _text(other)


def _text(span: Span) -> tuple[str, ...]:
    return (span.name, span.parent_span_id, str(span.start), canonical(dict(span.attributes)))


def _place(spans: Sequence[Span]) -> Iterable[Node]:
    """Nodes for the spans, linear in their number. A circle of parents is cut at its first span."""
    by_id = {span.span_id: span for span in spans if span.span_id}
    placed: dict[str, Node] = {}
    for span in by_id.values():
        path: dict[str, Span] = {}
        above: Span | None = span
        while above and above.span_id not in placed and above.span_id not in path:
            path[above.span_id] = above
            above = by_id.get(above.parent_span_id)
        for waiting in reversed(path.values()):
            placed[waiting.span_id] = _node(waiting, placed)
    yield from placed.values()
    yield from (_node(span, placed) for span in spans if not span.span_id)


def _node(span: Span, placed: Mapping[str, Node]) -> Node:
    parent = placed.get(span.parent_span_id)
    if parent is None:
        return Node(span, None, 0, span.parent_span_id)
    return Node(span, parent, parent.depth + 1, parent.lost)
