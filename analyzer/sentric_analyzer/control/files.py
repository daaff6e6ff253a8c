"""Files that are there whole or not at all."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def placed(path: Path) -> Generator[Path]:
    """An empty file, readable by its owner only, that gets its place when the block is left.

    Raises:
        FileExistsError: the place is taken; what is there is left alone.
        OSError: the file cannot be made.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield temporary
        _sync(temporary)
        os.link(temporary, path)  # unlike a rename, it fails where there is something
        _sync(path.parent)  # or the name could be lost with the power
    finally:
        temporary.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
