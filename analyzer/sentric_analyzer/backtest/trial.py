"""A back-test under way: a process of its own does it, and this one, which alone has the store, gives it the runs."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from sentric.errors import SentricError
from sentric_analyzer.backtest.messages import Compared, Judged, Runs, Setup
from sentric_analyzer.processes import Child, ChildError
from sentric_analyzer.storage.recordings import Cursor, Page

PAGE_RUNS = 25
"""Most runs that the process is given together."""
_AHEAD = 2
"""How often it is given some before it is done with the first of these."""
_TARGET = "sentric_analyzer.backtest.process:run"


class Recorded(Protocol):
    """Where the runs come from: a store."""

    def recordings(self, *, projects: tuple[str, ...], after: Cursor, limit: int) -> Page:
        """The runs after a place, the earliest first."""
        ...

    def count_recordings(self, *, projects: tuple[str, ...], since: int, until: int) -> int:
        """How many runs started between two times in Unix nanoseconds, both inclusive."""
        ...


class Trial:
    """One back-test. Started once; and stopped, however it ends.

    Args:
        setup: what the process is given.
        recorded: where the runs come from.
        project: whose they are.
        since: Unix nanoseconds; runs that started earlier are left out.
        until: Unix nanoseconds; runs that started later are left out, so that there is an end.
        on_end: called when `document` or `failure` says how it ended, from a thread of ours.
    """

    def __init__(
        self,
        setup: Setup,
        recorded: Recorded,
        *,
        project: str,
        since: int,
        until: int,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorded = recorded
        self._projects = (project,)
        self._since = since
        self._until = until
        self._on_end = on_end
        self._after: Cursor | None = Cursor(since)
        self._quiet_since: float | None = time.monotonic()
        """When the process was last heard of; None while it waits for us."""
        self.done = 0
        """Runs that were judged."""
        self.total: int | None = None
        """Runs that there are; None until it is known."""
        self.document = ""
        """The back-test as JSON, when it is done."""
        self.failure = ""
        """Why there will be none."""
        self._child = Child(
            "back-test",
            _TARGET,
            argument=lambda: setup,
            on_ready=self._ready,
            on_message=self._heard,
            on_death=lambda error: self._end(failure=str(error)),
            once=True,
        )

    @property
    def pid(self) -> int | None:
        """Id of its process; None before it has one."""
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Whether `document` or `failure` says how it ended."""
        return bool(self.document or self.failure)

    def start(self) -> None:
        """Start it, and return at once."""
        self._child.start()

    def stop(self) -> None:
        """End its process, which is gone when this returns."""
        self._child.stop(0)

    def quiet_for(self) -> float:
        """Seconds for which the process has told nothing, though it had something to do."""
        since = self._quiet_since
        return 0.0 if since is None else time.monotonic() - since

    def _ready(self, _: object) -> None:
        self._quiet_since = None
        try:
            self.total = self._recorded.count_recordings(projects=self._projects, since=self._since, until=self._until)
        except SentricError as error:
            self._end(failure=str(error))
        for _time in range(_AHEAD):
            self._feed()

    def _heard(self, message: Any) -> None:
        self._quiet_since = time.monotonic()
        match message:
            case Judged(runs, wants_more):
                self.done += runs
                self.total = max(self.total or 0, self.done)
                if wants_more:
                    self._feed()
            case Compared(document):
                self._end(document=document)
            case _:
                raise TypeError(f"a back-test does not say a {type(message).__name__}")

    def _feed(self) -> None:
        """Give the process some more runs, if there are any."""
        if self._after is None or self.ended:
            return
        self._quiet_since = None  # it is not the process that takes its time
        try:
            page = self._recorded.recordings(projects=self._projects, after=self._after, limit=PAGE_RUNS)
        except SentricError as error:
            self._end(failure=str(error))
            return
        runs = tuple(run for run in page.runs if run.started <= self._until)
        self._after = page.next if len(runs) == len(page.runs) else None
        self._quiet_since = time.monotonic()
        with suppress(ChildError):  # then it has died, which is told next
            self._child.send(Runs(runs, are_last=self._after is None))

    def _end(self, *, document: str = "", failure: str = "") -> None:
        if not self.ended:
            self.document, self.failure = document, failure
            self._on_end()
