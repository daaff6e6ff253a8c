from pathlib import Path

import pytest

from sentric_analyzer.log import Entry, LogUnavailableError, Record, SetAside, Signal


def entry(position: int, body: bytes = b"body", signal: Signal = Signal.TRACES) -> Entry:
    return Entry(position, position + 10, Record((), signal, body, 7))


def test_a_request_is_kept_once_as_it_came_for_its_owner_only(tmp_path: Path) -> None:
    aside = SetAside(tmp_path / "aside")
    path = aside.keep(entry(40, signal=Signal.LOGS))
    assert path == tmp_path / "aside" / "40-7.logs.pb"
    assert path.read_bytes() == b"body"
    assert path.stat().st_mode & 0o777 == 0o600
    assert aside.keep(entry(40, signal=Signal.LOGS)) == path
    assert list(path.parent.iterdir()) == [path]


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path) -> None:
    few = SetAside(tmp_path / "few", most_files=2)
    assert [bool(few.keep(entry(one))) for one in (1, 2, 3, 1)] == [True, True, False, True]
    small = SetAside(tmp_path / "small", most_bytes=10)
    assert [bool(small.keep(entry(one, b"x" * size))) for one, size in ((1, 6), (2, 6), (3, 4))] == [True, False, True]


def test_a_disk_that_refuses_a_request_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogUnavailableError, match="cannot be set aside"):
        SetAside(tmp_path / "file" / "aside").keep(entry(1))
