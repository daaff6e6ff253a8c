import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sentric.errors import PolicyError
from sentric.policy.lists import list_of, pack_of, read_list, slug
from sentric.policy.loader import load_rules
from sentric.policy.rule import Decision, Maturity, Over, RuleType, Severity

LIST = """\
rules:
  - {name: Drop table, type: regex, pattern: "(?i)drop +table", severity: critical, decision: block, enabled: true}
  - {name: Own secrets, type: nlp, pattern: "password|api key", severity: warning, decision: warn, enabled: false}
  - {name: Small talk, type: nlp, pattern: hello, severity: info, decision: allow}
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read_list(path)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def test_a_list_is_read_as_rules(tmp_path: Path) -> None:
    rules = read_list(written(tmp_path / "list.yaml", LIST))
    assert [(rule.id, rule.type, rule.severity, rule.decision, rule.maturity) for rule in rules] == [
        ("drop-table", RuleType.REGEX, Severity.CRITICAL, Decision.BLOCK, Maturity.STABLE),
        ("own-secrets", RuleType.PHRASES, Severity.MEDIUM, Decision.WARN, Maturity.INCUBATING),
        ("small-talk", RuleType.PHRASES, Severity.LOW, Decision.ALLOW, Maturity.STABLE),
    ]
    assert {rule.over for rule in rules} == {tuple(Over)}


def test_json_is_read_as_well_with_tabs_too(tmp_path: Path) -> None:
    as_json = json.dumps(yaml.safe_load(LIST), indent="\t")
    rules = read_list(written(tmp_path / "list.json", as_json))
    assert [rule.id for rule in rules] == ["drop-table", "own-secrets", "small-talk"]


def test_a_list_becomes_a_pack_that_loads_and_goes_back_as_it_was(tmp_path: Path) -> None:
    pack = written(tmp_path / "pack.yaml", pack_of(read_list(written(tmp_path / "list.yaml", LIST)), "ours"))
    back = list_of(load_rules([pack]))
    stated = yaml.safe_load(LIST)["rules"]
    stated[2]["enabled"] = True
    assert (list(back.rules), back.left_out) == (stated, ())
    again = written(tmp_path / "again.yaml", back.text())
    assert pack_of(read_list(again), "ours") == pack.read_text()


NAMES = st.text(min_size=1, max_size=30).filter(slug)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": NAMES,
                "type": st.sampled_from(("regex", "nlp")),
                "pattern": st.sampled_from(("a+b", "drop table", "x|y", "'", '"', "# no", "yes", "0", "ключ", "- a")),
                "severity": st.sampled_from(("info", "warning", "critical")),
                "decision": st.sampled_from(("allow", "warn", "block")),
                "enabled": st.booleans(),
            }
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda rule: slug(str(rule["name"])),
    )
)
def test_every_list_survives_the_way_there_and_back(rules: list[dict[str, object]]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as directory:
        source = written(Path(directory) / "list.yaml", yaml.safe_dump({"rules": rules}, allow_unicode=False))
        pack = written(Path(directory) / "pack.yaml", pack_of(read_list(source), "ours"))
        assert list(list_of(load_rules([pack])).rules) == rules


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    bad = (
        LIST.replace("type: regex", "type: regx")
        .replace("severity: warning", "severty: warning")
        .replace("pattern: hello", "pattern: 'hello||'")
    )
    told = problems_of(written(tmp_path / "list.yaml", bad))
    assert told == [
        "2: rules[0].type: 'regx' is not one of regex, nlp: did you mean 'regex'?",
        "3: rules[1]: unknown key 'severty': did you mean 'severity'?",
        "3: rules[1]: needs 'severity'",
        "4: rules[2].pattern: 'hello||' has an empty phrase: write phrases like 'drop table|truncate table'",
    ]


def test_an_unknown_key_hides_no_other_mistake_of_its_rule(tmp_path: Path) -> None:
    text = "rules:\n  - {name: a, type: regx, pattern: 5, severity: warn, decision: ask, enabled: maybe, foo: 1}\n"
    assert problems_of(written(tmp_path / "list.yaml", text)) == [
        "2: rules[0]: unknown key 'foo': use one of name, type, pattern, severity, decision, enabled, description",
        "2: rules[0].type: 'regx' is not one of regex, nlp: did you mean 'regex'?",
        "2: rules[0].severity: 'warn' is not one of info, warning, critical: did you mean 'warning'?",
        "2: rules[0].decision: 'ask' is not one of allow, warn, block",
        "2: rules[0].pattern: must be text, not a whole number",
        "2: rules[0].enabled: must be true or false, not text",
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Drop  TABLE!", "'Drop  TABLE!' makes the same id, drop-table, as 'Drop table' at"),
        ("Drop table", "duplicate name 'Drop table': it is also at"),
        ("–!", "has no letter or digit an id could be made of"),
    ],
)
def test_names_that_make_no_id_of_their_own_are_told(tmp_path: Path, name: str, problem: str) -> None:
    (told,) = problems_of(written(tmp_path / "list.yaml", LIST.replace("name: Own secrets", f"name: '{name}'")))
    assert told.startswith("3: rules[1]")
    assert problem in told


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: 3\n", "1: rules: must be a list"),
        ("rules: [3]\n", "1: rules[0]: must be a mapping"),
        ("[1, 2]\n", "1: must be a mapping"),
        ("", "1: is empty"),
        ("{\n", "is not YAML"),
        ("rulez: []\n", "1: unknown key 'rulez': did you mean 'rules'?"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in problems_of(written(tmp_path / "list.yaml", text))[0]


def test_a_file_that_is_not_there_or_not_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, reason in (("none", "No such file or directory"), ("binary", "it is not UTF-8 text")):
        with pytest.raises(PolicyError, match=f"{name}: cannot be read: {reason}"):
            read_list(tmp_path / name)


def test_what_a_list_cannot_say_is_left_out_and_named() -> None:
    shipped = load_rules()
    back = list_of(shipped)
    assert back.rules == ()
    assert [line.partition(":")[0] for line in back.left_out] == [rule.id for rule in shipped]
    assert "a condition cannot be said in such a list" in back.left_out[0]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("over: [arguments]", "it searches arguments only"),
        ("over: [all]\n    on: [shell, observation, message]", "it looks at shell, observation, message only"),
        ("over: [all]\n    severity: high", "such a list has no severity high"),
        ("over: [all]\n    decision: ask", "such a list has no decision ask"),
    ],
)
def test_the_reason_is_told(tmp_path: Path, change: str, why: str) -> None:
    rule = {"id": "one", "title": "One", "description": "d", "severity": "low", "decision": "warn", "risk": 1}
    stated = "".join(f"    {key}: {value}\n" for key, value in rule.items() if f"    {key}:" not in f"    {change}")
    text = f"pack: p\nrules:\n  - category: c\n{stated}    type: regex\n    pattern: a\n    {change}\n"
    (line,) = list_of(load_rules([written(tmp_path / "p.yaml", text)])).left_out
    assert line.startswith(f"one: {why}")


@pytest.mark.parametrize(
    ("name", "expected"), [("Drop Table!", "drop-table"), ("Größe", "groe"), ("a_b.c", "a-b-c"), ("--", ""), ("", "")]
)
def test_names_become_ids(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_names_in_other_scripts_become_ids_that_tell_them_apart(tmp_path: Path) -> None:
    names = ["删除表", "删除库", "规则1", "策略1"]
    assert len({slug(name) for name in names}) == 4
    text = "rules:\n" + "".join(
        f"  - {{name: {name}, type: nlp, pattern: {name}, severity: info, decision: warn}}\n" for name in names
    )
    pack = written(tmp_path / "pack.yaml", pack_of(read_list(written(tmp_path / "list.yaml", text)), "ours"))
    assert [rule["name"] for rule in list_of(load_rules([pack])).rules] == names


@pytest.mark.parametrize("ensure_ascii", [True, False])
@pytest.mark.parametrize("odd", ["x😀", "\x7f", "a\x85b", "a\u2028b", "a\ufeffb", "\\\\d", "a\tb", "\uffff"])
def test_whatever_json_can_say_is_read(tmp_path: Path, odd: str, ensure_ascii: bool) -> None:
    rule = {"name": "one", "type": "nlp", "pattern": "one", "severity": "info", "decision": "warn", "description": odd}
    path = written(tmp_path / "list.json", json.dumps({"rules": [rule]}, ensure_ascii=ensure_ascii))
    assert read_list(path)[0].description == odd
    written(path, "\ufeff" + json.dumps({"rules": [rule]}))
    pack = written(tmp_path / "pack.yaml", pack_of(read_list(path), "ours"))
    assert load_rules([pack])[0].description == odd.strip()
