"""Connections to a control database in a file."""

import math
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.files import placed
from sentric_analyzer.control.limits import Limits


def sqlite_engine(location: URL, limits: Limits) -> Engine:
    """An engine of SQLite's, whose connections fail where the file is not there.

    Of a connection with the execution option `writes`, which says how many seconds it may wait for other processes, a
    transaction holds the lock for writing from its first moment.
    """
    file = Path(str(location.database))
    engine = create_engine(
        location, hide_parameters=True, creator=partial(_connected, file, limits), pool_timeout=limits.busy
    )
    event.listen(engine, "connect", partial(_note_file, file))
    event.listen(engine, "checkout", partial(_check_file, file))
    event.listen(engine, "begin", _begin)
    return engine


def make_file(path: Path) -> None:
    """Make the file of a database, where there is none.

    SQLite would give it the mode that the umask has; those that it makes beside it get the mode of this one. And to
    turn on its write-ahead log, SQLite waits for nobody: so that is done before others see the file.

    Raises:
        ControlError: it cannot be made.
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


def _connected(file: Path, limits: Limits) -> sqlite3.Connection:
    """A connection to a file, which is there."""
    # Without an isolation level the driver begins no transaction of its own: DDL is in ours, too.
    connection = sqlite3.connect(
        f"{file.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=limits.busy, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON").close()
    # What was answered must not be lost with the power: with NORMAL, the write-ahead log is synced now and then only.
    # It is SQLite's own default, which whoever builds it may change.
    connection.execute("PRAGMA synchronous = FULL").close()
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
    patience = connection.get_execution_options().get("writes")
    if patience is None:
        connection.exec_driver_sql("BEGIN")
        return
    waits, info = math.ceil(patience), connection.info
    if info.get("waits") != waits:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {waits * 1000}")
        info["waits"] = waits
    connection.exec_driver_sql("BEGIN IMMEDIATE")
