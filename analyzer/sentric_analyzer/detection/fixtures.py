"""Recorded runs as fixtures: with what was known before them, and redacted once more under a key of their own."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sentric.events import Run
from sentric.policy.verdict import Replay
from sentric.redaction import Redactor, personal_kinds, refingerprinted
from sentric.testing import Fixture
from sentric_analyzer.detection.conversations import Conversations
from sentric_analyzer.dialects.redacted import redacted
from sentric_analyzer.document import json_safe

KIN = 64
"""Runs of one trace that are looked at for those that led to a run."""


class Recorded(Protocol):
    """What a store tells of the runs around one."""

    def earlier_runs(self, run: Run, limit: int) -> Sequence[Run]:
        """The runs of a run's conversation that began before it, the latest first."""
        ...

    def runs_of_trace(self, project: str, trace_id: str, limit: int) -> Sequence[Run]:
        """The runs of a trace, the earliest first."""
        ...


def stored_fixture(store: Recorded, replay: Replay, *, redact_personal: bool = False) -> dict[str, Any]:
    """A stored run as the JSON object of a fixture, which expects what was decided about it.

    Args:
        store: has it.
        replay: it, with its verdicts.
        redact_personal: whether personal data becomes fingerprints too.
    """
    run = replay.run
    known = Conversations(load=store.earlier_runs)
    kin = store.runs_of_trace(run.project, run.trace_id, KIN) if run.trace_id else ()
    for other in kin:
        known.earlier(other)
    return fixture_document(Fixture.of(replay, known.earlier(run)), redact_personal=redact_personal)


def fixture_document(fixture: Fixture, *, redact_personal: bool = False) -> dict[str, Any]:
    """A fixture as JSON, redacted once more.

    Its fingerprints are made anew, under a key that nobody keeps: equal ones stay equal within the fixture, so that
    flows stay visible, and tell nothing of those in other fixtures or in the service.

    Args:
        fixture: as it was recorded.
        redact_personal: whether personal data becomes fingerprints too.
    """
    key = secrets.token_bytes(32)
    redactor = Redactor(key, personal=personal_kinds("all") if redact_personal else frozenset())
    runs = _redacted((*fixture.earlier, fixture.run), redactor)
    found = replace(fixture, run=runs[-1], earlier=tuple(runs[:-1]))
    document: dict[str, Any] = _refingerprinted(json_safe(found.to_json()), key)
    return document


def _redacted(runs: Iterable[Run], redactor: Redactor) -> list[Run]:
    """Runs without secrets: what is recognised in a later one is looked for in the earlier ones, too."""
    whole = list(runs)
    found = [redacted(run, redactor) for run in whole]
    return found if found == whole else [redacted(run, redactor) for run in found]


def _refingerprinted(value: Any, key: bytes) -> Any:
    match value:
        case str():
            return refingerprinted(value, key)
        case Mapping():
            return {refingerprinted(name, key): _refingerprinted(item, key) for name, item in value.items()}
        case list():
            return [_refingerprinted(item, key) for item in value]
        case _:
            return value
