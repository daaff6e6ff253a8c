"""The processes that judge, as the service holds them."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from zlib import crc32

from sentric.errors import SentricError
from sentric.events import Run
from sentric_analyzer.declaration import OnCount
from sentric_analyzer.detection.messages import AskEarlier, AskFormer, AskPolicy, Judged, Setup, Task, Told
from sentric_analyzer.policies import Active, ActivePolicies, Bundle
from sentric_analyzer.processes import Child, ChildError
from sentric_analyzer.processes import Counter as ProcessCounter
from sentric_analyzer.spans import Piece, RawSpan, Relation, Span
from sentric_analyzer.storage import Former

_logger = logging.getLogger(__name__)

MOST = 8
"""Processes that are used where the number is not set."""
_TARGET = "sentric_analyzer.detection.process:run"
_TOGETHER = 16
"""Traces that a process is given at once, where so many wait: their rows are made together."""
_AHEAD = 2
"""How often it is given some before it is done with the first of these."""
_MOST_TRIES = 2
"""Deaths of a process that a trace may see before it is given up; before the last of them it was there alone."""
_WAITING_BYTES = 64 << 20
"""Bytes of traces that wait to be judged, from which on no more are wanted."""
_TOGETHER_BYTES = 4 << 20
"""Bytes of these, after which no further one goes with them: what is made of them is many times as large."""
_RELATION_BYTES = 256
"""What the place of a span that tells nothing of agents is taken for."""
_PATIENCE = 600.0
"""Seconds in which a process must come up, and must be done with some of what it has: else it hangs, and is ended.

The largest trace there may be, 64 MiB of 150,000 short calls, takes 200 s of one core.
"""
_LOOKS = 10
"""How often it is looked within that time."""

Done = Callable[[Judged], None]


def chosen_number(stated: int) -> int:
    """How many processes judge: the number that is set, or one for each core."""
    return stated or min(len(os.sched_getaffinity(0)), MOST)


class Known(Protocol):
    """What the store tells those who judge."""

    def earlier_runs(self, run: Run, limit: int, /) -> Sequence[Run]:
        """The runs of a run's conversation that began before it, the latest first."""
        ...

    def former(self, project: str, run_id: str, /) -> Former:
        """What is stored of a run."""
        ...


class Judges:
    """Gives traces to processes that judge them. Traces of one conversation are judged one after another.

    A process is started when it has something to do for the first time, and again whenever it dies, however often: what
    waits for it waits until it can be started. One that hangs is ended, as if it had died. Safe from any thread.

    Args:
        number: how many processes there may be.
        setup: what each is given.
        policies: by which each trace is judged: the one that is active for its project when it is given here.
        known: what the processes may ask.
        on_count: told when one has died.
        done: called with what came of each trace, from a thread of ours, in no certain order.
    """

    def __init__(
        self, number: int, setup: Setup, policies: ActivePolicies, known: Known, on_count: OnCount, done: Done
    ) -> None:
        self._policies = policies
        self._judges = [_Judge(f"judge {one + 1}", setup, known, on_count, self._done) for one in range(number)]
        self._tell = done
        self._numbers = 0
        self._sizes: dict[int, int] = {}
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._end_what_hangs, name="sentric-judges", daemon=True)

    def submit(
        self,
        project: str,
        trace_id: str,
        pieces: Sequence[Piece],
        *,
        left_out: int,
        together: str,
        is_over: bool = False,
    ) -> int:
        """Have a trace judged.

        Args:
            project: the project it belongs to.
            trace_id: its id.
            pieces: its spans.
            left_out: how many spans of it are not among these.
            together: traces of which this is the same are judged by the same process, in the order given here.
            is_over: whether nothing more of it is waited for.

        Returns:
            Its number, by which what comes of it is known.
        """
        size = sum(map(_size, pieces))
        active = self._policies.of(project)
        with self._changed:
            if not self._numbers:
                self._watch.start()
            self._numbers += 1
            task = Task(self._numbers, project, trace_id, pieces, left_out, active.digest, active.source, is_over)
            self._sizes[task.number] = size
            self._waiting += size
        judge = crc32(f"{project}\0{together}".encode("utf-8", "replace")) % len(self._judges)
        self._judges[judge].submit(_Given(task, size, active))
        return task.number

    def wait_for_room(self, seconds: float) -> bool:
        """Wait until not too much waits to be judged; false if it still does after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting < _WAITING_BYTES, seconds)

    @property
    def failure(self) -> str:
        """Why some traces cannot be judged now; empty while all can."""
        return next((judge.failure for judge in self._judges if judge.failure), "")

    @property
    def waiting(self) -> int:
        """Traces that were given and are not judged yet."""
        return len(self._sizes)

    def stop(self) -> None:
        """End the processes; what is not judged is not called back."""
        self._stopping.set()
        for judge in self._judges:
            judge.stop()

    def _done(self, judged: Judged) -> None:
        self._tell(judged)  # first: what has been told of is at hand, and no longer waits
        with self._changed:
            self._waiting -= sum(self._sizes.pop(number, 0) for number in judged.numbers)
            self._changed.notify_all()

    def _end_what_hangs(self) -> None:
        # By nobody who talks to them: who sends something to a process that hangs does so too.
        while not self._stopping.wait(_PATIENCE / _LOOKS):
            for judge in self._judges:
                judge.end_if_it_hangs()


def _size(piece: Piece) -> int:
    match piece:
        case RawSpan():
            return len(piece.body)
        case Span():
            return piece.size
        case Relation():
            return _RELATION_BYTES


@dataclass(slots=True)
class _Given:
    task: Task
    size: int
    active: Active
    """The policy it is judged by: kept for as long as the process may ask for it."""
    tries: int = 0


class _Judge:
    """One process, with what waits for it."""

    def __init__(self, name: str, setup: Setup, known: Known, on_count: OnCount, done: Done) -> None:
        self._known = known
        self._on_count = on_count
        self._done = done
        self._lock = threading.Lock()
        self._waiting: deque[_Given] = deque()
        self._given: dict[int, _Given] = {}
        self._ahead = 0
        self._is_alone = False
        self._up = False
        self._started = False
        self._patient_since: float | None = None
        """When it was last heard of, or given something when it had nothing; None where it owes nothing."""
        self.failure = ""
        self._child = Child(
            name,
            _TARGET,
            argument=lambda: setup,
            on_ready=self._ready,
            on_message=self._heard,
            on_death=self._died,
            lasting=True,
        )

    def submit(self, given: _Given) -> None:
        with self._lock:
            self._waiting.append(given)
            if not self._started:
                self._started = True
                self._patient_since = time.monotonic()
                self._child.start()
        self._give()

    def stop(self) -> None:
        self._up = False  # without the lock: it is held by who sends, for as long as the process does not take it
        if self._started:
            self._child.stop(0)  # it has nothing to bring to an end

    def end_if_it_hangs(self) -> None:
        since = self._patient_since
        if since is not None and time.monotonic() - since > _PATIENCE:
            _logger.error("the %s has told nothing for %.0f s: it is ended", self._child.name, _PATIENCE)
            self._child.kill()

    def _give(self) -> None:
        """Give the process as much as it may have."""
        with self._lock:
            while self._up and (some := self._next()):
                if not self._given:
                    self._patient_since = time.monotonic()
                self._given |= {given.task.number: given for given in some}
                self._ahead += 1
                try:
                    self._child.send([given.task for given in some])
                except ChildError:
                    return  # it has died: `_died` comes

    def _next(self) -> list[_Given]:
        """What it is given next: alone, where a process has died of it or of what was there with it."""
        if not self._waiting or self._ahead >= _AHEAD or self._is_alone:
            return []
        if self._waiting[0].tries:
            if self._ahead:
                return []
            self._is_alone = True
            return [self._waiting.popleft()]
        some, size = [self._waiting.popleft()], 0
        while self._waiting and len(some) < _TOGETHER and (size := size + some[-1].size) < _TOGETHER_BYTES:
            some.append(self._waiting.popleft())
        return some

    def _ready(self, _: object) -> None:
        with self._lock:
            self._up, self._patient_since = True, None
            if not self._waiting:  # else it must show first that it can judge
                self.failure = ""
        self._give()

    def _heard(self, message: AskEarlier | AskFormer | AskPolicy | Judged) -> None:
        match message:
            case AskEarlier(run, limit):
                self._tell(lambda: self._known.earlier_runs(run, limit))
            case AskFormer(project, run_id):
                self._tell(lambda: self._known.former(project, run_id))
            case AskPolicy(source):
                self._tell(lambda: self._bundle(source))
            case Judged():
                with self._lock:
                    self._ahead -= 1
                    self._is_alone = False
                    self.failure = ""
                    for number in message.numbers:
                        self._given.pop(number, None)
                    self._patient_since = time.monotonic() if self._given else None
                self._give()
                self._done(message)

    def _tell(self, ask: Callable[[], object]) -> None:
        """Answer a question: meanwhile it is not the process that takes its time."""
        self._patient_since = None
        answer = ask()
        self._patient_since = time.monotonic()
        self._child.send(Told(answer))

    def _bundle(self, source: str) -> Bundle | None:
        with self._lock:
            actives = [given.active for given in self._given.values()]
        return next((active.bundle for active in actives if active.source == source), None)

    def _died(self, error: SentricError) -> None:
        """Begin anew with what it had; give up what it has died of twice."""
        self._on_count(ProcessCounter.DEATHS, "judge", 1)
        with self._lock:
            self._up, self._ahead, self._is_alone = False, 0, False
            self._patient_since = time.monotonic()
            self.failure = str(error)
            again = list(self._given.values())
            self._given.clear()
            for given in again:
                given.tries += 1
            self._waiting.extendleft(given for given in reversed(again) if given.tries < _MOST_TRIES)
        for given in again:
            if given.tries >= _MOST_TRIES:
                self._done(Judged.failure(given.task.number))
