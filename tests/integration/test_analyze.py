import gzip
import json
import subprocess
from pathlib import Path

import pytest

from fixtures.traces import span as span_of
from support.commands import sentric
from support.otlp import request_of
from support.serving import SENTRIC

OTLP = Path(__file__).parents[1] / "fixtures" / "otlp"
ATTACK = OTLP / "otel-genai-openai-agents-with-openai.otlp.pb"
BENIGN = OTLP / "otel-genai-openai-agents-benign.otlp.pb"
SHARED = Path(__file__).parents[3] / "shared" / "fixtures" / "otlp"
"""More captures, where they lie beside this project."""
EXPECTED = Path(__file__).parent / "expected" / "steps.json"
"""What `sentric analyze --steps --format json` makes of them."""


def analyze(*arguments: object, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    return sentric("analyze", *arguments, stdin=stdin)


def apart(*arguments: object) -> "subprocess.CompletedProcess[bytes]":
    """The same in a process of its own, for what only its environment decides."""
    return subprocess.run([SENTRIC, "analyze", *map(str, arguments)], capture_output=True, timeout=120)


def findings(*arguments: object, stdin: bytes = b"") -> list[dict[str, object]]:
    done = analyze("--format", "json", *arguments, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_the_exfiltration_is_found_and_the_honest_run_is_left_alone() -> None:
    found = findings(ATTACK)
    assert {"high", "critical"} & {finding["severity"] for finding in found}
    keys = {"finding_id", "trace_id", "run_id", "rule_id", "title", "severity", "decision", "category", "references",
            "description", "evidence"}  # fmt: skip
    assert all(keys <= finding.keys() for finding in found)
    assert not [finding for finding in findings(BENIGN) if finding["severity"] in {"high", "critical"}]


def test_the_normalised_runs_are_printed(tmp_path: Path) -> None:
    done = analyze("--steps", "--format", "json", ATTACK)
    (run,) = json.loads(done.stdout)
    assert {"trace_id", "run_id", "agent", "session", "task", "coverage", "steps"} <= run.keys()
    keys = {"span_id", "tool", "kind", "effects", "arguments", "result", "reasoning", "url"}
    assert [step["tool"] for step in run["steps"]] == ["read_file", "http_post"]
    assert all(keys <= step.keys() for step in run["steps"])


def test_every_form_of_input_gives_the_same_findings(tmp_path: Path) -> None:
    from google.protobuf.json_format import MessageToDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    document = MessageToDict(ExportTraceServiceRequest.FromString(ATTACK.read_bytes()))
    for spans in (s["spans"] for r in document["resourceSpans"] for s in r["scopeSpans"]):
        for span in spans:
            for name in {"traceId", "spanId", "parentSpanId"} & span.keys():
                import base64

                span[name] = base64.b64decode(span[name]).hex()
    line = json.dumps(document).encode()
    (tmp_path / "a.json").write_bytes(line)
    (tmp_path / "b.jsonl").write_bytes(line + b"\n\n")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(line + b"\n"))
    inside = tmp_path / "directory" / "deeper"
    inside.mkdir(parents=True)
    (inside / "d.otlp.pb").write_bytes(ATTACK.read_bytes())
    expected = [finding["finding_id"] for finding in findings(ATTACK)]
    for source in ("a.json", "b.jsonl", "c.jsonl.gz", "directory"):
        assert [finding["finding_id"] for finding in findings(tmp_path / source)] == expected
    for body in (line, ATTACK.read_bytes(), gzip.compress(line)):
        assert [finding["finding_id"] for finding in findings("-", stdin=body)] == expected


def test_the_same_input_gives_the_same_output_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRIC_REDACTION_KEY", "fixed")
    outputs = set()
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        outputs.add(apart("--format", "json", ATTACK).stdout)
    assert len(outputs) == 1


def test_what_cannot_be_read_is_named_and_the_rest_is_still_judged(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pb"
    bad.write_bytes(b"\xff\xff\xff")
    done = analyze("--format", "json", bad, ATTACK)
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: {bad}: is not an OTLP request of traces or logs, protobuf or JSON: ")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)


@pytest.mark.parametrize(("severity", "status"), [("critical", 1), ("low", 1)])
def test_fail_on_turns_findings_into_a_status(severity: str, status: int) -> None:
    assert analyze("--fail-on", severity, ATTACK).returncode == status
    assert analyze("--fail-on", "high", BENIGN).returncode == 0


def test_the_table_says_what_was_found() -> None:
    shown = analyze(ATTACK).stdout
    assert "high" in shown or "critical" in shown


def test_a_bad_policy_is_every_problem_with_its_place(tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("policy: p\npacks: [nosuch]\ntuning: {repeat: 1}\n")
    done = analyze("--policy", policy, ATTACK)
    assert done.returncode == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [f"{policy}:2", f"{policy}:3"]


def test_log_records_that_tell_of_agents_are_judged() -> None:
    logs = sorted(OTLP.glob("codex-cli.*logs.otlp.pb"))
    done = analyze("--format", "json", *logs)
    assert "secret-sent-outside-task" in {found["rule_id"] for found in json.loads(done.stdout)}
    assert done.stderr == ""


def test_the_shared_captures_are_read_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing expectation is written, and the test fails once: look at what was written before keeping it."""
    if not SHARED.is_dir():
        pytest.skip("the shared captures are not part of this project, and not beside it")
    monkeypatch.setenv("SENTRIC_REDACTION_KEY", "k" * 32)
    done = analyze("--steps", "--format", "json", SHARED)
    assert done.returncode == 0
    if not EXPECTED.exists():
        EXPECTED.write_text(done.stdout)
        pytest.fail(f"{EXPECTED} was missing: it has been written")
    assert json.loads(done.stdout) == json.loads(EXPECTED.read_text())


def test_other_log_records_are_skipped_with_a_word(tmp_path: Path) -> None:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(event_name="x", time_unix_nano=2**60)
    (tmp_path / "a.pb").write_bytes(request.SerializeToString())
    (tmp_path / "b.json").write_bytes(b'{"resourceLogs": [{"scopeLogs": []}]}')
    done = analyze("--format", "json", tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    word = "holds no spans, and no log records that tell of agents: skipped"
    assert [line.split(": ", 2)[2] for line in done.stderr.splitlines()] == [word, word]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_knows_few_characters_is_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = apart(ATTACK)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"secret-sent-outside" in done.stdout


def test_explain_tells_names_and_no_values_and_hides_secrets_in_names(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    path = tmp_path / "a.pb"
    path.write_bytes(
        request_of([span_of(f"GET /?key={token}", "1" * 16, attributes={"http.route": "kept-to-itself", "key": token})])
    )
    for form in ("table", "json"):
        done = analyze("--explain", "--format", form, path)
        assert (done.returncode, done.stderr) == (0, "")
        assert "http.route" in done.stdout
        assert token not in done.stdout
        assert "kept-to-itself" not in done.stdout


def test_explain_tells_of_every_capture_and_of_what_cannot_be_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pb"
    bad.write_bytes(b"\xff\xff\xff")
    done = analyze("--explain", "--format", "json", bad, OTLP)
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: {bad}: is not an OTLP request")
    document = json.loads(done.stdout)
    assert {"vercel", "openinference", "strands", "gen_ai", "langfuse", "mlflow"} <= {
        group["dialect"] for group in document["groups"]
    }
    assert sum(group["spans"] for group in document["groups"]) == sum(
        len(trace["spans"]) for trace in document["traces"]
    )


@pytest.mark.parametrize("option", [("--steps", "--format", "json"), ("--policy", "x.yaml"), ("--fail-on", "low")])
def test_explain_stands_alone(option: tuple[str, ...]) -> None:
    done = analyze("--explain", *option, BENIGN)
    assert done.returncode == 2
    assert "--explain judges nothing: leave --steps, --policy and --fail-on out" in done.stderr


def test_ten_megabytes_in_an_attribute_are_cut_as_the_service_cuts_them(tmp_path: Path) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest.FromString(ATTACK.read_bytes())
    for span in (span for r in request.resource_spans for s in r.scope_spans for span in s.spans):
        for attribute in span.attributes:
            if attribute.key == "gen_ai.tool.call.result" and "IGNORE" in attribute.value.string_value:
                attribute.value.string_value += "0123456789abcdef" * (10 << 16)
    (tmp_path / "large.pb").write_bytes(request.SerializeToString())
    assert (tmp_path / "large.pb").stat().st_size > 10 << 20

    (run,) = json.loads(analyze("--steps", "--format", "json", tmp_path).stdout)
    assert run["coverage"]["truncated"] == 1
    assert max(len(step["result"]) for step in run["steps"]) <= 1 << 20
    assert [step["tool"] for step in run["steps"]] == ["read_file", "http_post"]
    assert {"injected-instructions-obeyed"} <= {finding["rule_id"] for finding in findings(tmp_path)}


def test_what_was_not_evaluated_stands_with_the_steps_and_under_the_table(tmp_path: Path) -> None:
    silent = ATTACK.parent / "vercel-ai-7-nocontent.otlp.pb"
    (run,) = json.loads(analyze("--steps", "--format", "json", silent).stdout)
    needed = {one["rule"]: one["needs"] for one in run["not_evaluated"]}
    assert needed["secret-sent-outside-task"] == ["task", "arguments", "results"]
    shown = " ".join(analyze(silent).stdout.split())
    assert "No rule matched, but" in shown
    assert "because the arguments of tools were not captured" in shown
    assert "Not evaluated" not in analyze(ATTACK).stdout
