"""What is signed of the audit outside of the database, and what is not signed any more."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from sentric_analyzer.control.audit import Audit
from sentric_analyzer.control.audit_chain import Checkpoint
from sentric_analyzer.control.checkpoints import HEAD_FILE, Checkpoints, read_head
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.people import Role
from sentric_analyzer.control.signing import Signer
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.control.tables import AUDIT, AUDIT_CHECKPOINTS, AUDIT_HEAD

SIGNER, OTHER = Signer(bytes(range(32))), Signer(bytes(32))
KEYS = {SIGNER.key_id: SIGNER.public_key}


@pytest.fixture
def store(control_url: str) -> Iterator[ControlStore]:
    with ControlStore.open(control_url) as opened:
        yield opened


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return tmp_path / HEAD_FILE


def add(store: ControlStore, *names: str) -> None:
    for name in names:
        store.people.add(name, Role.VIEWER, actor="local")


def kept(store: ControlStore) -> list[Checkpoint]:
    return Audit(store.changes).checkpoints()


def test_the_last_record_is_signed_outside_whenever_there_is_a_new_one(store: ControlStore, head: Path) -> None:
    checkpoints = Checkpoints(store.changes, SIGNER, head)
    checkpoints.note()
    assert not head.exists()
    for number, name in enumerate("abc", start=1):
        add(store, name)
        checkpoints.note()
        newest = read_head(head)
        assert newest is not None
        assert newest == checkpoints.newest
        assert (newest.sequence, newest.digest) == store.changes.head() == (number, newest.digest)
    before = head.read_bytes()
    checkpoints.note()
    assert head.read_bytes() == before
    assert (len(before), before[-1:]) == (512, b"\n")
    assert head.stat().st_mode & 0o777 == 0o600
    assert kept(store) == []
    found = Audit(store.changes).verify([Checkpoint.from_json(before.decode())], KEYS)
    assert (found.bad, found.records, found.signed) == (None, 3, 3)


def test_what_is_kept_in_the_database_too_is_kept_once(store: ControlStore, head: Path) -> None:
    services = [Checkpoints(store.changes, SIGNER, path) for path in (head, head.with_name("another"))]
    for checkpoints in services:
        checkpoints.keep()
    assert kept(store) == []
    add(store, "a", "b")
    for checkpoints in (*services, *services):
        checkpoints.keep()
    add(store, "c")
    services[1].keep()
    assert [checkpoint.sequence for checkpoint in kept(store)] == [2, 3]
    assert Audit(store.changes).verify([], KEYS).signed == 3


def test_it_goes_on_after_a_restart_over_more_records_than_are_read_at_once(
    store: ControlStore, head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentric_analyzer.control.checkpoints.MOST_RECORDS", 2)
    add(store, "a")
    Checkpoints(store.changes, SIGNER, head).note()
    add(store, *"bcdef")
    again = Checkpoints(store.changes, SIGNER, head)
    assert again.newest is not None
    again.note()
    assert (again.newest.sequence, again.failure()) == (6, "")


@pytest.mark.parametrize("damage", ["replaced", "before", "cut", "gap", "head"])
def test_an_audit_that_is_not_what_was_signed_is_not_signed_again(
    store: ControlStore, head: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(store.changes, SIGNER, head)
    add(store, *"abc")
    checkpoints.keep()
    before = head.read_bytes()
    with store.changes.database.changing() as connection:
        third = connection.execute(select(AUDIT).where(AUDIT.c.sequence == 3)).one()
        match damage:
            case "replaced":
                connection.execute(update(AUDIT).where(AUDIT.c.sequence == 3).values(digest="0" * 64))
            case "before":
                connection.execute(update(AUDIT_HEAD).values(sequence=2))
            case "cut":
                connection.execute(delete(AUDIT).where(AUDIT.c.sequence == 3))
                connection.execute(update(AUDIT_HEAD).values(sequence=2, digest=third.previous))
            case "gap":
                connection.execute(update(AUDIT).where(AUDIT.c.sequence == 3).values(sequence=4))
                connection.execute(update(AUDIT_HEAD).values(sequence=4))
            case _:
                connection.execute(update(AUDIT_HEAD).values(digest="0" * 64))
    if damage not in ("before", "gap"):
        add(store, "d")
    for _ in range(3):
        checkpoints.note()
        checkpoints.keep()
    assert head.read_bytes() == before
    assert len(kept(store)) == 1
    assert checkpoints.failure().startswith("the audit is not what it was at record ")
    assert caplog.text.count("the audit is not what it was") == 1
    found = Audit(store.changes).verify([Checkpoint.from_json(before.decode())], KEYS)
    assert found.bad is not None


def test_a_file_that_is_no_checkpoint_of_ours_is_left_alone(store: ControlStore, head: Path) -> None:
    add(store, "a")
    Checkpoints(store.changes, SIGNER, head).note()
    stated = json.loads(head.read_text())
    for text in ("", "{}", json.dumps(stated), head.read_text() + "more", "\x00" * 512, "[" * 600):
        head.write_text(text)
        with pytest.raises(ControlError, match=r"audit\.head: holds no checkpoint of the audit: keep it") as caught:
            Checkpoints(store.changes, SIGNER, head)
        assert len(str(caught.value).splitlines()) == 1
        assert head.read_text() == text
    forged = Checkpoint(**{**stated, "sequence": 9})
    head.write_text(forged.to_json())
    with pytest.raises(ControlError, match="its signature does not hold"):
        Checkpoints(store.changes, SIGNER, head)


def test_a_new_key_goes_on_from_what_the_former_one_signed(store: ControlStore, head: Path) -> None:
    add(store, "a")
    Checkpoints(store.changes, OTHER, head).keep()
    add(store, "b")
    checkpoints = Checkpoints(store.changes, SIGNER, head)
    checkpoints.keep()
    assert checkpoints.newest is not None
    assert (checkpoints.newest.sequence, checkpoints.newest.key_id) == (2, SIGNER.key_id)
    assert Audit(store.changes).verify([], KEYS | {OTHER.key_id: OTHER.public_key}).bad is None
    assert "is not known" in Audit(store.changes).verify([], KEYS).why


def test_a_file_that_cannot_be_written_is_told(store: ControlStore, tmp_path: Path) -> None:
    add(store, "a")
    with pytest.raises(ControlError, match=r"nowhere/audit\.head: cannot be written: No such file or directory"):
        Checkpoints(store.changes, SIGNER, tmp_path / "nowhere" / HEAD_FILE).note()
    (tmp_path / "dir").mkdir()
    with pytest.raises(ControlError, match="cannot be read: Is a directory"):
        Checkpoints(store.changes, SIGNER, tmp_path / "dir")


def test_checkpoints_in_the_database_that_were_altered_are_found(store: ControlStore, head: Path) -> None:
    add(store, "a")
    Checkpoints(store.changes, SIGNER, head).keep()
    with store.changes.database.changing() as connection:
        connection.execute(update(AUDIT_CHECKPOINTS).values(checkpoint="{}"))
    found = Audit(store.changes).verify([], KEYS)
    assert (found.bad, found.signed) == (1, 0)
    with pytest.raises(ControlError, match="there is no key to verify the checkpoints with"):
        Audit(store.changes).verify([], {})


def test_without_a_head_nothing_is_signed_and_that_is_told(store: ControlStore, head: Path) -> None:
    add(store, "a")
    with store.changes.database.changing() as connection:
        connection.execute(delete(AUDIT_HEAD))
    with pytest.raises(ControlError, match="the head of the audit is gone or altered: restore a backup of it"):
        Checkpoints(store.changes, SIGNER, head).note()
    assert not head.exists()
