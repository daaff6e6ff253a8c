import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from sentric.errors import SentricError
from sentric_analyzer.processes import Child, ChildError, Counted
from sentric_analyzer.receiver import PortError
from support.serving import poll


@contextmanager
def running(function: str, argument: object = None, **options: Any) -> Iterator[Child]:
    child = Child("tester", f"support.children:{function}", argument=lambda: argument, **options)
    child.start()
    try:
        child.wait_ready()
        yield child
    finally:
        child.stop(5)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_child_is_another_process_that_is_given_its_argument_and_answers() -> None:
    said: list[Any] = []
    heard: list[str] = []
    with running("echo", {"a": 1}, on_ready=said.append, on_message=heard.append) as child:
        child.send("hello")
        poll(lambda: heard == ["HELLO"])
    assert said == [(child.pid, {"a": 1})]
    assert child.pid != os.getpid()
    assert is_gone(child.pid)


def test_what_it_writes_is_for_its_owner_only() -> None:
    heard: list[str] = []
    with running("echo", on_message=heard.append) as child:
        child.send("umask")
        poll(lambda: heard == ["0o77"])


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("port", PortError, "--x 1:2: cannot listen there"),
        ("bug", ChildError, "ZeroDivisionError in __main__.py, line "),
        ("unpicklable", SentricError, "of a class that the parent does not know"),
        ("exit", ChildError, "the tester ended with status 7"),
        ("kill", ChildError, "the tester was killed by signal 9"),
    ],
)
def test_a_death_at_the_start_is_reported_at_once_and_not_repeated(
    how: str, kind: type[SentricError], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    deaths: list[SentricError] = []
    with pytest.raises(kind) as caught, running("refuse", how, on_death=deaths.append):
        pass
    assert type(caught.value) is kind
    assert str(caught.value).startswith(words)
    assert deaths == []
    assert ("Traceback" in capfd.readouterr().err) == (how == "bug")


def test_a_child_that_dies_is_started_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    said: list[Any] = []
    deaths: list[SentricError] = []
    with running("echo", on_ready=said.append, on_death=deaths.append) as child:
        for lives in (2, 3):
            child.send("die")
            poll(lambda lives=lives: len(said) == lives)
        child.send("fail")
        poll(lambda: len(said) == 4)
    assert len({pid for pid, _ in said}) == 4
    assert [str(death) for death in deaths] == ["the tester was killed by signal 9"] * 2 + ["it is enough: rest"]
    assert [record.getMessage() for record in caplog.records] == [
        "the tester has ended, and is started again: the tester was killed by signal 9",
        "the tester has ended, and is started again: it is enough: rest",
    ]


def test_a_child_that_cannot_come_up_again_is_tried_ever_more_rarely(tmp_path: Path) -> None:
    deaths: list[float] = []
    with running("once", str(tmp_path / "once"), on_death=lambda _: deaths.append(time.monotonic())) as child:
        poll(lambda: len(deaths) == 4)
        with pytest.raises(ChildError, match="the tester is not running"):
            child.send("x")
    assert deaths[3] - deaths[2] > 0.4


@pytest.mark.parametrize(
    ("function", "argument", "word", "why"),
    [
        ("echo", None, "die", "the tester was killed by signal 9"),
        ("echo", None, "fail", "it is enough: rest"),
        ("refuse", "exit", "", "the tester ended with status 7"),
    ],
)
def test_a_child_that_is_there_once_tells_its_end_and_is_not_started_again(
    function: str, argument: object, word: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    deaths: list[str] = []
    child = Child(
        "tester",
        f"support.children:{function}",
        argument=lambda: argument,
        on_ready=lambda _: child.send(word),
        on_death=lambda error: deaths.append(str(error)),
        once=True,
    )
    child.start()
    poll(lambda: deaths)
    child._thread.join(5)
    assert not child._thread.is_alive()
    child.stop(5)
    assert deaths == [why]
    assert caplog.records == []


def test_a_child_that_is_there_once_and_is_stopped_has_not_died() -> None:
    deaths: list[SentricError] = []
    with running("echo", on_death=deaths.append, once=True):
        pass
    assert deaths == []


def test_a_child_that_hears_nothing_is_killed_at_the_deadline() -> None:
    child = Child("tester", "support.children:deaf", argument=lambda: None)
    child.start()
    child.wait_ready()
    begun = time.monotonic()
    child.stop(0.2)
    assert time.monotonic() - begun < 3
    assert child.pid
    assert is_gone(child.pid)


def test_a_child_that_is_stopped_while_it_starts_is_gone(tmp_path: Path) -> None:
    child = Child("tester", "support.children:echo", argument=lambda: None)
    child.start()
    child.stop(5)
    poll(lambda: child.pid is None or is_gone(child.pid))


def test_a_tick_comes_when_nothing_else_does_and_counts_arrive_in_sums() -> None:
    counted: list[Counted] = []
    with running("tick", on_message=counted.append):
        poll(lambda: len(counted) > 3)
    counts: list[tuple[str, str, int]] = []
    counted[0].add_to(lambda name, value, amount: counts.append((name, value, amount)))
    assert counts == [("ticks", "all", 1)]


def test_signals_of_the_terminal_are_left_to_the_parent() -> None:
    heard: list[str] = []
    with running("echo", on_message=heard.append) as child:
        assert child.pid
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(child.pid, number)
        child.send("still here")
        poll(lambda: heard == ["STILL HERE"])


def test_a_mistake_in_a_callback_is_a_death(caplog: pytest.LogCaptureFixture) -> None:
    deaths: list[SentricError] = []

    def stumble(_: Any) -> None:
        raise RuntimeError("stumbled")

    with running("echo", on_message=stumble, on_death=deaths.append) as child:
        child.send("x")
        poll(lambda: deaths)
    assert "stumbled" in caplog.text


def test_a_child_that_loses_a_thread_is_started_again(capfd: pytest.CaptureFixture[str]) -> None:
    deaths: list[SentricError] = []
    with running("half", on_death=deaths.append) as child:
        child.send("lose one")
        poll(lambda: deaths)
    assert str(deaths[0]) == "the tester ended with status 1"
    assert "ZeroDivisionError" in capfd.readouterr().err


PARENT = """
import sys, threading
from sentric_analyzer.processes import Child
child = Child("tester", "support.children:" + sys.argv[1], argument=lambda: None)
starter = threading.Thread(target=child.start)
starter.start()
starter.join()  # the thread that started it has ended, and the child lives
child.wait_ready()
print(child.pid, flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("function", ["echo", "deaf"])
@pytest.mark.parametrize("end", ["kill", "leave"])
def test_a_child_is_never_left_behind(function: str, end: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, function],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # where `support` is
    ) as parent:
        assert parent.stdout
        assert parent.stdin
        pid = int(parent.stdout.readline())
        assert not is_gone(pid)
        if end == "kill":
            parent.kill()
        else:
            parent.stdin.close()
        poll(lambda: is_gone(pid), 5)


def test_a_parent_that_is_gone_before_the_child_looks_is_noticed() -> None:
    command = [sys.executable, "-m", "sentric_analyzer.processes", "support.children:echo", "0", "1"]
    assert subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 1
