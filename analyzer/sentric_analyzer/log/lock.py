"""Each side of a log has one process at a time: a lock that goes with the process, however that ends."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sentric_analyzer.log.errors import LogError, LogHeldError
from sentric_analyzer.log.segment import MODE

READING, WRITING = "reader.lock", "writer.lock"
_POLL = 0.01


@contextmanager
def opening(directory: Path) -> Generator[ExitStack]:
    """Undo what was registered if opening one side of a directory fails.

    Raises:
        LogError: for every error of the operating system; the message says which file, and why.
    """
    try:
        with ExitStack() as undo:
            yield undo
            undo.pop_all()
    except OSError as error:
        where = error.filename or directory
        raise LogError(f"{where}: the log cannot be opened: {error.strerror}") from None


def hold(directory: Path, name: str, patience: float = 0.0) -> int:
    """Take the lock of one side of a directory, which is made if it is missing; the file to close.

    Args:
        directory: of the log.
        name: which side.
        patience: seconds to wait for another process that is ending.

    Raises:
        LogHeldError: another process holds it.
        OSError: it cannot be made.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(directory / name, os.O_RDWR | os.O_CREAT, MODE)
    deadline = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        if time.monotonic() >= deadline:
            os.close(lock)
            raise LogHeldError(f"{directory}: another process holds this log: stop it, or give another --data-dir")
        time.sleep(_POLL)
