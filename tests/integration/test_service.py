import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.log import Record, Signal
from sentric_analyzer.storage import Store, embedded_url
from support.log import Log
from support.serving import SENTRIC, Serving, poll, serving

OTLP = Path(__file__).parents[1] / "fixtures" / "otlp"
ATTACK = OTLP / "otel-genai-openai-agents-with-openai.otlp.pb"
BENIGN = OTLP / "otel-genai-openai-agents-benign.otlp.pb"


def split(body: bytes) -> list[bytes]:
    """A request cut into one request for each span."""
    parts = []
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                part = ExportTraceServiceRequest()
                resource = part.resource_spans.add(resource=resource_spans.resource)
                resource.scope_spans.add(scope=scope_spans.scope).spans.append(span)
                parts.append(part.SerializeToString())
    return parts


def only_run(service: Serving) -> dict[str, Any]:
    """The one run there is, as it stands now."""
    (run,) = poll(lambda: service.get("/v1/runs")["runs"])
    document: dict[str, Any] = service.get(f"/v1/runs/{run['run_id']}")
    return document


def sentric(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SENTRIC, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def test_an_attack_that_is_sent_is_judged_and_reported(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        assert service.post(ATTACK.read_bytes()) == 200
        (run,) = poll(lambda: service.get("/v1/runs")["runs"])
        document = service.get(f"/v1/runs/{run['run_id']}")
        severities = {finding["severity"] for finding in document["findings"]}
        assert severities & {"high", "critical"}
        assert "canary-token-7f3a" not in str(document)
        listed = sentric("runs", "--data-dir", tmp_path / "data", "--format", "json")
        assert run["run_id"] in listed.stdout
        report = sentric("report", "--data-dir", tmp_path / "data", "--format", "markdown")
        assert document["findings"][0]["title"] in report.stdout
        assert service.stop() == 0
    after = sentric("report", run["run_id"], "--data-dir", tmp_path / "data", "--format", "json")
    assert after.returncode == 0
    assert run["run_id"] in after.stdout


def test_an_honest_run_has_nothing_high(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        service.post(BENIGN.read_bytes())
        poll(lambda: service.get("/v1/runs")["runs"])
        assert service.get("/v1/findings?severity=high")["findings"] == []


def test_the_key_of_a_request_decides_its_project_whatever_its_resources_claim(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest.FromString(ATTACK.read_bytes())
    for part in request.resource_spans:
        part.resource.attributes.add(key="sentric.project").value.string_value = "claimed"
    with Log.open(tmp_path / "data" / "log") as log:
        for number, projects in enumerate([("shop",), ("bank", "claimed")]):
            for part in request.resource_spans:
                for scope in part.scope_spans:
                    for span in scope.spans:
                        span.trace_id = bytes([number + 1]) * 16
            log.append(Record(projects, Signal.TRACES, request.SerializeToString(), time.time_ns()))
    with serving(tmp_path / "data") as service:
        found = poll(lambda: len(runs := service.get("/v1/runs")["runs"]) == 2 and runs)
        assert {(run["project"], run["trace_id"][:2]) for run in found} == {("shop", "01"), ("claimed", "02")}
        assert service.stop() == 0
    with Store.open(embedded_url(tmp_path / "data")) as store:
        assert len(store.spans_of_trace("shop", "01" * 16)) == 7
        assert store.spans_of_trace("claimed", "01" * 16) == []


def test_spans_come_over_grpc_too(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service, grpc.insecure_channel(service.stated["otlp_grpc"]) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        assert export(ATTACK.read_bytes(), timeout=10) == b""
        assert poll(lambda: service.get("/v1/runs")["runs"])


def test_what_was_acknowledged_before_a_kill_is_judged_after_it(tmp_path: Path) -> None:
    parts = split(ATTACK.read_bytes())
    with serving(tmp_path / "data", SENTRIC_GRACE="30") as service:
        for part in parts[: len(parts) // 2]:
            service.post(part)
        service.kill()
    with serving(tmp_path / "data") as service:
        for part in parts[len(parts) // 2 :]:
            service.post(part)
        poll(service.ready)
        # A slow machine may be over its grace before the last part has come: that makes a revision of the run.
        poll(lambda: [step["tool"] for step in only_run(service)["steps"]] == ["read_file", "http_post"])
        poll(lambda: service.get("/v1/findings?severity=high")["findings"])


def test_a_late_span_makes_a_new_revision_of_the_same_run(tmp_path: Path) -> None:
    *first, last = split(ATTACK.read_bytes())
    late, first = first[0], [*first[1:], last]
    with serving(tmp_path / "data") as service:
        for part in first:
            service.post(part)
        poll(lambda: service.get("/v1/runs")["runs"])
        before = {finding["finding_id"] for finding in service.get("/v1/findings")["findings"]}
        service.post(late)
        poll(lambda: 'sentric_pipeline_stored_total{what="runs"} 2.0' in service.text("/metrics"))
        assert len(service.get("/v1/runs")["runs"]) == 1
        after = {finding["finding_id"] for finding in service.get("/v1/findings")["findings"]}
        assert before & after


def test_spans_without_a_dialect_are_stored_and_counted(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add().scope_spans.add().spans.add(name="GET /", trace_id=b"\1" * 16, span_id=b"\2" * 8)
    )
    span.start_time_unix_nano = span.end_time_unix_nano = 1_700_000_000_000_000_000
    with serving(tmp_path / "data") as service:
        service.post(request.SerializeToString())
        poll(lambda: 'sentric_pipeline_stored_total{what="spans"} 1.0' in service.text("/metrics"))
        assert service.get("/v1/runs")["runs"] == []


def test_logs_are_stored_and_metrics_acknowledged_and_counted(tmp_path: Path) -> None:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(
        event_name="x", time_unix_nano=1_700_000_000_000_000_000
    )
    with serving(tmp_path / "data") as service:
        assert service.post(request.SerializeToString(), "/v1/logs") == 200
        assert service.post(b"", "/v1/metrics") == 200
        poll(lambda: 'sentric_pipeline_stored_total{what="log_records"} 1.0' in service.text("/metrics"))
        assert 'sentric_receiver_requests_total{signal="metrics"} 1.0' in service.text("/metrics")


@pytest.mark.parametrize("option", ["--otlp-grpc", "--otlp-http", "--http"])
def test_a_busy_port_is_one_line(tmp_path: Path, option: str) -> None:
    with serving(tmp_path / "first") as service:
        taken = service.stated[option.removeprefix("--").replace("-", "_")]
        others = [part for name in ("--otlp-grpc", "--otlp-http", "--http") if name != option for part in
                  (name, "127.0.0.1:0")]  # fmt: skip
        done = sentric("serve", "--data-dir", tmp_path / "second", option, taken, *others)
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: {option} {taken}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_data_directory_that_another_process_holds_is_one_line(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        free = [part for name in ("--otlp-grpc", "--otlp-http", "--http") for part in (name, "127.0.0.1:0")]
        done = sentric("serve", "--data-dir", tmp_path / "data", *free)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "another process holds" in done.stderr


@pytest.mark.parametrize(("name", "words"), [("redaction.key", "is empty"), ("tmp", "cannot be made anew")])
def test_a_file_in_the_way_is_one_line_that_names_it(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).touch()
    free = [part for name in ("--otlp-grpc", "--otlp-http", "--http") for part in (name, "127.0.0.1:0")]
    done = sentric("serve", "--data-dir", tmp_path, *free)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"error: {tmp_path / name}: {words}: ")


def test_a_service_that_was_stopped_leaves_no_address_behind(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        assert service.stop() == 0
    assert not (tmp_path / "data" / "serve.json").exists()


def test_what_others_send_is_redacted_before_it_is_stored(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        service.post(ATTACK.read_bytes())
        (run,) = poll(lambda: service.get("/v1/runs")["runs"])
        assert service.stop() == 0
    with Store.open(embedded_url(tmp_path / "data")) as store:
        spans = store.spans_of_trace("default", run["trace_id"])
    assert len(spans) == 7
    assert "canary-token" not in repr(spans)
    assert "‹secret:token:" in repr(spans)


def test_nothing_is_left_in_clear_in_the_data_directory_that_others_can_read(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o755)
    with serving(directory) as service:
        service.post(ATTACK.read_bytes())
        poll(lambda: service.get("/v1/runs")["runs"])
        assert (directory / "serve.json").stat().st_mode & 0o077 == 0
        assert service.stop() == 0
    assert list((directory / "tmp").iterdir()) == []
    for path in directory.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
