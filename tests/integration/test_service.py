import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sentric_analyzer.log import Record, Signal
from sentric_analyzer.storage import Store, embedded_url
from support.commands import sentric
from support.load import counted
from support.log import Log
from support.serving import SENTRIC, Serving, poll, serving

OTLP = Path(__file__).parents[1] / "fixtures" / "otlp"
ATTACK = OTLP / "otel-genai-openai-agents-with-openai.otlp.pb"
BENIGN = OTLP / "otel-genai-openai-agents-benign.otlp.pb"
STORED_RUNS, STORED_SPANS = (f'sentric_pipeline_stored_total{{what="{what}"}}' for what in ("runs", "spans"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A service that the tests share, each with a project and traces of its own."""
    with serving(tmp_path_factory.mktemp("shared") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a service that was sent an attack, and was stopped; others could read it at first."""
    directory = tmp_path_factory.mktemp("stopped") / "data"
    directory.mkdir(mode=0o755)
    with serving(directory) as started:
        assert started.post(ATTACK.read_bytes()) == 200
        poll(lambda: started.get("/v1/runs")["runs"])
        poll(started.ready)
        assert (directory / "serve.json").stat().st_mode & 0o077 == 0
        assert started.stop() == 0
    return directory


def of(project: str, body: bytes) -> bytes:
    """A request whose resources claim a project, and whose traces are its own."""
    request = ExportTraceServiceRequest.FromString(body)
    for resource_spans in request.resource_spans:
        resource_spans.resource.attributes.add(key="sentric.project").value.string_value = project
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                span.trace_id = hashlib.sha256(project.encode() + span.trace_id).digest()[:16]
    return request.SerializeToString()


def runs(service: Serving, project: str) -> list[dict[str, Any]]:
    """The runs of a project, once there are any."""
    found: list[dict[str, Any]] = poll(lambda: service.get(f"/v1/runs?project={project}")["runs"])
    return found


def findings(service: Serving, project: str) -> set[str]:
    """The ids of the findings of a project."""
    return {finding["finding_id"] for finding in service.get(f"/v1/findings?project={project}")["findings"]}


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


def start_in(data_dir: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """A start that is to fail."""
    command = [SENTRIC, "serve", "--data-dir", data_dir, *options]
    for name in ("--otlp-grpc", "--otlp-http", "--http"):
        command += [name, "127.0.0.1:0"] if name not in options else []
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_an_attack_that_is_sent_is_judged_and_reported(service: Serving) -> None:
    assert service.post(of("attack", ATTACK.read_bytes())) == 200
    (run,) = runs(service, "attack")
    document = service.get(f"/v1/runs/{run['run_id']}")
    severities = {finding["severity"] for finding in document["findings"]}
    assert severities & {"high", "critical"}
    assert "canary-token-7f3a" not in str(document)
    listed = sentric("runs", "--data-dir", service.data_dir, "--format", "json")
    assert run["run_id"] in listed.stdout
    report = sentric("report", run["run_id"], "--data-dir", service.data_dir, "--format", "markdown")
    assert document["findings"][0]["title"] in report.stdout


def test_a_stopped_service_is_reported_from_its_data(stopped: Path) -> None:
    listed = sentric("runs", "--data-dir", stopped, "--format", "json")
    (run,) = json.loads(listed.stdout)
    after = sentric("report", run["run_id"], "--data-dir", stopped, "--format", "json")
    assert after.returncode == 0
    assert run["run_id"] in after.stdout


def test_an_honest_run_has_nothing_high(service: Serving) -> None:
    service.post(of("honest", BENIGN.read_bytes()))
    assert runs(service, "honest")
    assert service.get("/v1/findings?severity=high&project=honest")["findings"] == []


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


def test_spans_come_over_grpc_too(service: Serving) -> None:
    with grpc.insecure_channel(service.stated["otlp_grpc"]) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        assert export(of("grpc", ATTACK.read_bytes()), timeout=10) == b""
    assert runs(service, "grpc")


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


def test_a_late_span_makes_a_new_revision_of_the_same_run(service: Serving) -> None:
    *first, last = split(of("late", ATTACK.read_bytes()))
    late, first = first[0], [*first[1:], last]
    for part in first:
        service.post(part)
    assert runs(service, "late")
    before = findings(service, "late")
    stored = counted(service, STORED_RUNS)
    service.post(late)
    poll(lambda: counted(service, STORED_RUNS) == stored + 1)
    assert len(runs(service, "late")) == 1
    assert before & findings(service, "late")


def test_spans_without_a_dialect_are_stored_and_counted(service: Serving) -> None:
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add().scope_spans.add().spans.add(name="GET /", trace_id=b"\1" * 16, span_id=b"\2" * 8)
    )
    span.start_time_unix_nano = span.end_time_unix_nano = 1_700_000_000_000_000_000
    stored = counted(service, STORED_SPANS)
    service.post(of("web", request.SerializeToString()))
    poll(lambda: counted(service, STORED_SPANS) == stored + 1)
    assert service.get("/v1/runs?project=web")["runs"] == []


def test_an_agent_that_writes_log_records_alone_is_judged(tmp_path: Path) -> None:
    first, second = (OTLP / f"codex-cli{part}.logs.otlp.pb" for part in ("", ".2"))
    with serving(tmp_path / "data", SENTRIC_GRACE="0.1") as service:
        service.post(first.read_bytes(), "/v1/logs")
        poll(lambda: only_run(service)["steps"])
        assert service.stop() == 0
    with serving(tmp_path / "data", SENTRIC_GRACE="0.1") as service:  # which reads the beginning from its store
        service.post(second.read_bytes(), "/v1/logs")
        poll(lambda: [step["tool"] for step in only_run(service)["steps"]] == ["exec_command"] * 2)
        wanted = {"secret-sent-outside-task", "injected-instructions-obeyed"}
        path = "/v1/findings?severity=high"
        poll(lambda: wanted <= {finding["rule_id"] for finding in service.get(path)["findings"]})
        listed = sentric("sessions", "--data-dir", service.data_dir, "--format", "json")
        assert [one["runs"] for one in json.loads(listed.stdout)] == [1]
        assert runs(service, "default")[0]["conversation"] == "01a2245e-81c3-7e83-a2f2-87f66fbe9fda"
        assert service.stop() == 0
    with Store.open(embedded_url(tmp_path / "data")) as store:
        assert store.counts()["otel_logs"] > store.counts()["otel_traces"] > 0


def test_logs_are_stored_and_metrics_acknowledged_and_counted(service: Serving) -> None:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(
        event_name="x", time_unix_nano=1_700_000_000_000_000_000
    )
    assert service.post(request.SerializeToString(), "/v1/logs") == 200
    assert service.post(b"", "/v1/metrics") == 200
    poll(lambda: 'sentric_pipeline_stored_total{what="log_records"} 1.0' in service.text("/metrics"))
    poll(lambda: 'sentric_receiver_requests_total{signal="metrics"} 1.0' in service.text("/metrics"))


@pytest.mark.parametrize("option", ["--otlp-grpc", "--otlp-http", "--http"])
def test_a_busy_port_is_one_line(service: Serving, tmp_path: Path, option: str) -> None:
    taken = service.stated[option.removeprefix("--").replace("-", "_")]
    done = start_in(tmp_path / "second", option, taken)
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: {option} {taken}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_data_directory_that_another_process_holds_is_one_line(service: Serving) -> None:
    done = start_in(service.data_dir)
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


def test_a_service_that_was_stopped_leaves_no_address_behind(stopped: Path) -> None:
    assert not (stopped / "serve.json").exists()


def test_what_others_send_is_redacted_before_it_is_stored(stopped: Path) -> None:
    with Store.open(embedded_url(stopped)) as store:
        (run,) = store.runs()
        spans = store.spans_of_trace("default", run["trace_id"])
    assert len(spans) == 7
    assert "canary-token" not in repr(spans)
    assert "‹secret:token:" in repr(spans)


def test_nothing_is_left_in_clear_in_the_data_directory_that_others_can_read(stopped: Path) -> None:
    assert list((stopped / "tmp").iterdir()) == []
    for path in stopped.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
