"""People: who they are, and what their role lets their keys do."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.errors import PersonRefusedError, UnknownPersonError
from sentric_analyzer.control.keyring import Scope
from sentric_analyzer.control.keys import moment
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.tables import PEOPLE

LONGEST_NAME = 64
"""Most characters of a person's name."""


class Role(StrEnum):
    """What a person may do; each may do what the one before may."""

    VIEWER = "viewer"
    APPROVER = "approver"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def scopes(self) -> frozenset[Scope]:
        """What a key of such a person may have."""
        ladder = (Scope.READ, Scope.APPROVE, Scope.OPERATE, Scope.ADMIN)
        return frozenset(ladder[: list(Role).index(self) + 1])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody. Times in Unix seconds."""

    person_id: str
    """Twelve hex digits."""
    name: str
    role: Role
    created: float
    removed: float | None = None


class People:
    """Adds, changes and removes people. Removing somebody makes their keys worthless within a second."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def list(self) -> list[Person]:
        """Everybody there ever was, by name."""
        with self._changes.database.reading() as connection:
            return [_person(row) for row in connection.execute(select(PEOPLE).order_by(PEOPLE.c.name))]

    def find(self, selector: str) -> Person:
        """The person of a name or an id.

        Raises:
            UnknownPersonError: there is none.
        """
        with self._changes.database.reading() as connection:
            return found(connection, selector)

    def add(self, name: str, role: Role, *, actor: str) -> Person:
        """Add somebody.

        Raises:
            PersonRefusedError: the name cannot be used, or is taken.
        """
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
            raise PersonRefusedError(f"{name!r} is no name: use 1 to {LONGEST_NAME} printable characters")
        with self._changes.changing(actor, copies=True) as change:
            person = Person(secrets.token_hex(6), name, role, change.now)
            values = {"id": person.person_id, "name": name, "role": role.value, "created": change.now}
            if not insert_new(change.connection, PEOPLE, values):
                raise PersonRefusedError(f"there is a person {name!r} already: use another name")
            change.record("person.add", subject=person.person_id, name=name, role=role.value)
        return person

    def set_role(self, selector: str, role: Role, *, actor: str) -> Person:
        """Give somebody another role: their keys can do no more than it allows.

        Raises:
            UnknownPersonError: there is none.
        """
        return self._changed(selector, actor, "person.role", lambda person: {"role": role.value}, role=role.value)

    def remove(self, selector: str, *, actor: str) -> Person:
        """Remove somebody for good: their keys are worth nothing any more. The name stays taken.

        Raises:
            UnknownPersonError: there is none.
        """
        now = self._changes.clock()
        return self._changed(selector, actor, "person.remove", lambda person: {"removed": person.removed or now})

    def _changed(
        self, selector: str, actor: str, what: str, values: Callable[[Person], dict[str, Any]], **detail: str
    ) -> Person:
        with self._changes.changing(actor, copies=True) as change:
            before = found(change.connection, selector)
            where = PEOPLE.c.id == before.person_id
            change.connection.execute(update(PEOPLE).where(where).values(**values(before)))
            change.record(what, subject=before.person_id, name=before.name, **detail)
            return found(change.connection, before.person_id)


def found(connection: Connection, selector: str) -> Person:
    """The person of a name or an id, who may have been removed.

    Raises:
        UnknownPersonError: there is none.
    """
    for column in (PEOPLE.c.id, PEOPLE.c.name):
        if (row := connection.execute(select(PEOPLE).where(column == selector)).one_or_none()) is not None:
            return _person(row)
    raise UnknownPersonError(f"there is nobody {selector!r}: `sentric people list` shows everybody")


def person_document(person: Person) -> dict[str, str | None]:
    """A person as JSON. Times are RFC 3339 in UTC."""
    return {
        "id": person.person_id,
        "name": person.name,
        "role": person.role.value,
        "created": moment(person.created),
        "removed": moment(person.removed),
    }


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.name, Role(row.role), row.created, row.removed)
