"""A policy on the disk as a bundle: what loads from the texts is what loads from the files."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sentric.errors import PolicyError
from sentric.policy.bundle import bundle_of, load_with_bundle
from sentric.policy.files import FILES_LIMIT
from sentric.policy.loader import load_bundle, load_policy, shipped_packs

RULE = """\
  - id: {id}
    title: A title
    description: What it means.
    severity: high
    decision: block
    risk: 60
    category: some_category
    type: phrases
    pattern: {id}
    over: [all]
"""


def pack(*ids: str) -> str:
    return "pack: ours  # a comment\nrules:\n" + "".join(RULE.format(id=name) for name in ids)


def written(folder: Path, documents: Mapping[str, str]) -> Path:
    for name, text in documents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def same(path: Path) -> dict[str, str]:
    """The bundle of a policy, which must load as the same policy."""
    documents = bundle_of(path)
    assert load_bundle(documents).digest == load_policy(path).digest
    return documents


def test_files_in_one_folder_are_kept_word_for_word(tmp_path: Path) -> None:
    documents = {
        "policy.yaml": "policy: team # é\nextends: [base/company.yaml]\npacks: [./packs/ours.yaml, finops]\n",
        "base/company.yaml": "policy: company\npacks: [../more.yaml]\ntuning: {repeats: 5}\n",
        "packs/ours.yaml": pack("one", "two"),
        "more.yaml": pack("three"),
    }
    written(tmp_path, {**documents, "other.yaml": "not named"})
    assert same(tmp_path / "policy.yaml") == documents


def test_a_pack_alone_is_a_bundle(tmp_path: Path) -> None:
    written(tmp_path, {"ours.yaml": pack("one")})
    assert same(tmp_path / "ours.yaml") == {"policy.yaml": pack("one")}
    assert same(shipped_packs()[0]) == {"policy.yaml": shipped_packs()[0].read_text()}


def test_files_from_elsewhere_get_names_in_the_bundle(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "team/strict.yaml": "policy: a # why\nextends:\n  - ../company.yaml  # ours\n"
            f"  - '{tmp_path}/x/policy.yaml'\n"
            "packs: [policy.yaml, ../x/ours.yaml, linked.yaml]\n",
            "team/policy.yaml": pack("one"),
            "company.yaml": "policy: company\npacks: [x/ours.yaml]\n",
            "x/policy.yaml": 'policy: x\npacks: ["../team/../x/ours.yaml"]\n',
            "x/ours.yaml": pack("two"),
        },
    )
    (tmp_path / "team/linked.yaml").symlink_to(tmp_path / "x/ours.yaml")
    assert same(tmp_path / "team/strict.yaml") == {
        "policy.yaml": 'policy: a # why\nextends:\n  - "company.yaml"  # ours\n  - "policy-2.yaml"\n'
        'packs: ["policy-3.yaml", "ours.yaml", "ours.yaml"]\n',
        "company.yaml": 'policy: company\npacks: ["ours.yaml"]\n',
        "policy-2.yaml": 'policy: x\npacks: ["ours.yaml"]\n',
        "ours.yaml": pack("two"),
        "policy-3.yaml": pack("one"),
    }


def test_a_shipped_pack_that_is_named_by_its_path_is_named_by_its_name(tmp_path: Path) -> None:
    browser = next(path for path in shipped_packs() if path.stem == "browser")
    written(tmp_path, {"policy.yaml": f"policy: p\npacks: [default, {browser}]\n"})
    assert same(tmp_path / "policy.yaml") == {"policy.yaml": 'policy: p\npacks: [default, "browser"]\n'}


@pytest.mark.parametrize("name", ["a\nb.yaml", "a\\b.yaml", "é" * 120 + ".yaml", "x: #.yaml"])
def test_strange_names_of_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(pack("one"))
    quoted = '"' + name.replace("\\", "\\\\").replace("\n", "\\n") + '"'
    written(tmp_path, {"policy.yaml": f"policy: p\npacks: [{quoted}]\n"})
    same(tmp_path / "policy.yaml")


def test_a_name_over_several_lines_that_must_be_another_one_is_told(tmp_path: Path) -> None:
    written(tmp_path, {"a/policy.yaml": 'policy: p\npacks: ["../our\\\n  s.yaml"]\n', "ours.yaml": pack("one")})
    with pytest.raises(PolicyError, match=r"policy\.yaml:2: packs\[0\]: write the name of the file in one line"):
        bundle_of(tmp_path / "a/policy.yaml")


def test_without_a_file_it_is_what_is_shipped() -> None:
    policy, documents = load_with_bundle()
    assert documents == {"policy.yaml": "policy: sentric\npacks: [default]\n"}
    assert load_bundle(documents).digest == policy.digest == load_policy().digest


@pytest.mark.parametrize("text", ["", "policy: p\ntuning: {repeats: 4}\n", pack("one")])
def test_the_setting_for_loopback_is_in_the_texts(text: str, tmp_path: Path) -> None:
    written(tmp_path, {"ours.yaml": text})
    path = tmp_path / "ours.yaml" if text else None
    policy, documents = load_with_bundle(path, allow_loopback=True)
    assert policy.tuning.allow_loopback
    assert load_bundle(documents).digest == policy.digest == load_policy(path, allow_loopback=True).digest


def test_a_setting_that_the_policy_states_itself_is_not_stated_again(tmp_path: Path) -> None:
    documents = {"policy.yaml": "policy: p\ntuning: {allow_loopback: true}\n"}
    assert bundle_of(written(tmp_path, documents) / "policy.yaml", allow_loopback=True) == documents


def test_what_is_wrong_is_told_with_the_files_on_the_disk(tmp_path: Path) -> None:
    written(tmp_path, {"policy.yaml": "policy: p\npolic: x\npacks: [nosuch.yaml]\n"})
    with pytest.raises(PolicyError) as caught:
        bundle_of(tmp_path / "policy.yaml")
    assert [problem.startswith(f"{tmp_path}/policy.yaml:") for problem in caught.value.problems] == [True, True]
    with pytest.raises(PolicyError, match="cannot be read"):
        bundle_of(tmp_path / "nosuch.yaml")
    written(tmp_path, {"circle.yaml": "policy: p\nextends: [circle.yaml]\n"})
    with pytest.raises(PolicyError, match=r"circle\.yaml:2: extends\[0\]: policies extend each other in a circle"):
        bundle_of(tmp_path / "circle.yaml")


def test_a_policy_of_too_many_files_is_no_bundle(tmp_path: Path) -> None:
    names = [f"{number}.yaml" for number in range(FILES_LIMIT)]
    written(tmp_path, {name: pack(f"rule-{number}") for number, name in enumerate(names)})
    written(tmp_path, {"policy.yaml": f"policy: p\npacks: [{', '.join(names)}]\n"})
    with pytest.raises(PolicyError, match="bundle: has 65 files: leave 64 or fewer"):
        bundle_of(tmp_path / "policy.yaml")
