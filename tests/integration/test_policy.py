"""`sentric policy` as a user runs it: on trace files, and on what a service has stored."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sentric.policy.loader import load_policy
from sentric_analyzer.control.keys import ADMIN_KEY_FILE
from support.commands import sentric
from support.serving import SENTRIC, Serving, poll, serving

OTLP = Path(__file__).parents[1] / "fixtures" / "otlp"
ATTACK = OTLP / "otel-genai-openai-agents-with-openai.otlp.pb"
BENIGN = OTLP / "otel-genai-openai-agents-benign.otlp.pb"
LAX = "policy: lax\noverride:\n  secret-sent-outside-task: {decision: warn}\ndisable: [data-sent-outside-task]\n"


def policy(*arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    return sentric("policy", *arguments, **{"SENTRIC_REDACTION_KEY": "fixed", **environ})


@pytest.fixture
def lax(tmp_path: Path) -> Path:
    path = tmp_path / "lax.yaml"
    path.write_text(LAX)
    return path


def backtest(lax: Path, *arguments: object) -> dict[str, Any]:
    done = policy("backtest", lax, "--format", "json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_a_backtest_says_what_changes_by_rule_and_agent_with_examples(lax: Path) -> None:
    document = backtest(lax, "--traces", ATTACK, "--traces", BENIGN)

    assert document["runs"] == 2
    rules = {rule["rule_id"]: rule for rule in document["rules"]}
    secret = rules["secret-sent-outside-task"]
    assert (secret["before"]["decisions"]["block"], secret["after"]["decisions"]["warn"]) == (1, 1)
    assert rules["data-sent-outside-task"]["after"]["matches"] == 0 if "data-sent-outside-task" in rules else True
    (agent,) = document["agents"]
    assert (agent["runs"], agent["actions"]) == (2, document["actions"])
    example = next(one for one in document["examples"] if one["number"] == secret["examples"][0])
    assert example["what"] == "http_post"
    assert "canary-token-7f3a" not in json.dumps(document)


def test_the_same_policy_changes_nothing(tmp_path: Path, lax: Path) -> None:
    document = backtest(lax, "--against", lax, "--traces", OTLP)

    assert document["changes"] == []
    assert document["policies"]["before"]["digest"] == document["policies"]["after"]["digest"]


def test_the_shipped_rules_have_a_name(lax: Path) -> None:
    for arguments, environ in (
        (("backtest", "default", "--against", lax), {}),
        (("backtest", lax, "--against", "default"), {"SENTRIC_POLICY": "none.yaml"}),
        (("backtest", lax), {"SENTRIC_POLICY": "default"}),
    ):
        done = policy(*arguments, "--traces", ATTACK, "--format", "json", **environ)
        assert (done.returncode, done.stderr) == (0, "")
        names = {side["name"] for side in json.loads(done.stdout)["policies"].values()}
        assert str(lax) in names
        assert names & {"shipped rules", "default"}


def test_names_of_rules_are_not_broken_where_no_terminal_is(lax: Path) -> None:
    shown = policy("backtest", lax, "--traces", ATTACK, COLUMNS="60").stdout
    assert any(line.startswith("data-sent-outside-task  ") for line in shown.splitlines())


def test_todays_policy_is_the_one_of_the_settings(lax: Path) -> None:
    done = policy("backtest", lax, "--traces", ATTACK, "--format", "json", SENTRIC_POLICY=str(lax))

    assert json.loads(done.stdout)["policies"]["before"]["name"] == str(lax)
    assert json.loads(done.stdout)["changes"] == []


def test_the_same_input_gives_the_same_output_byte_for_byte(lax: Path) -> None:
    command = [SENTRIC, "policy", "backtest", lax, "--traces", OTLP, "--format", "json"]
    outputs = set()
    for seed in ("1", "2"):
        environ = {**os.environ, "SENTRIC_REDACTION_KEY": "fixed", "PYTHONHASHSEED": seed}
        outputs.add(subprocess.run(command, capture_output=True, timeout=120, env=environ, check=True).stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize(("how", "status"), [("stricter", 0), ("looser", 1), ("change", 1)])
def test_a_change_can_be_an_exit_status(lax: Path, how: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "off.yaml").write_text("policy: runaway-alone\npacks: [runaway]\n")

    assert policy("backtest", tmp_path / "off.yaml", "--traces", ATTACK, "--fail-on", how).returncode == status


@pytest.mark.parametrize("form", ["table", "html"])
def test_a_page_and_a_table_are_written_to_a_file(lax: Path, form: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = policy("backtest", lax, "--traces", ATTACK, "--format", form, "-o", out)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "secret-sent-outside-task" in out.read_text()
    assert policy("backtest", lax, "--traces", ATTACK, "-o", "/no/such/dir/x").returncode == 3


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "say which runs: either --traces PATH or --since AGE"),
        (("--traces", BENIGN, "--since", "7d"), 2, "say which runs: either --traces PATH or --since AGE"),
        (("--traces", BENIGN, "--project", "p"), 2, "--project goes with --since"),
        (("--since", "soon"), 2, "neither an age like 12h"),
        (("--traces", "/no/such"), 3, "error: /no/such: no such file or directory\n"),
        (("--since", "7d", "--data-dir", "/no/such"), 3, "error: /no/such: nothing is stored there yet: start"),
    ],
)
@pytest.mark.parametrize("command", ["backtest", "suggest"])
def test_what_is_wrong_is_said_in_one_line(
    lax: Path, command: str, arguments: tuple[object, ...], status: int, message: str
) -> None:
    done = policy(command, *([lax] if command == "backtest" else []), *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["backtest", "suggest"])
def test_an_output_that_cannot_be_written_is_told_before_the_work(lax: Path, command: str) -> None:
    done = policy(command, *([lax] if command == "backtest" else []), "--traces", "/no/such", "-o", "/no/dir/x")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: /no/dir/x: cannot be written: there is no directory /no/dir\n"


def test_traces_without_a_run_are_an_error(lax: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("{}\n")
    for command in (("backtest", lax), ("suggest",)):
        done = policy(*command, "--traces", tmp_path / "empty.jsonl")
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == "error: no agent run in the traces: nothing to judge\n"


def test_what_cannot_be_read_is_named_and_the_rest_is_judged(lax: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pb").write_bytes(b"\xff\xff\xff")
    done = policy("backtest", lax, "--traces", tmp_path / "bad.pb", "--traces", ATTACK, "--format", "json")

    assert done.returncode == 3
    assert done.stderr.startswith(f"error: {tmp_path}/bad.pb: is not an OTLP request")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["unread"] == [done.stderr.removeprefix("error: ").rstrip("\n")]


def test_every_problem_of_a_bad_policy_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("policy: bad\npacks: [nosuch]\ntuning: {repeat: 1}\n")
    done = policy("backtest", tmp_path / "bad.yaml", "--traces", ATTACK)

    assert done.returncode == 2
    assert sorted(line.split(": ")[1] for line in done.stderr.splitlines()) == [
        f"{tmp_path}/bad.yaml:2",
        f"{tmp_path}/bad.yaml:3",
    ]


def test_a_suggested_policy_loads_and_can_be_backtested(tmp_path: Path) -> None:
    out = tmp_path / "deeper" / "suggested.yaml"
    out.parent.mkdir()
    (tmp_path / "today.yaml").write_text("policy: today\ntuning: {repeats: 9}\n")
    today = tmp_path / "today.yaml"
    done = policy("suggest", "--traces", BENIGN, "--traces", ATTACK, "--least", 1, "--against", today, "-o", out)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing was learned from 1 run with a finding of severity high or critical:" in done.stdout
    assert yaml.safe_load(out.read_text())["extends"] == ["../today.yaml"]
    chosen = load_policy(out).for_run("default", "invoice-assistant")
    assert chosen.tuning.repeats == 9
    assert "read_file" in chosen.tuning.allowed_tools
    assert "evil" not in str(chosen.tuning)
    assert policy("backtest", out, "--traces", OTLP).returncode == 0


def test_where_every_run_is_harmful_nothing_is_suggested() -> None:
    done = policy("suggest", "--traces", ATTACK)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "error: nothing to learn from: every run has a finding of severity high or critical\n"


def backtest_job(service: Serving) -> dict[str, Any]:
    """What a service says of a back-test that it was asked for, when it is done."""
    headers = {"Authorization": f"Bearer {(service.data_dir / ADMIN_KEY_FILE).read_text().strip()}"}
    with httpx.Client(base_url=f"http://{service.stated['http']}", headers=headers, trust_env=False) as client:
        wish = {"since": "2020-01-01T00:00:00Z", "documents": {"policy.yaml": LAX}}
        made = client.post("/v1/backtests", json=wish)
        assert made.status_code == 202, made.text
        poll(lambda: client.get(made.headers["Location"]).json()["ended"])
        document: dict[str, Any] = client.get(made.headers["Location"]).json()
    return document


def test_runs_that_a_service_has_stored_are_replayed_while_it_runs_and_after(lax: Path, tmp_path: Path) -> None:
    from_files = backtest(lax, "--traces", ATTACK, "--traces", BENIGN)
    data = tmp_path / "data"
    with serving(data, SENTRIC_REDACTION_KEY="fixed") as service:
        for body in (ATTACK, BENIGN):
            service.post(body.read_bytes())
        poll(lambda: len(service.get("/v1/runs")["runs"]) == 2)
        while_it_runs = backtest(lax, "--since", "2020-01-01", "--data-dir", data)
        job = backtest_job(service)
        suggested = policy("suggest", "--since", "2020-01-01", "--least", "1", "--data-dir", data)
        nothing = policy("backtest", lax, "--since", "2099-01-01", "--data-dir", data)
        assert service.stop() == 0
    after = backtest(lax, "--since", "2020-01-01", "--data-dir", data, "--project", "default")

    assert while_it_runs == after
    assert (job["state"], job["done"], job["total"]) == ("done", 2, 2)
    names = {"before": "shipped rules", "after": "the policy that was given"}
    assert {side: one.pop("name") for side, one in job["result"]["policies"].items()} == names
    for side in while_it_runs["policies"].values():
        del side["name"]
    assert job["result"] == while_it_runs
    for name in ("runs", "actions", "decisions", "changes", "agents", "rules"):
        assert while_it_runs[name] == from_files[name]
    assert "read_file" in suggested.stdout
    assert nothing.returncode == 3
    assert nothing.stderr == "error: no run in what is stored started since 2099-01-01 00:00 UTC: go further back\n"
