"""Clients of the engine: made here, lent to one thread at a time, and their errors put into our words."""

import fcntl
import logging
import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any, Self

from sentric.errors import MissingDependencyError
from sentric_analyzer.storage.errors import (
    AWAY,
    OF_A_VALUE,
    StoreAwayError,
    StoreError,
    StoreHeldError,
    StoreValueError,
)
from sentric_analyzer.storage.url import Embedded, Location, Server

CONNECT_TIMEOUT = 5
"""Seconds to wait for a server to accept a connection."""
ANSWER_TIMEOUT = 60
"""Seconds to wait for a server to say something while it works."""
MESSAGE_LIMIT = 300
"""Longest part of the engine's own words in an error, in characters."""

_SETTINGS = {
    "async_insert": 0,  # an insert that has returned is stored
    # What was left out of the tables behind a view when an insert was cut off is added when it is repeated.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # A batch whose spans lie on many days is slow, not refused: refused, it would come back for ever.
    "max_partitions_per_insert_block": 0,
}
_ANOTHER = re.compile(r"already initialized with path '(.*?)'")
_PID = re.compile(r"^PID: (\d+)$", re.MULTILINE)


class Connections:
    """A pool of clients, one for each thread that is using the store right now.

    The embedded engine does not survive a fork: a child process must open the store itself.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._idle: LifoQueue[Any] = LifoQueue()
        self._pid = os.getpid()
        self._closed = False

    @classmethod
    def open(cls, location: Location, prepare: Callable[[Any], object]) -> Self:
        """Make the first client, have it prepared while it is outside the store's database, and keep it.

        Raises:
            StoreHeldError: another process has the embedded store open.
            StoreError: the store cannot be opened for another reason, or refused something.
            MissingDependencyError: the client or the embedded engine is not installed.
        """
        if isinstance(location, Embedded):
            _check_directory(location)
        connections = cls(location)
        with _errors(location):
            client = connect(location)
            try:
                prepare(client)
            except BaseException:
                client.close()
                raise
        connections._give_back(client)
        return connections

    @contextmanager
    def client(self) -> Generator[Any]:
        """Lend a client.

        Raises:
            StoreError: the engine refused something, or cannot be reached.
        """
        if self._closed or os.getpid() != self._pid:
            raise StoreError(f"{self.location}: closed, or opened before a fork: open the store in this process")
        with _errors(self.location):
            client = self._take()
            try:
                yield client
            finally:
                self._give_back(client)

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back."""
        self._closed = True
        while (client := self._idle_client()) is not None:
            client.close()

    def _take(self) -> Any:
        return self._idle_client() or connect(self.location, database=self.location.database)

    def _give_back(self, client: Any) -> None:
        self._idle.put(client)
        if self._closed:
            self.close()

    def _idle_client(self) -> Any:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None


def connect(location: Location, *, database: str | None = None) -> Any:
    """A new client.

    Raises:
        MissingDependencyError: the client or the embedded engine is not installed.
    """
    try:
        import clickhouse_connect

        # What it would log is raised as well, and said in our own words.
        logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
        match location:
            case Embedded():
                return clickhouse_connect.get_client(
                    interface="chdb", path=str(location.path), database=database, settings=dict(_SETTINGS)
                )
            case Server():
                return clickhouse_connect.get_client(
                    interface=location.scheme,
                    host=location.host,
                    port=location.port,
                    username=location.user or None,
                    password=location.password,
                    database=database or "default",
                    settings=dict(_SETTINGS),
                    connect_timeout=CONNECT_TIMEOUT,
                    send_receive_timeout=ANSWER_TIMEOUT,
                    autogenerate_session_id=False,
                )
    except ImportError:
        extra = "embedded" if isinstance(location, Embedded) else "analyzer"
        raise MissingDependencyError(
            f"the store {location} needs a package that is not installed: pip install 'sentric[{extra}]'"
        ) from None


def holder(path: Path) -> int | None:
    """The process that has the embedded store in a directory open: None for nobody, 0 where it is not known."""
    status = path / "status"
    try:
        descriptor = os.open(status, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        found = _PID.search(os.read(descriptor, 200).decode(errors="replace"))
        return int(found[1]) if found else 0
    finally:
        os.close(descriptor)
    return None


def _check_directory(location: Embedded) -> None:
    try:
        location.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{location.path}: cannot be made a directory: {error.strerror}") from None
    if not os.access(location.path, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(f"{location.path}: cannot be written: give this user write access")
    pid = holder(location.path)
    if pid is not None and pid != os.getpid():
        by = f"process {pid}" if pid else "another process"
        raise StoreHeldError(f"{location.path}: the store is held by {by}: stop it, or ask it through REST")


@contextmanager
def _errors(location: Location) -> Generator[None]:
    """Turn the client's errors into one line without secrets."""
    try:
        yield
    except Exception as error:
        if not _is_clients(error):
            raise
        raise _store_error(location, error) from None


def _is_clients(error: Exception) -> bool:
    """Whether the client raised it, or what it works with: the network, the disk."""
    try:
        from clickhouse_connect.driver.exceptions import ClickHouseError
        from urllib3.exceptions import HTTPError
    except ImportError:
        return False
    return isinstance(error, ClickHouseError | HTTPError | OSError)


def _store_error(location: Location, error: Exception) -> StoreError:
    code: int | None = getattr(error, "code", None)
    if isinstance(location, Server) and code is None:
        return StoreAwayError(f"{location}: cannot be reached: {_cause(error)}: is ClickHouse running there?")
    if isinstance(location, Server) and code == 516:  # AUTHENTICATION_FAILED; its text repeats the user's name
        return StoreError(f"{location}: refused the user or the password: check the store's URL", code=code)
    if another := _ANOTHER.search(str(error)):
        return StoreHeldError(f"{location}: this process has {another[1]} open, and may have only one: close it")
    return _kind(error, code)(f"{location}: {_said(location, error)}", code=code)


def _kind(error: Exception, code: int | None) -> type[StoreError]:
    if isinstance(error, OSError) or code in AWAY:
        return StoreAwayError
    return StoreValueError if code in OF_A_VALUE else StoreError


def _cause(error: Exception) -> str:
    text = str(error)
    for known in ("Connection refused", "Name or service not known", "timed out", "certificate verify failed"):
        if known in text:
            return known.lower()
    return "no usable answer"


def _said(location: Location, error: Exception) -> str:
    text = str(error).partition("Stack trace")[0]
    password = location.password if isinstance(location, Server) else ""
    if password:
        text = text.replace(password, "…")
    line = " ".join(text.split()).rstrip(", ")
    return line if len(line) <= MESSAGE_LIMIT else line[: MESSAGE_LIMIT - 1] + "…"
