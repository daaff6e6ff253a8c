"""One run of an agent, while it runs: the one way its events go.

Redaction first, then the engine, then the span: what an instrumentor hands in leaves the process only as the engine
has seen it. Nothing here raises into the agent.
"""

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Set
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias, TypeVar
from uuid import uuid4
from weakref import WeakSet, ref

from opentelemetry.context import Context
from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

from sentric import semconv
from sentric.errors import PolicyError, SentricError
from sentric.events import Action, AgentState, Author, Message, Observation, Outcome, Score
from sentric.forks import process_lock
from sentric.guard import judgement
from sentric.guard.action import GuardedAction, Pause, Reads, Renew
from sentric.guard.boundary import report, shielded
from sentric.guard.calls import Asked, ModelCall, Offered, Seen, Wanted
from sentric.guard.enforcement import Enforcement, complain
from sentric.guard.heard import Heard
from sentric.guard.intake import Intake
from sentric.guard.place import Place, Stay, here
from sentric.policy.engine import Engine
from sentric.policy.loader import load_policy
from sentric.policy.rule import Decision, Policy
from sentric.policy.verdict import Verdict
from sentric.settings import Settings
from sentric.tracing import attributes, records
from sentric.tracing.attributes import TASK, Attributes
from sentric.tracing.limits import FIELD_LIMIT
from sentric.tracing.telemetry import Telemetry

E = TypeVar("E", bound=Action | Message | Observation | Outcome)
Unnumbered: TypeAlias = Callable[..., E]
"""Makes an event, given its `sequence`: an event is frozen, and is numbered only when it is judged."""

ENFORCE = "enforce"

_open_runs: "WeakSet[LiveRun]" = WeakSet()


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of an agent when its run begins."""

    agent: str
    """Name of the agent."""
    framework: str
    """Framework and version."""
    agent_id: str = ""
    conversation: str = ""
    model: str = ""
    task: str = ""


class DeafError(SentricError):
    """What an agent was shown is not known, so nothing it does can be judged."""


class LiveRun:
    """One agent invocation: its sequence of events, its engine, and its root span, open from the beginning to `end`."""

    def __init__(
        self,
        telemetry: Telemetry,
        settings: Settings,
        about: About,
        *,
        subject: object = None,
        secrets: Mapping[str, str] | None = None,
        clock: Callable[[], int] = time.time_ns,
        run_id: str = "",
    ) -> None:
        """Begin a run.

        Args:
            telemetry: where spans and log records go.
            settings: in force for this run.
            about: the agent.
            subject: the agent's own object, held weakly, to know it again.
            secrets: values to redact wherever they occur, each with its kind.
            clock: Unix time in nanoseconds.
            run_id: a new one where it is empty.
        """
        outer, self.source = here(), judgement.source(settings)
        self.settings, self.clock, self.run_id = settings, clock, run_id or uuid4().hex
        self.content = settings.capture == "full"
        self.intake = Intake(settings)
        self.intake.add_secrets(secrets or {})
        self._telemetry, self._subject = telemetry, ref(subject) if subject is not None else None
        self._sequence, self._lock, self._ended, self._is_deaf = count(), process_lock(), False, False
        self.heard = Heard(self)
        self._common: Attributes = {
            semconv.SENTRIC_SCHEMA_VERSION: semconv.SCHEMA_VERSION,
            semconv.SENTRIC_PROJECT: settings.project,
            semconv.SENTRIC_RUN_ID: self.run_id,
            semconv.SENTRIC_CAPTURE: settings.capture,
        }
        # What an agent inside another agent is told to do was written by a model: the human's task stays the outer one.
        given = outer.run.task if outer else about.task
        self._task, task_cut = self.intake.text(given, settings.text_limit)
        self.task_cut = frozenset({semconv.SENTRIC_TASK} if task_cut else ())
        self.agent_name = self.intake.name(about.agent)
        self.agent_id = self.intake.name(settings.agent_id or about.agent_id or self.run_id)
        self.enforcement = Enforcement(settings, self.agent_id, self.agent_name) if settings.mode == ENFORCE else None
        name = f"{semconv.OPERATION_INVOKE_AGENT} {self.agent_name}"
        described = self._described(about)
        self.span = self._started(name, SpanKind.INTERNAL, described)
        self._place = Place(self)
        trace_id = format_trace_id(self.span.get_span_context().trace_id)
        policy = self._policy = self._first_policy()
        self._engine = Engine(
            policy, project=settings.project, run_id=self.run_id, trace_id=trace_id, agent=about.agent
        )
        self._begin(described, given=about.task if outer else "")
        _open_runs.add(self)

    # --- for instrumentors -----------------------------------------------------------------------------------

    def is_of(self, subject: object) -> bool:
        """Whether this is the run of that agent object."""
        return subject is not None and self.subject is subject

    @property
    def subject(self) -> object:
        """The agent's own object; None where there is none, or it is gone."""
        return self._subject() if self._subject is not None else None

    @shielded(None)
    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        """Redact these values from now on; each with its kind."""
        self.intake.add_secrets(secrets)

    @contextmanager
    def current(self) -> Generator[None, None, None]:
        """Make this the run, and its root span the parent, of what happens in the block."""
        # Where it is enforced, what goes wrong here must end the run: its actions would be taken for those of another.
        stay = Stay(self._place, self.span) if self.enforcement is not None else self._stay()
        try:
            yield
        finally:
            if stay is not None:
                stay.leave()

    @shielded(None)
    def _stay(self) -> Stay | None:
        return Stay(self._place, self.span)

    def model_call(self, asked: Asked) -> ModelCall:
        """A model is asked in the block; what it is shown is observed first."""
        return ModelCall(self, asked)

    def action(self, wanted: Wanted | Reads, pause: Pause = nullcontext, renew: Renew = None) -> GuardedAction:
        """An action is done in the block; it is judged first.

        Args:
            wanted: the action, or what looks at it: it is looked at again when a person has approved it.
            pause: makes what holds while a person is waited for, such as a framework's own timeouts being suspended.
            renew: called in a thread, before it is looked at again, where it would be seen as it was.
        """
        return GuardedAction(self, wanted if callable(wanted) else lambda: wanted, pause, renew)

    @contextmanager
    def hearing(self) -> Generator[None, None, None]:
        """Read what the agent is shown and says in the block. What fails there is a bug of ours.

        The agent goes on where nothing is enforced. Where it is, nobody can say any more what its actions follow from.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001  # held back, as at the boundary, and not forgotten
            self._is_deaf = self.enforcement is not None
            report("what the agent is shown", error)

    def message(self, author: Author, text: str) -> None:
        """Hear a message; it goes out with the next span."""
        with self.hearing():
            self.heard.message(author, text)

    def observe(self, seen: Seen) -> None:
        """Hear what came into the model's view; it goes out with the next span."""
        with self.hearing():
            self.heard.observe(seen)

    def offer(self, tools: Iterable[Offered]) -> None:
        """Hear which tools the model is offered; each definition once, until it changes."""
        with self.hearing():
            self.heard.offer(tools)

    def reason(self, text: str) -> None:
        """Hear why the agent does what it does next; it goes out with the next action."""
        with self.hearing():
            self.heard.think(text)

    @shielded(None)
    def end(self, *, error: str = "", error_type: str = "", success: bool | None = None) -> None:
        """End the run; only the first call counts.

        Args:
            error: why it failed, "" where it did not.
            error_type: class of the error.
            success: whether the agent says that it reached its goal; None where it says nothing.
        """
        if self._ended:
            return
        self._ended = True
        if self.enforcement is not None:
            self.enforcement.close()
        for thought in self.heard.thoughts:
            self.message(Author.MODEL, thought)
        self.mark_cut(self.span, self.heard.carry(self.span) | self.task_cut)
        found: Attributes = {} if success is None else {semconv.SENTRIC_SUCCESS: success}
        if error:
            found[semconv.ERROR_TYPE] = self.intake.name(error_type or "agent_error")
            self.fail(self.span, error_type or "agent_error", error)
        self.span.set_attributes(found)
        self._say(semconv.EVENT_RUN_ENDED, self.span, {semconv.SENTRIC_SEQUENCE: self.next()} | found)
        self.span.end()

    # --- for the calls of this run ---------------------------------------------------------------------------

    @property
    def task(self) -> str:
        """The human's task, redacted."""
        return self._task

    @property
    def task_attributes(self) -> Attributes:
        """The task, as every tool span carries it."""
        return {semconv.SENTRIC_TASK: self._task} if self._task and self.content else {}

    def next(self) -> int:
        """The next sequence number."""
        return next(self._sequence)

    def start_span(self, name: str, kind: SpanKind, found: Attributes) -> Span:
        """Start a span with the attributes that every span has, and these."""
        place = here()
        is_inside = place is not None and place.run is self
        return self._started(name, kind, found, None if is_inside else set_span_in_context(self.span))

    def mark_cut(self, span: Span, names: Set[str]) -> None:
        """Name the attributes of a span that were cut."""
        if names and self.content:
            span.set_attribute(semconv.SENTRIC_TRUNCATED, tuple(sorted(names)))

    def fail(self, span: Span, error_type: str, error: str) -> None:
        """Note an error on a span; its text is content too."""
        span.set_attribute(semconv.ERROR_TYPE, self.intake.name(error_type))
        span.set_status(Status(StatusCode.ERROR, self.intake.text(error, FIELD_LIMIT)[0] if self.content else None))

    def check(self, action: Unnumbered[Action], state: AgentState | None) -> tuple[Action, Verdict]:
        """Judge an action that is about to be done, by the policy that is in force now.

        Args:
            action: the action, but for its number and the state of its agent.
            state: what its agent has added up to; None: what the run has seen, where nothing is enforced.

        Raises:
            PolicyError: where it is enforced, there is no policy to judge by.
            DeafError: what the agent was shown is not known.
        """
        if state is not None and self._is_deaf:
            raise DeafError("what the agent was shown is not known")
        policy = self.source.current()
        if policy is not self._policy:
            with self._lock:
                self._engine.adopt(policy)
                self._policy = policy
        if state is None:
            return self.judge(action)
        return self.judge(lambda sequence: self._engine.meant(action(sequence=sequence, state=state)))

    def judge(self, event: Unnumbered[E]) -> tuple[E, Verdict]:
        """Number an event and judge it, both at once: in a replay the numbers are the order."""
        with self._lock:
            numbered = event(sequence=self.next())
            return numbered, self._engine.judge(numbered)

    def restate(self, action: Action, state: AgentState, score: Score | None) -> Verdict:
        """Judge an action that was judged once more, now that it is certain what its agent has added up to.

        Args:
            action: the one that was judged.
            state: what its agent has added up to.
            score: what a language model has said of it; None: what was known of that before stands.
        """
        with self._lock:
            return self._engine.restate(action, state, score)

    def decided(self, verdict: Verdict) -> Attributes:
        """A verdict of this run's engine as attributes."""
        return attributes.verdict(verdict, self._engine.policy.digest, self.settings.mode)

    @property
    def policy_digest(self) -> str:
        """Of the policy that judges."""
        return self._engine.policy.digest

    def report(self, verdict: Verdict, span: Span, about: Attributes, *, always: bool = False) -> None:
        """Send a verdict at once; an allow only if it is always sent."""
        if always or (verdict.matches and verdict.decision is not Decision.ALLOW):
            self._say(semconv.EVENT_VERDICT, span, about | self.decided(verdict), verdict)

    # --- the run itself --------------------------------------------------------------------------------------

    def _first_policy(self) -> Policy:
        """The policy of what is heard before the first action: where the one in force is not there yet, the shipped."""
        try:
            if self.source.is_ready:
                return self.source.current()
        except PolicyError as error:
            complain(str(error))
        return load_policy(allow_loopback=self.settings.allow_loopback)

    def _started(self, name: str, kind: SpanKind, found: Attributes, within: Context | None = None) -> Span:
        # An exception's own record would hold its text and stack unredacted: errors are noted by `fail`.
        return self._telemetry.tracer.start_span(
            name,
            context=within,
            kind=kind,
            attributes=self._common | found,
            record_exception=False,
            set_status_on_exception=False,
        )

    def _described(self, about: About) -> Attributes:
        found: Attributes = {
            semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_INVOKE_AGENT,
            semconv.GEN_AI_AGENT_NAME: self.agent_name,
            semconv.GEN_AI_AGENT_ID: self.agent_id,
            semconv.SENTRIC_FRAMEWORK: self.intake.name(about.framework),
            semconv.SENTRIC_SEQUENCE: self.next(),
        }
        known = {semconv.GEN_AI_CONVERSATION_ID: about.conversation, semconv.GEN_AI_REQUEST_MODEL: about.model}
        found |= {name: self.intake.name(text) for name, text in known.items() if text}
        return found | self.task_attributes

    def _begin(self, described: Attributes, *, given: str) -> None:
        policy = self._engine.policy
        if changed := tuple(dict.fromkeys((*self.settings.loosened(), *policy.loosened()))):
            self.span.set_attribute(semconv.SENTRIC_SETTING_CHANGED, changed)
        self.mark_cut(self.span, self.task_cut)
        if self._task:
            said = Message(
                sequence=0,
                time=self.clock(),
                span_id=_span_id(self.span),
                ordinal=TASK,
                author=Author.USER,
                text=self._task,
            )
            with self._lock:
                self._engine.judge(said)
        self.message(Author.MODEL, given)
        self._say(semconv.EVENT_RUN_STARTED, self.span, described)

    def _say(self, event: str, span: Span, about: Attributes, verdict: Verdict | None = None) -> None:
        records.emit(self._telemetry.logger, event, span, self.clock(), self._common | about, verdict)


def _span_id(span: Span) -> str:
    return format_span_id(span.get_span_context().span_id)


def end_open_runs(error: str) -> None:
    """End every run that is still open, because the process ends."""
    for run in list(_open_runs):
        run.end(error=error, error_type="process_ended")
