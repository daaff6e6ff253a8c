"""Connections to a control database on a PostgreSQL server, which may hang, restart or be gone at any time."""

from collections.abc import Generator
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from sentric_analyzer.control.limits import Limits

DRIVER = "postgresql+psycopg"

T = TypeVar("T")


class PatientConnection(psycopg.Connection[Any]):
    """Waits for its server so long, and no longer.

    The time that a server is told to keep to says nothing of one that hangs, or of a network that drops all packets:
    the system would wait for these for hours.
    """

    patience = 0.0
    """Seconds that the server has for one answer."""

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        """Wait for an answer; the connection is of no use any more where there is none."""
        try:
            return super().wait(_bounded(gen, monotonic() + self.patience), *args, **options)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the server has said nothing for {self.patience:g} s") from None

    def check(self, patience: float) -> bool:
        """Whether the server is still there; it has so many seconds to say so."""
        usual, self.patience = self.patience, patience
        try:
            self.autocommit = True  # in no transaction
            self.execute("", prepare=False)
            self.autocommit = False
        except psycopg.Error:
            return False
        self.patience = usual
        return True


def postgresql_engine(location: URL, limits: Limits) -> Engine:
    """An engine of PostgreSQL's."""
    engine = create_engine(
        location.set(drivername=DRIVER),
        hide_parameters=True,
        isolation_level="READ COMMITTED",  # the server may be set to another one
        use_native_hstore=False,  # it would be looked for
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.busy,
    )
    event.listen(engine, "do_connect", partial(_connect, limits))
    event.listen(engine, "checkout", partial(_check, limits))
    return engine


def _connect(limits: Limits, dialect: object, record: object, args: Any, options: dict[str, Any]) -> PatientConnection:
    kept = {
        "lock_timeout": limits.busy,
        "statement_timeout": limits.statement,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    stated = " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in kept.items())
    # libpq takes whole seconds, two at the least.
    options = {"fallback_application_name": "sentric", "connect_timeout": max(2, int(limits.connect)), **options}
    options["options"] = f"{options.get('options', '')} {stated}".strip()
    try:
        connection = PatientConnection.connect(*args, **options)
    except (ValueError, OSError) as error:  # of a host that can have no address
        raise psycopg.OperationalError(f"the server cannot be looked for: {error}") from None
    connection.patience = limits.statement + limits.connect
    return connection


def _check(limits: Limits, connection: PatientConnection, record: object, proxy: object) -> None:
    if not connection.check(limits.connect):
        raise InvalidatePoolError  # with the others, which are no better


def _bounded(gen: PQGen[T], deadline: float) -> Generator[Any, Any, T]:
    """The same dialogue with whoever waits, who is asked about the time whenever nothing has come for a moment."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and monotonic() > deadline:
                gen.close()
                raise TimeoutError
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
