"""What an agent does in a run: a model call, an action. Each is open while the agent's own code runs inside it.

The agent's errors pass through unchanged and are noted; ours are held back at the boundary. An action's verdict is
known before the tool is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from opentelemetry.trace import Span, SpanKind, format_span_id

from sentric import semconv
from sentric.events import Action, Author, Element, Message, Outcome, Reasoning, Source
from sentric.guard.boundary import shielded
from sentric.guard.intake import NO_ARGUMENTS
from sentric.guard.place import Call, Place, Stay, here
from sentric.policy.readers.actions.effects import classify
from sentric.policy.verdict import ALLOW, Verdict
from sentric.tracing import attributes
from sentric.tracing.attributes import ACTION, ANSWER, OUTCOME, Attributes

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


@shielded("")
def said(error: BaseException) -> str:
    """What an error says. One that fails to say it must not become another error on its way to the agent."""
    return str(error)


def _count(tokens: object) -> int:
    """A number of tokens, whatever a framework gives for one."""
    return tokens if type(tokens) is int and tokens > 0 else 0


class _UnderWay:
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


class ModelCall(_UnderWay):
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
        run.mark_cut(span, run.carry(span, self._asked.seen))

    @shielded(None)
    def _answered(self) -> None:
        """The answer is an event of its own, for what it took; its words are the reasoning of the actions it led to."""
        if self._span is None:
            return
        run, (read, written) = self._run, self._tokens
        answer, verdict = run.hear(
            Message(
                sequence=0,
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


class GuardedAction(_UnderWay):
    """An action, judged before it is done. A second layer that wraps the same call makes no second one.

    Attributes:
        verdict: known from the beginning of the block; allow where it could not be judged.
    """

    def __init__(self, run: "LiveRun", wanted: Wanted) -> None:
        super().__init__(run)
        self.verdict: Verdict = ALLOW
        self._wanted = wanted
        self._action: Action | None = None
        self._concluded = False
        self._cut = set(run.task_cut)

    def __enter__(self) -> "GuardedAction":
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self.finished(error=said(error) or type(error).__name__, error_type=type(error).__qualname__)
        else:
            self.finished()
        self._leave()
        self._end()

    @shielded(None)
    def finished(self, result: str = "", error: str = "", error_type: str = "tool_error") -> None:
        """Note how the action ended; only the first call counts.

        Args:
            result: what the tool gave back.
            error: why it failed, "" where it did not.
            error_type: class of the error.
        """
        if self._span is None or self._concluded:
            return
        self._concluded = True
        if error:
            self._run.fail(self._span, error_type, error)
        if self._action is not None:
            self._conclude(self._span, self._action, result, error)

    @shielded(None)
    def _open(self) -> None:
        place, wanted = here(), self._wanted
        call = Call(wanted.tool, wanted.arguments)
        if place is not None and place.holds(call):
            return
        calls = place.calls if place is not None else ()
        tool = self._run.intake.name(wanted.tool)
        span = self._run.start_span(f"{semconv.OPERATION_EXECUTE_TOOL} {tool}", SpanKind.INTERNAL, {})
        self._enter(span, Place(self._run, (*calls, call)))
        self._judge(span)

    @shielded(None)
    def _judge(self, span: Span) -> None:
        run = self._run
        made, encoded = self._made()
        action, self.verdict = run.check(made)
        self._action = action
        found = attributes.action(action, encoded, content=run.content) | run.task_attributes
        span.set_attributes(found | {semconv.SENTRIC_GUARDED: True} | run.decided(self.verdict))
        self._cut |= run.carry(span)
        run.mark_cut(span, self._cut)
        about: Attributes = {semconv.SENTRIC_SEQUENCE: action.sequence, semconv.GEN_AI_TOOL_NAME: action.tool}
        run.report(self.verdict, span, about)

    def _made(self) -> tuple[Action, str]:
        """The action as an event without a number so far, and its arguments as JSON."""
        run, wanted, intake = self._run, self._wanted, self._run.intake
        given = intake.arguments(wanted.arguments, wanted.secret, wanted.stand_ins)
        context = intake.arguments(wanted.context) if wanted.context else NO_ARGUMENTS
        reasoning, cut_parts = intake.reasoning(run.with_thoughts(wanted.reasoning))
        self._cut |= {semconv.GEN_AI_TOOL_CALL_ARGUMENTS} if given.carried_cut else set[str]()
        self._cut |= {semconv.SENTRIC_ACTION_CONTEXT} if context.carried_cut else set[str]()
        self._cut |= cut_parts
        kind, effects = classify(wanted.tool, given.judged, wanted.element)
        action = Action(
            sequence=0,
            time=run.clock(),
            span_id=self._span_id,
            ordinal=ACTION,
            tool=intake.name(wanted.tool),
            server=intake.name(wanted.server),
            call_id=intake.name(wanted.call_id),
            arguments=given.judged,
            kind=kind,
            effects=effects,
            url=intake.url(wanted.url),
            element=intake.element(wanted.element),
            reasoning=reasoning,
            context=context.carried,
            truncated=given.cut,
        )
        return action, given.encoded

    def _conclude(self, span: Span, action: Action, result: str, error: str) -> None:
        run, limit = self._run, self._run.settings.text_limit
        result, cut_result = run.intake.text(result, limit)
        error, cut_error = run.intake.text(error, limit)
        self._cut |= {semconv.GEN_AI_TOOL_CALL_RESULT} if cut_result else set[str]()
        self._cut |= {semconv.SENTRIC_OUTCOME_ERROR} if cut_error else set[str]()
        now = run.clock()
        ended = Outcome(
            sequence=0,
            time=now,
            span_id=self._span_id,
            ordinal=OUTCOME,
            action_id=action.event_id,
            result=result,
            error=error,
            duration=now - action.time,
            truncated=cut_result or cut_error,
        )
        outcome, verdict = run.conclude(ended)
        span.set_attributes(attributes.outcome(outcome, content=run.content))
        run.mark_cut(span, self._cut)
        run.report(verdict, span, {semconv.SENTRIC_SEQUENCE: outcome.sequence})
