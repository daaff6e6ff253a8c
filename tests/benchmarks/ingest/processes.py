"""What a tree of processes takes, from /proc."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression
from time import monotonic

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _CSTIME = 11, 14
"""Places of the first and last of four times in /proc/PID/stat, after the name: own and of ended children."""
EVERY = 0.5
"""Seconds between two samples."""
PSS_EVERY = 4
"""Samples for one of the proportional size, which the kernel has to walk the page tables for."""


def tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))
    except OSError:  # it has ended
        return


def cpu(pid: int) -> float:
    """Seconds of user and system time of a process and its descendants, those included that have ended."""
    return sum(_ticks(process) for process in tree(pid)) / _TICKS


def rss(pid: int) -> float:
    """MB resident, summed over the tree: pages that processes share count in each."""
    return sum(_megabytes(process, "status", "VmRSS:") for process in tree(pid))


def pss(pid: int) -> float:
    """MB resident, each shared page divided among those who share it."""
    return sum(_megabytes(process, "smaps_rollup", "Pss:") for process in tree(pid))


@dataclass(slots=True)
class Memory:
    """Samples of a tree's memory."""

    peak_rss: float = 0.0
    peak_pss: float = 0.0
    samples: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    """Minutes since the beginning, and MB resident."""

    def slope(self) -> float:
        """MB a minute over the second half of the samples: the first is start-up and growth to working size."""
        half = self.samples[len(self.samples) // 2 :]
        if len(half) < 10:
            return 0.0
        return linear_regression(*zip(*half, strict=True)).slope


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Sample a tree's memory while the block runs."""
    memory, stop, began = Memory(), threading.Event(), monotonic()

    def sample() -> None:
        turn = 0
        while not stop.wait(EVERY):
            resident = rss(pid)
            memory.samples.append(((monotonic() - began) / 60, resident))
            memory.peak_rss = max(memory.peak_rss, resident)
            if turn % PSS_EVERY == 0:
                memory.peak_pss = max(memory.peak_pss, pss(pid))
            turn += 1

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


def _ticks(pid: int) -> int:
    try:
        stated = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, stated[_UTIME : _CSTIME + 1]))


def _megabytes(pid: int, file: str, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)
