"""Records on disk: whole or not there, in a directory of one's own, and bounded."""

import errno
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentric.guard.link import Spool, SpoolError
from sentric.guard.link import spool as spools
from sentric.guard.link.backlog import Backlog
from sentric.guard.link.directory import Directory
from sentric.guard.link.frames import RECORD_LIMIT, framed, line_at, unframed
from sentric.settings import Settings
from support.linking import Counted

patient = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "guard"


@pytest.fixture
def spool(place: Path) -> Iterator[Spool]:
    found = Spool(str(place), served=True)
    yield found
    found.close()


def kept(place: Path) -> list[list[Any]]:
    """The records in each file, the oldest file first."""
    return [
        [json.loads(told) for line in path.read_bytes().splitlines(keepends=True) if (told := unframed(line))]
        for path in sorted(place.glob("*.spool"))
    ]


def test_a_record_is_on_disk_when_it_is_kept(
    spool: Spool, place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fdatasync

    def fdatasync(file: int) -> None:
        synced.append(os.fstat(file).st_size)
        sync(file)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    for number in range(3):
        spool.keep({"idempotency_key": "k", "number": number, "text": "ünï\n"})
        (path,) = place.iterdir()
        assert synced[-1] == path.stat().st_size
    assert kept(place) == [[{"idempotency_key": "k", "number": n, "text": "ünï\n"} for n in range(3)]]
    assert counted("spool_kept") == len(synced) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert f"-{os.getpid()}-" in path.name


def test_a_record_without_an_idempotency_key_is_given_one(spool: Spool, place: Path) -> None:
    spool.keep({"a": 1})
    assert len(kept(place)[0][0]["idempotency_key"]) == 32


@pytest.mark.parametrize("wrong", [{"a": object()}, {"a": float("inf")}, {"a": "x" * RECORD_LIMIT}])
def test_what_cannot_be_kept_is_an_error(spool: Spool, place: Path, wrong: Any) -> None:
    with pytest.raises(SpoolError, match="the decision"):
        spool.keep(wrong)
    assert not place.exists()


class Failing:
    """A disk that fails: in the middle of a record, or when it must be durable."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, write: bool = False, sync: bool = False, cut: bool = False):
        self._patch = monkeypatch
        self._write = os.write
        if write:
            monkeypatch.setattr(os, "write", self.write)
        if sync:
            monkeypatch.setattr(os, "fdatasync", self.fail)
        if cut:
            monkeypatch.setattr(os, "ftruncate", self.fail)
        self._written = 0

    def fail(self, *_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def write(self, file: int, data: memoryview) -> int:
        if self._written >= 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._written += 7
        return self._write(file, data[:7])


@pytest.mark.parametrize("how", [{"write": True}, {"sync": True}])
def test_a_record_that_is_not_durable_is_taken_back(
    spool: Spool, place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch, how: dict[str, bool]
) -> None:
    spool.keep({"a": 1})
    with monkeypatch.context() as patched:
        Failing(patched, **how)
        for _ in range(3):
            with pytest.raises(SpoolError, match=r"SENTRIC_GUARD_DIR") as caught:
                spool.keep({"a": 2})
        assert "\n" not in str(caught.value)
    assert counted("spool_failed") == 3
    (path,) = place.iterdir()  # files of nothing are not left behind
    assert path.read_bytes().endswith(b"\n")
    spool.keep({"a": 3})
    assert [[record["a"] for record in records] for records in kept(place)] == [[1], [3]]


def test_a_record_that_can_not_even_be_taken_back_is_known_as_torn(
    spool: Spool, place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.keep({"a": 1})
    with monkeypatch.context() as patched:
        Failing(patched, write=True, cut=True)
        with pytest.raises(SpoolError):
            spool.keep({"a": 2})
    spool.keep({"a": 3})
    left = spool.take()
    assert left is not None
    assert json.loads(left.first() or b"")["a"] == 1
    left.drop()
    assert left.first() is None
    assert counted("spool_torn") == 1
    left.close()


def test_short_writes_are_gone_on_with(spool: Spool, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:5]))
    spool.keep({"a": 1})
    assert kept(place)[0][0]["a"] == 1


def test_a_spool_with_a_service_is_full_at_its_limit(
    spool: Spool, place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "LIMIT", 1000)
    place.mkdir(parents=True)
    place.chmod(0o700)
    left = place / f"{1:020d}-1-00000000.spool"
    left.write_bytes(b"x" * 500)
    spool.keep({"a": "x" * 300})
    with pytest.raises(SpoolError, match="full"):
        spool.keep({"a": "x" * 300})
    assert counted("spool_full") == 1
    left.unlink()
    spool.keep({"a": "x" * 300})
    assert len(kept(place)[0]) == 2


def test_a_spool_without_a_service_keeps_the_newest_in_two_files(
    place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "FILE_LIMIT", 1000)
    spool = Spool(str(place), served=False)
    for number in range(20):
        spool.keep({"number": number, "text": "x" * 200})
        assert sum(path.stat().st_size for path in place.iterdir()) <= 2000
    found = kept(place)
    assert len(found) == 2
    numbers = [record["number"] for records in found for record in records]
    assert numbers == list(range(numbers[0], 20))
    assert counted("spool_rotated") >= 4
    spool.close()


def test_only_so_many_files_are_kept_without_a_service(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spools, "MOST_FILES", 3)
    for number in range(6):
        spool = Spool(str(place), served=False)
        spool.keep({"number": number})
        spool.close()
    assert [records[0]["number"] for records in kept(place)] == [2, 3, 4, 5]


def test_files_of_living_processes_are_not_rotated(
    place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "FILE_LIMIT", 400)
    first, second = Spool(str(place), served=False), Spool(str(place), served=False)
    for number in range(2):
        first.keep({"number": number})
        second.keep({"number": number, "text": "x" * 300})
    assert [record["number"] for record in kept(place)[0]] == [0, 1]
    first.close()
    second.close()


def test_many_threads_keep_at_once(spool: Spool, place: Path) -> None:
    def often(n: int) -> None:
        for i in range(4):
            spool.keep({"n": n, "i": i})

    threads = [threading.Thread(target=often, args=[n]) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (records,) = kept(place)
    assert sorted((record["n"], record["i"]) for record in records) == [(n, i) for n in range(16) for i in range(4)]


def test_there_is_one_spool_for_the_same_settings(place: Path) -> None:
    served = Settings(guard_dir=str(place), url="http://127.0.0.1:9")
    assert Spool.of(served) is Spool.of(served)
    assert Spool.of(served) is not Spool.of(Settings(guard_dir=str(place)))


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_directory_that_others_can_write_to_is_refused(spool: Spool, place: Path, mode: int) -> None:
    place.mkdir(parents=True)
    place.chmod(mode)
    with pytest.raises(SpoolError, match=r"others can write to it: chmod 700"):
        spool.keep({"a": 1})
    place.chmod(0o755)
    spool.keep({"a": 1})


def test_a_directory_of_somebody_else_is_refused(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(SpoolError, match="a directory of your own"):
        spool.keep({"a": 1})


def test_a_link_is_no_directory(spool: Spool, place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.parent.mkdir()
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SpoolError, match="cannot be opened as a directory"):
        spool.keep({"a": 1})
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("path", ["/dev/null/guard", "/proc/1/nowhere/guard", "~no-such-user/guard", "a\0b"])
def test_a_directory_that_cannot_be_made_is_told(path: str) -> None:
    with pytest.raises(SpoolError, match="SENTRIC_GUARD_DIR"):
        Spool(path, served=True).keep({"a": 1})


def test_files_that_are_not_what_they_seem_are_not_taken(spool: Spool, place: Path, tmp_path: Path) -> None:
    spool.keep({"a": 1})
    secret = tmp_path / "secret"
    secret.write_bytes(framed({"a": 2}))
    (place / f"{1:020d}-1-00000000.spool").symlink_to(secret)
    os.mkfifo(place / f"{2:020d}-1-00000000.spool")
    (place / f"{3:020d}-1-00000000.spool").mkdir()
    (place / "notes.txt").write_text("mine")
    assert spool.take() is None
    assert spool.first() is not None


def test_a_file_of_a_living_process_is_not_taken_and_of_a_dead_one_is(spool: Spool, place: Path) -> None:
    other = Spool(str(place), served=True)
    other.keep({"a": 1})
    assert spool.take() is None
    other.close()
    left = spool.take()
    assert left is not None
    third = Spool(str(place), served=True)
    assert third.take() is None
    assert json.loads(left.first() or b"")["a"] == 1
    left.remove()
    assert not list(place.iterdir())
    third.close()


def test_a_new_file_that_is_taken_at_once_is_replaced(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = Directory(str(place))
    names = iter(["00000000", "11111111"])
    monkeypatch.setattr("sentric.guard.link.directory.secrets.token_hex", lambda length: next(names))
    locks = iter([False, True])
    monkeypatch.setattr("sentric.guard.link.directory._lock", lambda file: next(locks))
    name, file = directory.create()
    assert name.endswith("-11111111.spool")
    os.close(file)
    monkeypatch.setattr("sentric.guard.link.directory._lock", lambda file: False)
    monkeypatch.setattr("sentric.guard.link.directory.secrets.token_hex", lambda length: os.urandom(4).hex())
    with pytest.raises(OSError, match="taken"):
        directory.create()
    directory.close()


def test_what_has_been_delivered_makes_room(spool: Spool, place: Path) -> None:
    for number in range(2):
        spool.keep({"number": number})
    for number in range(2):
        assert json.loads(spool.first() or b"")["number"] == number
        spool.drop()
    assert spool.first() is None
    (path,) = place.iterdir()
    assert path.stat().st_size == 0
    spool.keep({"number": 2})
    assert json.loads(spool.first() or b"")["number"] == 2


def test_a_file_that_cannot_be_emptied_is_left_behind(
    spool: Spool, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.keep({"a": 1})
    assert spool.first()
    with monkeypatch.context() as patched:
        Failing(patched, cut=True)
        spool.drop()
    spool.drop()
    assert spool.first() is None
    spool.keep({"a": 2})
    assert len(kept(place)) == 2


def test_what_is_refused_for_good_is_set_aside_within_bounds(
    spool: Spool, place: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "REJECTED_LIMIT", 100)
    spool.reject(b'{"a":1}', 422)
    spool.reject(b'{"a":"' + b"x" * 90 + b'"}', 422)
    spool.reject(b'{"a":2}', 409)
    assert (place / "rejected").read_bytes() == b'422 {"a":1}\n409 {"a":2}\n'
    assert stat.S_IMODE((place / "rejected").stat().st_mode) == 0o600
    assert (counted("spool_rejected"), counted("spool_rejected_dropped")) == (2, 1)
    (place / "rejected").unlink()
    os.mkfifo(place / "rejected")
    spool.reject(b"{}", 422)
    assert counted("spool_rejected_dropped") == 2


@patient
@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=4), st.data())
def test_what_is_whole_is_read_and_what_is_not_is_not(records: list[dict[str, str]], data: st.DataObject) -> None:
    content = b"".join(map(framed, records))
    cut = data.draw(st.integers(0, len(content)))
    junk = data.draw(st.binary(max_size=20))
    file = os.memfd_create("records")
    try:
        os.write(file, content[:cut] + junk)
        backlog = Backlog(file, lambda: os.fstat(file).st_size)
        found = []
        while (record := backlog.first()) is not None:
            found.append(json.loads(record))
            backlog.drop()
    finally:
        os.close(file)
    whole = content[:cut].count(b"\n")
    assert found[:whole] == records[:whole]
    assert len(found) <= len(records)


def test_a_line_without_end_is_read_in_pieces(counted: Counted) -> None:
    file = os.memfd_create("records")
    os.ftruncate(file, 3 * RECORD_LIMIT)
    assert len(line_at(file, 0, 3 * RECORD_LIMIT)) < 2 * RECORD_LIMIT
    backlog = Backlog(file, lambda: 3 * RECORD_LIMIT)
    assert backlog.first() is None
    assert counted("spool_torn") < 5
    os.ftruncate(file, 10)
    assert line_at(file, 0, 100) == bytes(10)
    os.close(file)
