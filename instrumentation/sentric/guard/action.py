"""An action, judged before it is done, and open while the tool runs.

Where nothing is enforced, our own errors are held back at the boundary. Where it is, the action is refused until
everything has been decided, verified and recorded: whatever goes wrong meanwhile leaves it so.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span, SpanKind

from sentric import semconv
from sentric.errors import SentricError
from sentric.events import Action, AgentState, Outcome, Score
from sentric.guard.boundary import report, shielded
from sentric.guard.calls import UnderWay, Wanted, said
from sentric.guard.counts import Count, count
from sentric.guard.enforcement import Enforcement, Judged, Ruling, complain
from sentric.guard.intake import NO_ARGUMENTS
from sentric.guard.place import Call, Place, here
from sentric.guard.refusal import UNDECIDED, Cause, Refusal
from sentric.guard.steps import Steps, go, go_aside
from sentric.guard.wish import wish_of
from sentric.policy.readers.actions.effects import classify
from sentric.policy.verdict import ALLOW, Verdict
from sentric.tracing import attributes
from sentric.tracing.attributes import ACTION, OUTCOME, Attributes
from sentric.tracing.limits import FIELD_LIMIT

if TYPE_CHECKING:
    from sentric.guard.live_run import LiveRun

Reads = Callable[[], Wanted]
Pause = Callable[[], AbstractContextManager[None]]
Renew = Callable[[], object] | None


class GuardedAction(UnderWay):
    """An action in a `with` block, or in an `async with` block, in which other tasks go on while somebody is asked.

    A second layer that wraps the same call makes no second one.

    Attributes:
        verdict: of the rules, known from the beginning of the block; allow where it could not be judged.
        refusal: why the tool must not be called; None where it may be. Always None where nothing is enforced.
    """

    def __init__(self, run: "LiveRun", read: Reads, pause: Pause = nullcontext, renew: Renew = None) -> None:
        super().__init__(run)
        self.verdict: Verdict = ALLOW
        self.refusal: Refusal | None = None if run.enforcement is None else UNDECIDED
        self.pause = pause
        self._read, self._renew = read, renew
        self._wanted: Wanted | None = None
        self._call: Call | None = None
        self._action: Action | None = None
        self._concluded = False
        self._cut = set(run.task_cut)

    def __enter__(self) -> "GuardedAction":
        if self._run.enforcement is None:
            self._observe()
        else:
            go(self._ruled(self._run.enforcement))
        return self

    async def __aenter__(self) -> "GuardedAction":
        if self._run.enforcement is None:
            self._observe()
        else:
            await go_aside(self._ruled(self._run.enforcement))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.refusal is not None:
            self._held_back(self.refusal.cause)
        elif error is not None:
            self.finished(error=said(error) or type(error).__name__, error_type=type(error).__qualname__)
        else:
            self.finished()
        self._close()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    @shielded(None)
    def finished(self, result: str = "", error: str = "", error_type: str = "tool_error") -> None:
        """Note how the action ended; only the first call counts.

        Args:
            result: what the tool gave back.
            error: why it failed, "" where it did not.
            error_type: class of the error.
        """
        if self._span is None or self._concluded or self.refusal is not None:
            return
        self._concluded = True
        if error:
            self._run.fail(self._span, error_type, error)
        if self._action is not None:
            self._conclude(self._span, self._action, result, error)

    # --- observed ----------------------------------------------------------------------------------------------

    @shielded(None)
    def _observe(self) -> None:
        wanted = self._wanted = self._read()
        if not self._is_under_way(wanted):
            self._judged(wanted, self._begun(wanted), None)
            self._report()

    # --- enforced ----------------------------------------------------------------------------------------------

    def _ruled(self, enforcement: Enforcement) -> Steps[None]:
        """Have the action decided about; until that is done, and whatever goes wrong, it is refused."""
        try:
            wanted = self._wanted = self._read().copied()
            if self._is_under_way(wanted):  # decided about in the outer layer
                self.refusal = None
                return
            ruling = yield from enforcement.ruling(self)
            self._note(ruling)
            self.refusal = ruling.refusal
        except Exception as error:  # noqa: BLE001  # what cannot be decided is refused
            self._undecided(enforcement, error)
        except BaseException:
            self._held_back(Cause.WITHDRAWN)
            self._close()
            raise

    def prepare(self) -> Steps[None]:
        """Wait for the policy in force, where it is not there yet."""
        if not self._run.source.is_ready:
            yield self._run.source.current

    def judge(self, state: AgentState) -> Judged:
        """Look at the action as it is now, and judge it."""
        wanted = self._wanted
        if wanted is None:
            raise LookupError("there is no action")
        if self._span is not None:
            self._held_back(Cause.CHANGED)
            self._close()
            self._concluded = False
        action = self._judged(wanted, self._begun(wanted), state)
        return Judged(action, self.verdict)

    def restate(self, judged: Judged, state: AgentState, score: Score | None = None) -> Judged:
        """Judge it once more, now that it is certain what its agent has added up to, and what a model says of it."""
        if self._span is None:
            raise LookupError("there is no action")
        score = judged.action.score if score is None else replace(score, explanation=self.redacted(score.explanation))
        self.verdict = self._run.restate(judged.action, state, score)
        self._action = replace(judged.action, state=state, score=score)
        known = attributes.state(state) | attributes.score(score, content=self._run.content)
        self._span.set_attributes(known | self._run.decided(self.verdict))
        return Judged(self._action, self.verdict)

    def renew(self) -> Steps[None]:
        """Bring up to date what it is looked at in; that may take as long as it takes."""
        if self._renew is not None:
            yield self._renew

    def has_changed(self) -> bool:
        """Whether it is another one by now than was judged."""
        before, now = self._wanted, self._read().copied()
        self._wanted = now
        return before is None or not before.is_same(now)

    def redacted(self, text: str) -> str:
        """What somebody says of it, as its model may be told."""
        return self._run.intake.text(text, FIELD_LIMIT)[0]

    def wish(self, judged: Judged) -> dict[str, object]:
        """What the service is told of it."""
        return wish_of(self._run, judged)

    def _note(self, ruling: Ruling) -> None:
        """Let the span say what was decided, and send it at once, unless it is a plain allow."""
        if self._span is None:
            raise LookupError("there is no action")
        answer, found = ruling.answer, Attributes()
        if answer is not None:
            found[semconv.SENTRIC_DECISION_ID] = answer.decision_id
            if answer.approval_id:
                found[semconv.SENTRIC_APPROVAL_ID] = answer.approval_id
        if ruling.opened is not None:
            count(Count(f"opened_{ruling.opened}"))
            found[semconv.SENTRIC_OPENED] = ruling.opened.value
        if ruling.refusal is not None:
            found[semconv.SENTRIC_REFUSED] = ruling.refusal.cause.value
        self._span.set_attributes(found)
        self._report(found)

    def _undecided(self, enforcement: Enforcement, error: Exception) -> None:
        if isinstance(error, SentricError):
            complain(f"nothing can be decided: {error}")
        else:
            report(GuardedAction.__qualname__, error, "the action could not be decided about")
        if self._action is not None:
            self._may_pass(enforcement.doubtful(Judged(self._action, self.verdict), Cause.UNDECIDED))

    @shielded(None)
    def _may_pass(self, ruling: Ruling) -> None:
        """Let it be done although something went wrong, if the policy's owner has said so, and it is recorded."""
        self._note(ruling)
        self.refusal = ruling.refusal

    @shielded(None)
    def _held_back(self, cause: Cause) -> None:
        """The tool is not called."""
        span, action = self._span, self._action
        if span is None or action is None or self._concluded:
            return
        self._concluded = True
        span.set_attribute(semconv.SENTRIC_REFUSED, cause.value)
        self._run.fail(span, semconv.ERROR_REFUSED, cause.value)
        self._ended(span, action, refused=True)

    # --- both --------------------------------------------------------------------------------------------------

    def _is_under_way(self, wanted: Wanted) -> bool:
        """Whether an outer layer has the same call."""
        place = here()
        return place is not None and place.holds(wanted.call)

    def _begun(self, wanted: Wanted) -> Span:
        place = here()
        calls = place.calls if place is not None else ()
        tool = self._run.intake.name(wanted.tool)
        span = self._run.start_span(f"{semconv.OPERATION_EXECUTE_TOOL} {tool}", SpanKind.INTERNAL, {})
        self._call = wanted.call
        self._enter(span, Place(self._run, (*calls, self._call)))
        return span

    def _judged(self, wanted: Wanted, span: Span, state: AgentState | None) -> Action:
        run = self._run
        made, encoded = self._made(wanted)
        action, self.verdict = run.check(made, state)
        self._action = action
        found = attributes.action(action, encoded, content=run.content) | run.task_attributes
        if state is not None:
            found |= attributes.state(state)
        span.set_attributes(found | {semconv.SENTRIC_GUARDED: True} | run.decided(self.verdict))
        self._cut |= run.heard.carry(span)
        run.mark_cut(span, self._cut)
        return action

    def _report(self, found: Attributes | None = None) -> None:
        """Send what was decided at once, unless it is a plain allow."""
        if self._span is None or self._action is None:
            return
        about: Attributes = {
            semconv.SENTRIC_SEQUENCE: self._action.sequence,
            semconv.GEN_AI_TOOL_NAME: self._action.tool,
        }
        self._run.report(self.verdict, self._span, about | (found or {}), always=bool(found))

    def _made(self, wanted: Wanted) -> tuple[Callable[..., Action], str]:
        """The action as an event but for its number, and its arguments as JSON."""
        run, intake = self._run, self._run.intake
        given = intake.arguments(wanted.arguments, wanted.secret, wanted.stand_ins)
        context = intake.arguments(wanted.context) if wanted.context else NO_ARGUMENTS
        reasoning, cut_parts = intake.reasoning(run.heard.with_thoughts(wanted.reasoning))
        self._cut |= {semconv.GEN_AI_TOOL_CALL_ARGUMENTS} if given.carried_cut else set[str]()
        self._cut |= {semconv.SENTRIC_ACTION_CONTEXT} if context.carried_cut else set[str]()
        self._cut |= cut_parts
        kind, effects = classify(wanted.tool, given.judged, wanted.element)
        action = partial(
            Action,
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

    def _close(self) -> None:
        if self._call is not None:
            self._call.is_over = True
        self._leave()
        self._end()

    def _conclude(self, span: Span, action: Action, result: str, error: str) -> None:
        run, limit = self._run, self._run.settings.text_limit
        result, cut_result = run.intake.text(result, limit)
        error, cut_error = run.intake.text(error, limit)
        self._cut |= {semconv.GEN_AI_TOOL_CALL_RESULT} if cut_result else set[str]()
        self._cut |= {semconv.SENTRIC_OUTCOME_ERROR} if cut_error else set[str]()
        outcome, verdict = self._ended(span, action, result=result, error=error, truncated=cut_result or cut_error)
        run.report(verdict, span, {semconv.SENTRIC_SEQUENCE: outcome.sequence})

    def _ended(self, span: Span, action: Action, **how: Any) -> tuple[Outcome, Verdict]:
        """Judge how it ended, and let the span say so."""
        run, now = self._run, self._run.clock()
        outcome, verdict = run.judge(
            partial(
                Outcome,
                time=now,
                span_id=self._span_id,
                ordinal=OUTCOME,
                action_id=action.event_id,
                duration=now - action.time,
                **how,
            )
        )
        run.heard.remember_outcome(outcome, action)
        span.set_attributes(attributes.outcome(outcome, content=run.content))
        run.mark_cut(span, self._cut)
        return outcome, verdict
