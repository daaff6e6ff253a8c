"""One run's spans, read in the order in which they began and ended."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sentric.events import AnyEvent
from sentric_analyzer.dialects.reading.calls import Call
from sentric_analyzer.dialects.reading.definitions import Definitions
from sentric_analyzer.dialects.reading.dialogue import Dialogue, Record, Standing, Told
from sentric_analyzer.dialects.reading.place import Place
from sentric_analyzer.dialects.reading.voices import Voices
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.trace import Node
from sentric_analyzer.dialects.values import moment


@dataclass(slots=True)
class Seen:
    """How much of the messages was there to read.

    Attributes:
        spans: spans of a model or an agent.
        texts: those of them with messages.
        calls: those of a model.
        unread: those whose messages could not be read in full.
        media: those with files or images.
    """

    spans: int = 0
    texts: int = 0
    calls: int = 0
    unread: int = 0
    media: int = 0


class Reading:
    """Reads the spans of one run.

    Args:
        nodes: its spans of agents, models and tools, in reading order.
        told: what each tells.
        places: where each belongs.
        root: the agent whose run it is, where it is known.
        voices: what was said in earlier runs of the trace; None where another agent called this one, so that nobody
            in it speaks for the human.
        counted: spans that tell what was taken: an agent's tells what the calls of its models took together, and those
            of agents it called.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        told: Mapping[Node, Telling],
        places: Mapping[Node, Place],
        root: Node | None,
        voices: Voices | None,
        counted: Operation = Operation.MODEL,
    ) -> None:
        self.record = Record()
        self.seen = Seen()
        self._told, self._places = told, places
        self._calls: dict[Node, Call] = {}
        self._dialogues: dict[Node | str, Dialogue] = {}
        self._answers: dict[Node, Told] = {}
        self._definitions = Definitions()
        self._counted = counted
        self._human: Node | str | None = root
        self._voices = voices
        for node in nodes:
            self._prepare(node)
        for node, begins in _moments(node for node in nodes if places[node].call in (None, node)):
            if begins:
                self._begin(node)
            else:
                self._end(node)

    def events(self) -> tuple[AnyEvent, ...]:
        """The events in their order, numbered from 1."""
        return tuple(entry.event(sequence) for sequence, entry in enumerate(self.record.entries, 1))

    def _prepare(self, node: Node) -> None:
        """Set up the dialogues and the calls that have spans, before any text is read."""
        place, telling = self._places[node], self._told[node]
        if self._human is None and isinstance(place.speaker, str):
            self._human = place.speaker
        dialogue = self._dialogue(place.speaker)
        match telling.operation:
            case Operation.TOOL if place.call is node:
                call = self._calls[node] = _spanned(node, telling)
                self.record.calls.append(call)
                dialogue.spanned.add(call)
            case Operation.TOOL if place.call in self._calls:
                _complete(self._calls[place.call], _spanned(node, telling))
            case Operation.MODEL if place.call is node:
                dialogue.asked.append(moment(node.span.start))
            case _:
                pass

    def _dialogue(self, speaker: Node | str) -> Dialogue:
        if speaker not in self._dialogues:
            standing, name = Standing.AGENT, ""
            if speaker == self._human and self._voices:
                standing = Standing.ROOT
            elif isinstance(speaker, Node) and self._told[speaker].operation is Operation.TOOL:
                standing, name = Standing.TOOL, self._told[speaker].tool
            self._dialogues[speaker] = Dialogue(standing, name, self.record, self._voices or Voices())
        return self._dialogues[speaker]

    def _begin(self, node: Node) -> None:
        dialogue = self._dialogue(self._places[node].speaker)
        if call := self._calls.get(node):
            dialogue.begin(call)
            return
        span, telling = node.span, self._told[node]
        given, answer = telling.given, telling.answer
        self.seen.spans += 1
        self.seen.calls += telling.operation is Operation.MODEL
        self.seen.texts += bool(given.items or answer.items)
        for parts in (given, answer):
            self.seen.unread += not parts.readable
            self.seen.media += parts.media
        counted = telling.operation is self._counted
        self._answers[node] = Told(
            span.span_id,
            _end_of(node),
            answer.items,
            first=len(given.items),
            input_tokens=telling.input_tokens if counted else 0,
            output_tokens=telling.output_tokens if counted else 0,
        )
        dialogue.hear(Told(span.span_id, moment(span.start), given.items))
        self.record.entries.extend(self._definitions.fresh(node, telling.definitions, self._places[node].speaker))

    def _end(self, node: Node) -> None:
        dialogue = self._dialogue(self._places[node].speaker)
        if call := self._calls.get(node):
            dialogue.end(call)
            return
        answer, before = self._answers.pop(node), len(self.record.entries)
        if answer.parts:
            again = self._told[node].operation is Operation.AGENT
            dialogue.say(answer, asked=moment(node.span.start), again=again)
        dialogue.count(answer, since=before)


def _moments(nodes: Iterable[Node]) -> Iterator[tuple[Node, bool]]:
    """When spans begin (True) and end. Of one time ends come first, but none before its own beginning."""
    keyed: list[tuple[int, int, int, int, Node]] = []
    for index, node in enumerate(nodes):
        start, end = moment(node.span.start), _end_of(node)
        keyed.append((start, 1, node.depth, index, node))
        keyed.append((end, 0 if end > start else 2, -node.depth, index, node))
    keyed.sort()  # no two are equal before the node
    for _, rank, _, _, node in keyed:
        yield node, rank == 1


def _end_of(node: Node) -> int:
    return moment(max(node.span.start, node.span.end))


def _spanned(node: Node, telling: Telling) -> Call:
    span = node.span
    return Call(
        span_id=span.span_id,
        ordinal=0,
        time=moment(span.start),
        tool=telling.tool,
        server=telling.server,
        call_id=telling.call_id,
        arguments=telling.arguments,
        cut=telling.cut,
        url=telling.url,
        result=telling.result,
        error=telling.error,
        end_span_id=span.span_id,
        end_time=_end_of(node),
        spanned=True,
    )


def _complete(call: Call, other: Call) -> None:
    """Add what another span tells of the same call: a lower layer's, or one of another instrumentation."""
    if call.arguments is None or (other.arguments and call.arguments.items() < other.arguments.items()):
        call.arguments, call.cut = other.arguments, other.cut
    if call.result is None or (other.result and call.result in other.result):
        call.result = other.result
    call.server = call.server or other.server
    call.error = call.error or other.error
    call.url = call.url or other.url
