"""`sentric people`, `sentric keys --person` and the versions of `sentric policy`: on the control database itself."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sentric.policy.loader import load_policy
from sentric_analyzer.control.keys import is_secret
from sentric_analyzer.control.store import ControlStore, control_url
from support.commands import sentric

STRICT = "policy: strict\nextends: [base/company.yaml]\ntuning: {repeats: 3}\n"
COMPANY = "policy: company\npacks: [ours.yaml]\n"
OURS = """\
pack: ours
rules:
  - id: ours
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
        - {name: typed, events: [{event: action, tool: input, kind: input}]}
      no_match:
        - {name: clicked, events: [{event: action, tool: click, kind: click}]}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a control database."""
    path = tmp_path_factory.mktemp("made")
    ControlStore.open(control_url(path)).close()
    return path


@pytest.fixture
def data_dir(made: Path, tmp_path: Path) -> Path:
    """A copy of that."""
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    """A policy of three files."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "company.yaml").write_text(COMPANY)
    for folder in (tmp_path, tmp_path / "base"):
        (folder / "ours.yaml").write_text(OURS)
    path = tmp_path / "strict.yaml"
    path.write_text(STRICT)
    return path


def run(data_dir: Path, *arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    return sentric(*arguments, "--data-dir", data_dir, **environ)


def listed(data_dir: Path, *command: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(data_dir, *command, "--format", "json").stdout)
    return found


def audited(data_dir: Path) -> list[tuple[str, str, str]]:
    records = listed(data_dir, "audit", "list")
    return [(record["what"], record["actor"], record["subject"]) for record in reversed(records)]


def test_people_are_added_changed_and_removed_and_the_audit_says_so(data_dir: Path) -> None:
    added = run(data_dir, "people", "add", "Ada", "--role", "approver")
    assert (added.returncode, added.stderr) == (0, "")
    (ada,) = listed(data_dir, "people", "list")
    assert added.stdout == f"added: {ada['id']} (Ada), approver\n"
    assert (ada["name"], ada["role"], ada["removed"]) == ("Ada", "approver", None)
    assert run(data_dir, "people", "role", "Ada", "operator").stdout == f"changed: {ada['id']} (Ada), operator\n"
    assert "operator" in run(data_dir, "people", "list").stdout
    assert run(data_dir, "people", "remove", ada["id"]).stdout == f"removed: {ada['id']} (Ada)\n"
    assert "removed" in run(data_dir, "people", "list").stdout
    assert audited(data_dir) == [(what, "local", ada["id"]) for what in ("person.add", "person.role", "person.remove")]


def test_the_key_of_a_person_is_told_as_theirs_and_can_do_what_they_may(data_dir: Path) -> None:
    run(data_dir, "people", "add", "Ada", "--role", "approver")
    scopes = ("--scope", "read", "--scope", "approve")
    done = run(data_dir, "keys", "create", "--person", "Ada", "--project", "shop", *scopes)
    assert (done.returncode, is_secret(done.stdout.strip())) == (0, True)
    (key,), (ada,) = listed(data_dir, "keys", "list"), listed(data_dir, "people", "list")
    assert key["person"] == ada["id"]
    assert "Ada" in run(data_dir, "keys", "list", COLUMNS="200").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("people", "add", "Ada", "--role", "approver"), 3, "there is a person 'Ada' already"),
        (("people", "add", "\x1b[2J", "--role", "viewer"), 3, "'\\x1b[2J' is no name"),
        (("people", "add", "Bob", "--role", "king"), 2, "'king' is not one of"),
        (("people", "role", "Bob", "viewer"), 3, "there is nobody 'Bob': `sentric people list` shows everybody"),
        (("people", "remove", "Ada", "Bob"), 3, "there is nobody 'Bob'"),
        (("keys", "create", "--person", "Bob", "--project", "p"), 3, "there is nobody 'Bob'"),
        (("keys", "create", "--project", "p", "--scope", "approve"), 2, "a key that may approve is somebody's"),
        (("keys", "create", "--person", "Ada", "--project", "p", "--scope", "operate"), 2, "Ada is approver"),
        (("policy", "activate", "7"), 3, "project 'default' has no policy of version 7"),
        (("policy", "activate", "x"), 2, "'x' is not a valid integer range"),
        (("policy", "rollback"), 3, "no version of 'default' was ever in force"),
        (("policy", "export"), 3, "project 'default' has no policy of its own: `sentric policy save` keeps one"),
        (("policy", "export", "--version", "3"), 3, "has no policy of version 3"),
        (("policy", "versions", "--limit", "0"), 2, "0 is not in the range"),
    ],
)
def test_a_wrong_wish_is_told_in_a_line_and_changes_nothing(
    data_dir: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    run(data_dir, "people", "add", "Ada", "--role", "approver")
    before = audited(data_dir)
    done = run(data_dir, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "\x1b" not in done.stderr
    assert audited(data_dir) == before


def test_versions_are_saved_put_in_force_and_taken_back(data_dir: Path, strict: Path, tmp_path: Path) -> None:
    saved = run(data_dir, "policy", "save", strict, "--note", "first")
    digest = load_policy(strict).digest
    assert saved.stdout == f"saved: version 1 of default, digest {digest}, 3 files\n"
    assert "in force is the policy of the service's own settings" in run(data_dir, "policy", "versions").stdout
    again = run(data_dir, "policy", "save", strict)
    assert again.stdout.startswith("the same as the newest version, which is: version 1 of default")

    strict.write_text(STRICT.replace("3", "4"))
    second = run(data_dir, "policy", "save", strict, "--activate", "--note", "looser")
    assert second.stdout.splitlines()[1].startswith("in force for default: version 2, digest ")
    assert run(data_dir, "policy", "activate", "1").stdout == f"in force for default: version 1, digest {digest}\n"
    versions = listed(data_dir, "policy", "versions")
    assert [(one["version"], one["in_force"], one["note"], one["author"]) for one in versions] == [
        (2, False, "looser", "local"),
        (1, True, "first", "local"),
    ]
    assert run(data_dir, "policy", "rollback").stdout.startswith("in force for default: version 2")
    assert "in force" in run(data_dir, "policy", "versions").stdout
    own = run(data_dir, "policy", "activate", "0")
    assert own.stdout == "in force for default: the policy of the service's own settings\n"
    assert [what for what, _, _ in audited(data_dir)] == ["policy.save", "policy.save", *["policy.activate"] * 4]


def test_a_version_is_exported_as_the_files_it_was_made_of(data_dir: Path, strict: Path, tmp_path: Path) -> None:
    run(data_dir, "policy", "save", strict)
    several = run(data_dir, "policy", "export")
    assert (several.returncode, several.stdout) == (2, "")
    assert "name a directory, -o DIR: base/company.yaml, base/ours.yaml, policy.yaml" in several.stderr
    out = tmp_path / "out"
    assert run(data_dir, "policy", "export", "-o", out).returncode == 0
    assert (out / "policy.yaml").read_text() == STRICT
    assert (out / "base" / "company.yaml").read_text() == COMPANY
    assert load_policy(out / "policy.yaml").digest == load_policy(strict).digest
    again = run(data_dir, "policy", "export", "-o", out)
    assert (again.returncode, again.stderr) == (3, f"error: {out}: has such files already: name another directory\n")

    run(data_dir, "policy", "save", strict.with_name("ours.yaml"))
    assert run(data_dir, "policy", "export", "--version", "2").stdout == OURS
    assert run(data_dir, "policy", "export").stdout == OURS


def test_what_does_not_load_is_not_kept_and_everything_wrong_is_told(data_dir: Path, strict: Path) -> None:
    strict.write_text("policy: strict\nextends: [../company.yaml]\nnonsense: 1\ntuning: {repeats: x}\n")
    done = run(data_dir, "policy", "save", strict)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [f"{strict}:{n}" for n in (2, 3, 4)]
    missing = run(data_dir, "policy", "save", strict, "--project", "nowhere")
    assert missing.returncode == 2
    strict.write_text(COMPANY)
    nowhere = run(data_dir, "policy", "save", strict, SENTRIC_PROJECT="nowhere")
    assert (nowhere.returncode, "there is no project 'nowhere'" in nowhere.stderr) == (3, True)
    assert listed(data_dir, "policy", "versions") == []
