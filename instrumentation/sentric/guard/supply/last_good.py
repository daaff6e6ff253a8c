"""What the service has given last, on the disk: for a start while it does not answer."""

import errno
import os
import secrets
import stat
from pathlib import Path

LARGEST = 32 << 20
"""Bytes of a policy as it is sent: the files of a bundle take less, however they are written."""


class LastGood:
    """A file that is there whole or not at all, and which only its owner can read. What it holds is not trusted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        """What it holds; nothing where it is not there.

        Raises:
            OSError: it cannot be read.
        """
        try:
            descriptor = os.open(self._place(), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return b""
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "it is no file")
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise OSError(errno.EPERM, "others can write to it")
            return file.read(LARGEST)

    def write(self, content: bytes) -> None:
        """Put this in its place.

        Raises:
            OSError: it cannot be written; what was there before is still there.
        """
        path = self._place()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # or the name could be lost with the power
        finally:
            os.close(folder)

    def _place(self) -> Path:
        try:
            return self.path.expanduser()
        except RuntimeError:
            raise OSError(errno.ENOENT, "there is no home directory") from None
