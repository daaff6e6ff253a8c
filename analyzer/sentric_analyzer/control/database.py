"""The control database: SQLite in a file, or PostgreSQL; opened, and brought up to date."""

import re
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError

from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.files import placed

VERSION_TABLE = "sentric_control_version"
"""Where the database says which migration it is at; not Alembic's own name, which others may use beside us."""
BUSY_SECONDS = 10.0
"""How long a writer waits for another one."""

_CURE = "use sqlite:////ABSOLUTE/PATH, or postgresql://USER:PASSWORD@HOST/DATABASE"
_MIGRATION = re.compile(r"(\d{4})_\w+\.py")
_LOCK = 0x53454E54
"""Number of PostgreSQL's lock that one of several migrating processes holds: "SENT"."""


class Database:
    """Connections to a control database that is up to date. Any thread may use it."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a database, make it where there is none, and bring it up to date.

        Raises:
            ControlError: it cannot be opened, or was made by a newer Sentric; one line, never with a password.
        """
        location = _location(url)
        if location.get_backend_name() == "sqlite":
            _make_file(Path(str(location.database)))
        database = cls(_engine(location), _name_of(location))
        try:
            with database.changing() as connection:
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
            ControlError: the database does not answer, or refuses.
        """
        with self._one_line(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    @contextmanager
    def _one_line(self) -> Generator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise ControlError(f"{self._name}: {_reason(error)}") from None


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
    if backend == "sqlite" and (location.query or not Path(location.database or "").is_absolute()):
        raise ControlError("the URL of the control state needs an absolute path, and no more: sqlite:////PATH")
    return location


def _name_of(location: URL) -> str:
    """The database as errors name it: without user, password and options, which may hold another one."""
    backend = location.get_backend_name()
    if backend == "sqlite":
        return str(location.database)
    return URL.create(backend, host=location.host, port=location.port, database=location.database).render_as_string()


def _make_file(path: Path) -> None:
    """Make the file of a database, where there is none.

    SQLite would give it the mode that the umask has; those that it makes beside it get the mode of this one. And to
    turn on its write-ahead log, SQLite waits for nobody: so that is done before others see the file.
    """
    try:
        if path.exists():
            return
        with placed(path) as file, closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except FileExistsError:
        return  # another process was first
    except (OSError, ValueError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ControlError(f"{path}: cannot be made: {reason}: name another --control or --data-dir") from None


def _engine(location: URL) -> Engine:
    is_file = location.get_backend_name() == "sqlite"
    file = Path(str(location.database))
    options: dict[str, Any] = {"creator": partial(_connected, file)} if is_file else {}
    try:
        engine = create_engine(location, hide_parameters=True, **options)
    except ModuleNotFoundError as error:
        package = "psycopg[binary]" if error.name == "psycopg" else error.name
        raise ControlError(
            f"the control state in {location.get_backend_name()} needs the package {error.name!r}: "
            f"pip install {package!r}"
        ) from None
    except SQLAlchemyError:
        raise ControlError(f"the URL of the control state names no driver that is known: {_CURE}") from None
    if is_file:
        event.listen(engine, "connect", partial(_note_file, file))
        event.listen(engine, "checkout", partial(_check_file, file))
        event.listen(engine, "begin", _begin)
    return engine


def _connected(file: Path) -> sqlite3.Connection:
    """A connection to a file, which is there."""
    # Without an isolation level the driver begins no transaction of its own: DDL is in ours, too.
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON").close()
    return connection


def _note_file(file: Path, connection: object, record: Any) -> None:
    record.info["file"] = _identity(file)


def _check_file(file: Path, connection: object, record: Any, proxy: object) -> None:
    """Connect anew where the file was removed or replaced: this connection is to the former one, for ever."""
    if record.info["file"] != _identity(file):
        raise DisconnectionError


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _begin(connection: Connection) -> None:
    # Who will write takes the lock at once: one that finds out later that it must could only fail.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: SQLAlchemyError) -> str:
    """What the database says, in one line; never the statement or what was in it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
