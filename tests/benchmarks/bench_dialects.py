"""Decoding traces and reading the runs in them, without redaction and rules, beside a floor of the same run.

The floor is what nobody gets around who reads the same bytes: protobuf's parsing of the spans, and `json.loads` of
every attribute that is an object or a list. Runs are as they were captured, of two or three steps, and of 40: the
frameworks tell the whole history in every call of a model, so what counts there is a kB.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

from benchmarks.ingest.loads import templates
from benchmarks.lengthened import lengthened
from fixtures.traces import CAPTURED
from sentric.redaction import Redactor
from sentric_analyzer.dialects import BUILT_IN, read_runs, told_by
from sentric_analyzer.dialects.reading import classified, runs_of
from sentric_analyzer.dialects.telling import Operation
from sentric_analyzer.dialects.trace import Trace
from sentric_analyzer.spans import Piece, RawSpan, Relation, Span, put_together, raw_spans
from sentric_analyzer.storage import Request, SpanBatch

CAPTURES = (
    *("agent-framework-chat", "laminar", "langfuse-langchain", "langsmith", "mcp-native", "mlflow-langchain"),
    *("openinference-langchain", "otel-genai-langchain", "pydantic-ai", "strands-latest", "traceloop-langchain"),
    *("vercel-ai-5", "vercel-ai-7"),
)
"""Of each dialect one, and of the AI SDK both that it has."""
WITHOUT_MODEL = frozenset({"mcp-native"})
STEPS = 40
SPAN_LIMIT, OTHERS_LIMIT = 60, 5
"""Microseconds that a span of an agent's trace, and one of a trace without agents, may take."""
OTHERS = 2000
"""Spans of traces without agents."""


def pieces_of(capture: str) -> list[RawSpan]:
    """The spans of a captured run as the service holds them."""
    files = [*sorted(CAPTURED.glob(f"{capture}.otlp.pb")), *sorted(CAPTURED.glob(f"{capture}.[0-9].otlp.pb"))]
    return [piece for file in files for piece in raw_spans(file.read_bytes())]


def longer(pieces: Sequence[RawSpan]) -> list[RawSpan]:
    """The spans of the same run with more steps."""
    ordered = sorted(put_together("", pieces), key=lambda span: span.start)
    models = [bytes.fromhex(span.span_id) for span in ordered if is_model(span)]
    spans = lengthened([ProtoSpan.FromString(piece.body) for piece in pieces], models[-2:], STEPS)
    return [RawSpan(pieces[0].origin, span.SerializeToString()) for span in spans]


def is_model(span: Span) -> bool:
    dialect = BUILT_IN.recognising(span)
    told = dialect.tell(span) if dialect else None
    return bool(told and told.operation is Operation.MODEL)


def normalised(spans: Sequence[Span]) -> None:
    """All that is done to spans but redaction, which is measured with the engine."""
    trace = Trace(spans)
    for run in runs_of(trace, told_by(trace.nodes), project="bench"):
        classified(run)


def floor(pieces: Sequence[RawSpan]) -> None:
    for piece in pieces:
        span = ProtoSpan.FromString(piece.body)
        for pair in span.attributes:
            if (text := pair.value.string_value)[:1] in ("{", "["):
                with suppress(ValueError):
                    json.loads(text)


def best(work: Callable[[], object], times: int) -> float:
    """Microseconds of processor time, the best of several."""
    least = float("inf")
    for _ in range(times):
        began = time.process_time_ns()
        work()
        least = min(least, time.process_time_ns() - began)
    return least / 1000


def line(title: str, pieces: Sequence[RawSpan], times: int) -> str:
    count, size = len(pieces), sum(len(piece.body) for piece in pieces) / 1000
    spans = put_together("", pieces)
    decoding = best(lambda: put_together("", pieces), times)
    normalising = best(lambda: normalised(spans), times)
    lowest, total = best(lambda: floor(pieces), times), decoding + normalising
    return (
        f"{title:28} {count:>5} {size / count:>5.1f} {decoding / count:>7.1f} {normalising / count:>9.1f}"
        f" {total / count:>6.1f} {SPAN_LIMIT:>6} {total / size:>5.1f} {lowest / count:>6.1f} {total / lowest:>6.1f}"
    )


def others() -> list[str]:
    """What is done to spans without a mark."""
    bodies = [body for made in templates("plain", 200, seed=1, spans=OTHERS) for body in made.bodies]
    redactor = Redactor(b"k" * 32)
    batch = SpanBatch.read([Request(body, ()) for body in bodies], redactor)
    raw = [piece for body in bodies for piece in raw_spans(body)]
    spans = put_together("", raw)
    kept: list[Piece] = [Relation(span.span_id, span.parent_span_id) for span in spans]
    parsing = best(lambda: [ProtoSpan.FromString(piece.body) for piece in raw], 5) / len(spans)

    def judged(found: Sequence[Span]) -> None:
        assert not read_runs(found, project="bench", redactor=redactor)

    works: tuple[tuple[str, Callable[[], object]], ...] = (
        ("on arrival", lambda: list(batch.arrivals(BUILT_IN.marks, BUILT_IN.sessions))),
        ("as relations, put together", lambda: judged(put_together("", kept))),
        ("decoded, read", lambda: judged(spans)),
    )
    timed = ((title, best(work, 5) / len(spans)) for title, work in works)
    return [
        f"{title:28} {len(spans):>5} {'':22}{took:>8.1f} {OTHERS_LIMIT:>6}{parsing:>13.1f} {took / parsing:>6.1f}"
        for title, took in timed
    ]


def main() -> None:
    """Print the figures."""
    print("reading traces, µs a span    spans    kB  decode normalise  total wanted  a kB  floor  ratio")
    captures = {name: pieces_of(name) for name in CAPTURES}
    for name, pieces in captures.items():
        print(line(name, pieces, 30))
    print(f"the same of {STEPS} steps")
    for name, pieces in captures.items():
        if name not in WITHOUT_MODEL:
            print(line(name, longer(pieces), 3))
    print("without agents")
    for told in others():
        print(told)


if __name__ == "__main__":
    main()
