"""Positions that outlast a crash, each in a file of its own."""

import os
import re
import zlib
from pathlib import Path

from sentric_analyzer.log.errors import LogError
from sentric_analyzer.log.segment import FURTHEST, MODE, sync_directory

COMMITTED = "committed"
"""Name of the position before which everything is done with."""
BEGUN = "begun"
"""Name of the position up to which the reader has begun to work."""

_FORM = re.compile(rb"(\d{1,19})(?: ([0-9a-f]{8}))?\n?", re.ASCII)
"""A position and the CRC-32 of its digits, which the files of before have not."""
_LONGEST = 64


def read_position(directory: Path, name: str) -> int:
    """A position by its name; 0 in a new log.

    Raises:
        LogError: the file does not hold a position.
    """
    path = directory / name
    if not path.exists():
        return 0
    found = _FORM.fullmatch(path.read_bytes()[:_LONGEST]) if path.is_file() else None
    if not found or int(found[1]) > FURTHEST or (found[2] and found[2] != _crc(found[1])):
        raise LogError(f"{path}: does not hold a position: remove it to read the log from its oldest record")
    return int(found[1])


def _crc(digits: bytes) -> bytes:
    return b"%08x" % zlib.crc32(digits)


def write_position(directory: Path, name: str, position: int) -> None:
    """Replace a position, so that after a crash either the old or the new one is there.

    Raises:
        OSError: the new position could not be made durable.
    """
    draft = directory / f"{name}.new"
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    try:
        digits = b"%d" % position
        os.write(file, b"%b %b\n" % (digits, _crc(digits)))
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(directory / name)
    sync_directory(directory)
