"""A disk that refuses: injected here at the system calls; tests/integration has real full disks."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sentric_analyzer.log import Limits, LogUnavailableError, Record, Signal
from support.log import Log
from support.serving import poll


def record(number: int, size: int = 100) -> Record:
    return Record((), Signal.TRACES, str(number).encode().ljust(size, b"."), number)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log.open(tmp_path) as opened:
        yield opened


def numbers_in(log: Log) -> list[int]:
    return [entry.record.received for entry in log.read(0)]


def fail(number: int) -> Callable[..., int]:
    def call(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("call", ["writev", "fdatasync", "open"])
@pytest.mark.parametrize("error", [28, 30, 5], ids=["full", "read-only", "broken"])
def test_a_refused_record_is_retryable_and_leaves_no_trace(
    call: str, error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Log.open(tmp_path, Limits(segment_bytes=1)) as log:
        log.append(record(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail(error))
            for _ in range(2):
                with pytest.raises(LogUnavailableError, match=f"{os.strerror(error)}: try again"):
                    log.append(record(2))
        assert numbers_in(log) == [1]
        assert not log.append(record(2)).duplicate
        assert numbers_in(log) == [1, 2]
    with Log.open(tmp_path) as log:
        assert log.recovery.torn_bytes == 0
        assert numbers_in(log) == [1, 2]


def test_a_part_that_was_written_before_the_disk_was_full_is_cut_off(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(record(1))
    (path,) = tmp_path.glob("*.segment")
    before = path.read_bytes()
    real = os.writev

    def write_short(file: int, buffers: list[bytes]) -> int:
        return real(file, [b"".join(buffers)[:50]])

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", write_short)
        patch.setattr(os, "write", fail(28))
        with pytest.raises(LogUnavailableError):
            log.append(record(2))
    assert path.read_bytes() == before
    log.append(record(3))
    assert numbers_in(log) == [1, 3]


def test_a_short_write_is_continued(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    real_writev, real_write = os.writev, os.write
    monkeypatch.setattr(os, "writev", lambda file, buffers: real_writev(file, [b"".join(buffers)[:50]]))
    monkeypatch.setattr(os, "write", lambda file, data: real_write(file, data[:7]))
    log.append(record(1))
    monkeypatch.undo()
    assert numbers_in(log) == [1]


def test_where_even_cutting_fails_the_leftover_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Log.open(tmp_path) as log:
        log.append(record(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", fail(5))
            patch.setattr(os, "ftruncate", fail(5))
            with pytest.raises(LogUnavailableError):
                log.append(record(2))
        log.append(record(3))
        assert numbers_in(log) == [1, 3]
    with Log.open(tmp_path) as log:
        assert numbers_in(log) == [1, 3]


def test_more_buffers_than_one_call_takes_are_written(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", lambda _: 2)
    log.append(record(1))
    assert numbers_in(log) == [1]


def test_a_mistake_of_our_own_leaves_nobody_waiting(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[object] = []
    monkeypatch.setattr("threading.excepthook", caught.append)
    monkeypatch.setattr("sentric_analyzer.log.committer.encode", lambda *_: None)
    for _ in range(2):
        with pytest.raises(LogUnavailableError, match=r"stopped|closed"):
            log.append(record(1))
    poll(lambda: caught)  # the thread says it after it has let the others go
    assert len(caught) == 1
