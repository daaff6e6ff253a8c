"""Records on their way to the disk, and who waits for them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from sentric_analyzer.log.errors import LogUnavailableError
from sentric_analyzer.log.record import Record

_OVERHEAD = 512
"""What a waiting record holds beside its body, in bytes: what bounds a flood of tiny ones."""


@dataclass(slots=True)
class Waiting:
    """A record that is being written. The committer's lock guards it."""

    record: Record
    digest: bytes
    outcome: int | str | None = None
    """Its position, or why it was refused; None until that is known."""
    futures: list[asyncio.Future[None]] = field(default_factory=list[asyncio.Future[None]])
    """The event loops that wait for it: the same record may be sent again meanwhile."""

    @property
    def size(self) -> int:
        """Bytes it holds."""
        return len(self.record.body) + _OVERHEAD

    def result(self) -> int:
        """Its position.

        Raises:
            LogUnavailableError: it was refused.
        """
        if isinstance(self.outcome, int):
            return self.outcome
        raise LogUnavailableError(self.outcome)


def wake(group: Iterable[Waiting]) -> None:
    """Wake the event loops that wait, each once for all of a settled group."""
    waiting: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = defaultdict(list)
    for future in chain.from_iterable(each.futures for each in group):
        waiting[future.get_loop()].append(future)
    for loop, futures in waiting.items():
        with suppress(RuntimeError):  # a loop that has ended since waits for nothing
            loop.call_soon_threadsafe(_resolve, futures)


def _resolve(futures: Sequence[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():  # nobody waits for a cancelled one
            future.set_result(None)
