"""What was decided without the service, on disk before the agent acts.

Each process has one file of its own in the directory, and holds its lock. With a service, what is there is delivered
to it (`delivery`), also what other processes of the same user have left behind, and 64 MiB may wait for that. Without
one, nobody takes the records: they are kept for reading, and the oldest files go when there is more than 32 MiB.
"""

import os
import secrets
import threading
from collections.abc import Callable, Mapping

from sentric.forks import in_child, process_lock
from sentric.guard.counts import Count, count
from sentric.guard.link.backlog import Backlog, OwnFile
from sentric.guard.link.directory import Directory
from sentric.guard.link.errors import SpoolError
from sentric.guard.link.frames import framed
from sentric.settings import Settings

LIMIT = 64 << 20
"""Bytes that may wait for the service."""
FILE_LIMIT = 16 << 20
"""Bytes of each of two files, where there is no service."""
MOST_FILES = 1000
"""Files of processes that have ended, where there is no service."""
REJECTED_LIMIT = 8 << 20
"""Bytes of records that the service refused for good."""


class Spool:
    """Keeps records. `Spool.of` gives it. Any thread may use it.

    Args:
        path: of the directory.
        served: whether there is a service that the records are for.
    """

    @classmethod
    def of(cls, settings: Settings) -> "Spool":
        """The one of these settings in this process."""
        about = (settings.guard_dir, bool(settings.url))
        with _lock:
            if about not in _spools:
                _spools[about] = cls(*about)
            return _spools[about]

    def __init__(self, path: str, served: bool) -> None:
        self._path = path
        self._served = served
        self._directory: Directory | None = None
        self._own: OwnFile | None = None
        self._others = 0
        self.on_kept: Callable[[], None] = lambda: None
        """Called after a record was kept."""
        self._lock = threading.Lock()

    def keep(self, record: Mapping[str, object]) -> None:
        """Make a record durable, a wish with what became of it; an idempotency key is added where there is none.

        Raises:
            SpoolError: it is not durable: there is no room, or the directory or the record cannot be used.
        """
        frame = framed({"idempotency_key": secrets.token_hex(16)} | dict(record))
        with self._lock:
            try:
                self._with_room(len(frame)).keep(frame)
            except OSError as error:
                count(Count.SPOOL_FAILED)
                self._leave(failed=True)
                raise self._opened().failure("cannot be written to", error) from None
        count(Count.SPOOL_KEPT)
        self.on_kept()

    def first(self) -> bytes | None:
        """The oldest record of this process that was not delivered; None: there is none.

        Raises:
            OSError: it cannot be read.
        """
        with self._lock:
            return None if self._own is None else self._own.backlog.first()

    def drop(self) -> None:
        """The first record has been delivered."""
        with self._lock:
            if self._own is None:
                return
            self._own.backlog.drop()
            if self._own.backlog.position >= self._own.size:
                try:
                    self._own.empty()
                except OSError:
                    self._leave()

    def take(self) -> "LeftBehind | None":
        """The oldest file that a process has left behind; None: there is none.

        Raises:
            SpoolError: the directory cannot be used.
            OSError: the directory cannot be read.
        """
        with self._lock:
            directory = self._opened()
            own = "" if self._own is None else self._own.name
            for name in directory.names():
                if name != own and (file := directory.take(name)) is not None:
                    return LeftBehind(directory, name, file)
        return None

    def reject(self, record: bytes, status: int) -> None:
        """Set a record aside that the service refused for good."""
        frame = b"%d %s\n" % (status, record)
        try:
            file = self._opened().rejected()
            try:
                if os.fstat(file).st_size + len(frame) > REJECTED_LIMIT:
                    count(Count.SPOOL_REJECTED_DROPPED)
                    return
                os.write(file, frame)
                os.fdatasync(file)
            finally:
                os.close(file)
        except (OSError, SpoolError):
            count(Count.SPOOL_REJECTED_DROPPED)
            return
        count(Count.SPOOL_REJECTED)

    def close(self) -> None:
        """Leave what is there to other processes. It may be used again."""
        with self._lock:
            self._leave()
            if self._directory is not None:
                self._directory.close()
                self._directory = None

    def after_fork(self) -> None:
        """In a child: the file is the parent's, and its lock stays the parent's."""
        self._lock = threading.Lock()
        self._leave()

    def _with_room(self, length: int) -> OwnFile:
        """The file of this process, with room for a record.

        Raises:
            SpoolError: there is none.
            OSError: it cannot be made.
        """
        if not self._served and self._own is not None and self._own.size + length > FILE_LIMIT:
            self._leave()
        if self._own is None:
            self._own = OwnFile(*self._opened().create())
            self._others = self._count_others()
        if self._served and self._others + self._own.size + length > LIMIT:
            self._others = self._count_others()  # something may have been delivered meanwhile
            if self._others + self._own.size + length > LIMIT:
                count(Count.SPOOL_FULL)
                raise SpoolError(
                    f"{self._opened().path}: full: {LIMIT >> 20} MiB wait for the service: see that it answers"
                )
        return self._own

    def _count_others(self) -> int:
        """Bytes of all other files. Without a service, the oldest that were left behind go, if they are too many."""
        directory = self._opened()
        own = "" if self._own is None else self._own.name
        sizes = {name: directory.size(name) for name in directory.names() if name != own}
        total, files = sum(sizes.values()), len(sizes)
        for name, size in sizes.items() if not self._served else ():
            if total <= FILE_LIMIT and files <= MOST_FILES:
                break
            if (file := directory.take(name)) is not None:
                directory.remove(name)
                os.close(file)
                total, files = total - size, files - 1
                count(Count.SPOOL_ROTATED)
        return total

    def _opened(self) -> Directory:
        if self._directory is None:
            self._directory = Directory(self._path)
        return self._directory

    def _leave(self, *, failed: bool = False) -> None:
        """Begin a new file with the next record: in one that could not be written to, what is told may not be so."""
        if self._own is not None:
            if failed and not self._own.size:
                self._opened().remove(self._own.name)
            self._own.close()
            self._own = None


class LeftBehind(Backlog):
    """A file that another process has left behind, locked."""

    def __init__(self, directory: Directory, name: str, file: int) -> None:
        super().__init__(file, lambda: os.fstat(file).st_size)
        self._directory = directory
        self._name = name
        self._open = file

    def remove(self) -> None:
        """All of it has been delivered."""
        self._directory.remove(self._name)
        self.close()

    def close(self) -> None:
        """Leave it to others, or in a child to the parent."""
        os.close(self._open)


_lock = process_lock()
_spools: dict[tuple[str, bool], Spool] = {}


def _after_fork() -> None:
    for spool in _spools.values():
        spool.after_fork()


in_child(_after_fork)
