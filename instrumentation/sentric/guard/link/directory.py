"""The directory of a spool: of one's own, for nobody else, and only files that are what they seem.

All is done relative to the directory that was looked at, so that nobody can put another one in its place; no link is
followed. A file belongs to whoever holds its lock: when the process is gone, so is the lock.
"""

import fcntl
import os
import re
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

from sentric.guard.link.errors import SpoolError

REJECTED = "rejected"
"""Name of the file of records that the service refused for good."""
_NAME = re.compile(r"[0-9]{20}-[0-9]{1,10}-[0-9a-f]{8}\.spool")
_TRIES = 16


class Directory:
    """An open directory.

    Args:
        path: made where it is not there; `~` is the user's home.

    Raises:
        SpoolError: it cannot be made, or somebody else could write to it.
    """

    def __init__(self, path: str) -> None:
        try:
            self.path = Path(path).expanduser()
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.path.mkdir(mode=0o700)
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (OSError, RuntimeError, ValueError) as error:
            raise self.failure("cannot be opened as a directory", error) from None
        found = os.fstat(self._fd)
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            self.close()
            raise SpoolError(
                f"{path}: others can write to it: chmod 700 a directory of your own, or set SENTRIC_GUARD_DIR"
            )

    def failure(self, what: str, error: Exception) -> SpoolError:
        """An error that names the directory and what to do."""
        said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        where = getattr(self, "path", "SENTRIC_GUARD_DIR")
        return SpoolError(f"{where}: {what} ({said}): mend it, or set SENTRIC_GUARD_DIR to another directory")

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)

    def create(self) -> tuple[str, int]:
        """A new file for records, locked; its name is durable.

        Raises:
            OSError: it cannot be made.
        """
        for _ in range(_TRIES):
            name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}.spool"
            file = self._open(name, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL)
            if _lock(file) and os.fstat(file).st_nlink:  # somebody may have taken it for one that was left behind
                os.fsync(self._fd)
                return name, file
            os.close(file)
        raise OSError("every new file is taken by another process")

    def names(self) -> list[str]:
        """The files of records, the oldest first."""
        return sorted(name for name in os.listdir(self._fd) if _NAME.fullmatch(name))  # noqa: PTH208  # of what is open

    def size(self, name: str) -> int:
        """Bytes of a file; 0 where there is none."""
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False).st_size
        except OSError:
            return 0

    def take(self, name: str) -> int | None:
        """Open and lock a file that a process has left behind; None: it is somebody's, or none of ours."""
        try:
            file = self._open(name, os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            return None
        found = os.fstat(file)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and _lock(file) and os.fstat(file).st_nlink:
            return file
        os.close(file)
        return None

    def rejected(self) -> int:
        """Open the file for what the service refused for good.

        Raises:
            OSError: it cannot be opened, or is none.
        """
        file = self._open(REJECTED, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(f"{REJECTED} is no file")
        return file

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self._fd)

    def _open(self, name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=self._fd)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
