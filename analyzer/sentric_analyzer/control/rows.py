"""What SQLite and PostgreSQL say alike, and SQLAlchemy does not."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with the same key is there; whether it was inserted."""
    return connection.execute(_unless_there(connection.dialect.name, table), dict(values)).rowcount == 1


@cache
def _unless_there(dialect: str, table: Table) -> Any:
    made = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return made.on_conflict_do_nothing().execution_options(preserve_rowcount=True)  # else PostgreSQL's is not known
