"""The control database: SQLite in a file, or PostgreSQL; opened, and brought up to date."""

import re
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from sentric_analyzer.control.errors import ControlBusyError, ControlError
from sentric_analyzer.control.limits import Limits
from sentric_analyzer.control.on_sqlite import make_file, sqlite_engine
from sentric_analyzer.control.turns import Turns

VERSION_TABLE = "sentric_control_version"
"""Where the database says which migration it is at; not Alembic's own name, which others may use beside us."""

_CURE = "use sqlite:////ABSOLUTE/PATH, or postgresql://USER:PASSWORD@HOST/DATABASE"
_MIGRATION = re.compile(r"(\d{4})_\w+\.py")
_LOCK = 0x53454E54
"""Number of PostgreSQL's lock that one of several migrating processes holds: "SENT"."""
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_SQLITE_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_POSTGRESQL_BUSY = ("40001", "40P01", "55P03")
"""SQLSTATE: a serialization that failed, a deadlock, a lock that was not had in time."""


class Database:
    """Connections to a control database that is up to date. Any thread may use it."""

    def __init__(self, engine: Engine, location: URL, limits: Limits) -> None:
        self._engine = engine
        self._name = _name_of(location)
        self._secrets = _secrets(location)
        self._limits = limits
        # SQLite's writers find each other by sleeping and looking again, and those on a server fight for connections
        # and rows, some of them without luck for long: here they wait in order.
        self._turns = Turns(1 if engine.dialect.name == "sqlite" else limits.writers)

    @classmethod
    def open(cls, url: str, limits: Limits | None = None) -> Self:
        """Open a database, make it where there is none, and bring it up to date.

        Raises:
            ControlError: it cannot be opened, or was made by a newer Sentric; one line, never with a password.
        """
        location, limits = _location(url), limits or Limits()
        if location.get_backend_name() == "sqlite":
            make_file(Path(str(location.database)))
        database = cls(_engine(location, limits), location, limits)
        try:
            with database.changing() as connection, _patient(connection, limits):
                migrate(connection, database._name)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A connection to read with, in one transaction.

        Raises:
            ControlError: the database does not answer.
        """
        with self._one_line(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Generator[Connection]:
        """A connection to change something with; all of it is durable when the block is left, or nothing happened.

        Raises:
            ControlBusyError: others were in the way; nothing happened, and it may be tried again.
            ControlError: the database does not answer, or refuses.
        """
        with self._one_line(), self._turn() as patience, self._engine.connect() as connection:
            # Of the connection: an engine with options of its own takes longer to make than a row to write.
            connection.execution_options(writes=patience)
            with connection.begin():
                yield connection

    @contextmanager
    def _turn(self) -> Generator[float]:
        """The turn to write, and the seconds that others may still be waited for."""
        busy = self._limits.busy
        end = monotonic() + busy
        if not self._turns.take(busy):
            raise ControlBusyError(f"{self._name}: is busy: others have been writing for {busy:g} s: try again")
        try:
            yield max(end - monotonic(), 0.0)
        finally:
            self._turns.give()

    @contextmanager
    def _one_line(self) -> Generator[None]:
        try:
            yield
        except NoConnectionError:
            busy = f"all connections have been in use for {self._limits.busy:g} s"
            raise ControlBusyError(f"{self._name}: is busy: {busy}: try again") from None
        except SQLAlchemyError as error:
            reason = _reason(error)
            for secret in self._secrets:
                reason = reason.replace(secret, "…")
            if isinstance(error, DBAPIError) and _is_busy(error.orig):
                raise ControlBusyError(f"{self._name}: is busy: {reason}: try again") from None
            raise ControlError(f"{self._name}: {reason}") from None


def migrate(connection: Connection, name: str) -> None:
    """Bring a database to the newest migration, in the transaction of the connection.

    Raises:
        ControlError: it is at a migration that this Sentric does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    known, current = _shipped(), _version(connection)
    if current and current not in known:
        raise ControlError(f"{name}: is at migration {current}, which this Sentric does not know: upgrade Sentric")
    if current == known[-1]:
        return
    from alembic.command import upgrade  # half a second, which a database that is up to date need not cost
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    upgrade(config, "head")


@contextmanager
def _patient(connection: Connection, limits: Limits) -> Generator[None]:
    """Let statements take as long as those of a migration may, in this transaction."""
    if connection.dialect.name != "postgresql":
        yield
        return
    most = int(limits.migration * 1000)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {most}")
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {most}")
    driver: Any = connection.connection.driver_connection
    usual, driver.patience = driver.patience, limits.migration + limits.connect
    try:
        yield
    finally:
        driver.patience = usual


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")  # noqa: S608  # ours


@cache
def _shipped() -> tuple[str, ...]:
    """Numbers of this Sentric's migrations, in order."""
    names = (path.name for path in (_migrations() / "versions").iterdir())
    return tuple(sorted(match[1] for match in map(_MIGRATION.fullmatch, names) if match))


def _migrations() -> Path:
    return Path(str(files("sentric_analyzer.control").joinpath("migrations")))


def _location(url: str) -> URL:
    try:
        location = make_url(url)
    except (ArgumentError, ValueError):
        raise ControlError(f"the URL of the control state cannot be read: {_CURE}") from None
    backend = location.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ControlError(f"the URL of the control state begins with {backend!r}: {_CURE}")
    if location.drivername not in _DRIVERS:
        raise ControlError(f"the URL of the control state names no driver that is known: {_CURE}")
    if backend == "sqlite" and (location.query or not Path(location.database or "").is_absolute()):
        raise ControlError("the URL of the control state needs an absolute path, and no more: sqlite:////PATH")
    if backend == "postgresql":
        _check_server(url, location)
    return location


def _check_server(url: str, location: URL) -> None:
    if not url.isprintable():
        raise ControlError(f"the URL of the control state cannot be read: {_CURE}")
    if "@" in f"{location.host}{location.database}":  # which would be named in errors, with the end of a password
        raise ControlError("the URL of the control state has more than one @: write %40 for one in a password")


def _name_of(location: URL) -> str:
    """The database as errors name it: without user, password and options, which may hold another one."""
    backend = location.get_backend_name()
    if backend == "sqlite":
        return str(location.database)
    return URL.create(backend, host=location.host, port=location.port, database=location.database).render_as_string()


def _engine(location: URL, limits: Limits) -> Engine:
    if location.get_backend_name() == "sqlite":
        return sqlite_engine(location, limits)
    try:
        from sentric_analyzer.control.on_postgresql import postgresql_engine  # its driver is not everywhere

        return postgresql_engine(location, limits)
    except ImportError as error:
        package = error.name or "psycopg[binary]"
        raise ControlError(
            f"the control state in postgresql needs the package {package!r}: pip install 'sentric[postgresql]'"
        ) from None


def _secrets(location: URL) -> tuple[str, ...]:
    """What no error may repeat."""
    options = (value for name, value in location.query.items() if "password" in name)
    return tuple(str(each) for each in (location.password, *options) if each)


def _is_busy(cause: BaseException | None) -> bool:
    """Whether others were in the way: nothing has happened, and it may go well the next time."""
    match cause:
        case sqlite3.Error():
            return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
        case _:
            return getattr(cause, "sqlstate", None) in _POSTGRESQL_BUSY


def _reason(error: SQLAlchemyError) -> str:
    """What the database says, in one line; never the statement or what was in it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
