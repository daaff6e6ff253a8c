"""The control store: projects and keys, for several processes at once."""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, insert, select, update

from sentric_analyzer.control.database import Database
from sentric_analyzer.control.errors import UnknownKeyError
from sentric_analyzer.control.keyring import Grant, KeyRing, Scope, digest
from sentric_analyzer.control.keys import PREFIX, Key, NewKey, Project, check_key, new_secret
from sentric_analyzer.control.tables import API_KEY_PROJECTS, API_KEYS, GENERATION, PROJECTS

CONTROL_FILE = "control.db"
"""Name of the database in a data directory."""


def control_url(data_dir: Path) -> str:
    """The URL of the control database of a data directory."""
    return f"sqlite:///{data_dir.expanduser().absolute() / CONTROL_FILE}"


class ControlStore:
    """Projects and keys. A context manager; any thread may use it, and other processes beside it.

    Every method raises ControlError where the database does not answer.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], float] = time.time) -> Self:
        """Open the store, make it where there is none, and bring it up to date.

        Args:
            url: `sqlite:////PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`.
            clock: gives the Unix time in seconds.

        Raises:
            ControlError: it cannot be opened, or was made by a newer Sentric; one line, never with a password.
        """
        return cls(Database.open(url), clock)

    def close(self) -> None:
        """Close the store."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def generation(self) -> int:
        """A number that every change makes larger: cheap to ask, to know whether a copy still holds."""
        with self._database.reading() as connection:
            return int(connection.execute(select(GENERATION.c.number)).scalar_one())

    def key_ring(self) -> KeyRing:
        """The keys that are not revoked, as whoever checks them holds them."""
        with self._database.reading() as connection:
            rows = connection.execute(select(API_KEYS).where(API_KEYS.c.revoked.is_(None))).all()
            keys = zip(rows, _keys(connection, rows), strict=True)
            return KeyRing({row.digest: _grant(key) for row, key in keys if key.projects or Scope.ADMIN in key.scopes})

    def projects(self) -> list[Project]:
        """Every project, by name."""
        with self._database.reading() as connection:
            return [Project(*row) for row in connection.execute(select(PROJECTS).order_by(PROJECTS.c.name))]

    def api_keys(self) -> list[Key]:
        """Every key there ever was, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(API_KEYS).order_by(API_KEYS.c.created, API_KEYS.c.id)).all()
            return list(_keys(connection, rows))

    def find(self, beginning: str) -> Key:
        """The one key whose id begins so.

        Raises:
            UnknownKeyError: there is none, or there are several.
        """
        if beginning.startswith(PREFIX):  # it is not repeated
            raise UnknownKeyError("that is a key itself: name it by its id, which `sentric keys list` shows")
        found = [key for key in self.api_keys() if beginning and key.key_id.startswith(beginning)]
        if not found:
            raise UnknownKeyError(f"no key {beginning!r}: `sentric keys list` shows those there are")
        if len(found) > 1:
            raise UnknownKeyError(f"key {beginning!r} is the beginning of {len(found)}: give more of it")
        return found[0]

    def create_key(
        self, *, name: str = "", projects: Iterable[str], scopes: Iterable[Scope], expires: float | None = None
    ) -> NewKey:
        """Make a key, and those of its projects that are not there yet.

        Args:
            name: what it is for, for people.
            projects: those it is for, the one of a sender that names none first; none: every project.
            scopes: what it may do.
            expires: Unix seconds from which it is worth nothing; None: never.

        Raises:
            KeyRefusedError: there must be no such key.
        """
        now, projects, scopes = self._clock(), tuple(dict.fromkeys(projects)), frozenset(scopes)
        check_key(name=name, projects=projects, scopes=scopes, expires=expires, now=now)
        key, secret = Key(secrets.token_hex(6), name, projects, scopes, now, expires), new_secret()
        with self._changing() as connection:
            there = set(connection.scalars(select(PROJECTS.c.name).where(PROJECTS.c.name.in_(projects))))
            fresh = tuple(project for project in projects if project not in there)
            if fresh:
                connection.execute(insert(PROJECTS), [{"name": project, "created": now} for project in fresh])
            _insert(connection, key, secret)
        return NewKey(key, secret, fresh)

    def revoke(self, key_ids: Sequence[str]) -> None:
        """Make keys worthless, all of them at once; one that is revoked already keeps the time of that."""
        with self._changing() as connection:
            connection.execute(
                update(API_KEYS)
                .where(API_KEYS.c.id.in_(key_ids), API_KEYS.c.revoked.is_(None))
                .values(revoked=self._clock())
            )

    def had_admin_key(self) -> bool:
        """Whether there ever was a key with the scope admin."""
        with self._database.reading() as connection:
            return _had_admin_key(connection)

    def add_first_admin_key(self, secret: str) -> bool:
        """Let a key administer everything, unless there ever was an admin key; whether it may."""
        key = Key(secrets.token_hex(6), "first admin key", (), frozenset({Scope.ADMIN}), self._clock())
        with self._changing() as connection:
            if _had_admin_key(connection):
                return False
            _insert(connection, key, secret)
        return True

    @contextmanager
    def _changing(self) -> Generator[Connection]:
        with self._database.changing() as connection:
            connection.execute(update(GENERATION).values(number=GENERATION.c.number + 1))
            yield connection


def _grant(key: Key) -> Grant:
    return Grant(key.key_id, key.projects, key.scopes, key.expires)


def _insert(connection: Connection, key: Key, secret: str) -> None:
    connection.execute(
        insert(API_KEYS).values(
            id=key.key_id,
            digest=digest(secret),
            name=key.name,
            scopes=" ".join(sorted(key.scopes)),
            created=key.created,
            expires=key.expires,
        )
    )
    places = [{"key_id": key.key_id, "position": n, "project": project} for n, project in enumerate(key.projects)]
    if places:
        connection.execute(insert(API_KEY_PROJECTS), places)


def _keys(connection: Connection, rows: Sequence[Any]) -> Iterator[Key]:
    """The keys of rows, with their projects."""
    projects: dict[str, list[str]] = defaultdict(list)
    for place in connection.execute(select(API_KEY_PROJECTS).order_by(API_KEY_PROJECTS.c.position)):
        projects[place.key_id].append(place.project)
    for row in rows:
        scopes = frozenset(map(Scope, row.scopes.split()))
        yield Key(row.id, row.name, tuple(projects[row.id]), scopes, row.created, row.expires, row.revoked)


def _had_admin_key(connection: Connection) -> bool:
    return any(Scope.ADMIN in scopes.split() for scopes in connection.scalars(select(API_KEYS.c.scopes).distinct()))
