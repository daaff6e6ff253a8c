"""A policy from memory: the same as from the disk, of which nothing is read."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.errors import PolicyError
from sentric.policy.files import BUNDLE_LIMIT, FILES_LIMIT, NAME_LIMIT
from sentric.policy.loader import load_bundle, load_bundle_rules, load_policy, load_rules
from sentric.policy.rule import Decision

RULE = """\
  - id: {id}
    title: A title
    description: What it means.
    severity: high
    decision: block
    risk: 60
    category: some_category
    on: [input]
    when: action.tool == 'input'
    examples:
      match:
        - {{name: typed, events: [{{event: action, tool: input, kind: input}}]}}
      no_match:
        - {{name: clicked, events: [{{event: action, tool: click, kind: click}}]}}
"""
COMPANY = {
    "policy.yaml": "policy: team\nextends: [base/company.yaml]\npacks: [./packs/ours.yaml]\n"
    "override: {two: {decision: ask}}\nagents: {'deploy-*': {disable: [one]}}\n",
    "base/company.yaml": "policy: company\npacks: [finops, more.yaml]\ntuning: {repeats: 5}\n",
    "base/more.yaml": "pack: more\nrules:\n" + RULE.format(id="three"),
    "packs/ours.yaml": "pack: ours\nrules:\n" + RULE.format(id="one") + RULE.format(id="two"),
}


def pack(*ids: str) -> str:
    return "pack: ours\nrules:\n" + "".join(RULE.format(id=name) for name in ids)


def problems_of(documents: Mapping[str, str], main: str = "policy.yaml") -> list[str]:
    told: list[list[str]] = []
    loads: tuple[Callable[..., object], ...] = (load_bundle, load_bundle_rules)
    for load in loads:
        with pytest.raises(PolicyError) as caught:
            load(documents, main)
        told.append(caught.value.problems)
    assert told[0] == told[1]
    return told[0]


def written(documents: Mapping[str, str], folder: Path) -> Path:
    for name, text in documents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_bundle_is_the_policy_that_its_files_are_on_the_disk(tmp_path: Path) -> None:
    path = written(COMPANY, tmp_path) / "policy.yaml"
    loaded, read = load_bundle(COMPANY), load_policy(path)
    assert loaded.digest == read.digest
    assert loaded.name == read.name == "team"
    assert [rule.id for rule in loaded.rules] == [rule.id for rule in read.rules]
    assert {"one", "two", "three", "payment-over-limit"} <= {rule.id for rule in loaded.rules}
    assert load_bundle(COMPANY, allow_loopback=True).digest == load_policy(path, allow_loopback=True).digest
    assert load_bundle(COMPANY, "base/company.yaml").digest == load_policy(tmp_path / "base/company.yaml").digest
    assert load_bundle({"policy.yaml": "policy: sentric\n"}).digest == load_policy().digest


def test_the_rules_of_a_bundle_are_those_of_its_files(tmp_path: Path) -> None:
    rules, read = load_bundle_rules(COMPANY), load_rules([written(COMPANY, tmp_path) / "policy.yaml"])
    assert [rule.id for rule in rules] == [rule.id for rule in read]
    two = next(rule for rule in rules if rule.id == "two")
    assert (two.decision, two.file, two.line) == (Decision.ASK, "packs/ours.yaml", 17)
    assert [example.name for example in (*two.match, *two.no_match)] == ["typed", "clicked"]


def test_the_examples_of_a_bundle_are_run_where_that_is_asked_for() -> None:
    wrong = {
        "ours.yaml": pack("right", "wrong").replace(
            "typed, events: [{event: action, tool: input", "x, events: [{event: action, tool: output", 1
        )
    }
    assert len(load_bundle_rules(wrong, "ours.yaml")) == 2
    with pytest.raises(PolicyError, match=r"\Aours\.yaml:14: right: 'x' must match at its last event"):
        load_bundle_rules(wrong, "ours.yaml", run_examples=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "extends: [../ours.yaml]",
            "2: extends[0]: ../ours.yaml cannot be read: nothing outside of the bundle is read",
        ),
        ("packs: [sub/../../ours.yaml]", "2: packs[0]: ../ours.yaml cannot be read: nothing outside of the bundle"),
        ("packs: [/etc/ours.yaml]", "2: packs[0]: /etc/ours.yaml cannot be read: nothing outside of the bundle"),
        ("extends: [our.yaml]", "2: extends[0]: our.yaml cannot be read: it is not in the bundle: did you mean 'ours"),
        ("extends: [zzz]", "2: extends[0]: zzz cannot be read: it is not in the bundle: add it"),
        ("packs: [finop]", "2: packs[0]: no shipped pack 'finop': did you mean 'finops'?"),
        ('packs: ["x\\0.yaml"]', "2: packs[0]: x\0.yaml cannot be read: it is not in the bundle"),
        ("extends: [policy.yaml]", "2: extends[0]: policies extend each other in a circle: policy.yaml extends policy"),
        ("extends: [ours.yaml]", "2: extends[0]: ours.yaml is no policy: name a pack in 'packs'"),
    ],
)
def test_what_a_policy_names_must_be_in_its_bundle(text: str, problem: str) -> None:
    (told,) = problems_of({"policy.yaml": f"policy: p\n{text}\n", "ours.yaml": pack("one")})
    assert told.startswith(f"policy.yaml:{problem}")


def test_a_file_of_a_bundle_names_what_is_further_up_in_it() -> None:
    documents = {
        "policy.yaml": "policy: p\nextends: [teams/a.yaml]\n",
        "teams/a.yaml": "policy: a\nextends: [../company.yaml]\npacks: [../teams/../ours.yaml]\n",
        "company.yaml": "policy: company\npacks: [./ours.yaml]\n",
        "ours.yaml": pack("one"),
    }
    assert [rule.id for rule in load_bundle(documents).rules] == ["one"]


def test_a_shipped_packs_file_is_read_for_its_name_only(tmp_path: Path) -> None:
    written({"ours.yaml": pack("one")}, tmp_path)
    for name in (str(tmp_path / "ours.yaml"), "ours.yaml", "packs/browser.yaml"):
        (told,) = problems_of({"policy.yaml": f"policy: p\npacks: [{name}]\n"})
        assert told.startswith("policy.yaml:2: packs[0]: ")


def test_everything_that_is_wrong_in_a_bundle_is_told_at_once() -> None:
    documents = {
        "policy.yaml": "policy: p\npacks: [a.yaml, b.yaml, c.yaml]\ndisable: [nosuch]\n",
        "a.yaml": pack("one").replace("risk: 60", "risk: 600"),
        "b.yaml": "- x: [",
    }
    assert [problem.rpartition(": ")[0].partition(": ")[0] for problem in problems_of(documents)] == [
        "a.yaml:8",
        "b.yaml:2",
        "policy.yaml:2",
        "policy.yaml:3",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "/",
        "/a.yaml",
        "../a.yaml",
        "a/../b.yaml",
        "./a.yaml",
        "a//b.yaml",
        "a/",
        "a\\b.yaml",
        "a\n.yaml",
        "\ud800",
        "a" * (NAME_LIMIT + 1),
    ],
)
def test_a_name_that_is_none_of_a_file_is_told(name: str) -> None:
    (told,) = problems_of({"policy.yaml": "policy: p\n", name: "policy: q\n"})
    assert told.startswith("bundle: ")
    assert told.endswith("is no name of a file: give it one like packs/ours.yaml, of up to 200 characters")
    assert told.isprintable()
    assert len(told) < 300 + NAME_LIMIT


def test_a_bundle_that_is_too_large_is_told() -> None:
    files = {"policy.yaml": "policy: p\n"} | {f"{number}.yaml": "" for number in range(FILES_LIMIT)}
    assert problems_of(files) == ["bundle: has 65 files: leave 64 or fewer"]
    del files["0.yaml"]
    assert load_bundle(files).rules
    quarter = "#" * (BUNDLE_LIMIT // 4)
    full = {"policy.yaml": "policy: p\n"} | {f"{number}.yaml": quarter for number in range(4)}
    assert problems_of(full) == [f"bundle: has {BUNDLE_LIMIT + 10} characters in all: leave {BUNDLE_LIMIT} or fewer"]
    one = {"policy.yaml": "policy: p\npacks: [big.yaml]\n", "big.yaml": quarter + "#"}
    assert problems_of(one) == ["big.yaml:1: is larger than 1048576 characters"]


def test_a_main_file_that_is_not_there_is_told() -> None:
    assert problems_of({}) == ["bundle: has no file 'policy.yaml': add it, or name another as the main one"]
    assert problems_of({"policy.yml": ""}) == ["bundle: has no file 'policy.yaml': did you mean 'policy.yml'?"]
    assert problems_of({"policy.yaml": ""}, "../policy.yaml")[0].startswith("bundle: has no file '../policy.yaml'")


_NAMES = st.one_of(st.sampled_from(("policy.yaml", "a.yaml", "b/c.yaml", "..", "/")), st.text(max_size=8))
_WORDS = st.sampled_from(
    (
        "policy: p\n",
        "pack: p\n",
        "extends: [a.yaml, b/c.yaml]\n",
        "packs: [a.yaml, ../x.yaml]\n",
        "rules: []\n",
        "disable: [x]\n",
        "\0",
    )
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(_NAMES, st.one_of(st.lists(_WORDS).map("".join), st.text(max_size=20)), max_size=5), _NAMES)
def test_whatever_a_bundle_is_it_loads_or_says_why_not(documents: dict[str, str], main: str) -> None:
    try:
        assert load_bundle(documents, main).rules
    except PolicyError as error:
        assert error.problems  # noqa: PT017  # either may be
