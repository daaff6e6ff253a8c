"""Tool calls, which a trace tells of up to three times: by a span, in what the model said, in what it was told next."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sentric.events import Action, JsonValue, Outcome, Reasoning
from sentric_analyzer.dialects.parts import Part, key_of_call
from sentric_analyzer.dialects.values import UNNAMED

REACH = 16
"""Calls of one tool among which a span is looked for: more of them open at once are told apart by id only."""

REASONING_LIMIT = 16_384
"""Longest reasoning kept beside each of the calls it led to, in characters: as long as our own spans keep."""


@dataclass(slots=True, eq=False)
class Call:
    """A tool call while what is known of it is gathered.

    Attributes:
        arguments: None while nothing was captured.
        result: None while nothing was captured.
        spanned: a span tells of it, which says when it began and ended.
        matched: the model's own words for it were found.
        ended: its end has taken its place among the events.
        told: its response was found in what the model was told.
        event_id: of its action, once that has a sequence number.
    """

    span_id: str
    ordinal: int
    time: int
    tool: str
    server: str = ""
    call_id: str = ""
    arguments: dict[str, JsonValue] | None = None
    cut: bool = False
    reasoning_cut: bool = False
    url: str = ""
    reasoning: str = ""
    result: str | None = None
    error: str = ""
    end_span_id: str = ""
    end_ordinal: int = 1
    end_time: int = 0
    spanned: bool = False
    matched: bool = False
    ended: bool = False
    told: bool = False
    event_id: str = ""

    def learn(self, part: Part, reasoning: str) -> None:
        """Add what the model's own words tell of the call."""
        self.matched = True
        self.call_id = self.call_id or part.call_id
        self.explain(reasoning)
        if self.arguments is None or _is_named_by(self.arguments, part.arguments):
            self.arguments, self.cut = part.arguments, self.cut or part.cut

    def explain(self, reasoning: str) -> None:
        """Add why the call was made, unless that is known."""
        if not self.reasoning:
            self.reasoning = reasoning[:REASONING_LIMIT]
            self.reasoning_cut = len(reasoning) > REASONING_LIMIT

    def action(self, sequence: int) -> Action:
        """The call as an event."""
        action = Action(
            sequence=sequence,
            time=self.time,
            span_id=self.span_id,
            ordinal=self.ordinal,
            tool=self.tool,
            server=self.server,
            call_id=self.call_id,
            arguments=self.arguments or {},
            url=self.url,
            reasoning=Reasoning(thinking=self.reasoning),
            truncated=self.cut,
            uncaptured=self.arguments is None,
        )
        self.event_id = action.event_id
        return action

    def outcome(self, sequence: int) -> Outcome:
        """Its end as an event, after `action`."""
        return Outcome(
            sequence=sequence,
            time=self.end_time,
            span_id=self.end_span_id,
            ordinal=self.end_ordinal,
            action_id=self.event_id,
            result=self.result or "",
            error=self.error,
            duration=max(self.end_time - self.time, 0) if self.spanned else 0,
            uncaptured=self.resultless,
        )

    @property
    def place(self) -> str:
        """Whose words its result is."""
        return self.url or "/".join(filter(None, (self.server, self.tool)))

    @property
    def resultless(self) -> bool:
        """Whether nothing was captured of what came back: an error is what came back, too."""
        return self.result is None and not self.error

    @property
    def blind(self) -> bool:
        """Whether neither arguments nor result were captured."""
        return self.arguments is None and self.result is None


def _is_named_by(stated: Mapping[str, JsonValue], other: Mapping[str, JsonValue] | None) -> bool:
    """Whether the one argument that has no name has one there."""
    return other is not None and len(other) == 1 and [*stated] == [UNNAMED] and [*other.values()] == [*stated.values()]


class Spanned:
    """Calls that have a span, until the model's own words for each are found."""

    def __init__(self) -> None:
        self._by_id: dict[str, deque[Call]] = defaultdict(deque)
        self._by_arguments: dict[tuple[str, ...], deque[Call]] = defaultdict(deque)
        self._by_tool: dict[str, deque[Call]] = defaultdict(deque)

    def add(self, call: Call) -> None:
        """Add a call; calls are added in the order of their start."""
        if call.call_id:
            self._by_id[call.call_id].append(call)
        self._by_arguments[key_of_call(call.tool, call.arguments)].append(call)
        self._by_tool[call.tool].append(call)

    def claim(self, part: Part, since: int, until: int) -> Call | None:
        """The span of a call the model made: by id, else by tool and arguments, else by tool, in their order.

        Args:
            part: the call.
            since: when the model was asked.
            until: when it was asked again; only an id reaches further.
        """
        for call in _waiting(self._by_id.get(part.call_id)):
            if call.time >= since:
                return call
        for queue in (self._by_arguments.get(part.key), self._by_tool.get(part.name)):
            for call in _waiting(queue):
                if since <= call.time < until and not (call.call_id and part.call_id):
                    return call
        return None


def _waiting(queue: deque[Call] | None) -> Iterator[Call]:
    if not queue:
        return
    while queue and queue[0].matched:
        queue.popleft()
    yield from (call for call in islice(queue, REACH) if not call.matched)
