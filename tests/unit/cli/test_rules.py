import json
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from sentric.cli.rules import rules
from sentric.errors import SentricError

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
    assert done.exit_code == 2
    assert f"error: {pack}:" in done.stderr
    if message:
        assert message in done.stderr
    else:
        assert "16: typed: 'clicking' must not match, and does (at event 0)" in done.stderr


def test_a_check_tells_examples_that_do_not_hold_with_all_else(pack: Path) -> None:
    text = PACK.replace("{event: action, tool: input, kind: input}", "{event: action, tool: other, kind: input}")
    pack.write_text(text)
    done = CliRunner().invoke(rules, ["check", str(pack)])
    assert (done.exit_code, done.stderr.count("error: ")) == (2, 1)
    assert "'typing' must match" in done.stderr
    pack.write_text(text.replace("    severity: low", "    severty: low") + "  - {}\n")
    for command in ("check", "test"):
        done = CliRunner().invoke(rules, [command, str(pack)])
        assert done.exit_code == 2
        assert "unknown key 'severty'" in done.stderr
    pack.write_text(text.replace("category: test", "category: Test?"))
    assert CliRunner().invoke(rules, ["list", str(pack)]).exit_code == 2
    pack.write_text(text)
    assert CliRunner().invoke(rules, ["list", str(pack)]).exit_code == 0


def test_names_of_rules_are_not_broken_where_no_terminal_is() -> None:
    shown = CliRunner().invoke(rules, ["list"], env={"COLUMNS": "80"}).output.splitlines()
    assert len(shown) == 1 + len(json.loads(CliRunner().invoke(rules, ["list", "--format", "json"]).output))
    assert all(line.split()[0].replace("-", "").isalpha() for line in shown)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_names_of_rules_are_whole_in_a_narrow_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentric.cli import rule_view
    from sentric.policy.loader import load_rules

    shown = StringIO()
    terminal = Console(file=shown, force_terminal=True, color_system=None, width=width)
    monkeypatch.setattr(rule_view, "Console", lambda: terminal)
    rule_view.print_rules(load_rules())
    lines = shown.getvalue().splitlines()
    assert {rule.id for rule in load_rules()} <= {line.split()[0] for line in lines if line.split()}
    assert max(map(len, lines)) <= width


def test_no_name_acts_on_the_terminal(pack: Path) -> None:
    pack.write_text(PACK.replace("title: Typed", 'title: "a\\e[31mb"'))
    for command in (["list", str(pack)], ["show", "typed", str(pack)], ["diff", "default", str(pack)]):
        shown = CliRunner().invoke(rules, command).output
        assert "\x1b" not in shown
        assert "a‹U+001B›[31mb" in shown
    pack.write_text(PACK.replace("title: Typed", '"ti\\e[31mtle": {}'))
    assert "\x1b" not in CliRunner().invoke(rules, ["check", str(pack)]).stderr


def test_a_list_that_makes_too_large_a_pack_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.yaml"
    one = f"- {{{{name: r{{0}}, type: nlp, pattern: p{{0}} {'of words ' * 110}, severity: info, decision: warn}}}}\n"
    path.write_text("rules:\n" + "".join(map(one.format, range(50))))
    for module in ("document", "lists"):
        monkeypatch.setattr(f"sentric.policy.{module}.SIZE_LIMIT", path.stat().st_size)
    done = CliRunner().invoke(rules, ["import", str(path), "-o", str(tmp_path / "pack.yaml")])
    assert (done.exit_code, (tmp_path / "pack.yaml").exists()) == (2, False)
    assert "split the list" in done.stderr


LIST = """\
rules:
  - {name: Drop table, type: regex, pattern: "(?i)drop +table", severity: critical, decision: block}
  - {name: Greeting, type: nlp, pattern: hello|good day, severity: info, decision: allow, enabled: false}
"""


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(rules, [str(argument) for argument in arguments])


def test_show_tells_a_rule_whole() -> None:
    shown = invoke("show", "action-loop").output
    for part in (
        "Same action repeated",
        "signals.looping",
        "OWASP-ASI08",
        "what to do",
        "· a button that does nothing",
    ):
        assert part in shown
    document = json.loads(invoke("show", "action-loop", "--format", "json").output)
    assert document["id"] == "action-loop"
    assert len(document["match"]) >= 2
    assert document["match"][0]["events"][0]["event"] == "message"


def test_show_knows_the_engines_own_rules_and_says_what_a_misspelt_one_may_be() -> None:
    assert "the engine judges it itself" in invoke("show", "risk-budget-exceeded").output
    done = invoke("show", "action-lop")
    assert (done.exit_code, done.stderr) == (2, "error: no rule 'action-lop': did you mean 'action-loop'?\n")
    assert "`sentric rules list` names them" in invoke("show", "zzzz").stderr


def test_a_list_is_imported_checked_and_exported_again(tmp_path: Path) -> None:
    source, pack = tmp_path / "Our list.yaml", tmp_path / "pack.yaml"
    source.write_text(LIST)
    done = invoke("import", source, "-o", pack)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "2 rules read\n")
    assert pack.read_text().startswith("pack: our-list\n")
    assert invoke("check", pack).output == "2 rules are well formed\n"
    assert "matches when\n  regex in arguments, result, reasoning, message" in invoke("show", "drop-table", pack).output
    back = json.loads(invoke("export", pack, "--format", "json").stdout)
    assert back["rules"][1] == {
        "name": "Greeting",
        "type": "nlp",
        "pattern": "hello|good day",
        "severity": "info",
        "decision": "allow",
        "enabled": False,
    }
    source.write_text(invoke("export", pack).stdout)
    assert invoke("import", source).stdout == pack.read_text()


def test_a_list_with_mistakes_makes_nothing(tmp_path: Path) -> None:
    source, pack = tmp_path / "list.yaml", tmp_path / "pack.yaml"
    source.write_text(LIST.replace("regex", "regx").replace("info", "inform"))
    done = invoke("import", source, "-o", pack)
    assert done.exit_code == 2
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [f"{source}:2", f"{source}:3"]
    assert not pack.exists()
    source.write_text("rules: []\n")
    assert (invoke("import", source).exit_code, invoke("import", source).stderr) == (
        2,
        f"error: {source}: has no rules\n",
    )


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    source = tmp_path / "list.yaml"
    source.write_text(LIST)
    done = invoke("import", source, "-o", tmp_path / "no" / "pack.yaml")
    assert isinstance(done.exception, SentricError)
    assert str(done.exception).endswith("cannot be written: No such file or directory")


def test_rules_that_a_list_cannot_say_are_named(pack: Path) -> None:
    done = invoke("export", pack)
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "left out: typed: a condition cannot be said in such a list",
        "error: no rule here can be said in such a list",
    ]


def test_diff_tells_what_changes_from_one_policy_to_another(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy: p\ndisable: [suspicious-domain]\noverride: {action-loop: {risk: 1}}\ntuning: {repeats: 9}\n"
    )
    shown = " ".join(invoke("diff", "default", path).output.split())
    assert "removed: suspicious-domain (low, warn, risk 10)" in shown
    assert "action-loop risk 15 1" in shown
    assert "tuning repeats 3 9" in shown
    document = json.loads(invoke("diff", "default", path, "--format", "json").output)
    assert document["before"] != document["after"]
    assert document["changed"][0] == {"subject": "action-loop", "field": "risk", "before": 15, "after": 1}
    assert "the same verdicts" in invoke("diff", path, path).output


def test_diff_tells_what_is_wrong_with_either_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("policy: p\nnope: 1\n")
    done = invoke("diff", path, tmp_path / "none.yaml")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 2


def test_a_shipped_pack_is_named_without_a_path() -> None:
    listed = json.loads(CliRunner().invoke(rules, ["list", "--format", "json", "finops"]).output)
    assert [rule["id"] for rule in listed] == [
        "payment-to-unknown-vendor",
        "payment-over-limit",
        "payment-not-spelled-out",
    ]


def test_a_misspelt_command_is_told_with_the_nearest_one() -> None:
    done = CliRunner().invoke(rules, ["lst"])
    assert done.exit_code == 2
    assert done.stderr.endswith("No such command 'lst': did you mean 'list'?\n")
    assert "did you mean" not in CliRunner().invoke(rules, ["xyzzy"]).stderr


def test_show_says_what_a_rule_needs_to_have_been_captured() -> None:
    shown = CliRunner().invoke(rules, ["show", "secret-sent-outside-task"]).output
    assert "needs       task, arguments, results, page" in shown
    assert "needs" not in CliRunner().invoke(rules, ["show", "permission-change"]).output
