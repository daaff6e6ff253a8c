"""Runs of agents as Sentric's own instrumentation sends them, some with something in them that must be found."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from benchmarks.ingest.loads.encoding import request, scope_of
from benchmarks.ingest.loads.run import AgentRun
from benchmarks.ingest.loads.scripts import ATTACKS, ERRANDS, Script
from benchmarks.ingest.loads.templates import Marks, Template
from benchmarks.ingest.loads.words import Writer

RUN_SPANS = (10, 40)
"""Fewest and most spans of a run; the last one of a template may have a few more."""
ATTACK_EVERY = 20
"""Of so many runs, one is an attack."""
REQUESTS = 4
"""Requests of a template."""
INTERLEAVED = 0.4
"""Share of the runs whose spans are mixed with those of others, as they are where agents run side by side."""


def agent_templates(random: Random, spans: int, spans_per_request: int, mean_bytes: int) -> list[Template]:
    """Templates of several requests; runs go on from one to the next."""
    writer, scripts = Writer(random), _scripts(random)
    count = max(1, spans // (spans_per_request * REQUESTS))
    return [_template(writer, scripts, spans_per_request, mean_bytes) for _ in range(count)]


def _scripts(random: Random) -> Iterator[Script]:
    number = 0
    while True:
        number += 1
        attack = number % ATTACK_EVERY == 0
        yield ATTACKS[number // ATTACK_EVERY % len(ATTACKS)] if attack else random.choice(ERRANDS)


def _template(writer: Writer, scripts: Iterator[Script], spans_per_request: int, mean_bytes: int) -> Template:
    marks, lengths = Marks(), _lengths(writer.random, REQUESTS * spans_per_request)
    runs = [AgentRun(writer, marks, next(scripts), count, mean_bytes) for count in lengths]
    order = list(_order(writer.random, [[(run, span) for span in run.spans] for run in runs]))
    parts = (order[start : start + spans_per_request] for start in range(0, len(order), spans_per_request))
    findings = Counter(rule for run in runs for rule in run.script.findings)
    return Template([_body(part) for part in parts], len(order), len(runs), findings)


def _lengths(random: Random, total: int) -> Iterator[int]:
    """Spans of each run, so that all of them together are `total`."""
    least, most = RUN_SPANS
    while total:
        count = random.randint(least, most)
        count = total if total - count < least else count
        yield count
        total -= count


def _order(random: Random, runs: Sequence[list[tuple[AgentRun, Span]]]) -> Iterator[tuple[AgentRun, Span]]:
    """In which order spans are sent: run after run, but some of them mixed by when their spans ended."""
    mixed: list[tuple[AgentRun, Span]] = []
    for run in runs:
        if random.random() < INTERLEAVED:
            mixed += run
        else:
            yield from run
    yield from sorted(mixed, key=lambda pair: pair[1].end_time_unix_nano)


def _body(part: Sequence[tuple[AgentRun, Span]]) -> bytes:
    resources: dict[int, tuple[ResourceSpans, ScopeSpans]] = {}
    for run, span in part:
        if id(run) not in resources:
            resources[id(run)] = scope_of(run.resource, "sentric", "0.1.0")
        resources[id(run)][1].spans.append(span)
    return request([resource for resource, _ in resources.values()])
