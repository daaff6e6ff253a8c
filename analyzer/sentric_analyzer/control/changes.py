"""Changes of the control state: each is one transaction, with what the audit says of it."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from sentric_analyzer.control.audit_chain import Record, sealed
from sentric_analyzer.control.database import Database
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.tables import AUDIT, AUDIT_HEAD, GENERATION

SYSTEM = "sentric"
"""Actor of what nobody asked for: what time brings about, and what refusals add up to."""
MOST_RECORDS = 1000
"""Records of the audit that are read at once."""
_HEAD = select(AUDIT_HEAD).with_for_update()
_MOVED = update(AUDIT_HEAD).values(sequence=bindparam("to_sequence"), digest=bindparam("to_digest"))


@dataclass(slots=True)
class Change:
    """One transaction. What it records is in the audit when it has happened; else neither is."""

    connection: Connection
    now: float
    """Unix seconds, the same for all of it from when it had to wait for nobody any more."""
    actor: str
    """Who changes something: `key:ID`, `person:ID`, `local`, or `sentric`."""
    clock: Callable[[], float]
    _records: list[tuple[str, str, str, str, Mapping[str, Any]]] = field(default_factory=list[Any])

    def record(self, what: str, *, project: str = "", subject: str = "", by: str = "", **detail: Any) -> None:
        """Have the audit say what happened.

        Args:
            what: a word of what it is about, a dot, and what happened to it.
            project: of what it is about; empty where it is of no project.
            subject: id of what it is about.
            by: who did it, where that is not the actor.
            detail: the rest: values that JSON has, and no secrets.
        """
        self._records.append((by or self.actor, what, project, subject, detail))

    def waited(self) -> None:
        """Take the time anew: others may have been first, and what they did must not look later than this."""
        self.now = self.clock()

    def sealed(self) -> int:
        """Append what was recorded to the audit; how many records that are."""
        if not self._records:
            return 0
        head = self.connection.execute(_HEAD).one_or_none()
        if head is None:
            raise ControlError("the head of the audit is gone: nothing is changed until a backup of it is restored")
        time, previous, records = round(self.now * 1e6), head.digest, list[Record]()
        for number, (actor, what, project, subject, detail) in enumerate(self._records, start=head.sequence + 1):
            records.append(sealed(previous, number, time, actor, what, project, subject, detail))
            previous = records[-1].digest
        self.connection.execute(insert(AUDIT), [record._asdict() for record in records])
        self.connection.execute(_MOVED, {"to_sequence": records[-1].sequence, "to_digest": previous})
        return len(records)


class Changes:
    """Makes changes, and reads what the audit says of them. Any thread may use it."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self.database = database
        self.clock = clock
        self.on_commit: Callable[[], None] = lambda: None
        """Called after a change that the audit speaks of."""
        self.on_copies: Callable[[], None] = lambda: None
        """Called after a change of keys or policies."""

    @contextmanager
    def changing(self, actor: str, *, copies: bool = False) -> Generator[Change]:
        """A transaction: all of it, with what it records, is durable when the block is left, or nothing happened.

        Rows are locked in the order: the number of copies, agents, whatever else, and the audit, last.

        Args:
            actor: who changes something.
            copies: whether keys or policies change, of which others hold copies.

        Raises:
            ControlError: the database does not answer, or refuses.
        """
        with self.database.changing() as connection:
            if copies:
                connection.execute(update(GENERATION).values(number=GENERATION.c.number + 1))
            change = Change(connection, self.clock(), actor, self.clock)
            yield change
            recorded = change.sealed()
        if copies:
            self.on_copies()
        if recorded:
            self.on_commit()

    def head(self) -> tuple[int, str]:
        """Number and digest of the last record; 0 and zeros before the first."""
        with self.database.reading() as connection:
            row = connection.execute(select(AUDIT_HEAD)).one_or_none()
        if row is None or not isinstance(row.sequence, int):
            raise ControlError("the head of the audit is gone or altered: restore a backup of it")
        return int(row.sequence), str(row.digest)

    def records(
        self, *, after: int = 0, limit: int = MOST_RECORDS, newest_first: bool = False, **only: str | tuple[str, ...]
    ) -> list[Record]:
        """Records of the audit.

        Args:
            after: the number from which on, exclusive: upwards, or downwards from it (0: from the end).
            limit: at most so many.
            newest_first: downwards.
            only: those alone whose `project`, `subject`, `actor` or `what` is this, or one of these.
        """
        asked = select(AUDIT).limit(limit)
        for name, wanted in only.items():
            column = AUDIT.c[name]
            asked = asked.where(column.in_(wanted) if isinstance(wanted, tuple) else column == wanted)
        if newest_first:
            asked = asked.order_by(AUDIT.c.sequence.desc())
            asked = asked.where(AUDIT.c.sequence < after) if after else asked
        else:
            asked = asked.order_by(AUDIT.c.sequence).where(AUDIT.c.sequence > after)
        with self.database.reading() as connection:
            return [Record(*row) for row in connection.execute(asked)]
