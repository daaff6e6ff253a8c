"""What the service and a process that judges hand to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from sentric.events import Run
from sentric.settings import Settings
from sentric_analyzer.document import clean_text
from sentric_analyzer.spans import Piece
from sentric_analyzer.storage import RunRows

NONE, FLAGGED, ALL = "none", "flagged", "all"
"""Which runs a language model judges, as the setting `judge` says it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the process is given."""

    settings: Settings
    redaction_key: bytes
    policy_digest: str
    """Of the policy of the settings, so that none is judged by another."""


@dataclass(frozen=True, slots=True)
class Task:
    """A trace to be judged."""

    number: int
    project: str
    trace_id: str
    pieces: Sequence[Piece]
    left_out: int
    """Spans that are not among these, because the trace is too large."""
    policy_digest: str
    """Of the policy that all of it is judged by."""
    policy_source: str
    """Digest of the bundle that this policy is loaded from, or `OF_SETTINGS`."""
    is_over: bool = False
    """Nothing more of it is waited for."""


@dataclass(frozen=True, slots=True)
class AskEarlier:
    """The process wants to know the runs of a run's conversation that began before it, the latest first."""

    run: Run
    """Without its events."""
    limit: int


@dataclass(frozen=True, slots=True)
class AskFormer:
    """The process wants to know what is stored of a run."""

    project: str
    run_id: str


@dataclass(frozen=True, slots=True)
class AskPolicy:
    """The process wants the bundle of a policy, which a task that it has must be judged by."""

    source: str


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to what was asked."""

    answer: Any


@dataclass(frozen=True, slots=True)
class OverRun:
    """A run of which nothing more is waited for, for a language model to judge."""

    project: str
    run_id: str
    version: str
    """What its events are, as hexadecimal digits: another one where some came late; "" where that is not known."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """Of a run."""
        events = "\x1f".join(event.event_id for event in run.events)
        digest = sha256(events.encode("utf-8", "replace")).hexdigest()
        return cls(clean_text(run.project), clean_text(run.run_id), digest)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of some tasks."""

    numbers: Sequence[int]
    rows: RunRows
    findings: Mapping[tuple[str, str], int]
    """How many there are, by rule and severity."""
    blind: int = 0
    """Actions that ran without a verdict before."""
    failed: int = 0
    """Tasks that could not be judged, because of a mistake of ours."""
    over: Sequence[OverRun] = ()
    """The runs that a language model is to judge, too."""

    @classmethod
    def failure(cls, number: int) -> Self:
        """Nothing came of a task."""
        return cls([number], RunRows((), {}), {}, failed=1)
