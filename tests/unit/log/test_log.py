import asyncio
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sentric_analyzer.log import Limits, LogBusyError, LogError, LogHeldError, LogUnavailableError, Record, Signal
from support.log import Log

SMALL = Limits(segment_bytes=1000)


def record(number: int, *, size: int = 100, projects: tuple[str, ...] = ()) -> Record:
    return Record(projects, Signal.TRACES, str(number).encode().ljust(size, b"."), number)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log.open(tmp_path / "log", SMALL) as opened:
        yield opened


def bodies(log: Log, position: int | None = None) -> list[bytes]:
    return [entry.record.body for entry in log.read(log.committed if position is None else position)]


def segments(log_directory: Path) -> list[str]:
    return sorted(path.name for path in log_directory.glob("*.segment"))


def test_records_are_read_in_the_order_in_which_they_were_appended(log: Log) -> None:
    written = [record(number, projects=("päivä", "b")) for number in range(50)]
    positions = [log.append(each).position for each in written]

    entries = list(log.read(0))

    assert [entry.record for entry in entries] == written
    assert [entry.position for entry in entries] == positions == sorted(positions)
    assert entries[-1].next_position == log.end


def test_reading_can_begin_at_every_next_position(log: Log) -> None:
    for number in range(30):
        log.append(record(number))
    entries = list(log.read(0))
    for index, entry in enumerate(entries):
        assert [later.record for later in log.read(entry.next_position)] == [
            later.record for later in entries[index + 1 :]
        ]


def test_a_log_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    for number in range(5):
        with Log.open(tmp_path, SMALL) as log:
            log.append(record(number))
    with Log.open(tmp_path, SMALL) as log:
        assert bodies(log) == [record(number).body for number in range(5)]
        assert log.recovery.torn_bytes == 0
        assert not log.recovery.damage


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "log"
    with Log.open(directory) as log:
        log.append(record(1))
        log.commit(log.end)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_append_returns_after_the_data_is_synced(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    syncing, go_on = threading.Event(), threading.Event()
    real = os.fdatasync

    def slow_sync(file: int) -> None:
        syncing.set()
        assert go_on.wait(10)
        real(file)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    with ThreadPoolExecutor(1) as pool:
        appended = pool.submit(log.append, record(1))
        assert syncing.wait(10)
        assert not appended.done()
        assert bodies(log) == []  # nor is it shown to readers
        go_on.set()
        appended.result(10)
    assert len(bodies(log)) == 1


def test_what_waits_together_is_synced_together(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    first, go_on = threading.Event(), threading.Event()

    def count(file: int) -> None:
        syncs.append(file)
        first.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", count)
    with ThreadPoolExecutor(21) as pool:
        pool.submit(log.append, record(0))
        assert first.wait(10)
        rest = [pool.submit(log.append, record(number)) for number in range(1, 20)]
        poll(lambda: len(log.writer._committer._waiting) == 19)
        go_on.set()
        for each in rest:
            each.result(10)
    assert len(syncs) == 2


async def test_an_event_loop_appends_without_being_held_up(log: Log) -> None:
    receipts = await asyncio.gather(*(log.append_async(record(number)) for number in range(200)))

    assert len({receipt.position for receipt in receipts}) == 200
    assert len(bodies(log)) == 200


async def test_a_caller_that_gives_up_leaves_the_record_to_the_log(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    syncing, go_on = threading.Event(), threading.Event()

    def slow_sync(_: int) -> None:
        syncing.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    first = asyncio.create_task(log.append_async(record(1)))
    await asyncio.to_thread(syncing.wait, 10)
    again = asyncio.create_task(log.append_async(record(1)))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()

    assert (await again).duplicate
    assert len(bodies(log)) == 1
    with pytest.raises(asyncio.CancelledError):
        await first


def test_a_record_that_comes_again_is_kept_once(log: Log) -> None:
    first, other = log.append(record(1)), log.append(record(1, projects=("another",)))
    again = log.append(Record((), Signal.TRACES, record(1).body, received=99))

    assert again == (first.position, True)
    assert not first.duplicate
    assert not other.duplicate
    assert not log.append(Record((), Signal.LOGS, record(1).body, 1)).duplicate
    assert len(bodies(log)) == 3


def test_a_record_that_comes_again_is_recognised_after_a_restart(tmp_path: Path) -> None:
    with Log.open(tmp_path, SMALL) as log:
        positions = [log.append(record(number)).position for number in range(40)]
    with Log.open(tmp_path, SMALL) as log:
        assert len(segments(tmp_path)) > 3
        assert [log.append(record(number)) for number in range(40)] == [(place, True) for place in positions]


def test_the_window_of_recognised_records_is_bounded(tmp_path: Path) -> None:
    limits = Limits(segment_bytes=1000, window=10)
    with Log.open(tmp_path, limits) as log:
        for number in range(30):
            log.append(record(number))
        assert not log.append(record(0)).duplicate
        assert log.append(record(25)).duplicate
    with Log.open(tmp_path, limits) as log:
        assert not log.append(record(10)).duplicate
        assert log.append(record(28)).duplicate


def test_a_committed_position_lasts_and_gives_back_space(tmp_path: Path) -> None:
    with Log.open(tmp_path, SMALL) as log:
        for number in range(40):
            log.append(record(number))
        before = segments(tmp_path)
        middle = list(log.read(0))[20]
        log.commit(middle.position)
        assert 0 < len(segments(tmp_path)) < len(before)
    with Log.open(tmp_path, SMALL) as log:
        assert log.committed == middle.position
        assert bodies(log) == [record(number).body for number in range(20, 40)]
        log.commit(log.end)
        assert bodies(log) == []
        assert len(segments(tmp_path)) == 1


def test_the_boundary_of_what_is_worked_on_lasts(tmp_path: Path) -> None:
    with Log.open(tmp_path) as log:
        assert log.begun == 0
        first = log.append(record(1))
        log.append(record(2))
        (entry, _) = log.read(first.position)
        log.begin(entry.next_position)
    with Log.open(tmp_path) as log:
        assert (log.committed, log.begun) == (0, entry.next_position)


def test_only_a_position_of_the_log_can_be_committed(log: Log) -> None:
    log.append(record(1))
    with pytest.raises(ValueError, match="cannot commit"):
        log.commit(log.end + 1)
    log.commit(log.end)
    with pytest.raises(ValueError, match="cannot commit"):
        log.commit(0)


def test_positions_never_go_back_even_if_every_segment_is_lost(tmp_path: Path) -> None:
    with Log.open(tmp_path) as log:
        log.append(record(1))
        log.commit(log.end)
        end = log.end
    for path in tmp_path.glob("*.segment"):
        path.unlink()
    with Log.open(tmp_path) as log:
        assert log.append(record(2)).position > end
        assert bodies(log) == [record(2).body]


def test_a_position_that_cannot_be_kept_leaves_the_old_one(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append(record(1))
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(LogUnavailableError, match="No space left"):
        log.commit(log.end)
    assert log.committed == 0
    monkeypatch.undo()
    log.commit(log.end)
    assert log.committed == log.end


def refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_reader_waits_for_what_is_to_come(log: Log) -> None:
    seen: list[bytes] = []

    def follow() -> None:
        seen.extend(entry.record.body for entry in log.read(0, wait=None))

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(20):
        log.append(record(number))
    poll(lambda: len(seen) == 20)
    log.release_readers()
    reader.join(10)
    assert not reader.is_alive()


def test_a_reader_ends_when_nothing_comes_for_so_long(log: Log) -> None:
    log.append(record(1))
    assert len(list(log.read(0, wait=0.01))) == 1


def test_closing_ends_a_waiting_reader_and_refuses_records(tmp_path: Path) -> None:
    log = Log.open(tmp_path)
    reader = threading.Thread(target=lambda: list(log.read(0, wait=None)))
    reader.start()
    log.close()
    reader.join(10)
    assert not reader.is_alive()
    with pytest.raises(LogUnavailableError, match="closed"):
        log.append(record(1))
    assert not [thread for thread in threading.enumerate() if thread.name == "sentric-log"]


def test_closing_writes_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log.open(tmp_path)
    syncing, go_on = threading.Event(), threading.Event()

    def slow_sync(_: int) -> None:
        syncing.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(log.append, record(1))
        assert syncing.wait(10)
        second = pool.submit(log.append, record(2))
        poll(lambda: len(log.writer._committer._waiting) == 1)
        closing = pool.submit(log.close)
        go_on.set()
        closing.result(10)
        assert first.result(10).position < second.result(10).position


def test_more_than_the_queue_takes_is_refused_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncing, go_on = threading.Event(), threading.Event()

    def slow_sync(_: int) -> None:
        syncing.set()
        assert go_on.wait(10)

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    with Log.open(tmp_path, Limits(queue_bytes=2000)) as log, ThreadPoolExecutor(3) as pool:
        pool.submit(log.append, record(1))
        assert syncing.wait(10)
        pool.submit(log.append, record(2, size=5000))  # alone in the queue, it may be larger than that
        poll(lambda: len(log.writer._committer._waiting) == 1)
        with pytest.raises(LogBusyError):
            log.append(record(3))
        go_on.set()
        poll(lambda: len(bodies(log)) == 2)
        assert not log.append(record(3)).duplicate


def test_a_backlog_over_its_bound_refuses_until_it_is_committed(tmp_path: Path) -> None:
    with Log.open(tmp_path, Limits(backlog_bytes=500)) as log:
        for number in range(4):
            log.append(record(number))
        with pytest.raises(LogBusyError):
            log.append(record(9))
        log.commit(log.end)
        log.append(record(9))


def test_a_directory_that_another_process_holds_is_one_line(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from sentric_analyzer.log import LogReader\n"
    program += "log = LogReader.open(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(LogHeldError, match="another process holds this log: stop it") as caught:
            Log.open(tmp_path)
        assert "\n" not in str(caught.value)
        holder.kill()
    Log.open(tmp_path).close()


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogError, match="cannot be opened"):
        Log.open(tmp_path / "file" / "log")


@pytest.mark.parametrize("held", ["soon\n", "\0\0\0", f"{2**64}\n"])
def test_a_committed_file_that_holds_no_position_is_one_line_and_lets_go(tmp_path: Path, held: str) -> None:
    (tmp_path / "committed").write_text(held)
    for _ in range(2):
        with pytest.raises(LogError, match="does not hold a position: remove it"):
            Log.open(tmp_path)
    (tmp_path / "committed").unlink()
    Log.open(tmp_path).close()


def poll(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.001)
