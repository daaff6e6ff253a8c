"""A request that cannot be worked on is set aside; those that came with it are stored, each once."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fixtures.store_rows import rows
from sentric_analyzer.log import LogReader, Record, Signal
from sentric_analyzer.storage import Request, SpanBatch, Store, embedded_url
from support.load import request_of
from support.log import Log
from support.pipelining import NOW, running

GOOD = [f"good {number}" for number in range(7)]
NAMES = [*GOOD[:5], "poison", *GOOD[5:]]
KEPT = "sentric_pipeline_failed"


def fill(directory: Path) -> None:
    """Requests that will be one batch."""
    with Log.open(directory / "log") as log:
        for name in NAMES:
            log.append(Record((), Signal.TRACES, request_of(1, name), NOW))


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a mistake in reading one of the requests."""
    read = SpanBatch.read

    def failing(requests: Sequence[Request], redactor: Any) -> SpanBatch:
        if any(b"poison" in request.body for request in requests):
            raise ValueError("cannot read sunflower-seven")
        return read(requests, redactor)

    monkeypatch.setattr(SpanBatch, "read", failing)


def stored(directory: Path) -> Counter[str]:
    with Store.open(embedded_url(directory)) as store:
        return Counter(name for (name,) in rows(store, "SELECT SpanName FROM otel_traces"))


@pytest.mark.usefixtures("poisonous")
def test_the_rest_of_a_poisoned_batch_is_stored_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path)
    with running(tmp_path) as there:
        assert there.counted[KEPT, "request"] == 1
        assert there.log.committed == there.log.end
        there.send()
    assert stored(tmp_path) == Counter(GOOD)
    (kept,) = (tmp_path / "set-aside").iterdir()
    assert kept.read_bytes() == request_of(1, "poison")
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    (said,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert f"position {kept.name.partition('-')[0]} of the log" in said
    assert "ValueError in" in said
    assert "sunflower" not in caplog.text
    with running(tmp_path) as there:
        assert there.counted[KEPT, "request"] == 0
    assert stored(tmp_path) == Counter(GOOD)


@pytest.mark.usefixtures("poisonous")
@pytest.mark.parametrize("last", range(1, 4))
def test_a_crash_in_a_poisoned_batch_doubles_nothing(
    last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    commit, commits = LogReader.commit, 0

    def crashing(reader: LogReader, position: int) -> None:
        nonlocal commits
        commits += 1
        if commits == last:
            raise RuntimeError("killed")
        commit(reader, position)

    with monkeypatch.context() as killed:
        killed.setattr(LogReader, "commit", crashing)
        with running(tmp_path, crashing=True) as there:
            assert there.pipeline.failure.startswith("RuntimeError in ")
    with running(tmp_path):
        pass
    assert stored(tmp_path) == Counter(GOOD)
    assert len(list((tmp_path / "set-aside").iterdir())) == 1


def test_what_keeps_every_request_from_being_read_is_no_request_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    read = SpanBatch.read

    def broken(requests: Sequence[Request], redactor: Any) -> SpanBatch:
        nonlocal calls
        calls += 1
        if calls > 1:  # the first warms up
            raise ImportError("of a library that was removed")
        return read(requests, redactor)

    fill(tmp_path)
    with monkeypatch.context() as breaking:
        breaking.setattr(SpanBatch, "read", broken)
        with running(tmp_path, crashing=True) as there:
            assert "ImportError" in there.pipeline.failure
    assert not (tmp_path / "set-aside").exists()
    with running(tmp_path):
        pass
    assert stored(tmp_path) == Counter(NAMES)
