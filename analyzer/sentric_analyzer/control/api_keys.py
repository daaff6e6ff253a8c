"""The API keys there are: made, listed, revoked; each change is in the audit."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from sentric_analyzer.control import people
from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.errors import KeyRefusedError, UnknownKeyError
from sentric_analyzer.control.keyring import Grant, KeyRing, Scope, digest
from sentric_analyzer.control.keys import PREFIX, Key, NewKey, check_key, new_secret
from sentric_analyzer.control.people import Person, Role
from sentric_analyzer.control.tables import API_KEY_PROJECTS, API_KEYS, PEOPLE, PROJECTS

LOCAL = "local"
"""Actor of whoever has the database itself: the commands that need no service."""
SESSION_SECONDS = 43_200.0
"""How long one who has signed in is signed in."""
MOST_SESSIONS = 100
"""Keys that may have been got with one key by signing in: whoever gets one more ends the oldest."""


class ApiKeys:
    """Makes, finds and revokes keys. Every method raises ControlError where the database does not answer."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def ring(self) -> KeyRing:
        """The keys that are not revoked, as whoever checks them holds them."""
        with self._changes.database.reading() as connection:
            rows = connection.execute(select(API_KEYS).where(API_KEYS.c.revoked.is_(None))).all()
            roles = {row.id: Role(row.role) for row in connection.execute(select(PEOPLE)) if row.removed is None}
            grants = ((row.digest, _grant(key, roles)) for row, key in zip(rows, _keys(connection, rows), strict=True))
            return KeyRing({digest: grant for digest, grant in grants if grant is not None})

    def list(self, *, sessions: bool = False) -> list[Key]:
        """Every key there ever was, the oldest first; with those that people got by signing in, or without."""
        asked = select(API_KEYS).order_by(API_KEYS.c.created, API_KEYS.c.id)
        asked = asked if sessions else asked.where(API_KEYS.c.session.is_(None))
        with self._changes.database.reading() as connection:
            return list(_keys(connection, connection.execute(asked).all()))

    def find(self, beginning: str) -> Key:
        """The one key whose id begins so.

        Raises:
            UnknownKeyError: there is none, or there are several.
        """
        if beginning.startswith(PREFIX):  # it is not repeated
            raise UnknownKeyError("that is a key itself: name it by its id, which `sentric keys list` shows")
        found = [key for key in self.list(sessions=True) if beginning and key.key_id.startswith(beginning)]
        if not found:
            raise UnknownKeyError(f"no key {beginning!r}: `sentric keys list` shows those there are")
        if len(found) > 1:
            raise UnknownKeyError(f"key {beginning!r} is the beginning of {len(found)}: give more of it")
        return found[0]

    def create(
        self,
        *,
        name: str = "",
        projects: Iterable[str] = (),
        scopes: Iterable[Scope],
        expires: float | None = None,
        person: str = "",
        actor: str = LOCAL,
    ) -> NewKey:
        """Make a key, and those of its projects that are not there yet.

        Args:
            name: what it is for, for people.
            projects: those it is for, the one of a sender that names none first; none: every project.
            scopes: what it may do.
            expires: Unix seconds from which it is worth nothing; None: never.
            person: name or id of whose it is; empty: a service's.
            actor: who makes it.

        Raises:
            KeyRefusedError: there must be no such key.
            UnknownPersonError: there is no such person.
        """
        projects, scopes = tuple(dict.fromkeys(projects)), frozenset(scopes)
        check_key(name=name, projects=projects, scopes=scopes, expires=expires, now=self._changes.clock())
        with self._changes.changing(actor, copies=True) as change:
            owner = people.found(change.connection, person) if person else None
            _check_owner(owner, scopes)
            there = set(change.connection.scalars(select(PROJECTS.c.name).where(PROJECTS.c.name.in_(projects))))
            fresh = tuple(project for project in projects if project not in there)
            for project in fresh:
                change.connection.execute(insert(PROJECTS).values(name=project, created=change.now))
                change.record("project.create", project=project, subject=project)
            key = Key(
                secrets.token_hex(6),
                name,
                projects,
                scopes,
                change.now,
                expires,
                None,
                owner.person_id if owner else "",
            )
            secret = new_secret()
            _insert(change, key, secret)
            _record(change, "key.create", key)
        return NewKey(key, secret, fresh)

    def revoke(self, key_ids: Sequence[str], *, actor: str = LOCAL) -> None:
        """Make keys worthless, all at once, and whoever signed in with them signed out.

        One that is revoked already keeps the time of that.
        """
        with self._changes.changing(actor, copies=True) as change:
            chosen = (or_(API_KEYS.c.id.in_(key_ids), API_KEYS.c.session.in_(key_ids)), API_KEYS.c.revoked.is_(None))
            rows = change.connection.execute(select(API_KEYS).where(*chosen)).all()
            for key in _keys(change.connection, rows):
                _record(change, "sign_out" if key.session else "key.revoke", key)
            change.connection.execute(update(API_KEYS).where(*chosen).values(revoked=change.now))

    def sign_in(self, grant: Grant, *, where: str = "") -> NewKey:
        """A key that lasts a working day, good for just what the presented one is, and revoked by signing out.

        Whoever signs in with such a key again gets another one, that dies with the same key as the first.

        Args:
            grant: of the key that was presented.
            where: the address of who presents it, for the audit.

        Raises:
            UnknownKeyError: it was revoked only just.
        """
        with self._changes.changing(grant.identity, copies=True) as change:
            mine = select(API_KEYS.c.session).where(API_KEYS.c.id == grant.key_id, API_KEYS.c.revoked.is_(None))
            if (row := change.connection.execute(mine).one_or_none()) is None:
                raise UnknownKeyError("the key was revoked: sign in with another one")
            got_with = row.session or grant.key_id
            _forget_sessions(change, got_with)
            expires = change.now + SESSION_SECONDS
            expires = expires if grant.expires is None else min(expires, grant.expires)
            key = Key(
                secrets.token_hex(6),
                "session",
                grant.projects,
                grant.scopes,
                change.now,
                expires,
                None,
                grant.person,
                got_with,
            )
            secret = new_secret()
            _insert(change, key, secret)
            _record(change, "sign_in", key, with_key=grant.key_id, where=where)
        return NewKey(key, secret)

    def had_admin_key(self) -> bool:
        """Whether there ever was a key with the scope admin."""
        with self._changes.database.reading() as connection:
            return _had_admin_key(connection)

    def add_first_admin_key(self, secret: str) -> bool:
        """Let a key administer everything, unless there ever was an admin key; whether it may."""
        with self._changes.changing(LOCAL, copies=True) as change:
            if _had_admin_key(change.connection):
                return False
            key = Key(secrets.token_hex(6), "first admin key", (), frozenset({Scope.ADMIN}), change.now)
            _insert(change, key, secret)
            _record(change, "key.create", key)
        return True


def _check_owner(owner: Person | None, scopes: frozenset[Scope]) -> None:
    if owner is None:
        if Scope.APPROVE in scopes and Scope.ADMIN not in scopes:
            raise KeyRefusedError(
                "a key that may approve is somebody's: name the person, whom `sentric people add` adds"
            )
        return
    if owner.removed is not None:
        raise KeyRefusedError(f"{owner.name} was removed: there are no more keys for them")
    if too_much := scopes - owner.role.scopes - {Scope.DECIDE, Scope.INGEST}:
        raise KeyRefusedError(
            f"{owner.name} is {owner.role}: that allows no key with scope {', '.join(sorted(too_much))}"
        )


def _grant(key: Key, roles: dict[str, Role]) -> Grant | None:
    """What a key allows now: no more than its person's role; None where nothing."""
    scopes = key.scopes
    if key.person:
        role = roles.get(key.person)
        scopes = scopes & (role.scopes | {Scope.DECIDE, Scope.INGEST}) if role else frozenset[Scope]()
    if not scopes or not (key.projects or Scope.ADMIN in scopes):
        return None
    return Grant(key.key_id, key.projects, scopes, key.expires, key.person)


def _forget_sessions(change: Change, got_with: str) -> None:
    """Remove the keys got by signing in that have expired, and the oldest of a key that has as many as it may have."""
    is_stale = and_(API_KEYS.c.session.is_not(None), API_KEYS.c.expires < change.now)
    mine = select(API_KEYS).where(API_KEYS.c.session == got_with, API_KEYS.c.expires >= change.now)
    newest_first = mine.order_by(API_KEYS.c.created.desc(), API_KEYS.c.id)
    rows = change.connection.execute(newest_first.offset(MOST_SESSIONS - 1).limit(MOST_SESSIONS)).all()
    for key in _keys(change.connection, rows):
        if key.revoked is None:
            _record(change, "sign_out", key)
    gone = or_(is_stale, API_KEYS.c.id.in_([row.id for row in rows]))
    places = API_KEY_PROJECTS.c.key_id.in_(select(API_KEYS.c.id).where(gone))
    change.connection.execute(delete(API_KEY_PROJECTS).where(places))
    change.connection.execute(delete(API_KEYS).where(gone))


def _record(change: Change, what: str, key: Key, **detail: str) -> None:
    change.record(
        what,
        project=key.projects[0] if len(key.projects) == 1 else "",
        subject=key.key_id,
        name=key.name,
        scopes=sorted(key.scopes),
        projects=list(key.projects),
        **({"person": key.person} if key.person else {}),
        **{name: value for name, value in detail.items() if value},
    )


def _insert(change: Change, key: Key, secret: str) -> None:
    change.connection.execute(
        insert(API_KEYS).values(
            id=key.key_id,
            digest=digest(secret),
            name=key.name,
            scopes=" ".join(sorted(key.scopes)),
            created=key.created,
            expires=key.expires,
            person=key.person or None,
            session=key.session or None,
        )
    )
    places = [{"key_id": key.key_id, "position": n, "project": project} for n, project in enumerate(key.projects)]
    if places:
        change.connection.execute(insert(API_KEY_PROJECTS), places)


def _keys(connection: Connection, rows: Sequence[Any]) -> Iterator[Key]:
    """The keys of rows, with their projects."""
    projects: dict[str, list[str]] = defaultdict(list)
    for place in connection.execute(select(API_KEY_PROJECTS).order_by(API_KEY_PROJECTS.c.position)):
        projects[place.key_id].append(place.project)
    for row in rows:
        scopes = frozenset(map(Scope, row.scopes.split()))
        of = tuple(projects[row.id])
        yield Key(
            row.id, row.name, of, scopes, row.created, row.expires, row.revoked, row.person or "", row.session or ""
        )


def _had_admin_key(connection: Connection) -> bool:
    asked = select(API_KEYS.c.scopes).where(API_KEYS.c.session.is_(None)).distinct()
    return any(Scope.ADMIN in scopes.split() for scopes in connection.scalars(asked))
