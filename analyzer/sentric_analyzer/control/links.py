"""The links that were sent to people: each is for one answer of one person, and of its secret only a digest is kept."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from sentric_analyzer.control import people
from sentric_analyzer.control.approval import Approval, Said, State
from sentric_analyzer.control.approvals import as_it_is
from sentric_analyzer.control.attempt import OPEN
from sentric_analyzer.control.attempts import Attempts
from sentric_analyzer.control.changes import Change, Changes
from sentric_analyzer.control.errors import ApprovalStateError, LinkError, UnknownPersonError
from sentric_analyzer.control.keyring import Scope
from sentric_analyzer.control.people import Person
from sentric_analyzer.control.tables import APPROVAL_ATTEMPTS, APPROVAL_LINKS

CHANNEL = "link"
"""How answers that come by a link are recorded to have come."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a link is for that is still good."""

    attempt_id: str
    person: Person
    """Who was sent it: whoever has it answers as this one."""
    approval: Approval


class Links:
    """Keeps links, and takes the answers that come by them."""

    def __init__(self, changes: Changes, attempts: Attempts) -> None:
        self._changes = changes
        self._attempts = attempts

    def add(self, digest: str, attempt_id: str, *, expires: float) -> None:
        """Keep the digest of a link's secret.

        Args:
            digest: 64 hex digits.
            attempt_id: the attempt to reach somebody that it is sent with.
            expires: Unix seconds until which it is good; never longer than its approval waits.
        """
        with self._changes.database.changing() as connection:
            row = {"digest": digest, "attempt_id": attempt_id, "expires": expires}
            connection.execute(insert(APPROVAL_LINKS), row)

    def find(self, digest: str) -> Linked:
        """What a link is for. Nothing is changed, however often it is asked.

        Raises:
            LinkError: there is no such link, or nothing can come of it any more; never which of the two.
        """
        with self._changes.database.reading() as connection:
            return _good(connection, digest, self._changes.clock())

    def answer(self, digest: str, said: Said, *, note: str = "") -> Approval:
        """Take the answer of the person to whom a link was sent. The link is used with it, or neither happens.

        Raises:
            LinkError: there is no such link, or nothing can come of it any more.
            NotAnApproverError: this person may not answer this question.
        """
        linked = self.find(digest)

        def use(change: Change) -> None:
            unused = update(APPROVAL_LINKS).where(*_is_good(digest, change.now))
            if change.connection.execute(unused.values(used=change.now)).rowcount != 1:
                raise _no_link()

        try:
            return self._attempts.answer(linked.attempt_id, said, channel=CHANNEL, note=note, also=use)
        except ApprovalStateError:
            raise _no_link() from None

    def forget(self) -> int:
        """Forget the links that are good for nothing any more; how many they were."""
        with self._changes.database.changing() as connection:
            over = APPROVAL_LINKS.c.expires <= self._changes.clock()
            return connection.execute(delete(APPROVAL_LINKS).where(over)).rowcount


def _good(connection: Connection, digest: str, now: float) -> Linked:
    """What a link is for, if something can come of it.

    Raises:
        LinkError: nothing can.
    """
    of_attempt = APPROVAL_LINKS.c.attempt_id == APPROVAL_ATTEMPTS.c.id
    asked = select(APPROVAL_ATTEMPTS).join(APPROVAL_LINKS, of_attempt)
    asked = asked.where(*_is_good(digest, now), APPROVAL_ATTEMPTS.c.state.in_(OPEN))
    attempt = connection.execute(asked).one_or_none()
    approval = as_it_is(connection, attempt.approval_id) if attempt else None
    if attempt is None or approval is None or approval.state is not State.PENDING or approval.is_late(now):
        raise _no_link()
    person = _approver(connection, attempt.person)
    if person is None:
        raise _no_link()
    return Linked(attempt.id, person, approval)


def _is_good(digest: str, now: float) -> tuple[ColumnElement[bool], ...]:
    links = APPROVAL_LINKS.c
    return links.digest == digest, links.used.is_(None), links.expires > now


def _approver(connection: Connection, person_id: str) -> Person | None:
    """Somebody, if they may approve now, whatever they might when the link was sent."""
    try:
        person = people.found(connection, person_id)
    except UnknownPersonError:
        return None
    return person if person.removed is None and Scope.APPROVE in person.role.scopes else None


def _no_link() -> LinkError:
    return LinkError("there is no such link, or nothing can come of it any more")
