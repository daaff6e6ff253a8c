"""`sentric policy activate --rule`, `--shadow` and `sentric policy suggest --rules`: on what a service has left."""

import json
import subprocess
from pathlib import Path

import pytest

from sentric.events import Action, Kind, Run
from sentric.policy.engine import replay
from sentric.policy.loader import load_bundle
from sentric_analyzer.control import Scope
from sentric_analyzer.control.store import ControlStore, control_url
from sentric_analyzer.storage import Store, embedded_url
from support.commands import sentric

RULE = """
  - id: {id}
    title: A title
    description: What it means.
    severity: low
    decision: {decision}
    risk: 10
    category: oversight
    on: [{kind}]
    when: action.tool == '{tool}'
    examples:
      match: [{{name: a, events: [{{event: action, tool: {tool}, kind: {kind}}}]}}]
      no_match: [{{name: b, events: [{{event: action, tool: other, kind: {kind}}}]}}]
"""
RULES = (
    RULE.format(id="often", decision="block", kind="payment", tool="pay"),
    RULE.format(id="once", decision="ask", kind="click", tool="buy"),
    RULE.format(id="never", decision="block", kind="click", tool="never"),
    RULE.format(id="warns", decision="warn", kind="click", tool="click"),
)
DOCUMENTS = {
    "policy.yaml": "policy: ours\npacks: [ours.yaml]\nshadow: all\nerror_budget: {'*': {agents: 5}}\n",
    "ours.yaml": "pack: ours\nrules:" + "".join(RULES),
}
DAY = 86_400 * 1_000_000_000


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a service has left: thirty runs over fifteen days, and a policy in which all rules are in shadow."""
    path = tmp_path_factory.mktemp("data")
    with ControlStore.open(control_url(path)) as control, Store.open(embedded_url(path)) as store:
        control.keys.create(projects=["shop"], scopes=[Scope.READ])
        now = int(control.changes.clock() * 1e9)
        policy = load_bundle(DOCUMENTS)
        runs = []
        for number in range(30):
            started = now - number * DAY // 2
            tools = [("click", Kind.CLICK), *([("pay", Kind.PAYMENT)] if number % 3 == 0 else [])]
            tools += [("buy", Kind.CLICK)] if number == 7 else []
            events = tuple(
                Action(sequence=place, time=started, span_id=f"{number}-{place}", tool=tool, kind=kind)
                for place, (tool, kind) in enumerate(tools, start=1)
            )
            run = Run(
                project="shop", run_id=f"run-{number}", agent=f"agent-{number % 2}", started=started, events=events
            )
            runs.append(replay(policy, run))
        store.insert_replays(runs)
    return path


@pytest.fixture(autouse=True)
def in_force(data_dir: Path) -> None:
    with ControlStore.open(control_url(data_dir)) as control:
        control.policies.activate(
            "shop", control.policies.save("shop", DOCUMENTS, actor="local").version, actor="local"
        )


def policy(data_dir: Path, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    return sentric("policy", *arguments, "--project", "shop", "--data-dir", data_dir, stdin=stdin, COLUMNS="200")


def activations(data_dir: Path) -> int:
    with ControlStore.open(control_url(data_dir)) as control:
        return control.policies.activations("shop", limit=1)[0].number


def test_the_rules_in_shadow_are_listed_with_what_they_would_have_refused(data_dir: Path) -> None:
    document = json.loads(policy(data_dir, "suggest", "--rules", "--format", "json").stdout)
    assert (document["runs"], document["agents"], document["days"]) == (30, 2, 14)
    found = [
        (rule["id"], rule["advice"], rule["looked_at"], rule["blocks"], rule["asks"]) for rule in document["rules"]
    ]
    assert found == [
        ("often", "breaks", 10, 10, 0),
        ("once", "look", 30, 0, 1),
        ("never", "ready", 30, 0, 0),
    ]
    assert document["rules"][0]["latest_runs"] == ["run-0", "run-3", "run-6"]
    assert document["rules"][0]["error_budget"] == {"agents": 5, "window": 3600}
    table = policy(data_dir, "suggest", "--rules", "--since", "3d").stdout
    assert "30 runs" not in table
    assert "would break runs" not in table  # two payments within these days are too few to say so
    assert "2 blocks in 2 runs of 2 agents" in table


def test_a_rule_is_promoted_once_somebody_agrees(data_dir: Path) -> None:
    before = activations(data_dir)
    refused = policy(data_dir, "activate", "--rule", "often", stdin=b"n\n")
    assert refused.returncode == 1
    assert "often (low, block): A title" in refused.stdout
    assert "so far 10 blocks in 10 runs of 2 agents, of 10 runs that it looked at" in refused.stdout
    assert "latest runs: run-0, run-3, run-6" in refused.stdout
    assert activations(data_dir) == before
    assert policy(data_dir, "activate", "--rule", "often").returncode == 1  # nobody is there to be asked
    assert activations(data_dir) == before

    done = policy(data_dir, "activate", "--rule", "often", "--rule", "never", stdin=b"y\n")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith("; decide from now on: often, never")
    left = json.loads(policy(data_dir, "suggest", "--rules", "--format", "json").stdout)
    assert [rule["id"] for rule in left["rules"]] == ["once"]
    again = policy(data_dir, "activate", "--rule", "often", "--yes")
    assert (again.returncode, again.stderr) == (3, "error: rule 'often' is not in shadow: it decides already\n")
    assert policy(data_dir, "activate", "--shadow", "often").stdout.endswith("; in shadow: often\n")
    with ControlStore.open(control_url(data_dir)) as control:
        (record, *_) = control.changes.records(what="policy.promote", subject="often")
    assert json.loads(record.detail)["blocks"] == 10


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("activate",), 2, "say what: either a VERSION, or --rule RULE, or --shadow RULE"),
        (("activate", "1", "--rule", "often"), 2, "say what"),
        (("activate", "--rule", "often", "--shadow", "once"), 2, "say what"),
        (("activate", "--rule", "nothing", "--yes"), 3, "no rule 'nothing' is in force for project 'shop'"),
        (("suggest", "--format", "json"), 2, "--format goes with --rules"),
        (("suggest", "--rules", "--least", "3", "--against", "default"), 2, "--rules tells of the policy in force"),
    ],
)
def test_a_wrong_wish_is_told_in_a_line(data_dir: Path, arguments: tuple[str, ...], status: int, message: str) -> None:
    done = policy(data_dir, *arguments)
    assert done.returncode == status
    assert message in done.stderr
