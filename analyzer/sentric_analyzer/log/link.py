"""What the two sides of a log tell each other while they run, in one process or in two.

Nothing of it is needed after a crash: then the segments and the position files say it. The memory is nobody's file,
because a mapped file on a disk that is full or has turned read-only kills the process that writes to it.
"""

import mmap
import os
import select
import weakref
from contextlib import suppress

_WORD = 8
_END, _BASE, _COMMITTED = range(3)


class Link:
    """Three positions that both sides see, and a bell that the writer rings for the reader.

    Each position has one side that writes it. It is one aligned word, so it is never read half written.

    It goes when nobody has it any longer: a reader that is slow to end may still look at it.

    Args:
        memory: descriptor of the shared memory; this object owns it.
        bell: descriptor of an eventfd; this object owns it.
    """

    def __init__(self, memory: int, bell: int) -> None:
        self.files = (memory, bell)
        """The descriptors, for the process of the other side to inherit."""
        self._mapped = mmap.mmap(memory, 3 * _WORD)
        self._words = memoryview(self._mapped).cast("Q")
        self._bell = bell
        self._ringing = select.poll()
        self._ringing.register(bell, select.POLLIN)
        weakref.finalize(self, _close, self.files)

    @classmethod
    def new(cls) -> "Link":
        """A link of a log that nobody writes yet."""
        memory = os.memfd_create("sentric-log", os.MFD_CLOEXEC)
        os.ftruncate(memory, 3 * _WORD)
        return cls(memory, os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC))

    @property
    def end(self) -> int:
        """Position after the last durable record; 0 before the writer has found it."""
        return self._words[_END]

    @property
    def base(self) -> int:
        """Position at which the newest segment with a durable record begins: one more to look for when it changes."""
        return self._words[_BASE]

    @property
    def committed(self) -> int:
        """Position before which everything is done with."""
        return self._words[_COMMITTED]

    @committed.setter
    def committed(self, position: int) -> None:
        self._words[_COMMITTED] = position

    def extend(self, base: int, end: int) -> None:
        """Bring the end forward, and wake the reader. The base first: who sees the end knows where to look."""
        self._words[_BASE] = base
        self._words[_END] = end
        self.ring()

    def ring(self) -> None:
        """Wake who waits, or the next who will."""
        os.eventfd_write(self._bell, 1)

    def wait(self, seconds: float | None) -> None:
        """Wait until the bell has rung since the last wait; at most so long (None: ever)."""
        self._ringing.poll(None if seconds is None else max(seconds, 0) * 1000)
        with suppress(BlockingIOError):
            os.eventfd_read(self._bell)


def _close(files: tuple[int, int]) -> None:
    for file in files:
        os.close(file)
