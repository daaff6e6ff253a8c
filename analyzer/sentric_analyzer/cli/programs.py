"""Programs that a command starts for a while, and surely ends."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from sentric.errors import SentricError

STOP_TIMEOUT = 5.0
"""Seconds a program may take to end by itself when it is told to."""
_POLL = 0.05
_LAST_LINES = 15
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)

T = TypeVar("T")


@dataclass(frozen=True)
class Program:
    """A program that was started, with the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path

    def lines(self) -> list[str]:
        """What it has written so far, whole lines only."""
        written = self.output.read_text(encoding="utf-8", errors="replace")
        return written[: written.rfind("\n") + 1].splitlines()

    def failed(self, why: str) -> SentricError:
        """An error that shows the end of its output."""
        last = "\n".join(f"  {line}" for line in self.lines()[-_LAST_LINES:])
        return SentricError(f"{self.name} {why}; all of its output is in {self.output}\n{last}".rstrip())


class Programs:
    """Starts programs, each in a process group of its own, and ends them all when it is left.

    Ctrl-C and SIGTERM leave it at once, but never between a program's start and its being known, and never while the
    programs are being ended.

    Args:
        directory: where the programs run and their output is kept.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[Program] = []
        self._handlers: dict[signal.Signals, Any] = {}
        self._deferring = False
        self._interrupted_by = 0

    def __enter__(self) -> Self:
        self._handlers = {number: signal.signal(number, self._interrupt) for number in _INTERRUPTS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deferring = True
        self._end()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(
        self, name: str, command: Sequence[str | Path], environ: Mapping[str, str], *, within: str = "."
    ) -> Program:
        """Start a program.

        Args:
            name: what messages call it.
            command: the program and its arguments.
            environ: its whole environment.
            within: where in the directory it runs.
        """
        self._deferring = True
        try:
            self._started.append(self._open(name, command, environ, self._directory / within))
        finally:
            self._deferring = False
        if self._interrupted_by:
            raise SystemExit(128 + self._interrupted_by)
        return self._started[-1]

    def lines(self, name: str) -> list[str]:
        """What a program has written so far, whole lines only."""
        return next(program.lines() for program in self._started if program.name == name)

    def _open(self, name: str, command: Sequence[str | Path], environ: Mapping[str, str], directory: Path) -> Program:
        output = self._directory / f"{name.replace(' ', '-')}.log"
        with output.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - our own programs
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env=dict(environ),
                start_new_session=True,
            )
        return Program(name, process, output)

    def _interrupt(self, number: int, _: FrameType | None) -> None:
        self._interrupted_by = number
        if not self._deferring:
            raise SystemExit(128 + number)

    def _end(self) -> None:
        for program in reversed(self._started):
            _signal_group(program.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        for program in reversed(self._started):
            with suppress(subprocess.TimeoutExpired):
                program.process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(program.process, signal.SIGKILL)  # what it started itself and left behind, too
            program.process.wait()


def first_line(program: Program, timeout: float) -> str:
    """The first line of a program's output: servers say there where they listen.

    Raises:
        SentricError: it ended or said nothing in time.
    """
    return until(lambda: next(iter(program.lines()), None), program, timeout, "did not start")


def finished(program: Program, timeout: float, codes: Collection[int] = (0,)) -> None:
    """Wait until a program has done its work, and ended with one of the codes.

    Raises:
        SentricError: it failed, or took too long.
    """
    try:
        code = program.process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise program.failed(f"was not done after {timeout:.0f} s") from None
    if code not in codes:
        raise program.failed(f"failed with status {code}")


def until(probe: Callable[[], T | None], program: Program, timeout: float, why: str) -> T:
    """Ask again and again until there is an answer, which may be anything but None.

    Raises:
        SentricError: the program that was waited for ended, or gave no answer in time.
    """
    deadline = time.monotonic() + timeout
    while True:
        ended = program.process.poll() is not None
        if (answer := probe()) is not None:
            return answer
        if ended or time.monotonic() > deadline:
            raise program.failed(why)
        time.sleep(_POLL)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
