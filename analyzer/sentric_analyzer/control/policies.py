"""The policies of projects: every version there ever was, and which is in force."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select

from sentric.policy.loader import load_bundle
from sentric.policy.rule import Policy
from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.errors import (
    PolicyChangedError,
    PolicyRefusedError,
    UnknownPolicyError,
    UnknownProjectError,
)
from sentric_analyzer.control.pages import within
from sentric_analyzer.control.tables import ACTIVATIONS, POLICIES, PROJECTS

OWN = 0
"""The version that stands for the policy of the service's own settings."""
LONGEST_NOTE = 512


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a version of a project's policy. Time in Unix seconds."""

    project: str
    version: int
    digest: str
    author: str
    note: str
    created: float


@dataclass(frozen=True, slots=True)
class Version(About):
    """A version of a project's policy. It is never changed."""

    documents: Mapping[str, str]
    """Names of files, and their texts; `policy.yaml` is the policy itself."""


@dataclass(frozen=True, slots=True)
class Activation:
    """That a version was put in force. Time in Unix seconds."""

    project: str
    number: int
    """1 for the project's first."""
    version: int
    """OWN: the policy of the service's own settings."""
    digest: str
    """Of the policy as it was loaded then; empty for OWN, which is each service's own."""
    author: str
    note: str
    time: float


class VersionPlace(NamedTuple):
    """Where a page of versions ends."""

    time: float
    project: str
    version: int


_ABOUT = tuple(POLICIES.c[field.name] for field in fields(About))


class Policies:
    """Keeps versions and puts them in force. What cannot be loaded is never kept, and never in force."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def save(
        self, project: str, documents: Mapping[str, str], *, note: str = "", base: int | None = None, actor: str
    ) -> Version:
        """Keep a new version; the newest one where it is the same, word for word.

        Args:
            project: whose policy it is.
            documents: names of files, and their texts.
            note: what is different, for people.
            base: the newest version that the author knows of; None: whatever is there.
            actor: the author.

        Raises:
            PolicyError: it cannot be loaded; everything that is wrong, each with its file and line.
            UnknownProjectError: there is no such project.
            PolicyChangedError: somebody else has made a version since `base`.
        """
        policy = load_bundle(documents)
        _check_note(note)
        with self._changes.changing(actor, copies=True) as change:
            _check_project(change.connection, project)
            newest = _newest(change.connection, project)
            if base is not None and base != (newest.version if newest else 0):
                raise PolicyChangedError(
                    f"the newest version of {project!r} is {newest.version if newest else 0}, not {base}: look at it, "
                    "and change that"
                )
            return _saved(change, project, newest, documents, policy.digest, note)

    def put_in_force(
        self,
        project: str,
        documents: Mapping[str, str],
        *,
        over: int,
        note: str,
        actor: str,
        also: Callable[[Change], object],
    ) -> tuple[Version, Activation]:
        """Keep a version that was made out of the one in force, and put it in force: both, or neither.

        Args:
            project: whose policy it is.
            documents: names of files, and their texts.
            over: number of the activation it was made out of, 0 before the first.
            note: what is different, for people.
            actor: the author.
            also: done in the same transaction, when all else is.

        Raises:
            PolicyError: it cannot be loaded.
            UnknownProjectError: there is no such project.
            PolicyChangedError: something else is in force by now.
        """
        policy = load_bundle(documents)
        _check_note(note)
        with self._changes.changing(actor, copies=True) as change:
            _check_project(change.connection, project)
            if over != (now := _number(change.connection, project)):
                raise PolicyChangedError(f"activation {now} of {project!r} is in force by now, not {over}: look at it")
            newest = _newest(change.connection, project)
            made = _saved(change, project, newest, documents, policy.digest, note)
            activation = _activated(change, project, made.version, made.digest, note)
            also(change)
        return made, activation

    def activate(self, project: str, version: int, *, note: str = "", actor: str) -> Activation:
        """Put a version in force; OWN for the policy of the service's own settings.

        Raises:
            UnknownPolicyError: there is no such version.
            PolicyError: it can no longer be loaded.
        """
        _check_note(note)
        digest = load_bundle(self.version(project, version).documents).digest if version != OWN else ""
        with self._changes.changing(actor, copies=True) as change:
            _check_project(change.connection, project)
            return _activated(change, project, version, digest, note)

    def roll_back(self, project: str, *, note: str = "", actor: str) -> Activation:
        """Put in force again what was before the version that is in force now.

        Raises:
            UnknownPolicyError: nothing was before it.
            PolicyError: it can no longer be loaded.
        """
        history = self.activations(project, limit=1000)
        if not history:
            raise UnknownPolicyError(f"no version of {project!r} was ever in force: there is nothing to go back to")
        before = next((one.version for one in history if one.version != history[0].version), OWN)
        if before == history[0].version:
            raise UnknownPolicyError(f"{project!r} is at the policy of the service's settings: nothing is before it")
        return self.activate(project, before, note=note or f"back from version {history[0].version}", actor=actor)

    def version(self, project: str, version: int) -> Version:
        """A version.

        Raises:
            UnknownPolicyError: there is no such version.
        """
        with self._changes.database.reading() as connection:
            asked = select(POLICIES).where(POLICIES.c.project == project, POLICIES.c.version == version)
            if (row := connection.execute(asked).one_or_none()) is None:
                raise UnknownPolicyError(f"project {project!r} has no policy of version {version}")
            return _version(row)

    def newest(self, project: str) -> Version | None:
        """The version made last; None where none was."""
        with self._changes.database.reading() as connection:
            return _newest(connection, project)

    def page(self, *, projects: Sequence[str] | None, after: VersionPlace | None = None, limit: int) -> list[About]:
        """The versions of projects, the newest first; None: of all projects."""
        asked = within(select(*_ABOUT), POLICIES.c.project, projects)
        if after is not None:
            time, project, version = POLICIES.c.created, POLICIES.c.project, POLICIES.c.version
            older = and_(project == after.project, version < after.version)
            asked = asked.where(or_(time < after.time, and_(time == after.time, or_(project > after.project, older))))
        ordered = asked.order_by(POLICIES.c.created.desc(), POLICIES.c.project, POLICIES.c.version.desc()).limit(limit)
        with self._changes.database.reading() as connection:
            return [About(*row) for row in connection.execute(ordered)]

    def activations(self, project: str, *, before: int | None = None, limit: int) -> list[Activation]:
        """What was in force, the latest first; before an activation of a number."""
        asked = select(ACTIVATIONS).where(ACTIVATIONS.c.project == project)
        asked = asked if before is None else asked.where(ACTIVATIONS.c.number < before)
        with self._changes.database.reading() as connection:
            rows = connection.execute(asked.order_by(ACTIVATIONS.c.number.desc()).limit(limit))
            return [Activation(*row) for row in rows]

    def latest(self, projects: Sequence[str]) -> dict[str, Activation]:
        """The latest activation of each project that has had one."""
        asked = within(_latest(), ACTIVATIONS.c.project, projects)
        with self._changes.database.reading() as connection:
            return {row.project: Activation(*row) for row in connection.execute(asked)}

    def in_force(self) -> dict[str, tuple[Activation, Mapping[str, str] | None]]:
        """What is in force for each project that ever had an activation: since when, and its documents.

        The documents are None for the policy of the service's own settings.
        """
        asked = (
            _latest()
            .add_columns(POLICIES.c.documents)
            .outerjoin(
                POLICIES,
                (POLICIES.c.project == ACTIVATIONS.c.project) & (POLICIES.c.version == ACTIVATIONS.c.version),
            )
        )
        with self._changes.database.reading() as connection:
            return {
                row.project: (Activation(*row[:-1]), json.loads(row.documents) if row.version != OWN else None)
                for row in connection.execute(asked)
            }


def checked(documents: Mapping[str, str]) -> Policy:
    """The policy of documents, which need not be kept.

    Raises:
        PolicyError: everything that is wrong, each with its file and line.
    """
    return load_bundle(documents)


def _latest() -> Select[Any]:
    latest = (
        select(ACTIVATIONS.c.project, func.max(ACTIVATIONS.c.number).label("number"))
        .group_by(ACTIVATIONS.c.project)
        .subquery()
    )
    return select(ACTIVATIONS).join(
        latest, (ACTIVATIONS.c.project == latest.c.project) & (ACTIVATIONS.c.number == latest.c.number)
    )


def _check_note(note: str) -> None:
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise PolicyRefusedError(f"the note is longer than {LONGEST_NOTE} characters, or no text: say less")


def _check_project(connection: Connection, project: str) -> None:
    if connection.execute(select(PROJECTS).where(PROJECTS.c.name == project)).one_or_none() is None:
        raise UnknownProjectError(f"there is no project {project!r}: a key that is made for it makes it")


def _saved(
    change: Change, project: str, newest: Version | None, documents: Mapping[str, str], digest: str, note: str
) -> Version:
    """A new version; the newest one where that is the same, word for word."""
    if newest is not None and newest.documents == dict(documents):
        return newest
    number = newest.version + 1 if newest else 1
    made = Version(project, number, digest, change.actor, note, change.now, dict(documents))
    values = {column.name: getattr(made, column.name) for column in _ABOUT}
    change.connection.execute(insert(POLICIES).values(**values, documents=json.dumps(made.documents)))
    _record(change, "policy.save", made.project, made.version, made.digest, note)
    return made


def _number(connection: Connection, project: str) -> int:
    """Of the latest activation; 0 where there was none."""
    asked = select(func.max(ACTIVATIONS.c.number)).where(ACTIVATIONS.c.project == project)
    return int(connection.execute(asked).scalar() or 0)


def _activated(change: Change, project: str, version: int, digest: str, note: str) -> Activation:
    number = _number(change.connection, project) + 1
    made = Activation(project, number, version, digest, change.actor, note, change.now)
    values = {name: getattr(made, name) for name in Activation.__slots__}
    change.connection.execute(insert(ACTIVATIONS).values(**values))
    _record(change, "policy.activate", project, version, digest, note, number)
    return made


def _record(change: Change, what: str, project: str, version: int, digest: str, note: str, number: int = 0) -> None:
    detail: dict[str, Any] = {"version": version, "digest": digest, "note": note}
    if number:
        detail["number"] = number
    change.record(what, project=project, subject=f"{project}@{version}", **detail)


def _newest(connection: Connection, project: str) -> Version | None:
    asked = select(POLICIES).where(POLICIES.c.project == project).order_by(POLICIES.c.version.desc()).limit(1)
    row = connection.execute(asked).one_or_none()
    return None if row is None else _version(row)


def _version(row: Row[Any]) -> Version:
    about = {column.name: getattr(row, column.name) for column in _ABOUT}
    return Version(**about, documents=json.loads(row.documents))
