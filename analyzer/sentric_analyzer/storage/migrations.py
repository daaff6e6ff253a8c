"""Numbered migrations: what a store's tables are, and how an older store gets there.

`migrations/NNNN_name.sql` are applied in the order of their numbers and never changed once released. Every
statement must bear repetition, since a migration that was cut off is applied again. A cluster's own form of a
migration has its place beside it, as `NNNN_name.cluster.sql`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from sentric_analyzer.storage.errors import StoreError

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_PIECES = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.)*" | `(?:[^`\\]|\\.)*`   # quoted: a semicolon in it ends nothing
    | --[^\n]* | /\*.*?\*/                                               # comments
    | ;                                                                  # the end of a statement
    | .""",
    re.VERBOSE | re.DOTALL,
)
_TABLE = """
    CREATE TABLE IF NOT EXISTS sentric_migrations (
        Version UInt32, Name String, Digest String, Applied DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = MergeTree ORDER BY Version
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step."""

    version: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Tells whether a migration is still what was applied."""
        return sha256(self.sql.encode()).hexdigest()

    @property
    def label(self) -> str:
        """Its file's name without the ending."""
        return f"{self.version:04}_{self.name}"


@cache
def shipped() -> tuple[Migration, ...]:
    """The migrations of this version of Sentric, in order."""
    found: dict[int, Migration] = {}
    for file in files("sentric_analyzer.storage").joinpath("migrations").iterdir():
        if match := _FILE.fullmatch(file.name):
            migration = Migration(int(match[1]), match[2], file.read_text(encoding="utf-8"))
            if found.setdefault(migration.version, migration) is not migration:
                raise ValueError(f"two migrations have the number {migration.version}")
    return tuple(found[version] for version in sorted(found))


def migrate(client: Any, database: str, migrations: Sequence[Migration]) -> list[str]:
    """Bring a database to the state that the migrations describe; make it where there is none.

    Returns:
        Labels of the migrations that were applied, in order.

    Raises:
        StoreError: the store was made by a newer Sentric, or a migration is not what was applied to it.
    """
    if not int(client.command("EXISTS DATABASE {name:Identifier}", parameters={"name": database})):
        # Asked first: on a server the user may use the database without the right to make one.
        client.command("CREATE DATABASE {name:Identifier} ENGINE = Atomic", parameters={"name": database})
    client.database = database
    client.command(_TABLE)
    applied = _applied(client)
    _check(applied, migrations)
    fresh = [migration for migration in migrations if migration.version not in applied]
    for migration in fresh:
        for statement in statements(migration.sql):
            client.command(statement)
        _record(client, migration)
    return [migration.label for migration in fresh]


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, without comments; semicolons in quotes and comments end nothing."""
    statement: list[str] = []
    for piece in _PIECES.findall(sql + ";"):
        if piece == ";":
            if text := "".join(statement).strip():
                yield text
            statement.clear()
        else:
            statement.append(" " if piece.startswith(("--", "/*")) else piece)


def _applied(client: Any) -> dict[int, tuple[str, str]]:
    rows = client.query("SELECT Version, Name, Digest FROM sentric_migrations").result_rows
    return {version: (name, digest) for version, name, digest in rows}


def _check(applied: dict[int, tuple[str, str]], migrations: Sequence[Migration]) -> None:
    known = {migration.version: migration for migration in migrations}
    for version, (name, digest) in sorted(applied.items()):
        label = f"{version:04}_{name}"
        if version not in known:
            raise StoreError(f"the store has migration {label}, which this Sentric does not know: upgrade Sentric")
        if known[version].digest != digest:
            raise StoreError(
                f"migration {label} is not the one that was applied to the store: "
                "install the Sentric that made the store, or begin a new one"
            )


def _record(client: Any, migration: Migration) -> None:
    client.command(
        "INSERT INTO sentric_migrations (Version, Name, Digest)"
        " VALUES ({version:UInt32}, {name:String}, {digest:String})",
        parameters={"version": migration.version, "name": migration.name, "digest": migration.digest},
    )
