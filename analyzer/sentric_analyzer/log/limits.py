"""What bounds the log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds the writing side of a log."""

    segment_bytes: int = 64 << 20
    """Size at which a new segment is begun: the grain in which space is given back."""
    queue_bytes: int = 64 << 20
    """Bytes that may wait for the disk; as many again may be in its hands."""
    backlog_bytes: int = 4 << 30
    """Bytes on disk that may wait to be committed."""
    reserve_bytes: int = 0
    """Bytes of the disk that are left free, for others who write to it."""
    window: int = 100_000
    """Records among which one that is sent again is recognised."""
