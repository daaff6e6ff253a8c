import logging
import threading
import time

import pytest

from sentric_analyzer.control import housekeeping
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.housekeeping import Housekeeping
from support.serving import poll


class Task:
    """Something to do, which fails while it is told to."""

    def __init__(self) -> None:
        self.times = 0
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.times += 1
        if self.error:
            raise self.error


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_thing_is_done_when_it_is_due() -> None:
    often, seldom, clock = Task(), Task(), Clock()
    keeping = Housekeeping([(1.0, often), (5.0, seldom)], clock=clock)
    for second in range(1, 11):
        clock.now = float(second)
        keeping.do()
        keeping.do()
    assert (often.times, seldom.times) == (10, 2)


def test_what_fails_is_told_once_until_it_is_done_and_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    often, seldom, clock = Task(), Task(), Clock()
    keeping = Housekeeping([(1.0, seldom), (1.0, often)], clock=clock)
    keeping_rarely = Housekeeping([(1.0, often), (5.0, seldom)], clock=clock)
    seldom.error = ControlError("the store is away")
    for second in range(1, 5):
        clock.now = float(second)
        keeping.do()
        assert keeping.failure()
    assert often.times == 4
    assert [record.message for record in caplog.records] == ["housekeeping: the store is away"]
    seldom.error = None
    clock.now = 5.0
    keeping.do()
    assert keeping.failure() == ""
    # What failed has failed until it is done, not until something else is.
    caplog.clear()
    seldom.error = ControlError("the store is away")
    for second in range(10, 20):
        clock.now = float(second)
        keeping_rarely.do()
        assert keeping_rarely.failure()
    assert len(caplog.records) == 1


def test_what_is_seldom_due_and_failed_is_done_again_soon() -> None:
    often, seldom, clock = Task(), Task(), Clock()
    keeping = Housekeeping([(1.0, often), (3600.0, seldom)], clock=clock)
    seldom.error = ControlError("the store is away")
    clock.now = 3600.0
    keeping.do()
    assert keeping.failure()
    seldom.error = None
    clock.now += housekeeping.RETRY_SECONDS
    keeping.do()
    assert (keeping.failure(), seldom.times) == ("", 2)


def test_a_bug_of_ours_is_told_with_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    task, clock = Task(), Clock()
    task.error = ZeroDivisionError("x")
    keeping = Housekeeping([(1.0, task)], clock=clock)
    clock.now = 1.0
    with caplog.at_level(logging.ERROR):
        keeping.do()
    assert caplog.records[0].exc_info is not None


def test_the_thread_outlives_failures_and_ends_when_it_is_told() -> None:
    task = Task()
    task.error = ZeroDivisionError("x")
    with Housekeeping([(0.001, task)]) as keeping:
        poll(lambda: task.times > 3)
        assert keeping.failure()
        task.error = None
        poll(lambda: not keeping.failure())
    times = task.times
    assert not keeping._thread.is_alive()
    assert task.times == times


def test_what_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "HANGING", 0.05)
    hanging, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        go_on.wait()

    with Housekeeping([(0.001, hang)]) as keeping:
        hanging.wait()
        began = time.monotonic()
    assert time.monotonic() - began < 5.0
    go_on.set()
    keeping._thread.join()
