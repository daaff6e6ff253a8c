import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from sentric_analyzer.control import store
from sentric_analyzer.control.database import Database
from sentric_analyzer.control.errors import ControlBusyError, ControlError
from sentric_analyzer.control.limits import Limits
from support.postgres import PASSWORD, Postgres
from support.serving import poll

SHORT = Limits(busy=0.2, connect=0.3, statement=0.3, idle=30.0)


@contextmanager
def opened(url: str, limits: Limits | None = None) -> Iterator[Database]:
    with closing(Database.open(url, limits)) as database:
        yield database


def add(connection: Connection, number: int = 1) -> None:
    connection.exec_driver_sql(f"UPDATE generation SET number = number + {number}")  # noqa: S608


def ask(database: Database, statement: str = "SELECT number FROM generation") -> Any:
    with database.reading() as connection:
        return connection.exec_driver_sql(statement).scalar()


@contextmanager
def refused(words: str, error: type[ControlError] = ControlError, within: float = 30.0) -> Iterator[None]:
    """The block ends in an error in one line, without a password, in good time."""
    begun = time.monotonic()
    with pytest.raises(error) as caught:
        yield
    assert time.monotonic() - begun < within
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)
    assert isinstance(caught.value, ControlBusyError) == (error is ControlBusyError)


def test_who_writes_while_another_process_does_is_told_to_try_again(control_url: str) -> None:
    # Two databases share no lock of this process, as two processes do.
    with opened(control_url) as one, opened(control_url, SHORT) as other:
        before = ask(one)
        with one.changing() as connection:
            add(connection)
            with refused("is busy", ControlBusyError), other.changing() as late:
                add(late)
            assert ask(other) == before
        with other.changing() as connection:
            add(connection)
        assert ask(one) == before + 2


def test_threads_that_write_at_once_wait_for_one_another(control_url: str) -> None:
    with opened(control_url, Limits(connections=3, writers=4)) as database, ThreadPoolExecutor(8) as threads:

        def change(_: int) -> None:
            with database.changing() as connection:
                add(connection)

        before = ask(database)
        list(threads.map(change, range(40)))
        assert ask(database) == before + 40


def test_nothing_of_a_change_that_fails_is_kept(control_url: str) -> None:
    with opened(control_url) as database:
        before = ask(database)
        with suppress(KeyError), database.changing() as connection:
            add(connection)
            raise KeyError
        assert ask(database) == before


def test_what_stands_in_a_row_is_in_no_error(control_url: str) -> None:
    with opened(control_url) as database:
        row = "INSERT INTO projects (name, created) VALUES ('canary', 0)"
        with refused(" constraint "), database.changing() as connection:
            connection.exec_driver_sql(row)
            connection.exec_driver_sql(row)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    with opened(store.control_url(tmp_path)) as database:
        yield database


def test_what_is_written_to_a_file_is_synced(file: Database) -> None:
    with file.reading() as one, file.changing() as another:
        settings = [each.exec_driver_sql("PRAGMA synchronous").scalar() for each in (one, another)]
        assert settings == [2, 2]
        assert one.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def in_background(work: Callable[[], Any]) -> "tuple[threading.Thread, list[Any]]":
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    return thread, answers


def test_writers_to_a_file_queue_before_they_take_a_connection(file: Database) -> None:
    def patience() -> Any:
        with file.changing() as connection:
            return connection.exec_driver_sql("PRAGMA busy_timeout").scalar()

    turns = file._turns
    with file.changing():
        thread, answers = in_background(patience)
        poll(lambda: len(turns._waiting) == 1)
        began = time.monotonic()
        poll(lambda: time.monotonic() - began > 1.0)
        assert file._engine.pool.checkedout() == 1  # type: ignore[attr-defined]
    thread.join()
    # What was waited for the other thread may not be waited for another process once more.
    assert 0 <= answers[0] < file._limits.busy * 1000
    assert patience() > 9_000


def test_who_queues_too_long_for_a_file_is_told_to_try_again(tmp_path: Path) -> None:
    with opened(store.control_url(tmp_path), SHORT) as database:
        with database.changing() as connection:
            add(connection)
            words = "is busy: others have been writing for 0.2 s: try again"
            with refused(words, ControlBusyError), database.changing():
                pass
        with database.changing() as connection:
            add(connection)
        assert ask(database) == 3


def test_a_file_that_another_program_holds_is_busy(file: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "control.db", isolation_level=None)
    with closing(other), opened(store.control_url(tmp_path), SHORT) as database:
        other.execute("BEGIN IMMEDIATE")
        with refused("database is locked: try again", ControlBusyError), database.changing():
            pass
        other.execute("ROLLBACK")
        with database.changing() as connection:
            add(connection)


def test_a_server_is_told_how_long_it_may_take(postgresql_url: str) -> None:
    with opened(postgresql_url) as database:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "application_name")
        assert [ask(database, f"SHOW {name}") for name in names] == ["10s", "15s", "1min", "sentric"]


def test_transactions_are_read_committed_whatever_the_server_says(postgresql_url: str) -> None:
    with opened(f"{postgresql_url}?options=-c%20default_transaction_isolation=serializable") as database:
        assert ask(database, "SHOW default_transaction_isolation") == "serializable"
        assert ask(database, "SHOW transaction_isolation") == "read committed"
        with database.changing() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"


def test_a_deadlock_may_be_tried_again(postgresql_url: str) -> None:
    with opened(f"{postgresql_url}?options=-c%20deadlock_timeout=20ms") as database:
        with database.changing() as connection:
            connection.exec_driver_sql("INSERT INTO projects VALUES ('a', 0), ('b', 0)")
        met = threading.Barrier(2, timeout=30)

        def change(first: str, second: str) -> str:
            with database.changing() as connection:
                connection.exec_driver_sql(f"UPDATE projects SET created = 1 WHERE name = '{first}'")  # noqa: S608
                met.wait()
                connection.exec_driver_sql(f"UPDATE projects SET created = 1 WHERE name = '{second}'")  # noqa: S608
            return ""

        def outcome(names: str) -> str:
            try:
                return change(*names)
            except ControlBusyError as error:
                return str(error)

        with ThreadPoolExecutor(2) as threads:
            fine, failed = sorted(threads.map(outcome, ("ab", "ba")))
        assert fine == ""
        assert failed == f"{database._name}: is busy: deadlock detected: try again"


def test_a_serialization_that_fails_may_be_tried_again(postgresql_url: str) -> None:
    with opened(postgresql_url) as database:
        words = "could not serialize access"
        with refused(words, ControlBusyError), database.changing() as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.exec_driver_sql("SELECT number FROM generation")
            with database.changing() as other:
                add(other)
            add(connection)
        assert ask(database) == 2


def test_a_statement_that_takes_too_long_is_ended(postgresql_url: str) -> None:
    with opened(postgresql_url, SHORT) as database:
        with refused("canceling statement due to statement timeout"), database.changing() as connection:
            add(connection)
            connection.exec_driver_sql("SELECT pg_sleep(30)")
        assert ask(database) == 1


def test_more_readers_than_connections_are_told_to_try_again(postgresql_url: str) -> None:
    with opened(postgresql_url, Limits(busy=0.1, connections=1)) as database:
        words = "is busy: all connections have been in use for 0.1 s: try again"
        with database.reading(), refused(words, ControlBusyError):
            ask(database)
        assert ask(database) == 1


def test_so_many_may_write_to_a_server_that_readers_find_a_connection(postgresql_url: str) -> None:
    limits = Limits(busy=0.2, connections=2, writers=1)
    with opened(postgresql_url, limits) as database:
        with database.changing() as connection:
            add(connection)
            with refused("others have been writing", ControlBusyError), database.changing():
                pass
            assert ask(database) == 1
        assert ask(database) == 2


def test_who_is_stopped_in_a_transaction_does_not_hold_up_others_for_ever(postgresql_url: str) -> None:
    with opened(postgresql_url, Limits(idle=0.1)) as stopped, opened(postgresql_url) as other:
        with refused("postgresql://127.0.0.1"), stopped.changing() as connection:
            add(connection, 100)
            with other.changing() as late:
                add(late)
            add(connection)
        assert (ask(stopped), ask(other)) == (2, 2)


def test_a_server_that_was_killed_and_started_again_is_found_again(postgresql: Postgres, postgresql_url: str) -> None:
    with opened(postgresql_url) as database:
        try:
            with refused(f"{database._name}: "), database.changing() as connection:
                add(connection)
                postgresql.kill()
                add(connection)
            with refused("connection failed"):
                ask(database)
        finally:
            postgresql.start()
        with database.changing() as connection:
            add(connection)
        assert ask(database) == 2


def test_a_server_that_was_restarted_between_two_questions_is_not_noticed(
    postgresql: Postgres, postgresql_url: str
) -> None:
    with opened(postgresql_url) as database:
        with database.reading(), database.reading():
            pass
        postgresql.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        assert ask(database) == 1
        assert ask(database) == 1


def test_a_server_that_hangs_is_an_error_in_good_time(
    postgresql: Postgres, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(postgresql_url, SHORT) as database:
        with refused("said nothing for 0.6 s", within=5.0), database.changing() as connection:
            add(connection)
            with postgresql.paused():
                add(connection)
        assert ask(database) == 1
        with postgresql.paused(), refused("connection timeout expired", within=10.0):
            ask(database)
        with database.changing() as connection:
            add(connection)
        assert ask(database) == 2
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_wrong_password_is_not_repeated_and_neither_is_the_right_one(postgresql_url: str) -> None:
    with refused('password authentication failed for user "sentric"'):
        Database.open(postgresql_url.replace(PASSWORD, "another-canary"))
    with opened(postgresql_url) as database, refused('"…" does not exist'):
        ask(database, f'SELECT "{PASSWORD}"')
