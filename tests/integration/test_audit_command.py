"""`sentric audit` on a real database file that somebody has been at."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sentric_analyzer.control.audit_chain import Record, sealed
from sentric_analyzer.control.checkpoints import HEAD_FILE, Checkpoints
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.signing import SIGNING_KEY_FILE, Signer
from sentric_analyzer.control.store import CONTROL_FILE, ControlStore, control_url
from support.commands import sentric

RECORDS = 8
SIGNED = 6
"""The last record that a checkpoint in the database vouches for; the file outside vouches for all."""

Damage = Callable[[sqlite3.Connection], object]


def audit(data_dir: Path, *arguments: object, **environ: str) -> "subprocess.CompletedProcess[str]":
    return sentric("audit", *arguments, "--data-dir", data_dir, **environ)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as a service leaves it."""
    path = tmp_path_factory.mktemp("left")
    with ControlStore.open(control_url(path)) as store:
        checkpoints = Checkpoints(store.changes, Signer.open(path / SIGNING_KEY_FILE), path / HEAD_FILE)
        for number in range(1, RECORDS + 1):
            store.people.add(f"person {number}", Role.VIEWER, actor="local")
            checkpoints.note()
            if number in (3, SIGNED):
                checkpoints.keep()
    return path


@pytest.fixture
def data_dir(left: Path, tmp_path: Path) -> Path:
    """A copy of that."""
    return Path(shutil.copytree(left, tmp_path / "data"))


def meddle(data_dir: Path, damage: Damage) -> None:
    with closing(sqlite3.connect(data_dir / CONTROL_FILE)) as connection, connection:
        damage(connection)


def run(*statements: str) -> Damage:
    return lambda connection: [connection.execute(statement) for statement in statements]


def made_anew(connection: sqlite3.Connection, begin: int, **changed: Any) -> None:
    """Change a record, and make the chain anew from it to its end, as somebody careful would."""
    found = connection.execute("SELECT * FROM audit ORDER BY sequence").fetchall()
    previous = found[begin - 2][8] if begin > 1 else "0" * 64
    for row in map(Record._make, found[begin - 1 :]):
        record = row._replace(**changed) if row.sequence == begin else row
        new = _sealed(previous, record)
        connection.execute(
            "UPDATE audit SET actor = ?, previous = ?, digest = ? WHERE sequence = ?",
            (new.actor, new.previous, new.digest, new.sequence),
        )
        previous = new.digest
    connection.execute("UPDATE audit_head SET digest = ?", (previous,))


def _sealed(previous: str, record: Record) -> Record:
    _, time, actor, what, project, subject, detail, *_ = record
    return sealed(previous, record.sequence, time, actor, what, project, subject, json.loads(detail))


CUT = ("DELETE FROM audit WHERE sequence > 7", "DELETE FROM audit_checkpoints WHERE sequence > 7")
HEAD_AT_7 = "UPDATE audit_head SET sequence = 7, digest = (SELECT digest FROM audit WHERE sequence = 7)"


def test_an_audit_that_nobody_was_at_is_intact(data_dir: Path) -> None:
    done = audit(data_dir, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "intact: 8 records; 3 checkpoints; all of it is signed\n"
    stated = json.loads(audit(data_dir, "verify", "--format", "json").stdout)
    (key,) = stated.pop("keys")
    assert key == Signer.open(data_dir / SIGNING_KEY_FILE).key_id
    assert stated == {"intact": True, "records": 8, "checkpoints": 3, "signed": 8, "bad": None, "why": ""}


@pytest.mark.parametrize(
    ("damage", "bad", "why"),
    [
        (run("UPDATE audit SET actor = 'key:0' WHERE sequence = 5"), 5, "was altered"),
        (run("UPDATE audit SET time = time + 1 WHERE sequence = 1"), 1, "was altered"),
        (run("UPDATE audit SET detail = X'ff00' WHERE sequence = 2"), 2, "was altered"),
        (run("UPDATE audit SET actor = CAST(X'ff' AS TEXT) WHERE sequence = 4"), 4, "cannot be read"),
        (run("DELETE FROM audit WHERE sequence = 1"), 1, "record 1 is missing"),
        (run("DELETE FROM audit WHERE sequence = 5"), 5, "record 5 is missing"),
        (run("DELETE FROM audit"), 1, "missing at the end"),
        (
            run(
                "UPDATE audit SET sequence = 99 WHERE sequence = 4",
                "UPDATE audit SET sequence = 4 WHERE sequence = 5",
                "UPDATE audit SET sequence = 5 WHERE sequence = 99",
            ),
            4,
            "was altered",
        ),
        (
            run(
                "INSERT INTO audit SELECT 0, time, actor, what, project, subject, detail, previous, digest FROM audit "
                "WHERE sequence = 3"
            ),
            1,
            "was altered",
        ),
        (
            run(
                "INSERT INTO audit SELECT 9, time, actor, what, project, subject, detail, previous, digest FROM audit "
                "WHERE sequence = 8"
            ),
            9,
            "was altered",
        ),
        (run("UPDATE audit SET sequence = 'x' WHERE sequence = 8"), 8, "was altered"),
        (run(CUT[0]), 8, "missing at the end"),
        (run(*CUT, HEAD_AT_7), 8, "missing at the end"),
        (run(HEAD_AT_7), 8, "record 8 stands after the head"),
        (run("UPDATE audit_head SET sequence = 7"), 7, "is not the one that the head"),
        (run("UPDATE audit_head SET sequence = 9"), 9, "record 9 is missing at the end"),
        (run("UPDATE audit_head SET digest = 'x'"), 8, "is not the one that the head"),
        (run("UPDATE audit_head SET sequence = 'x'"), 9, "the head of the audit is gone or altered"),
        (run("DELETE FROM audit_head"), 9, "the head of the audit is gone or altered"),
        (run("INSERT INTO audit_head SELECT * FROM audit_head"), 9, "the head of the audit is gone or altered"),
        (lambda c: made_anew(c, 2, actor="nobody"), 1, "some or all of records 1 to 3 were rewritten"),
        (lambda c: made_anew(c, 8, actor="nobody"), 7, "some or all of records 7 to 8 were rewritten"),
        (run("UPDATE audit_checkpoints SET checkpoint = 'x' WHERE sequence = 3"), 3, "is signed with key ''"),
        (
            run("UPDATE audit_checkpoints SET checkpoint = replace(checkpoint, '\"sequence\":3', '\"sequence\":4')"),
            4,
            "does not hold",
        ),
    ],
)
def test_the_first_record_that_is_not_what_it_was_is_named(data_dir: Path, damage: Damage, bad: int, why: str) -> None:
    meddle(data_dir, damage)
    done = audit(data_dir, "verify")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"broken at record {bad}: ")
    assert why in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_an_earlier_checkpoint_that_is_kept_elsewhere_tells_of_a_chain_made_anew_with_all_its_checkpoints(
    data_dir: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes((data_dir / HEAD_FILE).read_bytes())

    def all_anew(connection: sqlite3.Connection) -> None:
        made_anew(connection, 5, actor="nobody")
        connection.execute("DELETE FROM audit_checkpoints")

    meddle(data_dir, all_anew)
    (data_dir / HEAD_FILE).unlink()
    unsigned = audit(data_dir, "verify")
    assert (unsigned.returncode, unsigned.stdout) == (
        0,
        "intact: 8 records; 0 checkpoints; nothing of it is signed: a new chain in its place would not be noticed\n",
    )
    done = audit(data_dir, "verify", "--checkpoint", copy)
    assert (done.returncode, done.stdout[:20]) == (1, "broken at record 1: ")


def test_an_export_is_verified_elsewhere_with_the_public_key_alone(data_dir: Path, tmp_path: Path) -> None:
    exported = tmp_path / "elsewhere" / "audit.jsonl"
    exported.parent.mkdir()
    done = audit(data_dir, "export", "--output", exported)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"written: {RECORDS + 3} lines" in done.stderr
    key = done.stderr.split("--key ")[1].strip()
    assert exported.read_text() == audit(data_dir, "export").stdout
    again = audit(data_dir, "export", "-o", exported)
    assert (again.returncode, again.stderr) == (3, f"error: {exported}: is there already: name another file\n")

    elsewhere = exported.parent
    keyless = audit(elsewhere, "verify", "--file", exported)
    assert (keyless.returncode, keyless.stdout) == (3, "")
    assert "there is no key to verify the checkpoints with" in keyless.stderr
    intact = audit(elsewhere, "verify", "--file", exported, "--key", key)
    assert (intact.returncode, intact.stdout) == (0, "intact: 8 records; 3 checkpoints; all of it is signed\n")
    assert [path.name for path in elsewhere.iterdir()] == ["audit.jsonl"]


@pytest.mark.parametrize(
    ("damage", "bad"),
    [
        (lambda lines: [*lines[:5], lines[5].replace("local", "lokal"), *lines[6:]], 3),
        (lambda lines: [*lines[:5], *lines[6:]], 3),
        (lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]], 3),
        (lambda lines: lines[:-1], 8),
        (lambda lines: lines[:3], 1),
        (lambda lines: [*lines[:-1], lines[-1][:40]], 8),
        (lambda lines: [*lines[:7], "{}", "nonsense", *lines[7:]], 5),
        (lambda lines: [*lines[:7], "[" * 100_000, *lines[7:]], 5),
        (lambda lines: [lines[0].replace('"sequence":3', '"sequence":2'), *lines[1:]], 2),
        (lambda lines: ["{}", *lines], 1),
    ],
)
def test_of_an_export_that_somebody_was_at_the_first_bad_record_is_named(
    data_dir: Path, tmp_path: Path, damage: Callable[[list[str]], list[str]], bad: int
) -> None:
    lines = audit(data_dir, "export").stdout.splitlines()
    assert len(lines) == RECORDS + 3
    file = tmp_path / "export"
    file.write_text("\n".join(damage(lines)))
    done = audit(data_dir, "verify", "--file", file)
    assert (done.returncode, done.stdout[: len(f"broken at record {bad}:")]) == (1, f"broken at record {bad}:")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("verify", "--file", "/no/such"), 3, "/no/such: cannot be read: No such file or directory"),
        (("verify", "--checkpoint", "/no/such"), 3, "/no/such: cannot be read"),
        (("verify", "--key", "abc"), 2, "must be the base64 of an Ed25519 public key"),
        (("export", "-o", "/no/such/file"), 3, "/no/such/file: cannot be written"),
    ],
)
def test_what_cannot_be_read_is_no_broken_audit(
    data_dir: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = audit(data_dir, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr


def test_a_database_that_is_none_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / CONTROL_FILE).write_bytes(b"nonsense" * 999)
    done = audit(tmp_path, "verify")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    nothing = audit(tmp_path / "none", "verify")
    assert (nothing.returncode, "there are no records yet" in nothing.stderr) == (3, True)


def test_records_are_listed_the_newest_first_and_act_on_no_terminal(data_dir: Path) -> None:
    with ControlStore.open(control_url(data_dir)) as store, store.changes.changing("key:1\u202e") as change:
        change.record("agent.stop", project="shop", subject="a\x1b[2J", reason="\x1b]0;x\x07 [red]", number=7)
    text = audit(data_dir, "list", "--limit", "2", COLUMNS="200").stdout
    first, detail, second, _ = text.splitlines()
    assert first.startswith("9  ")
    assert "agent.stop  key:1‹U+202E›  shop  a‹U+001B›[2J" in first
    assert detail.strip() == "number=7, reason=‹U+001B›]0;x‹U+0007› [red]"
    assert "person.add  local" in second
    only = audit(data_dir, "list", "--what", "agent.stop", "--project", "shop", "--format", "json").stdout
    assert "\x1b" not in only
    (record,) = json.loads(only)
    assert (record["sequence"], record["detail"]["number"], record["subject"]) == (9, 7, "a\x1b[2J")
    assert audit(data_dir, "list", "--actor", "nobody").stdout == "no such records\n"


def test_a_record_that_was_altered_is_listed_as_it_is(data_dir: Path) -> None:
    meddle(data_dir, run("UPDATE audit SET detail = '{', time = 'x', actor = X'1b' WHERE sequence = 8"))
    for form in ("table", "json"):
        done = audit(data_dir, "list", "--limit", "1", "--format", form)
        assert (done.returncode, "x" in done.stdout, "\x1b" in done.stdout) == (0, True, False)
    exported = audit(data_dir, "export")
    assert (exported.returncode, exported.stderr) == (
        3,
        "error: record 8 was altered: something in it is not of its kind\n",
    )
