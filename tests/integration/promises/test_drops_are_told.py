"""Whatever is refused, left out, let go or given up is counted in /metrics, and told of the run that it concerns."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from sentric import semconv
from sentric_analyzer.detection import judges as judges_module
from sentric_analyzer.log import Limits, Record, Signal
from sentric_analyzer.metrics import Metrics
from sentric_analyzer.receiver.refusal import Reason
from sentric_analyzer.storage import Store
from support.log import Log
from support.pipelining import EVIL, NOW, TIMES, Running, agent, call, request_of, running
from support.receiving import Receiving, post, receiving
from support.receiving import request_of as request_named
from support.serving import poll

PADDING = "x" * 10_000
GAP = "telemetry-gap"
"""The rule about what is missing of a run."""


def metrics_of(there: Running | Receiving) -> dict[str, float]:
    """What /metrics would tell."""
    metrics = Metrics()
    counts: Mapping[Any, int] = there.counted if isinstance(there, Running) else there.counts
    if isinstance(there, Running):
        for name, value, ask in there.pipeline.watched():
            metrics.watch(name, ask, value)
    for (name, value), amount in counts.items():
        metrics.count(name, value, amount)
    lines = [line.rpartition(" ") for line in metrics.text().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def notes_of(there: Running) -> Iterator[str]:
    """What is told of how far the runs were seen."""
    for run in there.store.runs(limit=1000):
        stored = there.store.run(run["run_id"])
        assert stored is not None
        yield from stored.run.coverage.notes


# At the door: the sender is told as well


def test_every_reason_to_refuse_is_counted_from_the_start() -> None:
    told = Metrics().text().decode()
    for reason in Reason:
        assert f'sentric_receiver_refused_total{{reason="{reason}"}} 0.0' in told


def test_a_full_backlog(tmp_path: Path) -> None:
    with receiving(tmp_path, limits=Limits(backlog_bytes=50_000)) as service:
        statuses = [post(service.port, request_named(f"{number}{PADDING}"))[0] for number in range(20)]
        assert set(statuses) == {200, 503}
        assert metrics_of(service)['sentric_receiver_refused_total{reason="busy"}'] == statuses.count(503)


def test_senders_over_their_rate(tmp_path: Path) -> None:
    with receiving(tmp_path, sender_requests=0.01) as service:
        statuses = [post(service.port, request_named("a"))[0] for _ in range(5)]
        assert statuses == [200] + [429] * 4
        assert metrics_of(service)['sentric_receiver_refused_total{reason="rate"}'] == 4


def test_connections_that_give_way(tmp_path: Path) -> None:
    with receiving(tmp_path, address_connections=2) as service:
        crowd = [service.connect() for _ in range(6)]
        poll(lambda: metrics_of(service)['sentric_receiver_refused_total{reason="busy"}'] == 4)
        for connection in crowd:
            connection.close()


def test_spans_that_are_not_valid(tmp_path: Path) -> None:
    request = request_of(call(2))
    request.resource_spans[0].scope_spans[0].spans.add(name="without ids")
    with receiving(tmp_path) as service:
        status, _, reply = post(service.port, request.SerializeToString())
        assert status == 200
        assert ExportTraceServiceResponse.FromString(reply).partial_success.rejected_spans == 1
        assert metrics_of(service)['sentric_receiver_invalid_items_total{signal="traces"}'] == 1


def test_requests_that_come_again(tmp_path: Path) -> None:
    with receiving(tmp_path) as service:
        for _ in range(3):
            assert post(service.port, request_named("a"))[0] == 200
        assert metrics_of(service)['sentric_receiver_duplicates_total{signal="traces"}'] == 2


def test_values_that_are_cut(tmp_path: Path) -> None:
    request = request_of(call(2, command=f"echo {PADDING}"), agent()).SerializeToString()
    with receiving(tmp_path / "received", attribute_limit=1024) as service:
        assert post(service.port, request)[0] == 200
        assert metrics_of(service)['sentric_receiver_cut_values_total{signal="traces"}'] == 1
        (entry,) = service.log.read(0)
    with running(tmp_path / "judged") as there:
        there.send_bytes(entry.record.body)
        there.pass_time(TIMES.grace)
        (run,) = there.store.runs()
        stored = there.store.run(run["run_id"])
        assert stored is not None
        assert stored.run.coverage.truncated == 1


# On the way


def test_traces_that_give_way_for_want_of_memory(tmp_path: Path) -> None:
    traces = range(1, 11)
    with running(tmp_path, max_bytes=50_000) as there:
        there.send(*(call(2, trace, command=f"echo {PADDING}") for trace in traces))
        there.pass_time(0)
        told = metrics_of(there)
        assert told['sentric_assembly_released_total{reason="memory"}'] > 0
        assert told['sentric_pipeline_traces_total{reason="memory"}'] == there.judged()
        notes = list(notes_of(there))
        assert len(notes) >= there.judged()
        assert {"The run's own end was not seen."} <= set(notes)
        there.send(*map(agent, traces))  # and none is lost: what gave way is read back
        there.pass_time(TIMES.idle)
        assert {run["steps"] for run in there.store.runs()} == {1}
        assert len(there.store.runs()) == len(traces)


def test_spans_of_a_trace_that_is_too_large(tmp_path: Path) -> None:
    with running(tmp_path, max_trace_bytes=100_000) as there:
        for first in (2, 17):
            there.send(*(call(number, command=f"echo {PADDING}") for number in range(first, first + 15)))
        there.pass_time(TIMES.idle)
        assert metrics_of(there)["sentric_pipeline_left_out_total"] == 15
        assert any("too large" in note for note in notes_of(there))


def test_traces_that_are_too_many_to_take_up_at_once_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(taken_up_at_once(), "limit", 1)
    traces = (1, 2, 3)
    with running(tmp_path) as there:
        there.send(*(call(2, trace, command=EVIL) for trace in traces))
    with running(tmp_path) as there:
        assert len(there.assembler) == 1
        for judged in traces:
            there.pass_time(TIMES.idle)
            poll(lambda judged=judged: there.judged() == judged)
            poll(lambda judged=judged: len(there.assembler) == (judged < len(traces)))
        assert metrics_of(there)['sentric_pipeline_failed_total{what="open_trace"}'] == 0
        there.send(*map(agent, traces))
        there.pass_time(TIMES.idle)
        assert {run["steps"] for run in there.store.runs()} == {1}, "with the end of a trace all of it is judged"
        assert len(there.found()) >= len(traces)


def test_traces_that_are_not_taken_up_because_others_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(taken_up_at_once(), "limit", 1)
    with running(tmp_path) as there:
        there.send(*(call(2, trace) for trace in (1, 2, 3)))
    monkeypatch.setattr(there.pipeline.store.__class__, "insert_runs", lambda *_, **__: None)
    with running(tmp_path) as there:
        there.pass_time(TIMES.idle)
        poll(lambda: metrics_of(there)['sentric_pipeline_failed_total{what="open_trace"}'] == 2)


def taken_up_at_once() -> dict[str, Any]:
    stated = Store.open_traces.__kwdefaults__
    assert stated
    return stated


def test_what_was_open_waits_in_the_store_for_room_among_what_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = range(1, 6)
    with running(tmp_path) as there:
        there.send(*(call(2, trace) for trace in traces))
    monkeypatch.setattr(judges_module, "_WAITING_BYTES", 1)
    waiting: list[int] = []
    with running(tmp_path) as there:
        judges = there.pipeline._judges
        read = there.pipeline.store.recorded_trace

        def recorded(*asked: Any, **how: Any) -> Any:
            waiting.append(judges.waiting)
            return read(*asked, **how)

        monkeypatch.setattr(there.pipeline.store, "recorded_trace", recorded)
        there.pass_time(TIMES.idle)
        poll(lambda: there.judged() == len(traces))
        assert waiting == [0] * len(traces)


def test_what_waits_for_the_judges_is_kept_and_seen_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as there:
        with monkeypatch.context() as full:
            full.setattr(judges_module, "_WAITING_BYTES", 0)
            request = request_of(call(2, command=EVIL), agent()).SerializeToString()
            there.log.append(Record(("shop",), Signal.TRACES, request, NOW))
            assert not there.pipeline._judges.wait_for_room(0)
            assert metrics_of(there)["sentric_log_lag_bytes"] > 0
        poll(lambda: metrics_of(there)["sentric_log_lag_bytes"] == 0)
        there.pass_time(TIMES.grace)
        assert there.judged() == 1


def numbered(number: int, numbers: Iterator[int]) -> dict[str, Any]:
    """A call that says which events of its run it tells of."""
    span = call(number)
    stated = {semconv.SENTRIC_SCHEMA_VERSION: "1", semconv.SENTRIC_RUN_ID: "r"}
    sequence = {semconv.SENTRIC_SEQUENCE: next(numbers), semconv.SENTRIC_OUTCOME_SEQUENCE: next(numbers)}
    return {**span, "attributes": {**span["attributes"], **stated, **sequence}}


def test_spans_that_an_agent_could_not_send(tmp_path: Path) -> None:
    numbers = count(1)
    calls = [numbered(number, numbers) for number in range(2, 14)]
    with running(tmp_path) as there:
        there.send(*calls[:4], *calls[6:])
        there.pass_time(TIMES.idle)
        assert {finding.run_id for finding in there.store.findings(rule=GAP)} == {"r"}


def test_requests_that_the_disk_has_damaged(tmp_path: Path) -> None:
    numbers = count(1)
    with Log.open(tmp_path / "log") as log:
        for number in range(2, 14):
            request = request_of(numbered(number, numbers)).SerializeToString()
            log.append(Record(("shop",), Signal.TRACES, request, NOW))
    (segment,) = (tmp_path / "log").glob("*.segment")
    segment.write_bytes(segment.read_bytes().replace(b"call-6", b"call-?"))
    with running(tmp_path) as there:
        there.pass_time(TIMES.idle)
        assert metrics_of(there)['sentric_pipeline_failed_total{what="log"}'] == 1
        assert {finding.run_id for finding in there.store.findings(rule=GAP)} == {"r"}
        assert [run["steps"] for run in there.store.runs()] == [11]
