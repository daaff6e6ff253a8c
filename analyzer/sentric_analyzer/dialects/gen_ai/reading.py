"""One run's spans, read in the order in which they began and ended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sentric import semconv
from sentric.events import AnyEvent
from sentric_analyzer.dialects.gen_ai.calls import Call
from sentric_analyzer.dialects.gen_ai.definitions import Definitions
from sentric_analyzer.dialects.gen_ai.dialogue import Begun, Dialogue, Ended, Record, Standing, Told
from sentric_analyzer.dialects.gen_ai.messages import Part, Parts, instructions, messages
from sentric_analyzer.dialects.gen_ai.place import Operation, Place, captured, operation, tool_name
from sentric_analyzer.dialects.trace import Node
from sentric_analyzer.dialects.values import arguments_of, attribute, count_of, error_of, moment, shown, text_of

_SERVER = 2
"""SPAN_KIND_SERVER of opentelemetry-proto."""


@dataclass(slots=True)
class Seen:
    """How much of the messages was there to read.

    Attributes:
        spans: spans of a model or an agent.
        texts: those of them with messages.
        unread: those whose messages could not be read in full.
        media: those with files or images.
    """

    spans: int = 0
    texts: int = 0
    unread: int = 0
    media: int = 0


class Reading:
    """Reads the spans of one run.

    Args:
        nodes: its spans of agents, models and tools, in reading order.
        places: where each belongs.
        root: the agent the human speaks to, where it is known. Where it was told nothing itself and an agent inside
            of it begins before a model was asked, no model can have written what that one is told: the root only
            wraps it, and the dialogue is the same.
    """

    def __init__(self, nodes: Sequence[Node], places: Mapping[Node, Place], root: Node | None) -> None:
        self.record = Record()
        self.seen = Seen()
        self._places = places
        self._calls: dict[Node, Call] = {}
        self._dialogues: dict[Node | str, Dialogue] = {}
        self._answers: dict[Node, Told] = {}
        self._definitions = Definitions()
        # An agent's span tells what the calls of its models took together.
        self._counted = (
            Operation.MODEL if any(operation(node.span) is Operation.MODEL for node in nodes) else Operation.AGENT
        )
        self._human: Node | str | None = root
        self._wrapper = root if root and semconv.GEN_AI_INPUT_MESSAGES not in root.span.attributes else None
        for node in nodes:
            self._prepare(node)
        for node, begins in _moments(node for node in nodes if places[node].call in (None, node)):
            if begins:
                self._begin(node)
            else:
                self._end(node)

    def events(self) -> tuple[AnyEvent, ...]:
        """The events in their order, numbered from 1."""
        return tuple(self._numbered())

    def _numbered(self) -> Iterator[AnyEvent]:
        for sequence, entry in enumerate(self.record.entries, 1):
            match entry:
                case Begun(call):
                    yield call.action(sequence)
                case Ended(call):
                    yield call.outcome(sequence)
                case _:
                    yield replace(entry, sequence=sequence)

    def _prepare(self, node: Node) -> None:
        """Set up the dialogues and the calls that have spans, before any text is read."""
        place = self._places[node]
        if self._human is None and isinstance(place.speaker, str):
            self._human = place.speaker
        if self._wrapper and operation(node.span) is Operation.AGENT:
            self._dialogues[node] = self._dialogue(self._wrapper)
        dialogue = self._dialogue(place.speaker)
        match operation(node.span):
            case Operation.TOOL if place.call is node:
                call = self._calls[node] = _spanned(node)
                self.record.calls.append(call)
                dialogue.spanned.add(call)
            case Operation.TOOL if place.call in self._calls:
                _complete(self._calls[place.call], node)
            case Operation.MODEL:
                dialogue.asked.append(moment(node.span.start))
            case _:
                return
        self._wrapper = None

    def _dialogue(self, speaker: Node | str) -> Dialogue:
        if speaker not in self._dialogues:
            standing, name = Standing.AGENT, ""
            if speaker == self._human:
                standing = Standing.ROOT
            elif isinstance(speaker, Node) and operation(speaker.span) is Operation.TOOL:
                standing, name = Standing.TOOL, tool_name(speaker.span)
            self._dialogues[speaker] = Dialogue(standing, name, self.record)
        return self._dialogues[speaker]

    def _begin(self, node: Node) -> None:
        dialogue = self._dialogue(self._places[node].speaker)
        if call := self._calls.get(node):
            dialogue.begin(call)
            return
        span = node.span
        given = (
            *self._parts(instructions(span.attributes.get(semconv.GEN_AI_SYSTEM_INSTRUCTIONS))),
            *self._parts(messages(span.attributes.get(semconv.GEN_AI_INPUT_MESSAGES))),
        )
        answer = self._parts(messages(span.attributes.get(semconv.GEN_AI_OUTPUT_MESSAGES)))
        self.seen.spans += 1
        self.seen.texts += bool(given or answer)
        read, written = self._usage(node)
        self._answers[node] = Told(
            span.span_id, _end_of(node), answer, first=len(given), input_tokens=read, output_tokens=written
        )
        dialogue.hear(Told(span.span_id, moment(span.start), given))
        self.record.entries.extend(self._definitions.fresh(span, self._places[node].speaker))

    def _end(self, node: Node) -> None:
        dialogue = self._dialogue(self._places[node].speaker)
        if call := self._calls.get(node):
            dialogue.end(call)
            return
        answer, before = self._answers.pop(node), len(self.record.entries)
        if answer.parts:
            again = operation(node.span) is Operation.AGENT
            dialogue.say(answer, asked=moment(node.span.start), again=again)
        dialogue.count(answer, since=before)

    def _usage(self, node: Node) -> tuple[int, int]:
        """Tokens that a model's call read and wrote."""
        if operation(node.span) is not self._counted:
            return 0, 0
        found = node.span.attributes
        return (
            count_of(found.get(semconv.GEN_AI_USAGE_INPUT_TOKENS, found.get("gen_ai.usage.prompt_tokens"))),
            count_of(found.get(semconv.GEN_AI_USAGE_OUTPUT_TOKENS, found.get("gen_ai.usage.completion_tokens"))),
        )

    def _parts(self, parts: Parts) -> Sequence[Part]:
        self.seen.unread += not parts.readable
        self.seen.media += parts.media
        return parts.items


def _moments(nodes: Iterable[Node]) -> Iterator[tuple[Node, bool]]:
    """When spans begin (True) and end. Of one time ends come first, but none before its own beginning."""
    keyed: list[tuple[int, int, int, int, Node]] = []
    for index, node in enumerate(nodes):
        start, end = moment(node.span.start), _end_of(node)
        keyed.append((start, 1, node.depth, index, node))
        keyed.append((end, 0 if end > start else 2, -node.depth, index, node))
    keyed.sort(key=lambda key: key[:4])
    for _, rank, _, _, node in keyed:
        yield node, rank == 1


def _end_of(node: Node) -> int:
    return moment(max(node.span.start, node.span.end))


def _spanned(node: Node) -> Call:
    span = node.span
    stated, result = captured(span)
    arguments, cut = arguments_of(stated)
    return Call(
        span_id=span.span_id,
        ordinal=0,
        time=moment(span.start),
        tool=tool_name(span),
        server=_server(node),
        call_id=attribute(span, semconv.GEN_AI_TOOL_CALL_ID),
        arguments=arguments,
        cut=cut,
        url=attribute(span, semconv.URL_FULL),
        result=None if result is None else shown(result),
        error=error_of(span),
        end_span_id=span.span_id,
        end_time=_end_of(node),
        spanned=True,
    )


def _complete(call: Call, inner: Node) -> None:
    """Add what a lower layer's span tells of the same call."""
    other = _spanned(inner)
    if call.arguments is None:
        call.arguments, call.cut = other.arguments, other.cut
    if call.result is None:
        call.result = other.result
    call.server = call.server or other.server
    call.error = call.error or other.error
    call.url = call.url or other.url


def _server(node: Node) -> str:
    """The MCP server a call went to, which names itself as the service of its own span."""
    if node.span.kind != _SERVER or semconv.MCP_METHOD_NAME not in node.span.attributes:
        return ""
    return text_of(node.span.origin.resource.get(semconv.SERVICE_NAME))
