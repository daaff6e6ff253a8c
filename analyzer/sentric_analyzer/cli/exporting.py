"""The way of a run from where it is recorded to the file of a fixture."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from sentric.errors import SentricError
from sentric.events import Run
from sentric.policy.engine import replay
from sentric.policy.loader import load_policy
from sentric.policy.rule import Policy
from sentric.settings import Settings
from sentric.testing import Fixture, fixture_text, read_fixture
from sentric.testing.replaying import changes, judge
from sentric_analyzer.cli.recorded import TraceFiles
from sentric_analyzer.detection import Conversations, fixture_document

_LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which run is to become a fixture, and how."""

    run: str
    """Its id, the beginning of it, or `latest`."""
    project: str | None
    traces: tuple[Path, ...]
    """Files that it is in; none: it is stored."""
    redact_personal: bool
    expect: bool
    """Whether it is to be expected what the policy decides now."""


def export_run(wanted: Wanted, settings: Settings, output: Path | None) -> None:
    """Write a run as a fixture to a file, or to the screen.

    Raises:
        SentricError: there is no such run, or it cannot be read or written.
    """
    document = _in_files(wanted, settings) if wanted.traces else _stored(wanted, settings)
    if document is None:
        where = (
            "`sentric analyze` shows what is in the files" if wanted.traces else "`sentric runs` lists those there are"
        )
        raise SentricError(f"no run {wanted.run!r}: {where}")
    fixture = read_fixture(fixture_text(document), "the run as a fixture")
    if fixture.to_json() != document:
        raise SentricError("the run holds what cannot be written so that it is read as it is: it cannot be exported")
    if wanted.expect or wanted.traces:
        fixture = _expecting(fixture, _policy(settings), told=not wanted.expect)
    _write(fixture_text(fixture.to_json()), output)
    if wanted.redact_personal:
        click.echo("note: personal data was replaced: rules about recipients may decide otherwise", err=True)


def _expecting(fixture: Fixture, policy: Policy, *, told: bool) -> Fixture:
    """The fixture with what a policy decides about it as it is written: redaction may have changed what rules see."""
    now = judge(fixture, policy)
    if told and (found := changes(fixture, now)):
        click.echo(f"note: redaction changed {len(found)} verdicts: as it is written is what is expected", err=True)
    return fixture.expecting(now)


def _policy(settings: Settings) -> Policy:
    return load_policy(Path(settings.policy) if settings.policy else None, allow_loopback=settings.allow_loopback)


def _stored(wanted: Wanted, settings: Settings) -> dict[str, Any] | None:
    from sentric_analyzer.api.reader import open_reader

    with open_reader(Path(settings.data_dir).expanduser(), settings.store, settings.api_key) as reader:
        return reader.fixture(wanted.run, project=wanted.project, redact_personal=wanted.redact_personal)


def _in_files(wanted: Wanted, settings: Settings) -> dict[str, Any] | None:
    if wanted.project is not None:
        settings = replace(settings, project=wanted.project)
    source = TraceFiles(wanted.traces, settings)
    conversations = Conversations()
    found: dict[str, tuple[Run, tuple[Run, ...]]] = {}
    for run in source.runs():
        earlier = conversations.earlier(run)
        if wanted.run == _LATEST:
            found = {"": (run, earlier)} if not found or found[""][0].started <= run.started else found
        elif run.run_id.startswith(wanted.run):
            found[run.run_id] = run, earlier
    for error in source.errors:
        click.echo(f"error: {error}", err=True)
    if wanted.run in found:
        found = {wanted.run: found[wanted.run]}
    if len(found) > 1:
        raise SentricError(f"{len(found)} runs begin with {wanted.run!r}: give more of the id")
    for run, earlier in found.values():
        judged = Fixture.of(replay(_policy(settings), run, earlier=earlier), earlier)
        return fixture_document(judged, redact_personal=wanted.redact_personal)
    return None


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SentricError(f"{output}: cannot be written: {error.strerror}") from None
