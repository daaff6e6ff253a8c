"""What other services have told: nothing is taken twice."""

from sqlalchemy import Connection, delete

from sentric_analyzer.control.changes import Changes
from sentric_analyzer.control.rows import insert_new
from sentric_analyzer.control.tables import WEBHOOK_EVENTS

LONGEST_ID = 128
"""Most characters of an event's id."""
KEPT_SECONDS = 86_400.0
"""Seconds for which an id is kept: far longer than its signature holds."""


class Webhooks:
    """Forgets old events."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def forget(self) -> int:
        """Forget the events of which no copy would be taken any more; how many they were."""
        old = WEBHOOK_EVENTS.c.received < self._changes.clock() - KEPT_SECONDS
        with self._changes.database.changing() as connection:
            return connection.execute(delete(WEBHOOK_EVENTS).where(old)).rowcount


def taken(connection: Connection, source: str, event_id: str, now: float) -> bool:
    """Note that an event was told; whether it is the first time."""
    return insert_new(connection, WEBHOOK_EVENTS, {"source": source, "id": event_id, "received": now})
