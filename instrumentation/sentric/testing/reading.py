"""Reads fixtures: strictly, bounded, with every problem at once, each with its file and line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sentric.errors import SentricError
from sentric.event_json import EventFormatError, event_from_json
from sentric.events import AgentState, AnyEvent, Run
from sentric.policy.document import Bounds, Problems, Reader, read
from sentric.policy.risk import BEGINNING
from sentric.policy.rule import Decision, Severity
from sentric.testing.expected import NOTHING, Expected
from sentric.testing.fixture import RUN_KEYS, VERSION, Fixture

BOUNDS = Bounds(size=16 << 20, depth=128)
"""Largest fixture: a run of a thousand steps with the pages that were seen has a few million characters."""
SUFFIXES = (".yaml", ".yml")
_KEYS = ("fixture", "description", "policy", "run", "state", "earlier", "events")
_EXPECT_KEYS = ("decision", "severity", "risk", "rules")
_STATE_KEYS = ("risk", "strikes", "enforced", "stopped")
_LARGEST = (1 << 63) - 1
_NAMED = re.compile(r"['.]([A-Za-z_]+)")


class FixtureError(SentricError):
    """A fixture cannot be read: every problem of the file, each with its file and line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def find_fixtures(paths: Iterable[Path]) -> list[Path]:
    """The files that paths stand for: themselves, or of directories all below them that end in .yaml or .yml.

    Raises:
        FixtureError: a path does not exist, or a directory holds none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
            if not inside:
                raise FixtureError([f"{path}: holds no fixtures: they end in {' or '.join(SUFFIXES)}"])
            found.update(dict.fromkeys(inside))
        elif path.exists():
            found[path] = None
        else:
            raise FixtureError([f"{path}: no such file or directory"])
    return list(found)


def load_fixture(path: Path) -> Fixture:
    """Read a fixture.

    Raises:
        FixtureError: it cannot be read: every problem, each with its file and line.
    """
    try:
        if not path.is_file():
            raise FixtureError([f"{path}: cannot be read: it is no file"])
        with path.open(encoding="utf-8") as file:
            text = file.read(BOUNDS.size + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or "it is not UTF-8"
        raise FixtureError([f"{path}: cannot be read: {reason}"]) from None
    return read_fixture(text, str(path))


def read_fixture(text: str, file: str = "fixture") -> Fixture:
    """Read the text of a fixture.

    Args:
        text: YAML.
        file: what problems call it.

    Raises:
        FixtureError: it cannot be read: every problem, each with its file and line.
    """
    problems = Problems()
    found: list[Fixture] = []
    read(file, text, problems, lambda root: found.append(_fixture(root)), BOUNDS)
    if len(problems):
        raise FixtureError(problems.found)
    return found[0]


def _fixture(root: Reader) -> Fixture:
    entries = root.mapping(known=_KEYS, required=("fixture", "run", "events"))
    if "fixture" in entries:
        _check_version(entries["fixture"])
    events = list(_events(entries["events"], expecting=True)) if "events" in entries else []
    events.sort(key=lambda one: one[0].sequence)
    return Fixture(
        run=_run(entries["run"], (event for event, _, _ in events)) if "run" in entries else _NO_RUN,
        expected=tuple(expected for _, expected, _ in events),
        lines=tuple(line for _, _, line in events),
        earlier=tuple(_earlier(entries["earlier"])) if "earlier" in entries else (),
        state=_state(entries["state"]) if "state" in entries else BEGINNING,
        policy_digest=entries["policy"].text() if "policy" in entries else "",
        description=entries["description"].text() if "description" in entries else "",
        file=root.file,
    )


_NO_RUN = Run(project="", run_id="")


def _check_version(reader: Reader) -> None:
    before = len(reader.problems)
    version = reader.number(1, _LARGEST)
    if version != VERSION and len(reader.problems) == before:
        reader.problem(f"version {version} is not known: this Sentric reads version {VERSION}")


def _earlier(reader: Reader) -> Iterator[Run]:
    for item in reader.items():
        entries = item.mapping(known=(*RUN_KEYS, "events"), required=("run_id", "events"))
        events = _events(entries.pop("events"), expecting=False) if "events" in entries else ()
        yield _run_of(entries, (event for event, _, _ in events))


def _run(reader: Reader, events: Iterable[AnyEvent]) -> Run:
    return _run_of(reader.mapping(known=RUN_KEYS, required=("run_id",)), events)


def _run_of(entries: Mapping[str, Reader], events: Iterable[AnyEvent]) -> Run:
    run = Run(project="", run_id="", events=tuple(events))
    stated: dict[str, Any] = {
        name: reader.number(0, _LARGEST) if name == "started" else reader.text() for name, reader in entries.items()
    }
    return replace(run, **stated)


def _state(reader: Reader) -> AgentState:
    entries = reader.mapping(known=_STATE_KEYS)
    return AgentState(
        risk=entries["risk"].number(0, _LARGEST) if "risk" in entries else 0,
        strikes=entries["strikes"].number(0, _LARGEST) if "strikes" in entries else 0,
        enforced=entries["enforced"].boolean() if "enforced" in entries else False,
        stopped=entries["stopped"].text() if "stopped" in entries else "",
    )


def _events(reader: Reader, *, expecting: bool) -> Iterator[tuple[AnyEvent, Expected, int]]:
    """The events that can be read, each with what is expected of it and its line; what is wrong is noted."""
    for place, item in enumerate(reader.items()):
        before = len(item.problems)
        entries = item.named("a field of an event")
        wanted = entries.pop("expect", None) if expecting else None
        expected = _expected(wanted) if wanted is not None else NOTHING
        record = {name: value.plain() for name, value in entries.items()}
        for name, value in record.items():
            if isinstance(value, int) and abs(value) > _LARGEST:
                entries[name].problem("is too large")
        if len(item.problems) > before:
            continue
        try:
            yield event_from_json(record, sequence=place), expected, item.line
        except EventFormatError as error:
            _culprit(str(error), entries, item).problem(str(error))


def _culprit(message: str, entries: Mapping[str, Reader], item: Reader) -> Reader:
    """The value that an error is about, where it names one."""
    if message.startswith("event is "):
        return entries.get("event", item)
    named = (entries[name] for name in _NAMED.findall(message[:200]) if name in entries)
    return next(named, item)


def _expected(reader: Reader) -> Expected:
    entries = reader.mapping(known=_EXPECT_KEYS, required=("decision",))
    return Expected(
        entries["decision"].choice(Decision) if "decision" in entries else Decision.ALLOW,
        entries["severity"].choice(Severity) if "severity" in entries else None,
        entries["risk"].number(0, 100) if "risk" in entries else 0,
        tuple(sorted(set(entries["rules"].texts()))) if "rules" in entries else (),
    )
