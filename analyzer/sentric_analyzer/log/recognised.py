"""The digests of the records of a finished segment, in a file of its own that outlives the segment.

So a request that comes again is recognised across restarts too, when the segment that held the first is long gone.
A file: magic, then a digest and a position for each record, then the CRC-32 of all before it, little-endian.
"""

import os
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from struct import Struct, error
from typing import TypeAlias

from sentric_analyzer.log.record import DIGEST_BYTES
from sentric_analyzer.log.segment import MODE

Digests: TypeAlias = Sequence[tuple[bytes, int]]
"""Digests of records with their positions, oldest first."""

_MAGIC = b"SENTRDIG"
_ENTRY = Struct(f"<{DIGEST_BYTES}sQ")
_CRC = Struct("<I")
_AROUND = len(_MAGIC) + _CRC.size
_NAME = re.compile(r"(\d{20})\.recognised", re.ASCII)


def keep_recognised(directory: Path, base: int, digests: Digests, most: int) -> None:
    """Keep the newest digests of the segment that begins at a position, beside those of others: so many in all.

    That they cannot be kept is no failure: the segment itself tells them while it is there.
    """
    content = b"".join((_MAGIC, *(_ENTRY.pack(*one) for one in digests[-most:])))
    path = _path(directory, base)
    draft = path.with_suffix(".new")
    try:
        _write(draft, content + _CRC.pack(zlib.crc32(content)))
        draft.replace(path)
        _forget_older(directory, most)
    except OSError:
        with suppress(OSError):
            draft.unlink()


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fdatasync(file.fileno())


def recognised(directory: Path, base: int) -> Digests | None:
    """What is kept of the segment that begins at a position; None where nothing is, or it is damaged."""
    try:
        content = _path(directory, base).read_bytes()
        told, crc = content[: -_CRC.size], _CRC.unpack(content[-_CRC.size :])[0]
        if not told.startswith(_MAGIC) or zlib.crc32(told) != crc:
            return None
        return list(_ENTRY.iter_unpack(told[len(_MAGIC) :]))
    except (OSError, error):
        return None


def recognised_in(directory: Path) -> list[tuple[int, int]]:
    """Where the segments begin of which digests are kept, and of how many records, the newest first."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as entries:
        found = ((_NAME.fullmatch(entry.name), entry) for entry in entries)
        sizes = [(int(name[1]), entry.stat().st_size) for name, entry in found if name]
        return sorted(((base, max(0, size - _AROUND) // _ENTRY.size) for base, size in sizes), reverse=True)
    return []


def _forget_older(directory: Path, most: int) -> None:
    """Remove what is kept beside so many newest records."""
    newer = 0
    for base, count in recognised_in(directory):
        if newer >= most:
            _path(directory, base).unlink()
        newer += count


def _path(directory: Path, base: int) -> Path:
    return directory / f"{base:020d}.recognised"
