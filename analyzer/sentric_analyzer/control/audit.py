"""Reads the audit, and tells whether it is what it was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from sentric_analyzer.control.audit_chain import START, Checkpoint, Record, Verification, verify
from sentric_analyzer.control.changes import MOST_RECORDS, Changes
from sentric_analyzer.control.errors import AuditDamagedError, ControlError
from sentric_analyzer.control.tables import AUDIT_CHECKPOINTS, AUDIT_HEAD

_FROM_THE_START = -(1 << 63)
"""Before every number that there can be: what stands before record 1 is read, too, and so found."""


class Audit:
    """The records of who did what. Every method raises ControlError where the database does not answer."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def records(self, *, size: int = MOST_RECORDS) -> Iterator[Record]:
        """Every record, in order, in bounded memory: `size` of them are read at once.

        Raises:
            AuditDamagedError: the database answers, and cannot give a record.
        """
        after = _FROM_THE_START
        while page := self._page(after, size):
            yield from page
            after = page[-1].sequence

    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints that the database keeps, in order. One that cannot be read is signed by nobody."""
        with self._changes.database.reading() as connection:
            asked = select(AUDIT_CHECKPOINTS).order_by(AUDIT_CHECKPOINTS.c.sequence)
            return [_checkpoint(row.sequence, row.checkpoint) for row in connection.execute(asked)]

    def verify(self, outside: Iterable[Checkpoint], public_keys: Mapping[str, str]) -> Verification:
        """Tell whether the audit is what it was, and where it ceases to be. A service may go on writing meanwhile.

        Args:
            outside: checkpoints that are kept outside of the database.
            public_keys: of those who sign, in base64, by their ids.

        Raises:
            ControlError: there are checkpoints, and no keys.
        """
        checkpoints = [*self.checkpoints(), *outside]
        check_keys(checkpoints, public_keys)
        head = self._head()
        read = _Read(head[0] if head else 0)
        try:
            found = verify(read.watched(self.records()), checkpoints, public_keys)
        except AuditDamagedError as error:
            return Verification(read.last, 0, 0, error.sequence, str(error))
        if found.bad is not None:
            return found
        bad, why = self._against(head, read)
        return replace(found, bad=bad, why=why)

    def _against(self, head: tuple[int, str] | None, read: "_Read") -> tuple[int | None, str]:
        """What is wrong about a chain that holds in itself, compared with what its head says."""
        if head is None:
            return read.last + 1, f"the head of the audit is gone or altered: what followed {read.last} may be missing"
        if head[0] > read.last:
            return read.last + 1, f"record {read.last + 1} is missing at the end: the head of the audit is {head[0]}"
        if read.digest_at_head != head[1]:
            return head[0] or 1, f"record {head[0]} is not the one that the head of the audit says"
        later = self._head() or (0, START)
        if later[0] < read.last:
            return later[0] + 1, f"record {later[0] + 1} stands after the head of the audit, which is {later[0]}"
        return None, ""

    def _head(self) -> tuple[int, str] | None:
        """Number and digest of the last record; None where the database says something else."""
        with self._changes.database.reading() as connection:
            rows = connection.execute(select(AUDIT_HEAD)).all()
        match [tuple(row) for row in rows]:
            case [(int(sequence), str(digest))] if sequence >= 0:
                return sequence, digest
            case _:
                return None

    def _page(self, after: int, size: int) -> Sequence[Record]:
        try:
            return self._changes.records(after=after, limit=size)
        except ControlError as error:
            self._head()  # where the database does not answer, that is what is told
            if size == 1:
                following = max(after, 0) + 1
                raise AuditDamagedError(f"record {following} cannot be read: {error}", following) from None
        return self._page(after, size // 8 or 1)


def check_keys(checkpoints: Sequence[Checkpoint], public_keys: Mapping[str, str]) -> None:
    """Make sure that signatures can be verified at all.

    Raises:
        ControlError: there are some, and no keys.
    """
    if checkpoints and not public_keys:
        raise ControlError(
            "there is no key to verify the checkpoints with: give --key, or a --data-dir with signing.key"
        )


class _Read:
    """What was seen of the records that were read.

    Args:
        head: the number of the one that the head of the audit names.
    """

    def __init__(self, head: int) -> None:
        self._head = head
        self.last = 0
        self.digest_at_head = START

    def watched(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            yield record
            self.last = record.sequence  # it was found good: else nothing more is asked for
            if record.sequence == self._head:
                self.digest_at_head = record.digest


def _checkpoint(sequence: int, line: object) -> Checkpoint:
    try:
        return Checkpoint.from_json(str(line))
    except ControlError:
        return Checkpoint(sequence, "", 0, "", "")
