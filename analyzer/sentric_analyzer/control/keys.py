"""API keys: what they look like, what is known of each, and which there may be."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sentric_analyzer.control.errors import KeyRefusedError
from sentric_analyzer.control.keyring import Scope
from sentric_analyzer.projects import LONGEST, is_project_name

PREFIX = "sentric_sk_"
"""How every key begins, so that Sentric's redaction and secret scanners know one when they see it."""
ADMIN_KEY_FILE = "admin.key"
"""Name of the file in a data directory that holds the first admin key."""
LONGEST_NAME = 64
"""Most characters of a key's name."""
MOST_PROJECTS = 64
"""Most projects of one key: each request in the log names them all."""

_FORM = re.compile(PREFIX + "[A-Za-z0-9_-]{43}", re.ASCII)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key. Nothing in it gives the key away. Times in Unix seconds."""

    key_id: str
    """Twelve hex digits."""
    name: str
    projects: tuple[str, ...]
    """Empty: every project."""
    scopes: frozenset[Scope]
    created: float
    expires: float | None = None
    revoked: float | None = None
    person: str = ""
    """Id of whose it is; empty: a service's."""
    session: str = ""
    """Id of the key it was got for by signing in; empty: it was not."""

    def state(self, now: float) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "valid" if self.expires is None or now < self.expires else "expired"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the only time at which it is there in clear."""

    key: Key
    secret: str = field(repr=False)
    new_projects: tuple[str, ...] = ()
    """Those of its projects that were not there before."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project. Time in Unix seconds."""

    name: str
    created: float


def new_secret() -> str:
    """A key: 256 random bits behind the prefix."""
    return PREFIX + secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether a text has the form of a key."""
    return _FORM.fullmatch(text) is not None


def check_key(
    *, name: str, projects: Iterable[str], scopes: Iterable[Scope], expires: float | None, now: float
) -> None:
    """Refuse a key that there must not be.

    Raises:
        KeyRefusedError: its scopes exclude each other, it is for no project, or a name or a time cannot be used.
    """
    _check_scopes(frozenset(scopes), projects := tuple(projects))
    for project in projects:
        if not is_project_name(project):
            raise KeyRefusedError(f"{project!r} is no name for a project: use 1 to {LONGEST} printable characters")
    if len(set(projects)) > MOST_PROJECTS:
        raise KeyRefusedError(f"a key may be for {MOST_PROJECTS} projects: make another one for the rest")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise KeyRefusedError(f"{name!r} is no name for a key: use up to {LONGEST_NAME} printable characters")
    if expires is not None and not now < expires < _LATEST:
        raise KeyRefusedError("the key would be expired: give a time to come, before the year 9999")


def _check_scopes(scopes: frozenset[Scope], projects: tuple[str, ...]) -> None:
    if not scopes:
        raise KeyRefusedError(f"a key needs a scope: {', '.join(Scope)}")
    if Scope.INGEST in scopes and len(scopes) > 1:
        raise KeyRefusedError("a key that may ingest may do nothing else: make another key for the other scopes")
    if Scope.DECIDE in scopes and scopes & {Scope.APPROVE, Scope.OPERATE, Scope.ADMIN}:
        raise KeyRefusedError("a key that may decide may neither approve, operate nor administer: make two keys")
    if not projects and Scope.ADMIN not in scopes:
        raise KeyRefusedError("name a project: only a key with the scope admin may be for every project")


def key_document(key: Key, now: float) -> dict[str, Any]:
    """A key as JSON, without the key itself. No projects: every one. Times are RFC 3339 in UTC."""
    return {
        "id": key.key_id,
        "name": key.name,
        "projects": list(key.projects),
        "scopes": sorted(key.scopes),
        "person": key.person or None,
        "state": key.state(now),
        "created": moment(key.created),
        "expires": moment(key.expires),
        "revoked": moment(key.revoked),
    }


def new_key_document(made: NewKey) -> dict[str, Any]:
    """A key that was just made as JSON, with the key itself in `key`."""
    known = key_document(made.key, made.key.created)
    return {**known, "key": made.secret, "new_projects": list(made.new_projects)}


def moment(seconds: float | None) -> str | None:
    """A Unix time as RFC 3339 in UTC, to the second."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
