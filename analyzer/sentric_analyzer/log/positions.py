"""Positions that outlast a crash, each in a file of its own."""

import os
from pathlib import Path

from sentric_analyzer.log.errors import LogError
from sentric_analyzer.log.segment import MODE, sync_directory

COMMITTED = "committed"
"""Name of the position before which everything is done with."""
BEGUN = "begun"
"""Name of the position up to which the reader has begun to work."""

_LONGEST = 20
"""Bytes of a position, with its end of line: 19 digits are less than 2**64."""


def read_position(directory: Path, name: str) -> int:
    """A position by its name; 0 in a new log.

    Raises:
        LogError: the file does not hold a position.
    """
    path = directory / name
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return 0
    if not text.strip().isdigit() or len(text) > _LONGEST:
        raise LogError(f"{path}: does not hold a position: remove it to read the log from its oldest record")
    return int(text)


def write_position(directory: Path, name: str, position: int) -> None:
    """Replace a position, so that after a crash either the old or the new one is there.

    Raises:
        OSError: the new position could not be made durable.
    """
    draft = directory / f"{name}.new"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    try:
        os.write(file, b"%d\n" % position)
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(directory / name)
    sync_directory(directory)
