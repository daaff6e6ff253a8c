"""Records in a file, the oldest first."""

import os
from collections.abc import Callable

from sentric.guard.counts import Count, count
from sentric.guard.link.frames import line_at, unframed


class Backlog:
    """Reads a file of records from its beginning.

    Where it has come to is not kept on disk: after a crash records are delivered once more, and the service knows them
    by their idempotency keys.

    Args:
        file: open for reading, at any place.
        size: gives how many of its bytes are there to be read.
    """

    def __init__(self, file: int, size: Callable[[], int]) -> None:
        self._file = file
        self._size = size
        self._next = 0
        self.position = 0

    def first(self) -> bytes | None:
        """The JSON of the oldest record that was not dropped; None: there is none. What is torn is passed over.

        Raises:
            OSError: it cannot be read.
        """
        while line := line_at(self._file, self.position, self._size()):
            self._next = self.position + len(line)
            if (record := unframed(line)) is not None:
                return record
            count(Count.SPOOL_TORN)
            self.position = self._next
        return None

    def drop(self) -> None:
        """Go on to the record after the first one."""
        self.position = self._next


class OwnFile:
    """The file that this process keeps records in.

    Args:
        name: of it.
        file: open for reading and for writing at its end, and locked.
    """

    def __init__(self, name: str, file: int) -> None:
        self.name = name
        self.size = 0
        """Bytes of it that are durable."""
        self.backlog = Backlog(file, lambda: self.size)
        self._file = file

    def keep(self, frame: bytes) -> None:
        """Write a record, durably. What was not is taken back.

        Raises:
            OSError: it cannot be written.
        """
        try:
            left = memoryview(frame)
            while left:
                left = left[os.write(self._file, left) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(frame)

    def empty(self) -> None:
        """Begin anew: all of it has been delivered.

        Raises:
            OSError: it cannot be made shorter.
        """
        os.ftruncate(self._file, 0)
        self.size = self.backlog.position = 0

    def close(self) -> None:
        """Leave it behind."""
        os.close(self._file)
