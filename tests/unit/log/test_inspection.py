import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentric.errors import SentricError
from sentric_analyzer.cli.log import log as command
from sentric_analyzer.log import Limits, Record, Signal
from support.log import Log

SMALL = Limits(segment_bytes=1000)


def record(number: int, signal: Signal = Signal.TRACES) -> Record:
    return Record((), signal, str(number).encode().ljust(100, b"."), (1_700_000_000 + number) * 10**9)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Twenty records in three segments, five of them done with, in the data directory of a service."""
    with Log.open(tmp_path / "log", SMALL) as log:
        for number in range(20):
            log.append(record(number, Signal.LOGS if number == 3 else Signal.TRACES))
        entries = list(log.read(0))
        log.commit(entries[4].next_position)
        log.begin(entries[7].next_position)
    return tmp_path


def inspect(*arguments: object) -> Result:
    return CliRunner().invoke(command, ["inspect", *map(str, arguments)])


def document(*arguments: object) -> dict[str, object]:
    stated: dict[str, object] = json.loads(inspect(*arguments, "--format", "json").stdout)
    return stated


def test_what_is_in_a_log_and_what_waits(directory: Path) -> None:
    with Log.open(directory / "log", SMALL) as log:
        committed, begun, end = log.committed, log.begun, log.end
    found = document(directory)
    assert found["waiting"] == {"bytes": end - committed, "records": 15}
    assert (found["committed"], found["begun"], found["end"]) == (committed, begun, end)
    assert found["records"] == [
        {"signal": "logs", "project": "", "records": 1},
        {"signal": "traces", "project": "", "records": 19},
    ]
    assert found["first_received"] == "2023-11-14T22:13:20.000+00:00"
    assert found["last_received"] == "2023-11-14T22:13:39.000+00:00"
    assert (found["torn_bytes"], found["damage"], found["recognised"]) == (0, [], 20)
    assert isinstance(found["segments"], list)
    assert [segment["waiting"] for segment in found["segments"]][1:] == [
        segment["records"] for segment in found["segments"]
    ][1:]
    assert sum(segment["records"] for segment in found["segments"]) == 20


def test_the_log_itself_may_be_named_and_a_table_is_printed(directory: Path) -> None:
    shown = inspect(directory / "log")
    assert shown.exit_code == 0
    assert "15 records" in shown.stdout
    assert "19 traces of senders without a key" in shown.stdout


def test_the_data_directory_that_is_set_is_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRIC_DATA_DIR", str(directory))
    assert document()["directory"] == str(directory / "log")


def test_looking_changes_nothing_and_does_not_mind_a_service(directory: Path) -> None:
    with Log.open(directory / "log", SMALL) as log:
        log.append(record(99))
        before = {path: path.read_bytes() for path in (directory / "log").iterdir()}
        assert document(directory)["waiting"] == {"bytes": log.end - log.committed, "records": 16}
        assert {path: path.read_bytes() for path in (directory / "log").iterdir()} == before
        log.append(record(100))


def test_a_torn_tail_is_no_damage(directory: Path) -> None:
    last = max((directory / "log").glob("*.segment"))
    with last.open("r+b") as file:
        file.truncate(last.stat().st_size - 10)
    found = document(directory)
    assert isinstance(found["torn_bytes"], int)
    assert 0 < found["torn_bytes"] < 200
    assert inspect(directory).exit_code == 0


@pytest.mark.parametrize("place", ["middle", "end"])
def test_damage_is_told_and_is_the_exit_status(place: str, directory: Path) -> None:
    first = min((directory / "log").glob("*.segment"))
    content = bytearray(first.read_bytes())
    content[200 if place == "middle" else -5] ^= 1
    first.write_bytes(content)
    shown = inspect(directory)
    assert shown.exit_code == 1
    assert "are damaged or missing" in shown.stdout
    assert document(directory)["waiting"] != {}


def test_a_missing_file_is_told(directory: Path) -> None:
    min((directory / "log").glob("*.segment")).unlink()
    shown = inspect(directory)
    assert shown.exit_code == 1
    assert "are missing" in shown.stdout


def test_a_file_that_is_given_back_meanwhile_is_no_damage(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentric_analyzer.log import inspection

    real = inspection.segments_in
    monkeypatch.setattr(inspection, "segments_in", lambda path: [*real(path), inspection.Segment(path / "gone", 9999)])
    assert document(directory)["segments"]


def test_a_new_log_is_empty(tmp_path: Path) -> None:
    with Log.open(tmp_path) as log:
        log.commit(log.end)
    assert document(tmp_path)["records"] == []
    assert "nothing" in inspect(tmp_path).stdout


def test_where_there_is_no_log_it_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        error = inspect(path).exception
        assert isinstance(error, SentricError)
        assert str(error) == f"{path}: holds no log: name the data directory of a service"


def test_a_log_that_may_not_be_read_is_one_line(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, *_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    error = inspect(directory).exception
    assert isinstance(error, SentricError)
    assert str(error).endswith(".segment: cannot be read: Permission denied")


def test_what_was_set_aside_is_told(directory: Path) -> None:
    assert document(directory)["set_aside"] == []
    (directory / "set-aside").mkdir()
    kept = directory / "set-aside" / "515-7.traces.pb"
    kept.touch()
    assert document(directory)["set_aside"] == [str(kept)]
    assert "1 requests that could not be stored" in inspect(directory).stdout


def test_what_is_gone_and_still_recognised_is_counted(tmp_path: Path) -> None:
    with Log.open(tmp_path / "log", SMALL) as log:
        for number in range(20):
            log.append(record(number))
        log.commit(log.end)
    found = document(tmp_path)
    assert isinstance(found["segments"], list)
    assert sum(segment["records"] for segment in found["segments"]) < 20
    assert found["recognised"] == 20


def test_a_position_behind_the_end_is_damage(directory: Path) -> None:
    (directory / "log" / "committed").write_text("999999\n")
    told = inspect(directory)
    assert told.exit_code == 1
    assert "everything up to position 999999 is said to be done with" in told.stdout


@pytest.mark.parametrize("form", ["table", "json"])
def test_nothing_in_it_can_act_on_a_terminal(form: str, tmp_path: Path) -> None:
    directory = tmp_path / "a\x1b]0;owned\x07\x9b31m"
    hostile = Record(("\x1b[31m\x9b2J\u202e",), Signal.TRACES, b"", 5)
    with Log.open(directory / "log") as log:
        log.append(hostile)
    told = inspect(directory, "--format", form).stdout
    assert "owned" in told.replace("\n", "").replace(" ", "")
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(told)
