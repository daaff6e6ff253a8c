import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from sentric.errors import PolicyError
from sentric.events import Kind
from sentric.policy.loader import load_policy, load_rules, shipped_packs
from sentric.policy.rule import Decision, Over, RuleType, Severity, Tuning
from sentric.policy.tuning_file import TUNING

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


def test_only_actions_are_scored(tmp_path: Path) -> None:
    scored = RULE.format(id="typed-something").replace("    evidence", "    score: true\n    evidence")
    (rule,) = load_rules([pack(tmp_path, scored)])
    assert rule.score
    heard = scored.replace("on: [input]", "on: [observation]").replace("action.tool == 'input'", "true")
    said = problems_of(pack(tmp_path, heard.replace("evidence: [action.url]", "evidence: []")))
    assert any("score: only actions are scored" in problem for problem in said), said


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
            "11: rules[0].on[0]: 'inptu' is not one of action, observation, message, navigate",
        ),
        (("on: [input]", "on: []"), "11: rules[0].on: must name at least one of"),
        (
            ("action.tool ==", "action.toll =="),
            "12: rules[0].when: undeclared reference to 'action.toll': did you mean 'action.tool'?",
        ),
        (("action.tool == 'input'", "action.kind == 'inptu'"), "12: rules[0].when: action.kind is never 'inptu'"),
        (
            ("action.tool == 'input'", "signals.captcha_shown"),
            "12: rules[0].when: signals.captcha_shown is stated about",
        ),
        (("action.tool == 'input'", "action.tool.matches('(')"), "12: rules[0].when: '(' is not a regular expression"),
        (
            ("risk: 60", "type: regx\n    risk: 60"),
            "8: rules[0].type: 'regx' is not one of cel, regex, phrases: did you",
        ),
        (("risk: 60", "risk: 60\n    pattern: a"), "9: rules[0].pattern: says what it matches by a condition"),
        (("risk: 60", "risk: 60\n    score: maybe"), "9: rules[0].score: must be true or false, not text"),
        (("== 'input'", "== 3"), "12: rules[0].when: found no matching overload"),
        (
            ("[action.url]", "[action.ulr]"),
            "13: rules[0].evidence[0]: no variable 'action.ulr' for action rules: did you mean 'action.url'?",
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


WORDED = """\
  - id: worded
    title: A title
    description: What it means.
    severity: high
    decision: block
    risk: 60
    category: some_category
    type: phrases
    pattern: drop table|truncate
    over: [arguments, result]
"""


def test_a_rule_with_a_pattern_needs_no_examples_and_looks_where_it_searches(tmp_path: Path) -> None:
    narrow = WORDED.replace("worded", "narrow").replace("over:", "on: [shell]\n    over:")
    every = WORDED.replace("worded", "every").replace("[arguments, result]", "[all]")
    worded, shell, all_texts = load_rules([pack(tmp_path, WORDED, narrow, every)])
    assert (worded.type, worded.pattern, worded.over) == (
        RuleType.PHRASES,
        "drop table|truncate",
        (Over.ARGUMENTS, Over.RESULT),
    )
    assert (worded.on, shell.on) == (("action", "observation"), ("shell",))
    assert (all_texts.over, all_texts.on) == (tuple(Over), ("action", "observation", "message"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("pattern: drop table|truncate", "pattern: '|'"), "11: rules[0].pattern: '|' has an empty phrase"),
        (
            ("phrases\n    pattern: drop table|truncate", "regex\n    pattern: a("),
            "11: rules[0].pattern: 'a(' is not a regular expression",
        ),
        (("[arguments, result]", "[argument]"), "12: rules[0].over[0]: 'argument' is not one of arguments, result"),
        (("[arguments, result]", "[]"), "12: rules[0].over: must name at least one of"),
        (("[arguments, result]", "[result]\n    on: [shell]"), "12: rules[0].over: result are not of what the rule"),
        (("    over: [arguments, result]\n", ""), "3: rules[0]: needs 'over'"),
        (("    over:", "    when: 'true'\n    over:"), "12: rules[0].when: is of type phrases"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule_with_a_pattern_is_named(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    path = pack(tmp_path, WORDED.replace(*change))
    assert any(found.startswith(problem) for found in problems_of(path))


def test_actions_that_send_messages_are_named_apart_from_the_models_own_words(tmp_path: Path) -> None:
    named = RULE.format(id="sends").replace("on: [input]", "on: [action.message]")
    said = (
        RULE.format(id="says")
        .replace("on: [input]", "on: [message]")
        .replace("action.tool == 'input'", "message.text == ''")
        .replace("action.url", "message.author")
    )
    sends, says = load_rules([pack(tmp_path, named, said)])
    assert (sends.applies_to(Kind.MESSAGE), sends.applies_to(Kind.HTTP)) == (True, False)
    assert not says.applies_to(Kind.MESSAGE)


def test_a_pack_may_be_off_until_a_policy_names_it(tmp_path: Path) -> None:
    path = pack(tmp_path, RULE.format(id="a"))
    path.write_text(path.read_text().replace("pack: ours\n", "pack: ours\ndefault: false\n"))
    (rule,) = load_rules([path])
    assert not rule.default
    off = {rule.id for rule in load_rules() if not rule.default}
    by_default = {rule.id for rule in load_policy().rules}
    assert by_default
    assert not off & by_default


def test_layers_lie_on_one_another(tmp_path: Path) -> None:
    young = RULE.format(id="young").replace("risk: 60", "risk: 60\n    maturity: incubating")
    pack(tmp_path, RULE.format(id="one"), RULE.format(id="two"), RULE.format(id="three"), young)
    (tmp_path / "company.yaml").write_text(
        "policy: company\npacks: [ours.yaml]\ndisable: [two, three]\n"
        "override: {one: {severity: low, risk: 7}, young: {enabled: true}}\n"
        "tuning: {repeats: 5, allowed_domains: [a.example]}\n"
    )
    path = tmp_path / "team.yaml"
    path.write_text(
        "policy: team\nextends: [company.yaml]\npacks: [ours.yaml]\noverride: {two: {enabled: true}, one: {risk: 8}}\n"
        "tuning: {allowed_domains: [b.example]}\n"
        "agents:\n  'deploy-*':\n    disable: [one]\n    override: {three: {enabled: true, decision: ask}}\n"
        "projects:\n  lab:\n    tuning: {repeats: 9}\n"
    )
    policy = load_policy(path)
    assert (policy.name, [rule.id for rule in policy.rules]) == ("team", ["one", "two", "young"])
    assert (policy.rules[0].severity, policy.rules[0].risk) == (Severity.LOW, 8)
    assert (policy.tuning.repeats, policy.tuning.allowed_domains) == (5, ("b.example",))
    deploys = policy.for_run("lab", "deploy-7")
    assert {rule.id: rule.decision for rule in deploys.rules} == {
        "two": Decision.BLOCK,
        "three": Decision.ASK,
        "young": Decision.BLOCK,
    }
    assert (deploys.tuning.repeats, deploys.digest) == (9, policy.digest)
    assert policy.for_run("other", "main") is policy
    assert policy.for_run("lab", "deploy-7") is deploys
    assert load_policy(tmp_path / "company.yaml").digest != policy.digest
    assert [rule.risk for rule in load_rules([path]) if rule.id == "one"] == [8]


def test_what_a_policy_says_of_some_runs_is_part_of_its_digest(tmp_path: Path) -> None:
    pack(tmp_path, RULE.format(id="one"))
    path = tmp_path / "policy.yaml"
    digests = set[str]()
    for layer in (
        "",
        "agents: {a: {disable: [one]}}\n",
        "agents: {b: {disable: [one]}}\n",
        "projects: {a: {disable: [one]}}\n",
    ):
        path.write_text("policy: p\npacks: [ours.yaml]\n" + layer)
        digests.add(load_policy(path).digest)
    assert len(digests) == 4


@pytest.mark.parametrize("load", [load_policy, lambda path: load_rules([path])])
def test_policies_that_rest_on_each_other_are_refused(tmp_path: Path, load: Callable[[Path], object]) -> None:
    pack(tmp_path, RULE.format(id="one"))
    for name, other in (("a", "b"), ("b", "a"), ("self", "self")):
        (tmp_path / f"{name}.yaml").write_text(f"policy: {name}\nextends: [{other}.yaml]\npacks: [ours.yaml]\n")
    with pytest.raises(
        PolicyError, match=r"b\.yaml:2: extends\[0\]: policies .* a\.yaml extends b\.yaml extends a\.yaml"
    ):
        load(tmp_path / "a.yaml")
    with pytest.raises(PolicyError, match=r"self\.yaml:2: .* circle: self\.yaml extends self\.yaml"):
        load(tmp_path / "self.yaml")


def test_a_policy_that_two_others_extend_is_no_circle(tmp_path: Path) -> None:
    pack(tmp_path, RULE.format(id="one"))
    (tmp_path / "base.yaml").write_text("policy: base\npacks: [ours.yaml]\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"policy: {name}\nextends: [base.yaml]\n")
    (tmp_path / "top.yaml").write_text("policy: top\nextends: [a.yaml, b.yaml, base.yaml]\n")
    assert [rule.id for rule in load_policy(tmp_path / "top.yaml").rules] == ["one"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("extends: []", "1: no rule is in force"),
        ("packs: []", "1: no rule is in force"),
        ("packs: []\nagents: {x: {tuning: {repeats: 5}}}", "1: no rule is in force"),
        ('extends: [""]', "2: extends[0]: must not be empty"),
        ("packs: [ours.yaml, '']", "2: packs[1]: must not be empty"),
        ("disable: ['']", "2: disable[0]: must not be empty"),
        ("projects: [a]", "2: projects: must be a mapping: a pattern of names of projects, and what is said of it"),
        ("override: [a]", "2: override: must be a mapping: the id of a rule"),
        ("agents: {'': {disable: [action-loop]}}", "2: agents: a key must not be empty"),
        ("extends: [ours.yaml]", "2: extends[0]: "),
        ("packs: [other.yaml]", "2: packs[0]: "),
        ("tuning: {allowed_domains: ['']}", "2: tuning.allowed_domains[0]: must not be empty"),
        ("tuning: {allowed_tools: [' ']}", "2: tuning.allowed_tools[0]: must not be empty"),
        ("tuning: {vendors: ['']}", "2: tuning.vendors[0]: must not be empty"),
        ("tuning: {required_documents: ['', payslip]}", "2: tuning.required_documents[0]: must not be empty"),
        ("tuning: {required_documents: ['|']}", "2: tuning.required_documents[0]: '|' is not words of a document"),
        ("tuning: {required_documents: ['a|b| ']}", "2: tuning.required_documents[0]: 'a|b| ' is not words of"),
        ("disable: [risk-budget-exceeded]", "2: disable[0]: 'risk-budget-exceeded' is the engine's own rule"),
        ("override: {[a]: {risk: 1}}", "2: override: a key must be text, not a sequence"),
        ("? {a: b}\n: c", "2: a key must be text, not a mapping"),
    ],
)
def test_what_says_nothing_in_a_policy_is_told(tmp_path: Path, text: str, problem: str) -> None:
    pack(tmp_path, RULE.format(id="one"))
    (tmp_path / "other.yaml").write_text("policy: other\n")
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: p\n{text}\n")
    for load in (load_policy, lambda path: load_rules([path])):
        with pytest.raises(PolicyError) as caught:
            load(path)
        (told,) = caught.value.problems
        assert told.startswith(f"{path}:{problem}")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("override:\n  action-loop: {severity: low}\n  action-loop: {decision: allow}\n", "action-loop"),
        ("agents:\n  a: {disable: [action-loop]}\n  a: {}\n", "a"),
        ("projects:\n  a: {disable: [action-loop]}\n  a: {}\n", "a"),
        ("tuning:\n lexicon:\n  a: {effects: []}\n  a: {kind: payment}\n", "a"),
    ],
)
def test_a_name_that_stands_twice_is_told(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: p\n{text}")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    (told,) = caught.value.problems
    assert told.endswith(f": duplicate key {key!r}")


def test_examples_that_do_not_hold_are_told_with_all_else_where_they_are_run(tmp_path: Path) -> None:
    wrong = RULE.format(id="wrong").replace("tool: input,", "tool: output,")
    path = pack(tmp_path, wrong)
    assert [rule.id for rule in load_rules([path])] == [rule.id for rule in load_policy(path).rules] == ["wrong"]
    with pytest.raises(PolicyError) as alone:
        load_rules([path], run_examples=True)
    assert [problem.partition(" must")[0] for problem in alone.value.problems] == [f"{path}:16: wrong: 'typed'"]
    pack(tmp_path, wrong, RULE.format(id="other").replace("risk: 60", "risk: 600"))
    with pytest.raises(PolicyError) as both:
        load_rules([path], run_examples=True)
    assert [problem.removeprefix(f"{path}:").split(":")[0] for problem in both.value.problems] == ["16", "26"]


def test_the_examples_of_a_rule_that_cannot_be_read_are_not_run(tmp_path: Path) -> None:
    path = pack(tmp_path, RULE.format(id="one").replace("when: action.tool == 'input'", "when: action.toll == 'input'"))
    with pytest.raises(PolicyError) as caught:
        load_rules([path], run_examples=True)
    (told,) = caught.value.problems
    assert "undeclared reference" in told


def test_paths_that_lead_nowhere_are_one_line(tmp_path: Path) -> None:
    loop, pipe = tmp_path / "loop.yaml", tmp_path / "pipe.yaml"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    above = tmp_path / "above.yaml"
    above.write_text("policy: above\nextends: [loop.yaml]\npacks: [pipe.yaml]\n")
    for path, reason in ((loop, "symbolic link"), (pipe, "it is a pipe"), (Path("a\0b"), "null")):
        for load in (load_policy, lambda path: load_rules([path])):
            with pytest.raises(PolicyError, match=f"cannot be read: .*{reason}"):
                load(path)
    with pytest.raises(PolicyError) as caught:
        load_policy(above)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("OWASP-ASI03", "OWASP-ASI99", "10: rules[0].references[0]: 'OWASP-ASI99' is not like"),
        ("action.tool == 'input'", "signals.amount > 100", "12: rules[0].when: found no matching overload"),
    ],
)
def test_what_is_nearly_right_is_told(tmp_path: Path, old: str, new: str, problem: str) -> None:
    (told,) = problems_of(pack(tmp_path, RULE.format(id="one").replace(old, new)))
    assert told.startswith(problem)
    if "amount" in new:
        assert told.endswith("write 100.0 for 100")


def test_one_mistake_is_told_once(tmp_path: Path) -> None:
    text = WORDED.replace("over: [arguments, result]", "over: all")
    assert text != WORDED
    assert [problem.split(": ", 1)[1] for problem in problems_of(pack(tmp_path, text))] == [
        "rules[0].over: must be a list"
    ]


def test_every_mistake_of_every_file_is_told_and_nothing_is_loaded(tmp_path: Path) -> None:
    pack(
        tmp_path,
        RULE.format(id="one").replace("risk: 60", "risk: 600"),
        RULE.format(id="two").replace("    on:", "    onn:"),
    )
    (tmp_path / "base.yaml").write_text("policy: base\ntunning: {}\n")
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy: p\nextends: [base.yaml, none.yaml]\npacks: [default, ours.yaml, brwser]\n"
        "disable: [action-lop, two]\noverride: {one: {decision: blok, weight: 3}}\n"
        "agents: {x: {tuning: {repeat: 3}}}\n"
    )
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    told = [problem.replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert told == [
        "base.yaml:2: unknown key 'tunning': did you mean 'tuning'?",
        "policy.yaml:2: extends[1]: none.yaml cannot be read: No such file or directory",
        "policy.yaml:3: packs[2]: no shipped pack 'brwser': did you mean 'browser'? (a file is named by its path, "
        "ending in .yaml)",
        "policy.yaml:4: disable[0]: no rule 'action-lop' in the packs of this policy: did you mean 'action-loop'?",
        "policy.yaml:5: override.one: unknown key 'weight': use one of enabled, severity, decision, risk, shadow",
        "policy.yaml:5: override.one.decision: 'blok' is not one of allow, warn, ask, block: did you mean 'block'?",
        "policy.yaml:6: agents.x.tuning: unknown key 'repeat': did you mean 'repeats'?",
        "ours.yaml:8: rules[0].risk: 600 is not between 0 and 100",
        "ours.yaml:21: rules[1]: needs 'on'",
        "ours.yaml:29: rules[1]: unknown key 'onn': did you mean 'on'?",
    ]


def test_a_rule_cannot_take_the_place_of_the_engines_own(tmp_path: Path) -> None:
    (told,) = problems_of(pack(tmp_path, RULE.format(id="agent-shut-down")))
    assert told == "3: rules[0]: duplicate rule id 'agent-shut-down': it is also the engine's own"


def test_every_setting_of_the_signals_can_be_written_in_a_policy() -> None:
    assert {field.name for field in fields(Tuning)} == set(TUNING)


def test_the_line_of_an_error_in_a_folded_condition_is_right(tmp_path: Path) -> None:
    folded = RULE.format(id="a").replace(
        "when: action.tool == 'input'", "when: |\n      action.tool == 'input' &&\n      action.toll == ''"
    )
    assert problems_of(pack(tmp_path, folded))[0].startswith("14: rules[0].when: undeclared reference")


def test_a_misspelt_key_hides_no_other_mistake_of_its_rule(tmp_path: Path) -> None:
    bad = (
        RULE.format(id="a").replace("    risk:", "    rsk:").replace("action.tool", "action.toll").replace("high", "hi")
    )
    assert [problem.partition(": ")[0] for problem in problems_of(pack(tmp_path, bad))] == ["3", "6", "8", "12"]


def test_a_duplicate_id_names_both_places(tmp_path: Path) -> None:
    path = pack(tmp_path, RULE.format(id="same"), RULE.format(id="same"))
    assert problems_of(path) == [f"21: rules[1]: duplicate rule id 'same': it is also at {path}:3"]


def test_a_duplicate_id_is_told_also_where_neither_rule_can_be_read(tmp_path: Path) -> None:
    bad = RULE.format(id="same").replace("    risk:", "    rsk:")
    path = pack(tmp_path, bad, bad)
    told = [problem for problem in problems_of(path) if "duplicate" in problem]
    assert told == [f"21: rules[1]: duplicate rule id 'same': it is also at {path}:3"]


def test_a_value_of_the_wrong_sort_is_told_once(tmp_path: Path) -> None:
    assert problems_of(pack(tmp_path, RULE.format(id="a").replace("high", "[high]"))) == [
        "6: rules[0].severity: must be text, not a sequence"
    ]


def test_a_shipped_pack_is_no_file_and_the_error_says_what_to_do() -> None:
    with pytest.raises(PolicyError, match=r"finops: cannot be read: .* \(.*: packs: \[default, finops\]\)"):
        load_policy(Path("finops"))


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
    assert policy.loosened() == ("allow_loopback", "allowed_domains", "repeats", "two")


@pytest.mark.parametrize(
    ("tuning", "loosened"),
    [
        ("{repeats: 2, max_steps: 10, max_cost: 5, closed: [tools], production: [prod, live, prd, production, x]}", ()),
        ("{repeats: 4, max_steps: 0, amount_limit: 500}", ("repeats", "amount_limit", "max_steps")),
        ("{max_tokens: 60000000, production: [x], vendors: [acme]}", ("vendors", "production", "max_tokens")),
    ],
)
def test_what_lets_more_pass_is_named(tmp_path: Path, tuning: str, loosened: tuple[str, ...]) -> None:
    pack(tmp_path, RULE.format(id="one"), RULE.format(id="two"))
    path = tmp_path / "policy.yaml"
    path.write_text(
        f"policy: p\npacks: [ours.yaml]\ntuning: {tuning}\noverride: {{one: {{risk: 1, severity: low}}}}\n"
        "agents: {a: {override: {one: {decision: warn}}}}\n"
        "projects: {p: {disable: [two], override: {one: {risk: 9}}}}\n"
    )
    policy = load_policy(path)
    assert policy.loosened() == loosened
    assert policy.for_run("p", "a").loosened() == (*loosened, "one", "two")


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
