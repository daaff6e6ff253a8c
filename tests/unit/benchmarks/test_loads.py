from collections import Counter
from collections.abc import Sequence
from functools import cache
from random import Random

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.ingest.loads import MEAN_BYTES, SPANS_PER_REQUEST, templates
from benchmarks.ingest.loads.agent import ATTACK_EVERY
from benchmarks.ingest.loads.encoding import request, scope_of
from benchmarks.ingest.loads.run import AgentRun
from benchmarks.ingest.loads.scripts import ATTACKS, ERRANDS, Script
from benchmarks.ingest.loads.templates import SUSPECT, Fresh, Marks, Template
from benchmarks.ingest.loads.words import Writer
from sentric import semconv
from sentric.policy.loader import load_policy
from sentric.policy.rule import Severity
from sentric.redaction import Redactor
from sentric_analyzer.detection import detect
from sentric_analyzer.spans import Span, spans_of

NOW = 1_795_000_000_000_000_000
SERIOUS = {Severity.HIGH, Severity.CRITICAL}


@cache
def load(name: str, spans: int = 800) -> list[Template]:
    return templates(name, SPANS_PER_REQUEST[name], seed=7, spans=spans)


def sent(load: Sequence[Template], *, seed: int = 1, times: int = 1) -> list[list[Span]]:
    """The spans of each request."""
    fresh = Fresh(seed)
    bodies = (body for _ in range(times) for template in load for body in template.render(fresh, NOW))
    return [list(spans_of(ExportTraceServiceRequest.FromString(body))) for body in bodies]


@pytest.mark.parametrize("name", SPANS_PER_REQUEST)
def test_a_span_is_as_long_as_it_is_said_to_be_in_the_mean(name: str) -> None:
    made, fresh = load(name), Fresh(1)
    bodies = [body for template in made for body in template.render(fresh, NOW)]
    mean = sum(map(len, bodies)) / sum(template.spans for template in made)
    assert mean == pytest.approx(MEAN_BYTES, rel=0.03)


@pytest.mark.parametrize("name", SPANS_PER_REQUEST)
def test_every_request_has_as_many_spans_as_asked_for_and_no_span_comes_twice(name: str) -> None:
    made = load(name)
    requests = sent(made, times=2)
    assert {len(spans) for spans in requests} == {SPANS_PER_REQUEST[name]}
    ids = {(span.trace_id, span.span_id) for spans in requests for span in spans}
    assert len(ids) == 2 * sum(template.spans for template in made)
    texts = [str(span.attributes) for spans in requests for span in spans]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", SPANS_PER_REQUEST)
def test_times_are_new_and_no_mark_is_left(name: str) -> None:
    fresh = Fresh(1)
    for template in load(name):
        for body in template.render(fresh, NOW):
            assert not any(mark in body for mark in (b"\xf5\xf6\xf7", b"f5f6f7", b"zqxj", b"\xf6\xf5\x18"))
            spans = list(spans_of(ExportTraceServiceRequest.FromString(body)))
            assert all(NOW - 200 * 10**9 < span.start < span.end <= NOW for span in spans)


def test_the_same_seed_draws_the_same() -> None:
    assert sent(load("plain", 400)) == sent(load("plain", 400))
    assert sent(load("plain", 400)) != sent(load("plain", 400), seed=2)


def test_plain_spans_have_fifteen_attributes_and_parents_in_their_trace() -> None:
    spans = [span for request in sent(load("plain")) for span in request]
    assert {len(span.attributes) for span in spans} == {15}
    known = {(span.trace_id, span.span_id) for span in spans}
    assert all(not span.parent_span_id or (span.trace_id, span.parent_span_id) in known for span in spans)
    assert any(span.events for span in spans)
    assert any(span.links for span in spans)


def test_of_an_agents_spans_four_in_ten_are_tools_and_each_run_has_one_root() -> None:
    runs = by_trace(sent(load("agent")))
    operations = Counter(span.attributes[semconv.GEN_AI_OPERATION_NAME] for spans in runs.values() for span in spans)
    assert operations[semconv.OPERATION_EXECUTE_TOOL] / operations.total() == pytest.approx(0.4, abs=0.01)
    assert operations[semconv.OPERATION_INVOKE_AGENT] == len(runs)
    assert all(10 <= len(spans) < 50 for spans in runs.values())


def test_some_runs_are_spread_over_requests() -> None:
    requests = [{span.trace_id for span in spans} for spans in sent(load("agent"))]
    assert any(one & other for one in requests for other in requests if one is not other)


@pytest.mark.parametrize("script", [*ERRANDS, *ATTACKS], ids=lambda script: script.told.__name__)
def test_what_must_be_found_is_found_and_nothing_else_that_is_serious(script: Script) -> None:
    run = AgentRun(Writer(Random(1)), Marks(), script, 12, MEAN_BYTES)
    resource, scope = scope_of(run.resource, "sentric", "1")
    scope.spans.extend(run.spans)
    ((spans,),) = [sent([Template([request([resource])], len(run.spans))])]
    (judged,) = detect(spans, project="p", policy=load_policy(None), redactor=Redactor(b"k" * 32))
    serious = [finding.rule_id for finding in judged.findings if finding.severity in SERIOUS]
    assert sorted(serious) == sorted(script.findings)
    assert spans[0].trace_id.startswith(SUSPECT.hex()) is bool(script.findings)


def test_one_run_of_twenty_is_an_attack() -> None:
    (template, *_) = made = load("agent", 1_600)
    assert template.runs > 10
    runs = by_trace(sent(made))
    suspects = sum(trace_id.startswith(SUSPECT.hex()) for trace_id in runs)
    assert suspects == sum(template.runs for template in made) // ATTACK_EVERY


def by_trace(requests: Sequence[Sequence[Span]]) -> dict[str, list[Span]]:
    traces: dict[str, list[Span]] = {}
    for span in (span for spans in requests for span in spans):
        traces.setdefault(span.trace_id, []).append(span)
    return traces
