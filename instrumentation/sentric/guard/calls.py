"""What an agent does in a run, as frameworks tell of it, and a model call, open while the agent's own code runs inside.

The agent's errors pass through unchanged and are noted; ours are held back at the boundary.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, cast

from opentelemetry.trace import Span, SpanKind, format_span_id

from sentric import semconv
from sentric.events import Author, Element, Message, Reasoning, Source
from sentric.guard.boundary import shielded
from sentric.guard.bounded import copied
from sentric.guard.place import Call, Place, Stay, here
from sentric.tracing.attributes import ANSWER, Attributes

if TYPE_CHECKING:
    from sentric.guard.live_run import LiveRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A text that a model is shown, as it is: not yet redacted."""

    source: Source
    origin: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A tool that a model is offered, as it is: not yet redacted."""

    origin: str
    """Its name, with the server's before it where it has one: `server/tool`."""
    definition: str
    """JSON of its name, description and schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A model call that is about to be made."""

    model: str
    provider: str = ""
    purpose: str = ""
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An action that is about to be done, as it is: not yet redacted."""

    tool: str
    arguments: Mapping[str, object]
    server: str = ""
    call_id: str = ""
    url: str = ""
    element: Element | None = None
    reasoning: Reasoning = field(default_factory=Reasoning)
    secret: str = ""
    """Kind of secret that the action types into a field for one: its texts are redacted whatever they look like."""
    stand_ins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Placeholders in the arguments that the framework fills in later, each with its secret."""
    context: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def call(self) -> Call:
        """The same call, to know it again in another layer."""
        return Call(self.tool, self.arguments, self.server)

    def copied(self) -> "Wanted":
        """The same, with arguments of its own: whoever has those that were given may change them meanwhile."""
        return replace(self, arguments=cast("Mapping[str, object]", copied(self.arguments)))

    def is_same(self, other: "Wanted") -> bool:
        """Whether the other is the very same action: of one that a person has approved, nothing may be different."""
        mine, theirs = ((one.server, one.url, one.element, one.secret) for one in (self, other))
        return mine == theirs and self.call.digest == other.call.digest


@shielded("")
def said(error: BaseException) -> str:
    """What an error says. One that fails to say it must not become another error on its way to the agent."""
    return str(error)


def _count(tokens: object) -> int:
    """A number of tokens, whatever a framework gives for one."""
    return tokens if type(tokens) is int and tokens > 0 else 0


class UnderWay:
    """An open span that the agent's own code runs inside of."""

    def __init__(self, run: "LiveRun") -> None:
        self._run = run
        self._span: Span | None = None
        self._stay: Stay | None = None

    def _enter(self, span: Span, place: Place) -> None:
        self._span = span
        self._stay = Stay(place, span)

    @property
    def _span_id(self) -> str:
        return "" if self._span is None else format_span_id(self._span.get_span_context().span_id)

    @shielded(None)
    def _leave(self) -> None:
        if self._stay is not None:
            self._stay.leave()

    @shielded(None)
    def _end(self) -> None:
        if self._span is not None:
            self._span.end()
            self._span = None


class ModelCall(UnderWay):
    """A model is asked. One inside another, of a second layer that wraps the same call, does nothing."""

    def __init__(self, run: "LiveRun", asked: Asked) -> None:
        super().__init__(run)
        self._asked = asked
        self._tokens = (0, 0)

    def __enter__(self) -> "ModelCall":
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._failed(error)
        else:
            self._answered()
        self._leave()
        self._end()

    @shielded(None)
    def used(self, input_tokens: int, output_tokens: int) -> None:
        """Note what the call took."""
        self._tokens = (_count(input_tokens), _count(output_tokens))
        if self._span is not None:
            self._span.set_attribute(semconv.GEN_AI_USAGE_INPUT_TOKENS, input_tokens)
            self._span.set_attribute(semconv.GEN_AI_USAGE_OUTPUT_TOKENS, output_tokens)

    @shielded(None)
    def _open(self) -> None:
        place = here()
        if place is not None and place.asking:
            return
        asked, run = self._asked, self._run
        found: Attributes = {
            semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_CHAT,
            semconv.GEN_AI_REQUEST_MODEL: run.intake.name(asked.model),
        }
        if asked.provider:
            found[semconv.GEN_AI_PROVIDER_NAME] = run.intake.name(asked.provider)
        if asked.purpose:
            found[semconv.SENTRIC_PURPOSE] = asked.purpose
        span = run.start_span(f"{semconv.OPERATION_CHAT} {run.intake.name(asked.model)}", SpanKind.CLIENT, found)
        self._enter(span, Place(run, place.calls if place else (), asking=True))
        self._show(span)

    @shielded(None)
    def _show(self, span: Span) -> None:
        run = self._run
        run.mark_cut(span, run.heard.carry(span, self._asked.seen))

    @shielded(None)
    def _answered(self) -> None:
        """The answer is an event of its own, for what it took; its words are the reasoning of the actions it led to."""
        if self._span is None:
            return
        run, (read, written) = self._run, self._tokens
        answer, verdict = run.judge(
            partial(
                Message,
                time=run.clock(),
                span_id=self._span_id,
                ordinal=ANSWER,
                author=Author.MODEL,
                text="",
                input_tokens=read,
                output_tokens=written,
            )
        )
        self._span.set_attribute(semconv.SENTRIC_SEQUENCE, answer.sequence)
        run.report(verdict, self._span, {semconv.SENTRIC_SEQUENCE: answer.sequence})

    @shielded(None)
    def _failed(self, error: BaseException) -> None:
        if self._span is not None:
            self._run.fail(self._span, type(error).__qualname__, said(error))
