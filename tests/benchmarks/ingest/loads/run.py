"""One run of an agent, told by a script, as spans. Attributes are those that `sentric.tracing` puts on them."""

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from benchmarks.ingest.loads.encoding import Sizes, Value, put
from benchmarks.ingest.loads.scripts import Script, Step
from benchmarks.ingest.loads.templates import START, Marks
from benchmarks.ingest.loads.words import Writer
from sentric import semconv
from sentric.events import Action, Observation, Outcome, Reasoning
from sentric.policy.readers.actions.effects import classify
from sentric.policy.verdict import ALLOW
from sentric.tracing import attributes
from sentric.tracing.limits import encode

TOOLS = 0.4
"""Share of the spans that are calls of tools."""
_SECOND = 1_000_000_000
_DIGEST = "5f0c6a1e9b7d4832"
"""Of the policy that the agent says it ran under: a claim, which the analyzer does not trust."""


class AgentRun:
    """The spans of a run, in the order in which they end."""

    def __init__(self, writer: Writer, marks: Marks, script: Script, count: int, mean_bytes: int) -> None:
        self.script, self.spans = script, list[Span]()
        self._writer, self._marks = writer, marks
        self._trace_id, self._root_id = marks.trace_id(suspect=bool(script.findings)), marks.id()
        self._now, self._sequence = START + writer.number(5 * _SECOND), 0
        self._told = script.told(writer, marks.name())
        agent = f"{writer.word()}-{writer.word()}-agent"
        self.resource: dict[str, Value] = {
            semconv.SERVICE_NAME: agent,
            "service.instance.id": marks.id().hex(),
            "telemetry.sdk.language": "python",
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.version": "1.45.2",
            "process.pid": writer.number(60_000),
        }
        self._common: dict[str, Value] = {
            semconv.SENTRIC_SCHEMA_VERSION: semconv.SCHEMA_VERSION,
            semconv.SENTRIC_PROJECT: "default",
            semconv.SENTRIC_RUN_ID: marks.id().hex() + marks.id().hex(),
            semconv.SENTRIC_CAPTURE: "full",
        }
        root = self._root(agent)
        self._sizes = Sizes(writer.random, (mean_bytes * count - root.ByteSize()) / (count - 1))
        self._play(count)
        root.end_time_unix_nano = self._now
        self.spans.append(root)

    def _root(self, agent: str) -> Span:
        root = self._span(f"{semconv.OPERATION_INVOKE_AGENT} {agent}", Span.SPAN_KIND_INTERNAL, self._root_id)
        root.parent_span_id = b""
        stated: dict[str, Value] = {
            semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_INVOKE_AGENT,
            semconv.GEN_AI_AGENT_NAME: agent,
            semconv.GEN_AI_AGENT_ID: self._common[semconv.SENTRIC_RUN_ID],
            semconv.GEN_AI_REQUEST_MODEL: "gpt-5-mini",
            semconv.SENTRIC_FRAMEWORK: self.script.framework,
            semconv.SENTRIC_SEQUENCE: self._next(),
            semconv.SENTRIC_TASK: self._told.task,
            semconv.SENTRIC_SUCCESS: True,
        }
        if self._writer.number(4) == 0:
            stated[semconv.GEN_AI_CONVERSATION_ID] = self._marks.id().hex()
        put(root.attributes, stated)
        return root

    def _play(self, count: int) -> None:
        """Model calls, then a tool, again and again; what the script wants done last is done last."""
        tools = round(TOOLS * count)
        calls = [1] * tools
        for _ in range(count - 1 - 2 * tools):
            calls[self._writer.number(tools)] += 1
        for number, step in enumerate(self._told.steps(tools)):
            for _ in range(calls[number]):
                self._chat(step)
            self._tool(step)

    def _chat(self, step: Step) -> None:
        span = self._span("chat gpt-5-mini", Span.SPAN_KIND_CLIENT, self._marks.id())
        stated: dict[str, Value] = {
            semconv.GEN_AI_OPERATION_NAME: semconv.OPERATION_CHAT,
            semconv.GEN_AI_REQUEST_MODEL: "gpt-5-mini",
            semconv.GEN_AI_PROVIDER_NAME: "openai",
            semconv.SENTRIC_PURPOSE: "agent",
            semconv.GEN_AI_USAGE_INPUT_TOKENS: 800 + self._writer.number(9_000),
            semconv.GEN_AI_USAGE_OUTPUT_TOKENS: 20 + self._writer.number(600),
        }
        put(span.attributes, stated)
        text = f"{step.seen} {self._marks.name()} "
        text += self._writer.page(self._rest(span) - len(text) - 150)
        seen = Observation(
            sequence=self._next(), time=self._now, source=self.script.source, origin=step.origin, text=text
        )
        put(span.attributes, attributes.carried((), (seen,), content=True))
        put(span.attributes, {semconv.SENTRIC_SEQUENCE: self._next()})
        self._end(span)

    def _tool(self, step: Step) -> None:
        span = self._span(f"{semconv.OPERATION_EXECUTE_TOOL} {step.tool}", Span.SPAN_KIND_INTERNAL, self._marks.id())
        kind, effects = classify(step.tool, step.arguments, step.element)
        action = Action(
            sequence=self._next(),
            time=self._now,
            tool=step.tool,
            server=self.script.server,
            call_id=f"call_{self._marks.id().hex()}",
            arguments=step.arguments,
            kind=kind,
            effects=effects,
            url=step.url,
            element=step.element,
            reasoning=Reasoning(*map(self._writer.prose, (120, 40, 60, 50))),
        )
        put(span.attributes, attributes.action(action, encode(dict(step.arguments)), content=True))
        put(span.attributes, {semconv.SENTRIC_TASK: self._told.task, semconv.SENTRIC_GUARDED: True})
        put(span.attributes, attributes.verdict(ALLOW, _DIGEST, "observe"))
        result = f"{step.result} {self._marks.name()} "
        result += self._writer.page(self._rest(span) - len(result) - 60)
        outcome = Outcome(sequence=self._next(), time=self._now, action_id="", result=result)
        put(span.attributes, attributes.outcome(outcome, content=True))
        self._end(span)

    def _span(self, name: str, kind: "Span.SpanKind.ValueType", span_id: bytes) -> Span:
        span = Span(
            trace_id=self._trace_id,
            span_id=span_id,
            parent_span_id=self._root_id,
            name=name,
            kind=kind,
            start_time_unix_nano=self._now,
        )
        put(span.attributes, self._common)
        return span

    def _end(self, span: Span) -> None:
        self._now += 20_000_000 + self._writer.number(2 * _SECOND)
        span.end_time_unix_nano = self._now
        span.status.code = Status.STATUS_CODE_UNSET
        self.spans.append(span)
        self._sizes.note(span)

    def _rest(self, span: Span) -> int:
        """Bytes that are left for the text of a span."""
        return max(20, self._sizes.draw() - span.ByteSize())

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1
