"""Where each span belongs: to which run, to whose dialogue, and which spans are one tool call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from sentric import semconv
from sentric_analyzer.dialects.trace import Node, Trace
from sentric_analyzer.dialects.values import attribute, canonical, parsed, text_of
from sentric_analyzer.spans import Span


class Operation(Enum):
    """What a span tells of."""

    AGENT = auto()
    MODEL = auto()
    TOOL = auto()


_OPERATIONS = {
    semconv.OPERATION_INVOKE_AGENT: Operation.AGENT,
    semconv.OPERATION_CHAT: Operation.MODEL,
    "generate_content": Operation.MODEL,
    "text_completion": Operation.MODEL,
    semconv.OPERATION_EXECUTE_TOOL: Operation.TOOL,
}
_TOOLS_CALL = "tools/call"
"""The MCP method whose spans, one at the client and one at the server, tell of a tool call."""
_NOTHING = canonical(None)


def operation(span: Span) -> Operation | None:
    """What a span tells of; None where it is no business of this dialect."""
    found = span.attributes.get(semconv.GEN_AI_OPERATION_NAME)
    if isinstance(found, str) and found in _OPERATIONS:
        return _OPERATIONS[found]
    return Operation.TOOL if span.attributes.get(semconv.MCP_METHOD_NAME) == _TOOLS_CALL else None


def tool_name(span: Span) -> str:
    """The tool a span tells of: by its attribute, else by the span's name."""
    if stated := attribute(span, semconv.GEN_AI_TOOL_NAME):
        return stated
    name = text_of(span.name)
    for mark in (f"{_TOOLS_CALL} ", f"{semconv.OPERATION_EXECUTE_TOOL} "):
        if mark in name:
            return name.partition(mark)[2]
    return name


def captured(span: Span) -> tuple[object, object]:
    """Arguments and result of a tool span; None where they were not captured.

    OpenInference may copy the tool's *schema* into the attribute for arguments, so its own attributes go first;
    pydantic-ai had names of its own before it took those of the conventions.
    """
    found = span.attributes
    if found.get("openinference.span.kind") == "TOOL":
        return found.get("input.value"), found.get("output.value")
    return (
        found.get(semconv.GEN_AI_TOOL_CALL_ARGUMENTS, found.get("tool_arguments")),
        found.get(semconv.GEN_AI_TOOL_CALL_RESULT, found.get("tool_response")),
    )


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


def places(trace: Trace) -> Mapping[Node, Place]:
    """The place of every span of a trace."""
    layers = _Layers()

    def step(node: Node, above: Place | None) -> Place:
        above = above or Place(None, node.lost, node.lost)
        match operation(node.span):
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

    def __init__(self) -> None:
        self._arguments: dict[Node, str] = {}

    def same_call(self, outer: Node, inner: Node) -> bool:
        """Whether nothing that is known of both differs."""
        ids = [attribute(node.span, semconv.GEN_AI_TOOL_CALL_ID) for node in (outer, inner)]
        if tool_name(outer.span) != tool_name(inner.span) or (all(ids) and ids[0] != ids[1]):
            return False
        stated = [self._stated(node) for node in (outer, inner)]
        return _NOTHING in stated or stated[0] == stated[1]

    def _stated(self, node: Node) -> str:
        if node not in self._arguments:
            self._arguments[node] = canonical(parsed(captured(node.span)[0])[0])
        return self._arguments[node]
