"""Phone calls about approvals, as they stand: each step is a transaction, whichever service takes it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.tables import APPROVALS, CALLS
from sentric_analyzer.control.webhooks import taken

LONGEST_SAID = 512
"""Characters that the audit has of what was said."""
KEPT_SECONDS = 86_400.0
"""Seconds for which a call is kept after its last step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCall:
    """A call of one attempt to reach somebody."""

    attempt_id: str
    approval_id: str
    person: str
    """Id of the person who is called."""
    digest: str
    """SHA-256 of the secret that every event of the call carries, in hex."""
    reference: str = ""
    """How the other side names it; "" while that is not known."""
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How it stands. JSON."""


Advance = Callable[[KeptCall], KeptCall | None]
"""Gives a call after a step; None: it is none, and nothing changes."""


class Calls:
    """Keeps calls. They are told of in the audit by what comes of them: attempts and answers."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def open(self, call: KeptCall) -> None:
        """Keep a call, before it is placed."""
        values = {**_values(call), "attempt_id": call.attempt_id, "approval_id": call.approval_id}
        with self._changes.database.changing() as connection:
            connection.execute(
                insert(CALLS).values(**values, person=call.person, digest=call.digest, changed=self._changes.clock())
            )

    def step(self, attempt_id: str, advance: Advance, *, event: tuple[str, str] | None = None) -> bool:
        """Take one step with a call that nobody else can take one with meanwhile.

        Args:
            attempt_id: whose call it is.
            advance: takes the step.
            event: source and id of what was told; what was taken before is not taken again.

        Returns:
            Whether there was a step.
        """
        asked = select(CALLS).where(CALLS.c.attempt_id == attempt_id).with_for_update()
        with self._changes.database.changing() as connection:
            row = connection.execute(asked).one_or_none()
            if row is None or (after := advance(_call(row))) is None:
                return False
            now = self._changes.clock()
            if event is not None and not taken(connection, *event, now):
                return False
            stepped = update(CALLS).where(CALLS.c.attempt_id == attempt_id)
            connection.execute(stepped.values(**_values(after), changed=now))
            return True

    def questioned(self, call: KeptCall, question: str, answer: str) -> None:
        """Have the audit say what somebody has asked, and what they were told."""
        with self._changes.changing(f"person:{call.person}") as change:
            about = select(APPROVALS.c.project, APPROVALS.c.agent_id).where(APPROVALS.c.id == call.approval_id)
            project, agent_id = change.connection.execute(about).one()
            change.record(
                "approval.question",
                project=project,
                subject=call.approval_id,
                agent_id=agent_id,
                attempt=call.attempt_id,
                question=_line(question),
                answer=_line(answer),
            )

    def forget(self) -> int:
        """Forget the calls of long ago; how many they were."""
        old = CALLS.c.changed < self._changes.clock() - KEPT_SECONDS
        with self._changes.database.changing() as connection:
            return connection.execute(delete(CALLS).where(old)).rowcount


def _line(text: str) -> str:
    """A text as one line that every database keeps, and not too long a one."""
    line = " ".join(text[: 8 * LONGEST_SAID].split())[:LONGEST_SAID]
    return "".join(character if character.isprintable() else "\ufffd" for character in line)


def _values(call: KeptCall) -> dict[str, Any]:
    return {"reference": call.reference, "document": json.dumps(dict(call.document))}


def _call(row: Row[Any]) -> KeptCall:
    return KeptCall(
        attempt_id=row.attempt_id,
        approval_id=row.approval_id,
        person=row.person,
        digest=row.digest,
        reference=row.reference,
        document=json.loads(row.document),
    )
