import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sentric_analyzer.control import Scope
from sentric_analyzer.control import store as stores
from sentric_analyzer.control.database import VERSION_TABLE
from sentric_analyzer.control.errors import ControlError, KeyRefusedError, UnknownKeyError
from sentric_analyzer.control.store import ControlStore
from sentric_analyzer.control.tables import METADATA
from support.serving import poll

INGEST, READ, ADMIN = frozenset({Scope.INGEST}), frozenset({Scope.READ}), frozenset({Scope.ADMIN})


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def store(control_url: str) -> Iterator[ControlStore]:
    with ControlStore.open(control_url, clock=Clock()) as opened:
        yield opened


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """For what is about files."""
    return stores.control_url(tmp_path)


def program(code: str, url: str) -> "subprocess.Popen[str]":
    """A process that knows the URL of a store as `url`."""
    opening = (
        "import os, sys\n"
        "from sentric_analyzer.control.store import ControlStore\n"
        "from sentric_analyzer.control import Scope\n"
        "url = sys.argv[1]\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", opening + code, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_migrations_make_the_tables_that_the_code_reads(store: ControlStore) -> None:
    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []


def test_the_file_is_its_owners_alone_and_so_is_what_lies_beside_it(file_url: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with ControlStore.open(file_url) as store:
            store.keys.create(projects=["shop"], scopes=INGEST)
            files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert files == {"control.db": 0o600, "control.db-wal": 0o600, "control.db-shm": 0o600}


def test_the_project_default_is_there_from_the_start(store: ControlStore) -> None:
    assert [project.name for project in store.projects()] == ["default"]
    assert store.keys.list() == []
    assert len(store.keys.ring()) == 0


def test_what_was_kept_is_there_when_the_store_is_opened_again(control_url: str, store: ControlStore) -> None:
    made = store.keys.create(name="ci", projects=["shop", "bank"], scopes=INGEST, expires=2e9)
    with ControlStore.open(control_url) as again:
        assert again.keys.list() == [made.key]
        assert [project.name for project in again.projects()] == ["bank", "default", "shop"]


def test_a_key_is_found_in_the_ring_with_what_it_may_do(store: ControlStore) -> None:
    made = store.keys.create(projects=["shop", "bank", "shop"], scopes=INGEST, expires=2e9)
    admin = store.keys.create(projects=[], scopes=ADMIN)

    grant = store.keys.ring().find(made.secret, 1.9e9)
    assert grant is not None
    assert (grant.key_id, grant.projects, grant.scopes) == (made.key.key_id, ("shop", "bank"), INGEST)
    assert store.keys.ring().find(made.secret, 2e9) is None
    found = store.keys.ring().find(admin.secret, 2e9)
    assert found is not None
    assert (found.projects, found.scopes, found.expires) == ((), ADMIN, None)


def test_projects_that_are_new_are_made_and_named(store: ControlStore) -> None:
    assert store.keys.create(projects=["shop", "default"], scopes=INGEST).new_projects == ("shop",)
    assert store.keys.create(projects=["default", "shop", "bank"], scopes=INGEST).new_projects == ("bank",)


def test_nothing_of_a_refused_key_is_kept(store: ControlStore) -> None:
    before = store.generation()
    with pytest.raises(KeyRefusedError):
        store.keys.create(projects=["shop", "a\nb"], scopes=INGEST)
    assert (store.generation(), len(store.projects()), store.keys.list()) == (before, 1, [])


@pytest.mark.parametrize("name", ["'; DROP TABLE api_keys; --", "%", "été 🫖", "[bold]x[/bold]", "../../etc", "a" * 64])
def test_a_strange_name_is_only_a_name(store: ControlStore, name: str) -> None:
    made = store.keys.create(name=name, projects=[name], scopes=INGEST)
    (kept,) = store.keys.list()
    assert kept == made.key
    assert (kept.name, kept.projects) == (name, (name,))


def test_a_revoked_key_is_worth_nothing_and_stays_in_the_list(store: ControlStore) -> None:
    first, second = (store.keys.create(projects=["shop"], scopes=INGEST) for _ in range(2))
    store.keys.revoke([first.key.key_id])

    assert store.keys.ring().find(first.secret, 0.0) is None
    assert store.keys.ring().find(second.secret, 0.0) is not None
    (kept, other) = store.keys.list()
    assert (kept.key_id, kept.state(0.0), other.state(0.0)) == (first.key.key_id, "revoked", "valid")
    store.keys.revoke([first.key.key_id])
    assert store.keys.list()[0].revoked == kept.revoked


def test_a_key_is_found_by_the_beginning_of_its_id(store: ControlStore) -> None:
    keys = [store.keys.create(projects=["shop"], scopes=INGEST).key for _ in range(17)]

    assert store.keys.find(keys[3].key_id) == keys[3]
    first, _ = Counter(key.key_id[0] for key in keys).most_common(1)[0]  # of 17 ids two begin alike
    with pytest.raises(UnknownKeyError, match=f"key '{first}' is the beginning of"):
        store.keys.find(first)
    for wrong in ("", "x", "%", "_", f"{keys[0].key_id}0", "\x1b"):
        with pytest.raises(UnknownKeyError, match="no key"):
            store.keys.find(wrong)
    with pytest.raises(UnknownKeyError, match="that is a key itself: name it by its id"):
        store.keys.find(store.keys.create(projects=["shop"], scopes=INGEST).secret)


def test_every_change_makes_the_number_larger_and_nothing_else_does(store: ControlStore, control_url: str) -> None:
    numbers = [store.generation()]
    key = store.keys.create(projects=["shop"], scopes=INGEST).key
    numbers.append(store.generation())
    store.keys.revoke([key.key_id])
    numbers.append(store.generation())
    store.keys.add_first_admin_key("x")
    numbers.append(store.generation())
    assert numbers == sorted(set(numbers))

    store.projects(), store.keys.list(), store.keys.ring()
    with ControlStore.open(control_url) as again:
        assert again.generation() == numbers[-1]


def test_a_key_without_its_projects_is_not_one_for_all(store: ControlStore) -> None:
    made = store.keys.create(projects=["shop"], scopes=INGEST)
    with store._database.changing() as meddling:
        meddling.exec_driver_sql("DELETE FROM api_key_projects")
    assert store.keys.ring().find(made.secret, 0.0) is None


def test_a_database_of_a_newer_version_is_refused_in_one_line(store: ControlStore, control_url: str) -> None:
    with store._database.changing() as newer:
        newer.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608  # ours
    with pytest.raises(ControlError) as caught:
        ControlStore.open(control_url)
    assert str(caught.value) == (
        f"{store._database._name}: is at migration 9999, which this Sentric does not know: upgrade Sentric"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://u:canary@h/d", "begins with 'mysql'"),
        ("sqlite://", "needs an absolute path"),
        ("sqlite:///relative.db", "needs an absolute path"),
        ("sqlite:////x?mode=memory", "needs an absolute path, and no more"),
        ("sqlite+nosuch:////tmp/x", "no driver that is known"),
        ("postgresql+nosuch://u:canary@h/d", "no driver that is known"),
        ("postgresql+psycopg2://u:canary@h/d", "no driver that is known"),
        ("postgresql://u:the@canary@h/d", "more than one @: write %40 for one in a password"),
        ("postgresql://u:the@c/canary@h/d", "more than one @: write %40 for one in a password"),
        ("postgresql://u:canary@h%00/d", "cannot be read"),
        ("postgresql://u:canary@h:port/d", "cannot be read"),
        ("postgresql://u:canary@127.0.0.1:9/d", "postgresql://127.0.0.1:9/d: connection failed"),
        (f"postgresql://u:canary@{'h' * 70}/d", "the server cannot be looked for"),
        ("postgresql://u:canary@127.0.0.1:9/d?nosuch=canary", "invalid connection option"),
        ("postgresql://u:canary@127.0.0.1:9/d?sslmode=canary", "invalid sslmode value"),
        ("postgresql://u:canary@/d?host=127.0.0.1:9&host=127.0.0.1:7", "connection failed"),
        ("sqlite:////no/such/directory/control.db", "cannot be made: No such file or directory"),
        ("sqlite:////tmp/a%00b", "cannot be made"),
        ("sqlite:////proc", "/proc: "),
    ],
)
def test_a_url_that_cannot_be_used_is_one_line_with_its_cure(url: str, message: str) -> None:
    with pytest.raises(ControlError) as caught:
        ControlStore.open(url.replace("%00", "\x00"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_missing_driver_is_one_line_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ControlError) as caught:
        ControlStore.open("postgresql+psycopg://u:canary@h/d")
    assert str(caught.value) == (
        "the control state in postgresql needs the package 'psycopg': pip install 'sentric[postgresql]'"
    )


def test_a_file_that_is_no_database_is_one_line(file_url: str, tmp_path: Path) -> None:
    (tmp_path / "control.db").write_bytes(b"no database, as long as the head of one would be".ljust(4096, b"."))
    with pytest.raises(ControlError, match=r"control\.db: file is not a database"):
        ControlStore.open(file_url)


def test_a_damaged_store_says_so_in_one_line(store: ControlStore) -> None:
    with store._database.changing() as meddling:
        meddling.exec_driver_sql("DROP TABLE api_key_projects")
    with pytest.raises(ControlError) as caught:
        store.keys.create(projects=["shop"], scopes=INGEST)
    assert str(caught.value) in (
        f"{store._database._name}: no such table: api_key_projects",
        f'{store._database._name}: relation "api_key_projects" does not exist',
    )


def test_a_file_that_is_removed_or_replaced_is_noticed(file_url: str, tmp_path: Path) -> None:
    with ControlStore.open(file_url) as store:
        store.keys.create(projects=["a"], scopes=INGEST)
        for name in ("control.db", "control.db-wal", "control.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        with pytest.raises(ControlError, match=r"control\.db: unable to open database file"):
            store.generation()
        assert not (tmp_path / "control.db").exists()
        with ControlStore.open(file_url) as another:
            another.keys.create(projects=["b"], scopes=INGEST)
        assert [key.projects for key in store.keys.list()] == [("b",)]


def test_processes_that_open_at_once_migrate_once(control_url: str, tmp_path: Path) -> None:
    code = (
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with ControlStore.open(url) as store:\n"
        "    store.keys.create(projects=['shop'], scopes=[Scope.INGEST]); print(len(store.keys.list()))\n"
    )
    processes = [program(code, control_url) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate() for process in processes]

    assert [errors for _, errors in ended] == [""] * 4
    with ControlStore.open(control_url) as store:
        assert len(store.keys.list()) == 4
        assert store.generation() == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["control.db"] * control_url.startswith("sqlite")


def test_threads_that_change_at_once_lose_nothing(store: ControlStore) -> None:
    before = store.generation()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.keys.create(projects=[f"p{n % 3}"], scopes=INGEST), range(40)))
    assert len(store.keys.list()) == 40
    assert store.generation() == before + 40


@pytest.mark.parametrize("where", ["migrating", "changing"])
def test_a_process_that_is_killed_in_the_middle_leaves_a_good_database(
    control_url: str, tmp_path: Path, where: str
) -> None:
    if where == "changing":
        with ControlStore.open(control_url) as store:
            store.keys.create(name="kept", projects=["shop"], scopes=INGEST)
    code = (
        "import sqlalchemy as sa\n"
        "from sqlalchemy import event\n"
        "def stop(connection, cursor, statement, *rest):\n"
        "    if 'api_key_projects' in statement and not statement.startswith('SELECT'):\n"
        "        print('in the middle', flush=True); sys.stdin.readline()\n"
        "event.listen(sa.Engine, 'after_cursor_execute', stop)\n"
        "ControlStore.open(url).keys.create(name='lost', projects=['new'], scopes=[Scope.INGEST])\n"
    )
    process = program(code, control_url)
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    process.kill()
    process.communicate()

    with ControlStore.open(control_url) as store:
        assert [key.name for key in store.keys.list()] == (["kept"] if where == "changing" else [])
        assert "new" not in [project.name for project in store.projects()]
        store.keys.create(name="next", projects=["new"], scopes=INGEST)
    if control_url.startswith("postgresql"):
        return
    checked = sqlite3.connect(tmp_path / "control.db")
    assert checked.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert checked.execute("PRAGMA foreign_key_check").fetchall() == []
    checked.close()


def test_another_process_sees_a_change_at_once(control_url: str, store: ControlStore) -> None:
    code = (
        "store = ControlStore.open(url)\n"
        "print(store.generation(), flush=True)\n"
        "for line in sys.stdin: print(store.generation(), len(store.keys.ring()), flush=True)\n"
    )
    process = program(code, control_url)
    assert process.stdin is not None
    assert process.stdout is not None
    first = int(process.stdout.readline())
    made = store.keys.create(projects=["shop"], scopes=INGEST)
    store.keys.revoke([made.key.key_id])
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == f"{first + 2} 0\n"
    process.communicate()
    assert poll(lambda: process.returncode == 0)
