"""Where each span belongs: to which run, to whose dialogue, and which spans are one call."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from sentric.events import JsonValue
from sentric_analyzer.dialects.parts import Form, Role
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.trace import Node, Trace
from sentric_analyzer.dialects.values import canonical

LAYERS = 8
"""Latest instrumentations that may tell of the same call beside one another: more of them are not compared."""
_NOTHING = canonical(None)


class Place(NamedTuple):
    """Where a span belongs.

    Attributes:
        run: the agent whose run it is part of.
        speaker: whose dialogue it is part of: the nearest agent or tool, else the id of the parent that is
            missing at the top.
        inside: whose dialogue the spans below it are part of.
        call: of a tool's or a model's span, the outermost span of the same call.
    """

    run: Node | None
    speaker: Node | str
    inside: Node | str
    call: Node | None = None


def places(trace: Trace, told: Mapping[Node, Telling]) -> Mapping[Node, Place]:
    """The place of every span of a trace, of which some tell something."""
    layers = _Layers(told)
    wrapped = _wrapped(trace, told)

    def step(node: Node, above: Place | None) -> Place:
        above = above or Place(None, node.lost, node.lost)
        match told[node].operation if node in told else None:
            case Operation.AGENT if node in wrapped:
                return Place(above.run, above.inside, above.inside)
            case Operation.AGENT:
                return Place(node, node, node)
            case Operation.MODEL if above.call and told[above.call].operation is Operation.MODEL:
                return above
            case Operation.MODEL:
                return Place(above.run, above.inside, above.inside, node)
            case Operation.TOOL if above.call and layers.same_call(above.call, node):
                return above
            case Operation.TOOL:
                return Place(above.run, above.inside, node, node)
            case None:
                return above._replace(speaker=above.inside)

    found = trace.inherit(step)
    twins = layers.twins(found)
    return {node: _with_twin(place, twins) for node, place in found.items()} if twins else found


def _wrapped(trace: Trace, told: Mapping[Node, Telling]) -> Collection[Node]:
    """The agents that another one only wraps: the first thing in it is that one, and it is told nothing else.

    No model can have written then what the inner one is told, and nothing has been read: they are one run. Any other
    agent inside of an agent has been called by it, or follows one that it works with.
    """

    def step(node: Node, above: Node | None) -> Node | None:
        return node if node in told else above

    teller: Mapping[Node, Node | None] = trace.inherit(step)
    first: dict[Node, Node] = {}
    for node in told:
        if node.parent and (above := teller[node.parent]):
            first.setdefault(above, node)

    def asked(agent: Node) -> set[str]:
        """What an agent is told under the user's name, by its own span or the first in it."""
        inside: Node | None = agent
        while inside and not told[inside].given.items and inside in first:
            inside = first[inside]
        return _asked(told[inside]) if inside else set()

    return {
        inner
        for outer, inner in first.items()
        if told[outer].operation is Operation.AGENT is told[inner].operation
        and (not (stated := _asked(told[outer])) or asked(inner) <= stated)
    }


def _asked(telling: Telling) -> set[str]:
    """What a span tells under the user's name."""
    return {part.text.strip() for part in telling.given.items if part.role is Role.USER and part.form is Form.TEXT}


def _with_twin(place: Place, twins: Mapping[Node, Node]) -> Place:
    twin = twins.get(place.call) if place.call else None
    return place._replace(call=twin) if twin else place


class _Layers:
    """Tells which tool spans are the same call.

    One under another is where it is a lower layer of it, as MCP's client and server are, or a framework's span under
    our guard's. Of spans of one layer under the same parent each is a call: it was tried again. Beside one another two
    are the same call where different instrumentations tell of the same id, or of the same arguments at the same time.
    """

    def __init__(self, told: Mapping[Node, Telling]) -> None:
        self._told = dict(told)
        self._arguments: dict[Node, str] = {}
        self._taken: set[tuple[Node, str, str, int]] = set()

    def same_call(self, outer: Node, inner: Node) -> bool:
        """Whether nothing that is known of both differs, and no span like the inner one was the same call."""
        above, below = self._told[outer], self._told[inner]
        if above.tool != below.tool or (above.call_id and below.call_id and above.call_id != below.call_id):
            return False
        stated = [self._stated(node) for node in (outer, inner)]
        if _NOTHING not in stated and stated[0] != stated[1]:
            return False
        layer = (inner.parent or inner, *self._layer(inner), inner.span.kind)
        if layer in self._taken:
            return False
        self._taken.add(layer)
        if above.arguments is None or not above.call_id:  # what comes next is compared with all that is known
            arguments = below.arguments if above.arguments is None else above.arguments
            self._told[outer] = above._replace(arguments=arguments, call_id=above.call_id or below.call_id)
            self._arguments.pop(outer, None)
        return True

    def twins(self, found: Mapping[Node, Place]) -> Mapping[Node, Node]:
        """The calls that another instrumentation tells too, and whose span of it began first."""
        calls = [node for node, place in found.items() if place.call is node and self._is_tool(node)]
        if len({self._layer(node) for node in calls}) < 2:
            return {}
        twins: dict[Node, Node] = {}
        latest: dict[tuple[Node | None, str, str], dict[tuple[str, str], Node]] = defaultdict(dict)
        for node in sorted(calls, key=lambda node: node.span.start):
            run, layer = found[node].run, self._layer(node)
            alike = [latest[run, self._told[node].tool, of] for of in self._names(node)]
            twin = next(
                (one for others in alike for of, one in others.items() if of != layer and self._meet(one, node)), None
            )
            if twin is None:
                for others in alike:
                    others.pop(layer, None)
                    others[layer] = node
                    if len(others) > LAYERS:
                        others.pop(next(iter(others)))
                continue
            twins[node] = twin
            for of in self._names(twin):  # what comes next is another call
                latest[run, self._told[node].tool, of].pop(self._layer(twin), None)
        return twins

    def _names(self, node: Node) -> Iterator[str]:
        """What two tellings of one call may have in common, the surest first."""
        if call_id := self._told[node].call_id:
            yield f"id {call_id}"
        if (stated := self._stated(node)) != _NOTHING:
            yield stated

    def _meet(self, first: Node, second: Node) -> bool:
        """Whether two that have a name in common may be one: by id, else by lying within one another.

        Where arguments or results differ in more than that one tells less, both are told: nobody hides what a call
        did behind another with its id.
        """
        one, other = self._told[first], self._told[second]
        if not one.call_id or not other.call_id:
            return _within(second, first)
        results = sorted((one.result or "", other.result or ""), key=len)
        same = one.call_id == other.call_id and _agree(one.arguments, other.arguments)
        return same and results[0] in results[1]

    def _is_tool(self, node: Node) -> bool:
        return self._told[node].operation is Operation.TOOL

    def _layer(self, node: Node) -> tuple[str, str]:
        return self._told[node].dialect, node.span.origin.scope_name

    def _stated(self, node: Node) -> str:
        if node not in self._arguments:
            self._arguments[node] = canonical(self._told[node].arguments)
        return self._arguments[node]


def _agree(first: Mapping[str, JsonValue] | None, second: Mapping[str, JsonValue] | None) -> bool:
    """Whether one tells nothing of a call's arguments that the other does not."""
    return not first or not second or first.items() <= second.items() or second.items() <= first.items()


def _within(inner: Node, outer: Node) -> bool:
    return outer.span.start <= inner.span.start and inner.span.end <= outer.span.end
