"""Programs are ended with everything they started, and a failure shows the end of what they wrote."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sentric.errors import SentricError
from sentric_analyzer.cli.programs import Program, Programs, finished, first_line, until

DEADLINE = 10.0
SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN_PARENT = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
                          "print('ready', flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_what_a_program_started_ends_with_it_even_if_it_ignores_signals(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        parent = programs.start("parent", [sys.executable, "-c", STUBBORN_PARENT], os.environ)
        child = int(first_line(parent, DEADLINE))
        assert is_running(child)

    assert parent.process.returncode is not None
    wait_for(lambda: not is_running(child))


def test_everything_is_ended_when_something_goes_wrong(tmp_path: Path) -> None:
    programs = Programs(tmp_path)

    def interrupted() -> None:
        with programs:
            started.append(programs.start("sleeper", SLEEPER, os.environ))
            raise KeyboardInterrupt

    started: list[Program] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert started[0].process.returncode is not None


def test_an_interrupt_waits_until_a_starting_program_is_known(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    with pytest.raises(SystemExit, match="143"), programs:
        programs._interrupt(signal.SIGTERM, None)
    programs._deferring = True
    programs._interrupt(signal.SIGTERM, None)

    with pytest.raises(SystemExit, match="143"), programs:
        programs.start("sleeper", SLEEPER, os.environ)
    assert [program.process.poll() for program in programs._started] == [-signal.SIGTERM]


def test_the_handlers_of_signals_are_put_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with Programs(tmp_path):
        assert signal.getsignal(signal.SIGINT) not in before

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_failure_shows_the_last_lines_and_where_the_rest_is(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        program = programs.start("the agent", [sys.executable, "-c", "print('a\\nno ducks'); exit(7)"], os.environ)
        with pytest.raises(SentricError, match="the agent failed with status 7") as raised:
            finished(program, DEADLINE)

    assert str(raised.value).endswith("  a\n  no ducks")
    assert str(tmp_path / "the-agent.log") in str(raised.value)


def test_a_server_that_ends_before_it_listens_is_a_failure(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        program = programs.start("shop", [sys.executable, "-c", "pass"], os.environ)
        with pytest.raises(SentricError, match="shop did not start"):
            first_line(program, DEADLINE)


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        program = programs.start("sleeper", SLEEPER, os.environ)
        with pytest.raises(SentricError, match="sleeper was not done after 0 s"):
            finished(program, 0.1)
        with pytest.raises(SentricError, match="sleeper gave no answer"):
            until(lambda: None, program, 0.1, "gave no answer")
