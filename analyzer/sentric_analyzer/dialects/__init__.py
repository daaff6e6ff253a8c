"""Spans to runs. Sentric's own spans hold events; others are told in some dialect, and what they tell is put together.

Adding a dialect touches its own file and `DIALECTS`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Self

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric.events import Run
from sentric.redaction import Redactor
from sentric.stated import Section
from sentric_analyzer.dialects.agent_framework import AgentFramework
from sentric_analyzer.dialects.claude_code import ClaudeCode
from sentric_analyzer.dialects.codex import Codex
from sentric_analyzer.dialects.dialect import Dialect
from sentric_analyzer.dialects.gemini_cli import GeminiCli
from sentric_analyzer.dialects.gen_ai import GenAi
from sentric_analyzer.dialects.google_adk import GoogleAdk
from sentric_analyzer.dialects.known import remembered
from sentric_analyzer.dialects.laminar import Laminar
from sentric_analyzer.dialects.langfuse import Langfuse
from sentric_analyzer.dialects.langsmith import LangSmith
from sentric_analyzer.dialects.mappings import mapped_dialects
from sentric_analyzer.dialects.mcp import Mcp
from sentric_analyzer.dialects.mlflow import MlFlow
from sentric_analyzer.dialects.openinference import OpenInference
from sentric_analyzer.dialects.openllmetry import OpenLlmetry
from sentric_analyzer.dialects.pydantic_ai import PydanticAi
from sentric_analyzer.dialects.reading import classified, runs_of
from sentric_analyzer.dialects.records import EVENT, GEN_AI, traced, with_records
from sentric_analyzer.dialects.redacted import redacted
from sentric_analyzer.dialects.sampling import share_kept
from sentric_analyzer.dialects.sentric import Sentric
from sentric_analyzer.dialects.strands import Strands
from sentric_analyzer.dialects.telling import Telling
from sentric_analyzer.dialects.trace import Node, Trace
from sentric_analyzer.dialects.values import conversation_in
from sentric_analyzer.dialects.vercel import Vercel
from sentric_analyzer.spans import Span

__all__ = ["BUILT_IN", "DIALECTS", "OWN", "Dialect", "Dialects", "beyond", "read_runs", "spans_in"]

OWN = Sentric()
DIALECTS: tuple[Dialect, ...] = (
    Vercel(),
    OpenInference(),
    OpenLlmetry(),
    Langfuse(),
    Laminar(),
    MlFlow(),
    LangSmith(),
    Strands(),
    AgentFramework(),
    GoogleAdk(),
    Mcp(),
    PydanticAi(),
    ClaudeCode(),
    Codex(),
    GeminiCli(),
    GenAi(),
)
"""Every other dialect. Of several that recognise a span, the first is believed."""

RECORDS = (ClaudeCode.records, Codex.records, GeminiCli.records, GEN_AI)
"""Log records that tell of agents."""


class Dialects:
    """The dialects in use: those that an operator has mapped, who knows best, and the built-in ones.

    Attributes:
        marks: attributes of which every span that tells something has one.
        sessions: attributes that say a span's conversation; the first counts. Of these the dialects make
            `Run.conversation`.
    """

    def __init__(self, mapped: Sequence[Dialect] = ()) -> None:
        self._all = (*mapped, *DIALECTS)
        self.marks = (EVENT, *OWN.marks, *(mark for dialect in self._all for mark in dialect.marks))
        self._marked = frozenset(self.marks)
        mapped_sessions = (name for dialect in mapped for name in dialect.sessions)
        built_in_sessions = (name for dialect in DIALECTS for name in dialect.sessions)
        self.sessions = tuple(dict.fromkeys((*mapped_sessions, *GenAi.sessions, *built_in_sessions)))

    @classmethod
    def of(cls, section: Section) -> Self:
        """With those of the setting `dialects`.

        Raises:
            SettingError: it cannot be used.
        """
        return cls(mapped_dialects(section, [OWN.name, *(dialect.name for dialect in DIALECTS)]))

    def may_know(self, span: Span) -> bool:
        """Whether a span has a mark: no other tells anything."""
        return not self._marked.isdisjoint(span.attributes)

    def recognising(self, span: Span) -> Dialect | None:
        """The dialect that a span is told in; None where it is told in none."""
        for dialect in self._all:
            if dialect.recognises(span):
                return dialect
        return None

    def conversation_of(self, spans: Iterable[Span]) -> str:
        """The conversation that spans say they belong to; empty where none does."""
        return next(filter(None, (conversation_in(span, *self.sessions) for span in spans)), "")


BUILT_IN = Dialects()


def spans_in(request: ExportLogsServiceRequest) -> ExportTraceServiceRequest:
    """The log records of a request that tell of agents, as spans; none of the others."""
    return traced(request, RECORDS)


def read_runs(
    spans: Sequence[Span], *, project: str, redactor: Redactor, left_out: int = 0, dialects: Dialects = BUILT_IN
) -> list[Run]:
    """The runs that spans tell of, redacted.

    The result does not depend on the order in which the spans arrived, nor on duplicates.

    Args:
        spans: of one trace, or of several.
        project: the project they were sent to.
        redactor: made for these spans alone, because it remembers the secrets it finds.
        left_out: how many spans of the trace there are besides, because it is too large.
        dialects: that may know them.

    Returns:
        The runs in the order of their dialects and start; empty where no dialect recognises a span.
    """
    by_trace: dict[str, list[Span]] = defaultdict(list)
    for span in with_records(spans):
        by_trace[span.trace_id].append(span)
    return [run for trace in by_trace.values() for run in _read(trace, project, redactor, left_out, dialects)]


def _read(spans: Sequence[Span], project: str, redactor: Redactor, left_out: int, dialects: Dialects) -> Iterator[Run]:
    if not any(map(dialects.may_know, spans)):
        return
    trace = Trace(spans)
    notes = tuple(_notes(trace, left_out))

    def noted(run: Run) -> Run:
        known = run.coverage
        coverage = replace(known, lost=known.lost + left_out, notes=(*known.notes, *notes))
        return redacted(replace(run, coverage=coverage), redactor)

    own = [node for node in trace.nodes if OWN.recognises(node.span)]
    yield from map(noted, OWN.read(own, project=project))
    if told := told_by(beyond(trace, own), dialects):
        yield from (classified(noted(run)) for run in runs_of(trace, told, project=project))


def told_by(nodes: Iterable[Node], dialects: Dialects = BUILT_IN) -> Mapping[Node, Telling]:
    """What spans tell, of those that tell something."""
    read = ((node, dialects.recognising(node.span)) for node in nodes if dialects.may_know(node.span))
    with remembered():
        return {node: told for node, dialect in read if dialect and (told := dialect.tell(node.span))}


def _notes(trace: Trace, left_out: int) -> Iterator[str]:
    if trace.contradicted:
        yield f"{trace.contradicted} spans were sent again with another content: both were judged."
    if trace.circles:
        yield "Parents of spans lead back to where they began: who called whom is not known there."
    if (share := share_kept(node.span for node in trace.nodes)) < 1:
        yield f"Traces were sampled: of those like this one about {share:.2g} are kept, nothing is known of the others."
    if left_out:
        yield f"The trace is too large: its first {left_out} spans were not judged together with the others."


def beyond(trace: Trace, own: Sequence[Node]) -> Sequence[Node]:
    """What lies outside our own runs: inside them, another convention tells the same again."""
    if not own:
        return trace.nodes
    heads = set(own)
    lost = {node.lost for node in heads if node.lost}

    def step(node: Node, above: bool | None) -> bool:
        return bool(above) or node in heads or node.lost in lost

    inside = trace.inherit(step)
    return [node for node in trace.nodes if not inside[node]]
