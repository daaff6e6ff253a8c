"""The two sides of a log in two processes, of which the writing one may be killed at any time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sentric_analyzer.log import (
    Limits,
    Link,
    LogCorruptError,
    LogHeldError,
    LogReader,
    LogUnavailableError,
    LogWriter,
    Record,
    Signal,
)
from support.serving import poll

WRITER = """
import sys
from pathlib import Path
from sentric_analyzer.log import Limits, Link, LogWriter, Record, Signal

memory, bell, first = map(int, sys.argv[2:5])
with LogWriter.open(Path(sys.argv[1]), Link(memory, bell), Limits(segment_bytes=3000)) as log:
    print("open", flush=True)
    for line in sys.stdin:
        for number in range(first, first + int(line)):
            log.append(Record("", Signal.TRACES, str(number).encode().ljust(100, b"."), number))
            print(number, flush=True)
        first += int(line)
"""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[LogReader]:
    with LogReader.open(tmp_path) as opened:
        yield opened


@contextmanager
def writing(directory: Path, reader: LogReader, first: int = 0) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", WRITER, str(directory), *map(str, (*reader.link.files, first))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=reader.link.files
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


def write(process: "subprocess.Popen[str]", count: int) -> None:
    assert process.stdin
    process.stdin.write(f"{count}\n")
    process.stdin.flush()


def numbers(reader: LogReader, position: int = 0, wait: float = 0.0) -> list[int]:
    return [entry.record.received for entry in reader.read(position, wait=wait)]


def record(number: int) -> Record:
    return Record("", Signal.TRACES, str(number).encode().ljust(100, b"."), number)


def test_what_one_process_writes_another_reads_over_many_segments(tmp_path: Path, reader: LogReader) -> None:
    with writing(tmp_path, reader) as writer:
        write(writer, 100)
        poll(lambda: len(numbers(reader)) == 100)
        assert numbers(reader) == list(range(100))
        assert len(list(tmp_path.glob("*.segment"))) > 3
        reader.commit(reader.end)
        write(writer, 1)
        poll(lambda: numbers(reader, reader.committed) == [100])
        assert len(list(tmp_path.glob("*.segment"))) <= 2


def test_a_reader_is_woken_and_does_not_spin(tmp_path: Path, reader: LogReader) -> None:
    with writing(tmp_path, reader) as writer:
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.extend(numbers(reader, wait=1.0)))
        before = time.process_time()
        thread.start()
        write(writer, 5)
        poll(lambda: len(found) == 5)
        thread.join(10)
        assert time.process_time() - before < 0.5


def test_a_writer_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path, reader: LogReader) -> None:
    acknowledged: list[int] = []
    found: list[int] = []
    position = first = 0
    for _ in range(5):
        with writing(tmp_path, reader, first) as writer:
            write(writer, 100_000)
            assert writer.stdout
            acknowledged += [int(writer.stdout.readline()) for _ in range(100)]
            for entry in reader.read(position):
                found.append(entry.record.received)
                position = entry.next_position
                if len(found) % 50 == 0:
                    reader.commit(position)
            writer.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
            first = acknowledged[-1] + 1000
    with LogWriter.open(tmp_path, reader.link):
        found += numbers(reader, position)
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    assert found == sorted(found)


def test_records_are_recognised_by_the_next_writer(tmp_path: Path, reader: LogReader) -> None:
    with LogWriter.open(tmp_path, reader.link) as writer:
        first = writer.append(record(1))
    with LogWriter.open(tmp_path, reader.link) as writer:
        assert writer.append(record(1)) == (first.position, True)


def test_each_side_has_one_process(tmp_path: Path, reader: LogReader, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LogHeldError, match="another process holds this log"):
        LogReader.open(tmp_path)
    monkeypatch.setattr("sentric_analyzer.log.writer._PATIENCE", 0.05)
    with LogWriter.open(tmp_path, reader.link), pytest.raises(LogHeldError):
        LogWriter.open(tmp_path, Link.new())


def test_a_writer_waits_for_one_that_is_ending(tmp_path: Path, reader: LogReader) -> None:
    former = LogWriter.open(tmp_path, reader.link)
    threading.Timer(0.1, former.close).start()
    LogWriter.open(tmp_path, reader.link).close()


def test_a_reader_without_a_writer_yet_waits(reader: LogReader) -> None:
    assert reader.end == 0
    assert numbers(reader, wait=0.01) == []


def test_files_removed_under_a_running_service_are_met_by_the_reader(tmp_path: Path, reader: LogReader) -> None:
    with LogWriter.open(tmp_path, reader.link) as writer:
        for number in range(3):
            writer.append(record(number))
    for path in tmp_path.glob("*.segment"):
        path.unlink()
    with LogWriter.open(tmp_path, reader.link) as writer:
        with pytest.raises(LogCorruptError, match="a file is missing") as caught:
            numbers(reader)
        assert caught.value.next_position == reader.end
        writer.append(record(3))
        with pytest.raises(LogCorruptError) as caught:
            numbers(reader)
        assert numbers(reader, caught.value.next_position) == [3]


def test_nothing_is_acknowledged_into_a_file_that_was_removed(tmp_path: Path, reader: LogReader) -> None:
    with LogWriter.open(tmp_path, reader.link) as writer:
        writer.append(record(0))
        assert numbers(reader) == [0]
        for path in tmp_path.glob("*.segment"):
            path.unlink()
        with pytest.raises(LogUnavailableError, match="its file was removed: try again"):
            writer.append(record(1))
        with pytest.raises(LogCorruptError, match="a file is missing") as caught:
            numbers(reader)
        assert caught.value.next_position == reader.end
        assert not writer.append(record(1)).duplicate
        assert numbers(reader, caught.value.next_position) == [1]


def test_a_last_file_cut_short_under_a_running_service_ends_at_the_next_one(tmp_path: Path, reader: LogReader) -> None:
    with LogWriter.open(tmp_path, reader.link) as writer:
        for number in range(3):
            writer.append(record(number))
    (path,) = tmp_path.glob("*.segment")
    path.write_bytes(path.read_bytes()[:-10])
    with LogWriter.open(tmp_path, reader.link) as writer:
        writer.append(record(3))
        with pytest.raises(LogCorruptError) as caught:
            numbers(reader)
        assert numbers(reader, caught.value.next_position) == [3]


def test_a_disk_near_its_reserve_refuses_until_there_is_space(
    tmp_path: Path, reader: LogReader, monkeypatch: pytest.MonkeyPatch
) -> None:

    class Disk:
        f_bavail, f_frsize = 10, 4096

    monkeypatch.setattr(os, "statvfs", lambda _: Disk)
    monkeypatch.setattr("sentric_analyzer.log.space._INTERVAL", 0.05)
    with LogWriter.open(tmp_path, reader.link, Limits(reserve_bytes=40_000)) as writer:
        writer.append(record(1))
        with pytest.raises(LogUnavailableError, match="less than 40000 bytes of the disk are free beside what comes"):
            writer.append(record(2))
        Disk.f_bavail = 100
        time.sleep(0.06)
        assert not writer.append(record(2)).duplicate
