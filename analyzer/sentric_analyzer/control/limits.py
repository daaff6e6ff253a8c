"""How long, and how much, a control database may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds; what takes longer is a ControlError."""

    busy: float = 10.0
    """How long a writer waits for others, and anyone for a connection."""
    connect: float = 5.0
    """How long a server may take to let us in, or to say that it is still there."""
    statement: float = 15.0
    """How long a server may work at a statement; its answer may take `connect` more on its way."""
    idle: float = 60.0
    """How long we may leave a server waiting in a transaction, before others go first."""
    migration: float = 600.0
    """How long a server may work at a statement of a migration, or let it wait for that of another process."""
    connections: int = 16
    """Most connections to a server at a time."""
    writers: int = 8
    """Most threads that change something on a server at a time, so that those who read find a connection."""
