from pathlib import Path

import pytest

from sentric.errors import PolicyError
from sentric.events import Kind
from sentric.policy.loader import load_policy, load_rules, shipped_packs
from sentric.policy.rule import Decision, Severity

RULE = """\
  - id: {id}
    title: A title
    description: What it means.
    severity: high
    decision: block
    risk: 60
    category: some_category
    references: [OWASP-ASI03, ATLAS-T0055]
    on: [input]
    when: action.tool == 'input'
    evidence: [action.url]
    examples:
      match:
        - name: typed
          events: [{{event: action, tool: input, kind: input}}]
      no_match:
        - name: clicked
          events: [{{event: action, tool: click, kind: click}}]
"""


def pack(tmp_path: Path, *rules: str, name: str = "ours.yaml") -> Path:
    path = tmp_path / name
    path.write_text("pack: ours\nrules:\n" + "".join(rules))
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_rules([path])
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def test_a_rule_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = pack(tmp_path, RULE.format(id="typed-something"))
    (rule,) = load_rules([path])
    assert (rule.id, rule.severity, rule.decision, rule.risk) == (
        "typed-something",
        Severity.HIGH,
        Decision.BLOCK,
        60,
    )
    assert (rule.pack, rule.file, rule.line) == ("ours", str(path), 3)
    assert rule.references == ("OWASP-ASI03", "ATLAS-T0055")
    assert rule.applies_to(Kind.INPUT)
    assert not rule.applies_to(Kind.CLICK)
    assert [example.name for example in (*rule.match, *rule.no_match)] == ["typed", "clicked"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("severity: high", "severty: high"), "6: rules[0]: unknown key 'severty': did you mean 'severity'?"),
        (("severity: high", "severity: grave"), "6: rules[0].severity: 'grave' is not one of low, medium"),
        (("risk: 60", "risk: 600"), "8: rules[0].risk: 600 is not between 0 and 100"),
        (("id: x-y", "id: X y"), "3: rules[0].id: 'X y' is not a name like credential-over-http"),
        (("ATLAS-T0055", "ATLAS-55"), "10: rules[0].references[1]: 'ATLAS-55' is not like OWASP-ASI01"),
        (
            ("on: [input]", "on: [inptu]"),
            "11: rules[0].on[0]: 'inptu' is not one of action, observation, navigate",
        ),
        (("on: [input]", "on: []"), "11: rules[0].on: must name at least one of"),
        (("action.tool ==", "action.toll =="), "12: rules[0].when: undeclared reference to 'action.toll'"),
        (("== 'input'", "== 3"), "12: rules[0].when: found no matching overload"),
        (
            ("[action.url]", "[action.ulr]"),
            "13: rules[0].evidence[0]: no variable 'action.ulr' for action rules",
        ),
        (("kind: input}", "kind: inptu}"), "17: rules[0].examples.match[0].events[0]: action.kind is 'inptu'"),
        (("    title: A title\n", ""), "3: rules[0]: needs 'title'"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    path = pack(tmp_path, RULE.format(id="x-y").replace(*change))
    assert any(found.startswith(problem) for found in problems_of(path))


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    bad = RULE.format(id="a").replace("severity: high", "severity: grave").replace("risk: 60", "risk: x")
    path = pack(tmp_path, bad, RULE.format(id="b").replace("action.tool", "action.toll"))
    assert len(problems_of(path)) == 3


def test_the_line_of_an_error_in_a_folded_condition_is_right(tmp_path: Path) -> None:
    folded = RULE.format(id="a").replace(
        "when: action.tool == 'input'", "when: |\n      action.tool == 'input' &&\n      action.toll == ''"
    )
    assert problems_of(pack(tmp_path, folded))[0].startswith("14: rules[0].when: undeclared reference")


def test_a_duplicate_id_names_both_places(tmp_path: Path) -> None:
    path = pack(tmp_path, RULE.format(id="same"), RULE.format(id="same"))
    assert problems_of(path) == [f"21: rules[1]: duplicate rule id 'same': it is also at {path}:3"]


def test_a_rule_without_examples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    text = RULE.format(id="a")
    path.write_text("pack: p\nrules:\n" + text[: text.index("    examples:")])
    assert problems_of(path) == ["3: rules[0]: needs 'examples'"]


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.yaml: cannot be read: No such file or directory"):
        load_policy(tmp_path / "none.yaml")


def test_incubating_rules_are_off_until_somebody_turns_them_on(tmp_path: Path) -> None:
    rule = RULE.format(id="young").replace("risk: 60", "risk: 60\n    maturity: incubating")
    path = pack(tmp_path, rule, RULE.format(id="grown"))
    assert [rule.id for rule in load_policy(path).rules] == ["grown"]
    assert [rule.id for rule in load_rules([path])] == ["young", "grown"]


def test_a_policy_chooses_packs_disables_rules_and_tunes_signals(tmp_path: Path) -> None:
    pack(tmp_path, RULE.format(id="one"), RULE.format(id="two"))
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy: p\npacks: [ours.yaml]\ndisable: [two]\n"
        "tuning: {allow_loopback: true, allowed_domains: [example.com], repeats: 5}\n"
    )
    policy = load_policy(path)
    assert [rule.id for rule in policy.rules] == ["one"]
    assert (policy.tuning.repeats, policy.tuning.allowed_domains) == (5, ("example.com",))
    assert policy.tuning.loosened() == ("allow_loopback", "allowed_domains")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("policy: p\npacks: [nosuch]\n", "2: packs[0]: no shipped pack 'nosuch'"),
        ("- a\n- b\n", "1: must be a mapping"),
        ("policy: p\npacks: []\n", "1: no rule is in force: name a pack that has stable rules"),
        ("pack: p\nrules: []\n", "1: no rule is in force: name a pack that has stable rules"),
        ("policy: p\ndisable: [nosuch]\n", "2: disable[0]: no rule 'nosuch' in the packs of this policy"),
        ("policy: p\ntuning: {repeat: 3}\n", "2: tuning: unknown key 'repeat': did you mean 'repeats'?"),
        ("policy: p\ntuning: {allowed_domains: ['http://a.com/']}\n", "2: tuning.allowed_domains[0]"),
    ],
)
def test_a_mistake_in_a_policy_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert caught.value.problems[0].startswith(f"{path}:{problem}")


def test_the_digest_names_what_decides_and_nothing_else(tmp_path: Path) -> None:
    text = RULE.format(id="a")
    same = text.replace("What it means.", "Other words.")
    other = text.replace("decision: block", "decision: ask")
    digests = [load_policy(pack(tmp_path, rule, name=f"{n}.yaml")).digest for n, rule in enumerate((text, same, other))]
    assert digests[0] == digests[1] != digests[2]
    assert load_policy().digest != load_policy(allow_loopback=True).digest


def test_the_shipped_packs_load() -> None:
    rules = load_rules()
    assert len({rule.id for rule in rules}) == len(rules) > 0
    assert {rule.pack for rule in rules} == {path.stem for path in shipped_packs()}


def test_an_endless_file_is_read_only_so_far() -> None:
    with pytest.raises(PolicyError, match="/dev/zero:1: is larger than"):
        load_policy(Path("/dev/zero"))
