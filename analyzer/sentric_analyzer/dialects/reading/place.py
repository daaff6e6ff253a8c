"""Where each span belongs: to which run, to whose dialogue, and which spans are one tool call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.trace import Node, Trace
from sentric_analyzer.dialects.values import canonical

_NOTHING = canonical(None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a span belongs.

    Attributes:
        run: the topmost agent above it, or itself.
        speaker: whose dialogue it is part of: the nearest agent or tool, else the id of the parent that is
            missing at the top.
        inside: whose dialogue the spans below it are part of.
        call: of a tool span, the outermost span of the same call.
    """

    run: Node | None
    speaker: Node | str
    inside: Node | str
    call: Node | None = None


def places(trace: Trace, told: Mapping[Node, Telling]) -> Mapping[Node, Place]:
    """The place of every span of a trace, of which some tell something."""
    layers = _Layers(told)

    def step(node: Node, above: Place | None) -> Place:
        above = above or Place(None, node.lost, node.lost)
        match told[node].operation if node in told else None:
            case Operation.AGENT:
                return Place(above.run or node, node, node)
            case Operation.MODEL:
                return Place(above.run, above.inside, above.inside)
            case Operation.TOOL if above.call and layers.same_call(above.call, node):
                return above
            case Operation.TOOL:
                return Place(above.run, above.inside, node, node)
            case None:
                return replace(above, speaker=above.inside)

    return trace.inherit(step)


class _Layers:
    """Tells whether a tool span under another is the same call at a lower layer, as MCP's client and server are."""

    def __init__(self, told: Mapping[Node, Telling]) -> None:
        self._told = told
        self._arguments: dict[Node, str] = {}

    def same_call(self, outer: Node, inner: Node) -> bool:
        """Whether nothing that is known of both differs."""
        above, below = self._told[outer], self._told[inner]
        if above.tool != below.tool or (above.call_id and below.call_id and above.call_id != below.call_id):
            return False
        stated = [self._stated(node) for node in (outer, inner)]
        return _NOTHING in stated or stated[0] == stated[1]

    def _stated(self, node: Node) -> str:
        if node not in self._arguments:
            self._arguments[node] = canonical(self._told[node].arguments)
        return self._arguments[node]
