"""Steps in a thread of their own, also after a fork, and no longer than somebody needs them."""

import subprocess
import sys
import threading
from threading import Event

import pytest

from sentric.guard.supply.turns import Turns
from support.serving import poll

CODE = """
import os, signal, threading
from sentric.guard.supply.turns import Turns

class Steps:
    def __init__(self):
        self.in_process, self.wake = set(), threading.Event()
    def step(self):
        self.in_process.add(os.getpid())
        return 0.01

steps = Steps()
turns = Turns("t", steps)
turns.start()
assert turns.wait_for_first(60)
turns._lock.acquire()  # as if another thread were just starting it
if (child := os.fork()) == 0:
    signal.alarm(60)
    assert [one.name for one in threading.enumerate()] == ["MainThread"]
    assert turns.wait_for_first(0)
    turns.start()
    while os.getpid() not in steps.in_process:
        threading.Event().wait(0.01)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


class Steps:
    def __init__(self, seconds: float = 0.0, *, failing: bool = False) -> None:
        self.seconds, self.failing = seconds, failing
        self.done = 0
        self.begun, self.go_on, self.several = Event(), Event(), Event()

    def step(self) -> float:
        self.begun.set()
        self.go_on.wait(60)
        self.done += 1
        if self.done > 2:
            self.several.set()
        if self.failing:
            raise LookupError("a bug")
        return self.seconds


def threads(name: str) -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == name]


def test_steps_are_done_in_one_daemon_thread_until_nobody_needs_them() -> None:
    steps = Steps()
    steps.go_on.set()
    turns = Turns("many", steps)
    assert threads("many") == []
    for _ in range(3):
        turns.start()
    (thread,) = threads("many")
    assert thread.daemon
    seen = steps.several
    assert seen.wait(60)
    del steps
    poll(lambda: not thread.is_alive())


def test_whoever_waits_for_an_hour_ends_too() -> None:
    steps = Steps(3600)
    steps.go_on.set()
    turns = Turns("hour", steps)
    turns.start()
    assert turns.wait_for_first(60)
    del steps
    poll(lambda: threads("hour") == [])


def test_a_step_is_done_at_once_when_it_is_asked_for_also_during_another() -> None:
    steps = Steps(3600)
    turns = Turns("woken", steps)
    turns.start()
    assert steps.begun.wait(60)
    turns.wake()
    steps.go_on.set()
    poll(lambda: steps.done == 2)
    turns.wake()
    poll(lambda: steps.done == 3)


def test_all_who_wait_for_the_first_step_wait_no_longer_than_since_the_first_of_them() -> None:
    steps = Steps(3600)
    turns = Turns("late", steps)
    turns.start()
    assert not turns.wait_for_first(0.01)
    assert not turns.wait_for_first(3600)
    steps.go_on.set()
    poll(lambda: turns.wait_for_first(0))


def test_a_bug_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    steps = Steps(failing=True)
    steps.go_on.set()
    turns = Turns("failing", steps)
    turns.start()
    assert turns.wait_for_first(60)
    turns.wake()
    poll(lambda: steps.done == 2)
    assert threads("failing")
    assert "LookupError" in caplog.text


def test_where_no_thread_can_be_started_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = Steps(3600)
    steps.go_on.set()
    turns = Turns("refused", steps)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        turns.start()
        assert not turns.wait_for_first(0.01)
    turns.start()
    poll(lambda: steps.done == 1)


def test_what_came_along_into_a_child_is_begun_anew() -> None:
    steps = Steps(3600)
    turns = Turns("anew", steps)
    turns.start()
    assert not turns.wait_for_first(0)
    turns.in_child()
    turns._lock.acquire()
    turns.in_child()
    turns.start()
    assert len(threads("anew")) == 2
    steps.go_on.set()
    assert turns.wait_for_first(60)
    turns.in_child()
    assert turns.wait_for_first(0)


def test_a_forked_child_goes_on_with_a_thread_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("7\n", "")
