import logging
import os
import shutil
import struct
import zlib
from pathlib import Path

import pytest

from sentric_analyzer.log import Limits, LogCorruptError, LogError, Record, Signal
from sentric_analyzer.log.frame import encode
from sentric_analyzer.log.segment import HEADER_BYTES, Segment
from support.log import Log

OLD_MARKER = b"\xf5STR"
SMALL = Limits(segment_bytes=400)


def record(number: int) -> Record:
    return Record(("p",), Signal.TRACES, str(number).encode().ljust(60, b"."), number)


def write(directory: Path, numbers: range, limits: Limits | None = None) -> list[int]:
    """Append records; the positions after them."""
    with Log.open(directory, limits) as log:
        for number in numbers:
            log.append(record(number))
        return [entry.next_position for entry in log.read(0)]


def numbers_in(log: Log) -> list[int]:
    """What can be read, damage left out."""
    found: list[int] = []
    position = log.committed
    while True:
        try:
            for entry in log.read(position):
                found.append(entry.record.received)
                position = entry.next_position
        except LogCorruptError as damage:
            position = damage.next_position
        else:
            return found


def only_segment(directory: Path) -> Path:
    (path,) = directory.glob("*.segment")
    return path


def test_a_tail_torn_anywhere_is_cut_off_and_counted(tmp_path: Path) -> None:
    ends = write(tmp_path / "whole", range(3))
    content = only_segment(tmp_path / "whole").read_bytes()
    for length in range(0, len(content), 3):
        torn = tmp_path / "torn"
        shutil.rmtree(torn, ignore_errors=True)
        shutil.copytree(tmp_path / "whole", torn)
        only_segment(torn).write_bytes(content[:length])
        whole = sum(end <= length for end in ends)
        kept = ends[whole - 1] if whole else 0

        with Log.open(torn) as log:
            assert numbers_in(log) == list(range(whole))
            assert log.recovery.torn_bytes == (length - kept if whole else max(length - HEADER_BYTES, 0))
            log.append(record(7))
            assert numbers_in(log) == [*range(whole), 7]
        with Log.open(torn) as log:
            assert log.recovery.torn_bytes == 0
            assert numbers_in(log) == [*range(whole), 7]


@pytest.mark.parametrize("junk", [b"\0" * 5000, b"\xf5STR" * 100, b"junk"])
def test_junk_behind_the_last_record_is_cut_off(junk: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, range(3))
    with only_segment(tmp_path).open("ab") as file:
        file.write(junk)
    with Log.open(tmp_path) as log:
        assert log.recovery.torn_bytes == len(junk)
        assert numbers_in(log) == [0, 1, 2]
    assert [entry.levelno for entry in caplog.records] == [logging.WARNING]


def test_damage_before_whole_records_is_reported_and_loses_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ends = write(tmp_path, range(5))
    path = only_segment(tmp_path)
    content = bytearray(path.read_bytes())
    content[ends[1] + 30] ^= 1
    path.write_bytes(content)

    with Log.open(tmp_path) as log:
        (damage,) = log.recovery.damage
        assert damage.startswith(f"{path}: {ends[2] - ends[1]} bytes from byte {ends[1]} on are damaged or missing")
        assert damage in caplog.text
        assert numbers_in(log) == [0, 1, 3, 4]
        with pytest.raises(LogCorruptError, match="are damaged or missing: the requests in them are lost") as caught:
            list(log.read(0))
        assert (caught.value.position, caught.value.next_position) == (ends[1], ends[2])


def test_damage_in_an_older_segment_is_met_by_the_reader(tmp_path: Path) -> None:
    write(tmp_path, range(12), SMALL)
    oldest, second, *_ = sorted(tmp_path.glob("*.segment"))
    content = oldest.read_bytes()
    oldest.write_bytes(content[:-5] + b"-----")

    with Log.open(tmp_path, SMALL) as log:
        assert not log.recovery.damage
        with pytest.raises(LogCorruptError) as caught:
            list(log.read(0))
        assert caught.value.next_position == int(second.stem[:20])
        found = numbers_in(log)
    assert len(found) == 11


@pytest.mark.parametrize(("index", "message"), [(0, "a file is missing"), (1, "damaged or missing")])
def test_a_missing_segment_is_met_by_the_reader(index: int, message: str, tmp_path: Path) -> None:
    write(tmp_path, range(12), SMALL)
    paths = sorted(tmp_path.glob("*.segment"))
    paths[index].unlink()
    with Log.open(tmp_path, SMALL) as log:
        with pytest.raises(LogCorruptError, match=message) as caught:
            list(log.read(0))
        assert caught.value.next_position == int(paths[index + 1].stem[:20])
        assert 0 < len(numbers_in(log)) < 12


def test_records_behind_a_damaged_header_are_kept(tmp_path: Path) -> None:
    write(tmp_path, range(3))
    path = only_segment(tmp_path)
    path.write_bytes(b"?" * HEADER_BYTES + path.read_bytes()[HEADER_BYTES:])
    with Log.open(tmp_path) as log:
        assert numbers_in(log) == [0, 1, 2]


@pytest.mark.parametrize("cut", [0, 5])
def test_what_a_sender_puts_into_a_body_is_never_taken_for_a_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    forged = Record(("another project",), Signal.TRACES, b"forged", 7)
    misleading = OLD_MARKER + (100_000).to_bytes(4, "little") + bytes(4)
    body = b"".join(encode(forged, forged.digest(), OLD_MARKER)) + misleading * 20_000
    with Log.open(tmp_path) as log:
        log.append(Record(("p",), Signal.TRACES, body, 1))
    path = only_segment(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - cut] if cut else content[:30] + b"?" + content[31:])
    read = 0

    def counting(file: int, length: int, offset: int) -> bytes:
        nonlocal read
        found = pread(file, length, offset)
        read += len(found)
        return found

    pread = os.pread
    monkeypatch.setattr(os, "pread", counting)
    with Log.open(tmp_path) as log:
        assert numbers_in(log) == []
    assert read < 4 * len(content)


def test_segments_that_have_no_marker_in_their_names_are_read_and_followed(tmp_path: Path) -> None:
    old = Segment(tmp_path / f"{0:020d}.segment", 0)
    old.path.write_bytes(old.header() + b"".join(encode(record(0), record(0).digest(), OLD_MARKER)))
    with Log.open(tmp_path) as log:
        log.append(record(1))
        assert numbers_in(log) == [0, 1]
        assert log.append(record(0)).duplicate


def test_a_segment_of_another_version_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, range(1))
    path = only_segment(tmp_path)
    content = bytearray(path.read_bytes())
    content[8] = 9
    path.write_bytes(content)
    with pytest.raises(LogError, match="written in form 9 of the log") as caught:
        Log.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_segments_are_left_alone(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("copy.segment", "7.segment", f"{7:020d}-copy.segment")]
    for path in paths:
        path.write_text("mine")
    (tmp_path / f"{8:020d}.segment").symlink_to(paths[0])
    (tmp_path / f"{9:020d}.segment").mkdir()
    os.mkfifo(tmp_path / f"{10:020d}.segment")
    write(tmp_path, range(1))
    assert [path.read_text() for path in paths] == ["mine"] * 3


def flip(path: Path, offset: int) -> None:
    """Change a bit of a byte."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("place", ["marker", "body"])
def test_what_damage_has_taken_is_taken_again_and_what_lies_behind_it_is_not(place: str, tmp_path: Path) -> None:
    ends = write(tmp_path, range(3))
    flip(only_segment(tmp_path), HEADER_BYTES if place == "marker" else ends[0] - 1)
    with Log.open(tmp_path) as log:
        assert [log.append(record(number)).duplicate for number in range(3)] == [False, True, True]
        assert sorted(numbers_in(log)) == [0, 1, 2]


def test_records_of_segments_that_are_gone_are_recognised_after_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        with Log.open(tmp_path, SMALL) as log:
            for number in range(12):
                log.append(record(number))
            log.commit(log.end)
    with Log.open(tmp_path, SMALL) as log:
        assert not numbers_in(log)
        assert [log.append(record(number)).duplicate for number in range(13)] == [True] * 12 + [False]


def test_also_after_a_crash(tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    with Log.open(tmp_path / "running", SMALL) as log:
        for number in range(12):
            log.append(record(number))
        log.commit(log.end)
        shutil.copytree(tmp_path / "running", crashed)
    for new in (12, 13):
        with Log.open(crashed, SMALL) as log:
            assert all(log.append(record(number)).duplicate for number in range(new))
            assert not log.append(record(new)).duplicate
            log.commit(log.end)


def test_no_more_is_kept_of_them_than_is_recognised(tmp_path: Path) -> None:
    limits = Limits(segment_bytes=400, window=10)
    with Log.open(tmp_path, limits) as log:
        for number in range(100):
            log.append(record(number))
            log.commit(log.end)
    kept = list(tmp_path.glob("*.recognised"))
    assert 1 < len(kept) < 6
    with Log.open(tmp_path, limits) as log:
        assert [log.append(record(number)).duplicate for number in (99, 91, 80)] == [True, True, False]


@pytest.mark.parametrize("content", [b"", b"SENTRDIG", b"junk" * 20])
def test_what_was_kept_and_is_damaged_is_read_from_the_segment(content: bytes, tmp_path: Path) -> None:
    write(tmp_path, range(12), SMALL)
    for path in tmp_path.glob("*.recognised"):
        path.write_bytes(content)
    with Log.open(tmp_path, SMALL) as log:
        assert all(log.append(record(number)).duplicate for number in range(12))


def test_without_room_for_what_is_kept_the_log_goes_on(tmp_path: Path) -> None:
    (tmp_path / f"{0:020d}.new").mkdir()
    write(tmp_path, range(12), SMALL)
    with Log.open(tmp_path, SMALL) as log:
        assert all(log.append(record(number)).duplicate for number in range(12))


@pytest.mark.parametrize(("code", "projects"), [(9, b"p"), (1, b"\xff\xfe")])
def test_a_whole_record_that_says_what_nobody_can_is_damage(code: int, projects: bytes, tmp_path: Path) -> None:
    write(tmp_path, range(2))
    path = only_segment(tmp_path)
    marker = bytes.fromhex(path.stem.partition("-")[2])
    payload = struct.pack("<QB16sH", 5, code, b"d" * 16, len(projects)) + projects + b"body"
    length = struct.pack("<I", len(payload))
    with path.open("ab") as file:
        file.write(marker + length + struct.pack("<I", zlib.crc32(length + payload)) + payload)
    with Log.open(tmp_path) as log:
        assert numbers_in(log) == [0, 1]


@pytest.mark.parametrize("held", [b"919 00000000\n", b"9" * 20, b"9223372036854775808\n", b"-1\n", b"1 \n", b"1x\n"])
def test_a_position_that_is_damaged_is_one_line(held: bytes, tmp_path: Path) -> None:
    write(tmp_path, range(2))
    (tmp_path / "committed").write_bytes(held)
    with pytest.raises(LogError, match="does not hold a position: remove it"):
        Log.open(tmp_path)


def test_a_changed_digit_of_a_position_does_not_go_unseen(tmp_path: Path) -> None:
    with Log.open(tmp_path) as log:
        log.append(record(1))
        log.commit(log.end)
    committed = tmp_path / "committed"
    committed.write_bytes(b"9" + committed.read_bytes()[1:])
    with pytest.raises(LogError, match="does not hold a position"):
        Log.open(tmp_path)


def test_a_position_of_before_there_were_checksums_is_read(tmp_path: Path) -> None:
    ends = write(tmp_path, range(3))
    (tmp_path / "committed").write_text(f"{ends[0]}\n")
    with Log.open(tmp_path) as log:
        assert numbers_in(log) == [1, 2]


def test_a_position_behind_the_end_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, range(3))
    (tmp_path / "committed").write_text("999999\n")
    with Log.open(tmp_path) as log:
        assert not numbers_in(log)
    assert "is said to be done with, and the log ends at" in caplog.text


def test_a_pipe_is_no_position_and_a_number_without_end_no_segment(tmp_path: Path) -> None:
    (tmp_path / f"{'9' * 20}.segment").write_bytes(b"")
    write(tmp_path, range(2))
    os.mkfifo(tmp_path / "committed")
    with pytest.raises(LogError, match="does not hold a position"):
        Log.open(tmp_path)
