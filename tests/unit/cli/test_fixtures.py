"""`sentric test`: what it prints, and its exit status."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sentric.testing import load_fixture
from support.commands import sentric

PACK = """\
pack: ours
rules:
  - id: typed
    title: Something was typed
    description: Something was typed.
    severity: high
    decision: block
    risk: 60
    category: test
    on: [input]
    when: action.tool == 'input'
    evidence: [action.url]
    examples:
      match: [{name: typing, events: [{event: action, tool: input, kind: input}]}]
      no_match: [{name: other, events: [{event: action, tool: other, kind: input}]}]
"""
FIXTURE = """\
fixture: 1
description: A password goes out.
run: {run_id: r-1}
events:
- {event: action, tool: open}
- event: action
  expect: {decision: block, severity: high, risk: 60, rules: [typed]}
  tool: input
  kind: input
  url: "http://a.example/\\e[2J\\n::error::x"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "a.yaml").write_text(FIXTURE)
    (tmp_path / "strict.yaml").write_text(PACK)
    (tmp_path / "weak.yaml").write_text(PACK.replace("block", "warn").replace("risk: 60", "risk: 20"))
    (tmp_path / "other.yaml").write_text(PACK.replace("id: typed", "id: entered"))
    return tmp_path


def test_all_the_same_is_no_failure(place: Path) -> None:
    done = sentric("test", place / "agents", "--policy", place / "strict.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 fixture: 1 the same\n", "")


def test_the_policy_may_be_a_setting(place: Path) -> None:
    assert sentric("test", place / "agents", SENTRIC_POLICY=str(place / "strict.yaml")).returncode == 0
    assert sentric("test", place / "agents").returncode == 1


def test_a_verdict_that_changed_fails_and_is_told(place: Path) -> None:
    done = sentric("test", place / "agents", "--policy", place / "weak.yaml")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"changed: {place}/agents/a.yaml: run r-1, 2 steps",
        "  step 2, input (line 6): block → warn",
        "    risk 60 → 20",
        "    = typed (high, warn, risk 20): Something was typed",
        "        action.url: http://a.example/‹U+001B›[2J ::error::x",
        "1 fixture: 0 the same, 1 changed (1 verdict)",
    ]


def test_rules_that_came_and_went_are_told(place: Path) -> None:
    done = sentric("test", place / "agents" / "a.yaml", "--policy", place / "other.yaml")
    assert done.returncode == 1
    assert (
        "  step 2, input (line 6): block, as before\n    - typed\n    + entered (high, block, risk 60)" in done.stdout
    )


def test_what_cannot_be_read_is_named_and_the_others_are_judged(place: Path) -> None:
    (place / "agents" / "b.yaml").write_text(FIXTURE.replace("tool: open", "tol: open"))
    (place / "agents" / "c.yaml").write_text(FIXTURE)
    done = sentric("test", place / "agents", "--policy", place / "weak.yaml")
    assert done.returncode == 3
    assert f"error: {place}/agents/b.yaml:5: events[0].tol: action has no 'tol'" in done.stdout
    assert done.stdout.endswith("3 fixtures: 0 the same, 2 changed (2 verdicts), 1 cannot be read\n")


def test_update_writes_what_is_decided_now(place: Path) -> None:
    (place / "agents" / "same.yaml").write_text("# a comment\nfixture: 1\nrun: {run_id: r-2}\nevents: []\n")
    done = sentric("test", place / "agents", "--policy", place / "weak.yaml", "--update")
    assert done.returncode == 0
    assert done.stdout.startswith(f"updated: {place}/agents/a.yaml")
    assert done.stdout.endswith("2 fixtures: 1 the same, 1 updated (1 verdict)\n")

    written = load_fixture(place / "agents" / "a.yaml")
    assert (written.description, written.expected[1].risk) == ("A password goes out.", 20)
    assert (place / "agents" / "same.yaml").read_text().startswith("# a comment")
    assert sentric("test", place / "agents", "--policy", place / "weak.yaml").returncode == 0


def test_as_json(place: Path) -> None:
    (place / "agents" / "b.yaml").write_text("no")
    done = sentric("test", place / "agents", "--policy", place / "other.yaml", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["changed"], told["unreadable"]) == (3, 1, 1)
    (change,) = told["fixtures"][0]["changes"]
    assert change["expected"] == {"decision": "block", "severity": "high", "risk": 60, "rules": ["typed"]}
    assert (change["line"], change["gone"], change["came"][0]["rule_id"]) == (6, ["typed"], "entered")
    assert told["fixtures"][1]["problems"] == [f"{place}/agents/b.yaml:1: must be a mapping"]


def test_as_junit(place: Path) -> None:
    (place / "agents" / "b.yaml").write_text("no")
    (place / "agents" / "c.yaml").write_text("fixture: 1\nrun: {run_id: r}\nevents: []\n")
    text = FIXTURE.replace("http://a.example/", "\\uFFFE<&]]>\\x00")
    (place / "agents" / "a.yaml").write_text(text)
    done = sentric("test", place / "agents", "--policy", place / "weak.yaml", "--format", "junit")
    root = ET.fromstring(done.stdout.encode())  # noqa: S314  # made here
    cases = root.findall("testsuite/testcase")

    assert done.returncode == 3
    assert dict(root.attrib) == {"tests": "3", "failures": "1", "errors": "1"}
    assert [[part.tag for part in case] for case in cases] == [["failure"], ["error"], []]
    assert cases[0][0].get("message") == "step 2, input: block → warn"
    assert "= typed (high, warn, risk 20)" in (cases[0][0].text or "")


@pytest.mark.parametrize("form", ["table", "junit"])
def test_nothing_in_a_fixture_begins_a_line(place: Path, form: str) -> None:
    hostile = FIXTURE.replace("run_id: r-1", 'run_id: "\\n::error::x"').replace("tool: input", 'tool: "\\n::set-env"')
    (place / "agents" / "a.yaml").write_text(hostile)
    (place / "agents" / "b.yaml").write_text("'\\n': 1\n\"\\n::error::y\": 1\n")
    done = sentric("test", place / "agents", "--policy", place / "other.yaml", "--format", form)
    assert done.returncode == 3
    assert not [line for line in done.stdout.splitlines() if line.lstrip().startswith("::")]
    assert "\x1b" not in done.stdout


def test_a_call_that_is_wrong_is_told(place: Path) -> None:
    (place / "empty").mkdir()
    for arguments in ((), (place / "none.yaml",), (place / "empty",), (place / "agents", "--policy", place / "x.yaml")):
        assert sentric("test", *arguments).returncode == 2


def test_a_fixture_that_cannot_be_written_is_a_failure(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refuse)
    done = sentric("test", place / "agents", "--policy", place / "weak.yaml", "--update")
    assert done.returncode == 3
    assert done.stderr == f"error: {place}/agents/a.yaml: cannot be written: Permission denied\n"
