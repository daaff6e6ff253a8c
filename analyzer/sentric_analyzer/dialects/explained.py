"""Which dialect reads which span, and what in it nobody reads.

No list says what a dialect reads: it is watched while it does.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from sentric_analyzer.dialects import OWN, Dialects, beyond
from sentric_analyzer.dialects.records import with_records
from sentric_analyzer.dialects.telling import Operation
from sentric_analyzer.dialects.trace import Node, Trace
from sentric_analyzer.spans import Attributes, Span

_AGENTS_WORD = re.compile(
    r"(?<![A-Za-z])(?<!user[_.\- ])(?:agents?|llms?|prompts?|completions?|tools?|gen_?ai|openai|anthropic)(?![a-z])",
    re.IGNORECASE,
)
"""Words in the names of what tells of agents; the `user_agent` of HTTP is none."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"(?<=\.)[0-9]+(?=\.|$)")


class ReadAs(StrEnum):
    """What a span is read as."""

    AGENT = "agent"
    MODEL = "model"
    TOOL = "tool"
    OWN = "own"
    """One of Sentric's own, which hold the events themselves."""
    INSIDE = "inside"
    """Inside a run of Sentric's own, where it tells the same again: nobody is asked."""
    AROUND = "around"
    """Known, but it only stands around others."""
    NOBODY = "nobody"


_OPERATIONS = {Operation.AGENT: ReadAs.AGENT, Operation.MODEL: ReadAs.MODEL, Operation.TOOL: ReadAs.TOOL}


@dataclass(frozen=True, slots=True)
class Explained:
    """How a span is read. Of what it holds there are only names, and no values.

    Attributes:
        scope: the instrumentation scope's name.
        dialect: that reads it; "" where none does.
        read: the attributes that were asked for and found, in the order of the span; whatever came of them.
        unread: the others.
        events_read: the names of events in which something was.
        events_unread: those of the others.
    """

    trace_id: str
    span_id: str
    name: str
    scope: str
    dialect: str
    read_as: ReadAs
    read: Sequence[str]
    unread: Sequence[str]
    events_read: Sequence[str]
    events_unread: Sequence[str]

    def named(self, name: Callable[[str], str]) -> Self:
        """The same with other names, for instance without secrets."""
        several = ("read", "unread", "events_read", "events_unread")
        renamed: dict[str, Any] = {of: list(map(name, getattr(self, of))) for of in several}
        return replace(self, name=name(self.name), scope=name(self.scope), **renamed)


@dataclass(slots=True)
class Group:
    """Spans of one emitter that are read alike. Names are counted by the spans that have them.

    Attributes:
        scope: the instrumentation scope's name.
        names: of the spans.
        read: attributes that were read; numbers in them, as of lists that were flattened, are `N`.
        unread: those that were not.
        events_read: names of events in which something was read.
        events_unread: those of the others.
    """

    scope: str
    dialect: str
    read_as: ReadAs
    spans: int = 0
    names: Counter[str] = field(default_factory=Counter[str])
    read: Counter[str] = field(default_factory=Counter[str])
    unread: Counter[str] = field(default_factory=Counter[str])
    events_read: Counter[str] = field(default_factory=Counter[str])
    events_unread: Counter[str] = field(default_factory=Counter[str])

    @property
    def looks_like_an_agent(self) -> bool:
        """Nobody reads it, though by its names it may tell of agents."""
        names = (self.scope, *self.names, *self.unread, *self.events_unread)
        return self.read_as is ReadAs.NOBODY and any(_AGENTS_WORD.search(_HUMP.sub("_", name)) for name in names)

    def add(self, one: Explained) -> None:
        """Count a span."""
        self.spans += 1
        self.names[one.name] += 1
        self.read.update({_NUMBER.sub("N", name) for name in one.read})
        self.unread.update({_NUMBER.sub("N", name) for name in one.unread})
        self.events_read.update(one.events_read)
        self.events_unread.update(one.events_unread)


def explain(spans: Sequence[Span], dialects: Dialects) -> Iterator[Explained]:
    """How each span of a trace is read, in reading order.

    Args:
        spans: of one trace, in any order.
        dialects: that may know them.
    """
    trace = Trace(with_records(spans))
    own = {node: _watched(node) for node in trace.nodes if OWN.recognises(node.span)}
    OWN.read([node for node in own.values() if OWN.recognises(node.span)], project="")
    asked = set(beyond(trace, list(own)))
    for node in trace.nodes:
        if node in own:
            yield _explained(node, own[node], OWN.name, ReadAs.OWN)
        elif node in asked:
            yield _asked(node, dialects)
        else:
            yield _explained(node, node, "", ReadAs.INSIDE)


def grouped(explained: Iterable[Explained]) -> list[Group]:
    """Spans that are read alike together, by scope."""
    groups: dict[tuple[str, str, ReadAs], Group] = {}
    for one in explained:
        key = (one.scope, one.dialect, one.read_as)
        groups.setdefault(key, Group(*key)).add(one)
    return [groups[key] for key in sorted(groups)]


def _asked(node: Node, dialects: Dialects) -> Explained:
    if not (dialect := dialects.recognising(node.span)):
        return _explained(node, node, "", ReadAs.NOBODY)
    watched = _watched(node)
    dialect.recognises(watched.span)
    told = dialect.tell(watched.span)
    return _explained(node, watched, dialect.name, _OPERATIONS[told.operation] if told else ReadAs.AROUND)


class _Watched(Mapping[str, Any]):
    """Attributes that know which of them were asked for."""

    def __init__(self, held: Attributes) -> None:
        self._held = held
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = self._held[name]
        self.read.add(name)
        return value

    def __contains__(self, name: object) -> bool:
        if name in self._held:
            self.read.add(str(name))
            return True
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def _watched(node: Node) -> Node:
    span = node.span
    events = tuple(event._replace(attributes=_Watched(event.attributes)) for event in span.events)
    return replace(node, span=replace(span, attributes=_Watched(span.attributes), events=events))


def _explained(node: Node, watched: Node, dialect: str, read_as: ReadAs) -> Explained:
    span = node.span
    read = _read_of(watched.span.attributes)
    events_read = {event.name for event in watched.span.events if _read_of(event.attributes)}
    return Explained(
        span.trace_id,
        span.span_id,
        span.name,
        span.origin.scope_name,
        dialect,
        read_as,
        [name for name in span.attributes if name in read],
        [name for name in span.attributes if name not in read],
        sorted(events_read),
        sorted({event.name for event in span.events} - events_read),
    )


def _read_of(attributes: Attributes) -> Set[str]:
    return attributes.read if isinstance(attributes, _Watched) else frozenset()
