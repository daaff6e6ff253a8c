"""What the service and the process that does a back-test hand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from sentric.events import Run
from sentric.settings import Settings


@dataclass(frozen=True, slots=True)
class Setup:
    """What the process is given."""

    settings: Settings
    own_digest: str
    """Of the policy that the service has read, so that no other is taken for it."""
    today: Mapping[str, str] | None
    """Names of files, and their texts, as they would be in force; None: the policy of the settings."""
    tried: Mapping[str, str]
    names: tuple[str, str]
    """Of today's policy and of the one that is tried."""
    most_bytes: int
    """Of the document that comes of it."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Recorded runs to be judged: those of a conversation come in their order."""

    runs: tuple[Run, ...]
    are_last: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """The process is under way."""

    runs: int
    """How many it has judged since it last told."""
    wants_more: bool
    """Whether it is done with what it was given together."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The back-test is done."""

    document: str
    """As JSON."""
