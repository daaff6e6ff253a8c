"""The policy of files: whole or not at all, and what was in force before while they are bad."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sentric.errors import PolicyError
from sentric.guard.supply.file import FromFile
from sentric.policy.files import Followed
from sentric.policy.loader import load_file, load_policy
from sentric.policy.rule import Policy
from support.supplying import BROKEN, pack, rules

pytestmark = pytest.mark.usefixtures("by_hand")
Told = Callable[[], list[str]]


def written(path: Path, text: str) -> Path:
    """Put a text into the place of a file, as editors do: the former one is never half there."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text)
    beside.replace(path)
    return path


def looked(source: FromFile) -> FromFile:
    """Let it look until it has seen a change twice."""
    for _ in range(2):
        source.step()
    return source


def test_a_file_that_changes_is_loaded_anew(tmp_path: Path, told: Told) -> None:
    source = FromFile(written(tmp_path / "ours.yaml", pack("one")))
    first = source.current()
    assert looked(source).current() is first
    written(tmp_path / "ours.yaml", pack("two"))
    source.step()
    assert source.current() is first
    source.step()
    second = source.current()
    assert (rules(first), rules(second)) == (["one"], ["two"])
    assert looked(source).current() is second
    assert told() == []


@pytest.mark.parametrize("name", ["policy.yaml", "base/company.yaml", "packs/ours.yaml", "words.yaml"])
def test_every_file_that_is_named_is_watched(tmp_path: Path, name: str) -> None:
    texts = {
        "policy.yaml": "policy: team\nextends: [base/company.yaml]\npacks: [packs/ours.yaml]\n",
        "base/company.yaml": "policy: company\npacks: [../words.yaml]\ntuning: {repeats: 5}\n",
        "packs/ours.yaml": pack("one"),
        "words.yaml": pack("three"),
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    source = FromFile(tmp_path / "policy.yaml")
    before = source.current()
    written(tmp_path / name, texts[name].replace("low", "high") + "# more\n")
    assert looked(source).current() is not before


def test_a_file_that_was_only_touched_is_the_same_policy(tmp_path: Path) -> None:
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(path)
    before = source.current()
    written(path, pack("one"))
    assert looked(source).current() is before
    os.utime(path, ns=(1, 1))
    assert looked(source).current() is before


def test_a_file_of_the_same_size_and_time_is_another_file(tmp_path: Path) -> None:
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(path)
    found = path.stat()
    written(path, pack("two"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert rules(looked(source).current()) == ["two"]


def test_a_bad_file_keeps_the_old_policy_and_says_so_once_for_each_content(tmp_path: Path, told: Told) -> None:
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(path)
    before = source.current()
    for _ in range(3):
        written(path, BROKEN)
        assert looked(source).current() is before
    (line,) = told()
    assert line.startswith("sentric: the policy stays as it was, because the changed one cannot be loaded: ")
    assert f"{path}:6: " in line
    assert "'loud'" in line
    written(path, BROKEN + "# another\n")
    assert looked(source).current() is before
    assert len(told()) == 1
    written(path, pack("two"))
    assert rules(looked(source).current()) == ["two"]
    written(path, BROKEN)
    assert rules(looked(source).current()) == ["two"]
    assert len(told()) == 1


def test_a_bad_file_that_is_as_it_was_before_is_no_longer_bad(tmp_path: Path, told: Told) -> None:
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(path)
    written(path, BROKEN)
    looked(source)
    written(path, pack("one"))
    assert rules(looked(source).current()) == ["one"]
    written(path, BROKEN)
    looked(source)
    assert len(told()) == 2


def test_several_problems_are_one_line(tmp_path: Path, told: Told) -> None:
    written(tmp_path / "ours.yaml", BROKEN.replace("risk: 1", "risk: many"))
    FromFile(tmp_path / "ours.yaml")
    (line,) = told()
    assert line.endswith(" (and 1 more)")
    assert "\n" not in line


def test_a_file_that_is_gone_keeps_the_old_policy_until_it_is_back(tmp_path: Path, told: Told) -> None:
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(path)
    before = source.current()
    path.unlink()
    assert looked(source).current() is before
    assert "ours.yaml: cannot be read: No such file or directory" in told()[0]
    written(path, pack("two"))
    assert rules(looked(source).current()) == ["two"]


def test_where_it_is_bad_from_the_beginning_the_shipped_rules_stand_in(tmp_path: Path, told: Told) -> None:
    path = written(tmp_path / "ours.yaml", BROKEN)
    source = FromFile(path)
    assert source.current() is load_policy()
    assert "sentric: the shipped rules are used, because the policy cannot be loaded: " in told()[0]
    assert FromFile(path, allow_loopback=True).current().tuning.allow_loopback
    written(path, pack("one"))
    assert rules(looked(source).current()) == ["one"]


def test_where_it_is_enforced_nothing_is_decided_by_another_policy(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "ours.yaml"
    source = FromFile(path, enforced=True)
    with pytest.raises(PolicyError, match=r"^the policy cannot be loaded: .*ours\.yaml: cannot be read: No such"):
        source.current()
    written(path, BROKEN)
    with pytest.raises(PolicyError, match="'loud'"):
        looked(source).current()
    assert [line.partition(", because")[0] for line in told()] == ["sentric: actions are refused"] * 2
    written(path, pack("one"))
    assert rules(looked(source).current()) == ["one"]
    written(path, BROKEN)
    assert rules(looked(source).current()) == ["one"]


def test_a_set_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(path)
    for name in ("two", "three", "four"):
        written(path, pack(name))
        source.step()
        assert rules(source.current()) == ["one"]
    source.step()
    assert rules(source.current()) == ["four"]


def test_a_set_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "policy.yaml", "policy: p\npacks: [ours.yaml]\n")
    path = written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(tmp_path / "policy.yaml")
    written(path, pack("two"))

    def meanwhile(main: Followed) -> Policy:
        policy = load_file(main)
        written(path, pack("three"))
        return policy

    with monkeypatch.context() as patch:
        patch.setattr("sentric.guard.supply.file.load_file", meanwhile)
        assert rules(looked(source).current()) == ["one"]
    assert rules(looked(source).current()) == ["three"]


def test_a_folder_that_a_link_leads_to_may_be_exchanged(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.yaml").write_text("policy: p\npacks: [ours.yaml]\n")
        (tmp_path / name / "ours.yaml").write_text(pack(name))
    now, then = tmp_path / "now", tmp_path / "then"
    now.symlink_to("one")
    source = FromFile(now / "policy.yaml")
    then.symlink_to("two")
    then.replace(now)
    assert rules(looked(source).current()) == ["two"]


def test_what_is_no_file_is_no_policy(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "loop", Path("a\0b")):
        with pytest.raises(PolicyError):
            looked(FromFile(path, enforced=True)).current()


def test_it_is_the_same_file_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "ours.yaml", pack("one"))
    source = FromFile(Path("ours.yaml"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    written(tmp_path / "ours.yaml", pack("two"))
    assert rules(looked(source).current()) == ["two"]
