import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sentric.cli.rules import rules

PACK = """\
pack: ours
rules:
  - id: typed
    title: Typed
    description: Something was typed.
    severity: low
    decision: warn
    risk: 1
    category: test
    on: [input]
    when: action.tool == 'input'
    examples:
      match:
        - {name: typing, events: [{event: action, tool: input, kind: input}]}
      no_match:
        - {name: clicking, events: [{event: action, tool: click, kind: click}]}
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "ours.yaml"
    path.write_text(PACK)
    return path


def test_list_shows_the_rules_of_a_file(pack: Path) -> None:
    shown = CliRunner().invoke(rules, ["list", str(pack)]).output
    assert "typed" in shown
    listed = json.loads(CliRunner().invoke(rules, ["list", "--format", "json", str(pack)]).output)
    assert [rule["id"] for rule in listed] == ["typed"]


def test_check_says_how_many_are_well_formed(pack: Path) -> None:
    done = CliRunner().invoke(rules, ["check", str(pack)])
    assert (done.exit_code, done.output) == (0, "1 rules are well formed\n")


def test_check_reports_every_problem_with_its_place(pack: Path) -> None:
    pack.write_text(PACK.replace("risk: 1", "risk: 1000").replace("severity: low", "severity: dire"))
    done = CliRunner().invoke(rules, ["check", str(pack)])
    assert done.exit_code == 2
    assert [line.split(": ")[1].removeprefix(str(pack)) for line in done.stderr.splitlines()] == [":6", ":8"]


def test_the_examples_of_a_rule_are_run(pack: Path) -> None:
    done = CliRunner().invoke(rules, ["test", str(pack)])
    assert (done.exit_code, done.output) == (0, "1 rules, 2 examples: all hold\n")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("action.tool == 'x'", "14: typed: 'typing' must match at its last event, and does not"),
        ("1 == 1", None),
        ("action.effects[9] == 'x'", "14: typed: 'typing' must match at its last event, and does not"),
    ],
)
def test_an_example_that_does_not_hold_is_named(pack: Path, condition: str, message: str | None) -> None:
    pack.write_text(PACK.replace("action.tool == 'input'", condition).replace("on: [input]", "on: [action]"))
    done = CliRunner().invoke(rules, ["test", str(pack)])
    assert done.exit_code == 1
    assert f"error: {pack}:" in done.stderr
    if message:
        assert message in done.stderr
    else:
        assert "16: typed: 'clicking' must not match, and does (at event 0)" in done.stderr
