"""The spans of one trace, put in order: what every dialect starts from."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from operator import attrgetter
from typing import TypeVar

from sentric_analyzer.dialects.values import canonical
from sentric_analyzer.spans import Span

V = TypeVar("V")


@dataclass(slots=True, eq=False)
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
        contradicted: how many of them tell of a span otherwise than another of them.
        circles: how many times parents led back to where they began.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        told, self.contradicted = _tellings(spans)
        placed, self.circles = _place(sorted(told, key=_identity))
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


def lost_in(nodes: Iterable[Node], root: Node | None) -> int:
    """How many parents are missing within a run: not one above its root, which is the run's caller."""
    return len({node.lost for node in nodes} - {"", root.lost if root else ""})


def _identity(span: Span) -> tuple[str, int, int, str]:
    return (span.span_id, span.start, span.end, span.name)


def _tellings(spans: Iterable[Span]) -> tuple[list[Span], int]:
    """What is told of each span id, and how much of it contradicts the rest.

    Nobody hides what was done by telling it again otherwise. Of several tellings of one id the latest and largest
    keeps the id; one that tells anything else is kept too, under an id with a digest of it. What tells only a part of
    the first, as an early export of a span does that has not ended, is dropped. Spans without an id are all kept.
    """
    kept: dict[str, Span] = {}
    again: list[Span] = []
    nameless: list[Span] = []
    for span in spans:
        if not span.span_id:
            nameless.append(span)
        elif (other := kept.setdefault(span.span_id, span)) is not span:
            if _replaces(span, other):
                kept[span.span_id] = span
            again.append(span if kept[span.span_id] is other else other)
    contradictions: dict[str, Span] = {}
    for span in again:
        if not _is_part(span, kept[span.span_id]):
            renamed = replace(span, span_id=f"{span.span_id}-{_digest(span)}")
            contradictions[renamed.span_id] = renamed
    return [*kept.values(), *contradictions.values(), *nameless], len(contradictions)


def _is_part(span: Span, whole: Span) -> bool:
    """Whether another span tells all that this one does."""
    told = whole.attributes
    return (
        all(name in told and told[name] == value for name, value in span.attributes.items())
        and span.events == whole.events[: len(span.events)]
        and span.name in ("", whole.name)
        and span.status_code in (0, whole.status_code)
        and span.status_message in ("", whole.status_message)
    )


def _digest(span: Span) -> str:
    told = (*_text(span), str(span.end), *(canonical(dict(event.attributes)) for event in span.events))
    return sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:8]


def _replaces(span: Span, other: Span) -> bool:
    if (span.end, span.size) != (other.end, other.size):
        return (span.end, span.size) > (other.end, other.size)
    return _text(span) > _text(other)


def _text(span: Span) -> tuple[str, ...]:
    return (span.name, span.parent_span_id, str(span.start), canonical(dict(span.attributes)))


def _place(spans: Sequence[Span]) -> tuple[Sequence[Node], int]:
    """Nodes for the spans, linear in their number, and how many circles of parents there are.

    A circle is cut at its first span.
    """
    by_id = {span.span_id: span for span in spans if span.span_id}
    placed: dict[str, Node] = {}
    circles = 0
    for span in by_id.values():
        path: dict[str, Span] = {}
        above: Span | None = span
        while above and above.span_id not in placed and above.span_id not in path:
            path[above.span_id] = above
            above = by_id.get(above.parent_span_id)
        circles += above is not None and above.span_id in path
        for waiting in reversed(path.values()):
            placed[waiting.span_id] = _node(waiting, placed)
    return [*placed.values(), *(_node(span, placed) for span in spans if not span.span_id)], circles


def _node(span: Span, placed: Mapping[str, Node]) -> Node:
    parent = placed.get(span.parent_span_id)
    if parent is None:
        return Node(span, None, 0, span.parent_span_id)
    return Node(span, parent, parent.depth + 1, parent.lost)
