"""A lane does what it is given, also beside what hangs."""

import threading
from functools import partial

import pytest

from sentric_analyzer.approvals.lane import Lane
from support.serving import poll


def test_what_hangs_holds_up_nothing_while_there_are_threads() -> None:
    lane, hanging, done = Lane("test", threads=2), threading.Event(), list[int]()

    def hang() -> None:
        hanging.wait()

    assert lane.put(hang)
    for number in range(5):
        assert lane.put(partial(done.append, number))
    poll(lambda: done == [0, 1, 2, 3, 4])
    hanging.set()
    lane.end()


def test_what_is_too_much_is_refused() -> None:
    lane, hanging, done = Lane("test", threads=1, most_waiting=2), threading.Event(), list[int]()
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        hanging.wait()

    assert lane.put(hang)
    assert begun.wait(10)
    assert lane.put(lambda: done.append(1))
    assert lane.put(lambda: done.append(2))
    assert not lane.put(lambda: done.append(3))
    hanging.set()
    poll(lambda: done == [1, 2])
    lane.end()


def test_what_fails_ends_no_lane(caplog: pytest.LogCaptureFixture) -> None:
    lane, done = Lane("test", threads=1), list[int]()

    def fail() -> None:
        raise ValueError("no")

    lane.put(fail)
    lane.put(lambda: done.append(1))
    poll(lambda: done == [1])
    assert "a task failed" in caplog.text
    lane.end()


def test_after_its_end_nothing_begins() -> None:
    lane, hanging, done = Lane("test", threads=1), threading.Event(), list[int]()
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        hanging.wait()

    lane.put(hang)
    assert begun.wait(10)
    lane.put(lambda: done.append(1))
    lane.end()
    assert not lane.put(lambda: done.append(2))
    hanging.set()
    poll(lambda: not [thread for thread in threading.enumerate() if thread.name == "test"])
    assert done == []
