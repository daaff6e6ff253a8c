"""Under a steady load files and threads do not get more, nor memory once it is warm; and runs are judged meanwhile."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psutil
import pytest

from support.load import counted, post, settle
from support.pipelining import EVIL, agent, call, request_of
from support.serving import Serving, poll, serving

RATE = 20
"""Runs a second."""
WARM = 60
"""Runs until what is made once is made."""
TURNS, PATIENCE = 4, 12.0
"""Times that it is seen whether what is held has grown, and seconds for each."""
JUDGED = 'sentric_pipeline_stored_total{what="runs"}'
POOL, MOST_POOLED = "ThreadPool", 1_000
"""Threads of the embedded engine's pool: it makes as many as it ever needs at once, and keeps so many at most."""


@dataclass(frozen=True)
class Held:
    """What the processes of a service hold."""

    processes: int
    files: int
    """Without those that the engine's threads keep open of themselves."""
    threads: int
    """Without those of the engine's pool."""
    pooled: int
    memory: int

    def is_no_more_than(self, other: "Held") -> bool:
        """Of all but memory."""
        own = self.processes <= other.processes and self.files <= other.files and self.threads <= other.threads
        return own and self.pooled <= MOST_POOLED


def held_by(service: Serving) -> Held:
    main = psutil.Process(service.process.pid)
    processes = [main, *main.children(recursive=True)]
    places = [Path(f"/proc/{process.pid}") for process in processes]
    files = [file for place in places for file in files_of(place)]
    threads = [name for place in places for name in threads_of(place)]
    return Held(
        processes=len(processes),
        files=sum(not file.startswith("/proc/") for file in files),
        threads=len(threads) - threads.count(POOL),
        pooled=threads.count(POOL),
        memory=sum(process.memory_info().rss for process in processes),
    )


def files_of(process: Path) -> Iterator[str]:
    for file in (process / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            yield str(file.readlink())


def threads_of(process: Path) -> Iterator[str]:
    for thread in (process / "task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            yield (thread / "comm").read_text().strip()


class Load:
    """Runs that are sent at the rate."""

    def __init__(self, service: Serving) -> None:
        self._service = service
        self._numbers = count(1)
        self.sent = 0

    def send(self, runs: int) -> None:
        begun = time.monotonic()
        for number in range(runs):
            time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            trace = next(self._numbers)
            body = request_of(call(2, trace, command=EVIL), call(3, trace), agent(trace)).SerializeToString()
            assert post(self._service.stated["otlp_http"], body)[0] == 200
            self.sent += 1

    def settle(self) -> None:
        """Wait until all of them are judged and nothing is at hand."""
        poll(lambda: counted(self._service, JUDGED) >= self.sent, 240)
        settle(self._service)


def ceases_to_grow(service: Serving, load: Load, before: Held, runs: int) -> bool:
    """Whether no more is held in the end than before, or than before the same load once more: a leak goes on and on.

    Pools of threads and connections make what they need when they first need it, which may be in the midst of a load.
    """
    for _ in range(TURNS):
        with suppress(AssertionError):
            poll(partial(lambda held: held_by(service).is_no_more_than(held), before), PATIENCE)
            return True
        before = held_by(service)
        load.send(runs)
        load.settle()
    return False


@pytest.mark.parametrize(
    ("seconds", "growth"),
    [(6, 1.25), pytest.param(1800, 1.05, marks=[pytest.mark.soak, pytest.mark.timeout(2700)])],
)
def test_a_steady_load(seconds: int, growth: float, tmp_path: Path, figure: Callable[[str, float], None]) -> None:
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        load = Load(service)
        load.send(WARM)
        load.settle()
        before, judged = held_by(service), counted(service, JUDGED)
        memory = []
        for _ in range(30):
            load.send(max(seconds * RATE // 30, 1))
            memory.append(held_by(service).memory)
        for _ in range(60):
            if counted(service, JUDGED) > judged:
                break
            load.send(RATE)
        assert counted(service, JUDGED) > judged, "and not only when it has ceased"
        load.settle()
        assert ceases_to_grow(service, load, before, seconds * RATE), (before, held_by(service))
        grown = statistics.median(memory[20:]) / statistics.median(memory[10:20] if seconds > 60 else [before.memory])
        figure(f"memory at the end of {seconds} s at {RATE} runs a second, by that of before", grown)
        assert grown < growth
        assert service.stop() == 0
