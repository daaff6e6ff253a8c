"""What the service and the receiver's process hand to each other."""

from dataclasses import dataclass
from pathlib import Path

from sentric.settings import Settings
from sentric_analyzer.control import KeyRing
from sentric_analyzer.log import Limits
from sentric_analyzer.receiver.address import Address


@dataclass(frozen=True, slots=True)
class Setup:
    """What the process is given."""

    directory: Path
    """Of the log."""
    link: tuple[int, int]
    """Descriptors of the log's link."""
    limits: Limits
    settings: Settings
    messages: tuple[object, ...] = ()
    """What it was told before it was started: heeded before it listens."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Both servers have come up."""

    grpc: Address
    http: Address


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys have changed."""

    ring: KeyRing | None
    """None: they are not known now."""
