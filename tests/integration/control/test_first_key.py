from collections.abc import Iterator
from pathlib import Path

import pytest

from sentric_analyzer.control import Scope
from sentric_analyzer.control.api_keys import ApiKeys
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.first_key import first_admin_key
from sentric_analyzer.control.keys import new_secret
from sentric_analyzer.control.store import ControlStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "admin.key"


@pytest.fixture
def store(control_url: str) -> Iterator[ControlStore]:
    with ControlStore.open(control_url) as opened:
        yield opened


def administers(store: ControlStore, secret: str) -> bool:
    grant = store.keys.ring().find(secret, 0.0)
    return grant is not None and (grant.projects, grant.scopes) == ((), frozenset({Scope.ADMIN}))


def test_a_first_start_makes_an_admin_key_that_its_owner_alone_can_read(store: ControlStore, path: Path) -> None:
    secret = first_admin_key(store.keys, path)

    assert administers(store, secret)
    assert path.read_text() == f"{secret}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    beside = {each.name for each in path.parent.iterdir()} - {"control.db", "control.db-wal", "control.db-shm"}
    assert beside == {"admin.key"}


def test_a_second_start_makes_none(store: ControlStore, path: Path) -> None:
    secret = first_admin_key(store.keys, path)
    assert first_admin_key(store.keys, path) == ""
    path.unlink()
    assert first_admin_key(store.keys, path) == ""
    assert not path.exists()
    assert administers(store, secret)


def test_a_revoked_admin_key_is_not_made_good_by_a_start(store: ControlStore, path: Path) -> None:
    secret = first_admin_key(store.keys, path)
    store.keys.revoke([store.keys.list()[0].key_id])
    assert first_admin_key(store.keys, path) == ""
    assert not administers(store, secret)


def test_a_start_that_was_killed_before_the_store_had_the_key_goes_on_with_it(store: ControlStore, path: Path) -> None:
    secret = new_secret()
    path.write_text(f"{secret}\n")
    assert first_admin_key(store.keys, path) == ""
    assert administers(store, secret)
    assert path.read_text() == f"{secret}\n"


@pytest.mark.parametrize("content", [b"", b"password", b"sentric_sk_short", b"\xff" * 400])
def test_a_file_that_holds_something_else_is_left_alone(store: ControlStore, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ControlError) as caught:
        first_admin_key(store.keys, path)
    assert str(caught.value).startswith(f"{path}: holds no key of Sentric's: take it away, or make a key with ")
    assert path.read_bytes() == content
    assert store.keys.list() == []


def test_of_two_services_with_one_store_the_first_has_the_key(store: ControlStore, path: Path, tmp_path: Path) -> None:
    class Late(ApiKeys):
        """Asks before the other one has made its key, and adds its own after."""

        def had_admin_key(self) -> bool:
            had = super().had_admin_key()
            if not had:
                first_admin_key(store.keys, path)
            return had

    (tmp_path / "second").mkdir()
    late = Late(store.changes)
    assert first_admin_key(late, tmp_path / "second" / "admin.key") == ""
    assert list((tmp_path / "second").iterdir()) == []
    assert administers(store, path.read_text().strip())


def test_two_starts_in_one_directory_agree_on_the_key(store: ControlStore, path: Path) -> None:
    class Late(ApiKeys):
        def had_admin_key(self) -> bool:
            path.write_text(f"{secret}\n")
            return super().had_admin_key()

    secret = new_secret()
    assert first_admin_key(Late(store.changes), path) == ""
    assert administers(store, secret)


def test_a_directory_that_cannot_be_written_is_one_line(store: ControlStore) -> None:
    with pytest.raises(ControlError, match=r"^/proc/admin\.key: cannot be written or read: "):
        first_admin_key(store.keys, Path("/proc/admin.key"))
