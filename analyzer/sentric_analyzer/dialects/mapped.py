"""A convention that an operator has written down: which attributes tell what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentric_analyzer.dialects.messages import instructions
from sentric_analyzer.dialects.parts import NOTHING, Parts, joined
from sentric_analyzer.dialects.source import Source, Values
from sentric_analyzer.dialects.telling import Operation, Telling
from sentric_analyzer.dialects.values import arguments_of, count_of, error_of, shown, text_of
from sentric_analyzer.dialects.wrapped import dialogue_within, result_within
from sentric_analyzer.spans import Span

_ANY = frozenset({"agent", "agent_id", "error"})
_OF_DIALOGUE = _ANY | {"model", "instructions", "given", "answer", "definitions", "input_tokens", "output_tokens"}
FIELDS: Mapping[Operation, frozenset[str]] = {
    Operation.AGENT: _OF_DIALOGUE,
    Operation.MODEL: _OF_DIALOGUE,
    Operation.TOOL: _ANY | {"tool", "server", "call_id", "arguments", "result", "url"},
}
"""What a mapping may say of each operation."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An attribute that a span must have.

    Attributes:
        values: it must have one of these; empty: any.
    """

    attribute: str
    values: tuple[str | int | float | bool, ...] = ()

    def holds(self, span: Span) -> bool:
        """Whether a span has it."""
        found = span.attributes.get(self.attribute)
        if not self.values:
            return found is not None
        return any(found == value and type(found) is type(value) for value in self.values)  # True is no 1


@dataclass(frozen=True, slots=True)
class Shape:
    """The spans that tell of one operation.

    Attributes:
        when: all must hold; the first names the attribute that marks such spans.
        fields: where each field is found; of several sources the first that is there counts.
    """

    operation: Operation
    when: Sequence[Condition]
    fields: Mapping[str, Sequence[Source]]


class Mapped:
    """A convention of an operator's own.

    Args:
        name: goes into `Run.dialect`.
        shapes: of several that a span has, the first counts.
        scope: of the spans, itself or what it begins with before a dot; empty: any.
        conversation: where a span says which conversation it belongs to.
    """

    def __init__(
        self, name: str, shapes: Sequence[Shape], *, scope: str = "", conversation: Sequence[Source] = ()
    ) -> None:
        self.name = name
        self.marks = tuple(dict.fromkeys(shape.when[0].attribute for shape in shapes))
        self.sessions = tuple(source.attribute for source in conversation if not source.steps)
        self._shapes = shapes
        self._scope = scope
        self._conversation = conversation

    def recognises(self, span: Span) -> bool:
        """Whether the span has one of the shapes."""
        return self._shape(span) is not None

    def tell(self, span: Span) -> Telling | None:
        """What a span tells of an agent, a model's answer or a tool call."""
        if (shape := self._shape(span)) is None:
            return None
        found = _Fields({**shape.fields, "conversation": self._conversation}, Values(span.attributes))
        told = Telling(
            dialect=self.name,
            operation=shape.operation,
            agent=found.text("agent") or (text_of(span.name) if shape.operation is Operation.AGENT else ""),
            agent_id=found.text("agent_id"),
            conversation=found.text("conversation"),
            error=found.text("error") or error_of(span),
        )
        return _with_call(told, found, span) if shape.operation is Operation.TOOL else _with_dialogue(told, found)

    def _shape(self, span: Span) -> Shape | None:
        scope = span.origin.scope_name
        if self._scope and scope != self._scope and not scope.startswith(f"{self._scope}."):
            return None
        return next((one for one in self._shapes if all(condition.holds(span) for condition in one.when)), None)


@dataclass(frozen=True, slots=True)
class _Fields:
    sources: Mapping[str, Sequence[Source]]
    values: Values

    def value(self, field: str) -> Any:
        """The first of a field's values that is there."""
        found = map(self.values.at, self.sources.get(field, ()))
        return next((value for value in found if value not in (None, "")), None)

    def text(self, field: str) -> str:
        return shown(self.value(field))


def _with_call(told: Telling, found: _Fields, span: Span) -> Telling:
    arguments, cut = arguments_of(found.value("arguments"))
    return told._replace(
        tool=found.text("tool") or text_of(span.name),
        server=found.text("server"),
        call_id=found.text("call_id"),
        arguments=arguments,
        cut=cut,
        result=result_within(found.value("result")),
        url=found.text("url"),
    )


def _with_dialogue(told: Telling, found: _Fields) -> Telling:
    offered = found.value("definitions")
    return told._replace(
        model=found.text("model"),
        given=joined(
            (
                _read(found.value("instructions"), instructions),
                _read(found.value("given"), lambda value: dialogue_within(value, "user")),
            )
        ),
        answer=_read(found.value("answer"), lambda value: dialogue_within(value, "assistant")),
        definitions=() if offered is None else (offered,),
        input_tokens=count_of(found.value("input_tokens")),
        output_tokens=count_of(found.value("output_tokens")),
    )


def _read(value: Any, read: Callable[[Any], Parts]) -> Parts:
    """The messages in a value; where there is something and no message in it, that is said."""
    if value in (None, [], {}):
        return NOTHING
    parts = read(value)
    return parts if parts.items or parts.media else Parts(readable=False)
