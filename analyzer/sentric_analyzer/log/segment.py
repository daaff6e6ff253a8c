"""The files of the log.

A position counts the bytes of all segments, headers too, since the log began. A segment is named by the
position at which it begins, and by the marker of its frames; it ends where the next one begins: what lies behind that
in its file was never acknowledged.
"""

import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

from sentric_analyzer.log.errors import LogError

_HEADER = Struct("<8sIQ")
_MAGIC = b"SENTRLOG"
_VERSION = 1
HEADER_BYTES = _HEADER.size
MODE = 0o600
FURTHEST = 2**63 - 1
"""No position is beyond this."""
MARKER_BYTES = 8
_NAME = re.compile(r"(\d{20})(?:-([0-9a-f]{16}))?\.segment", re.ASCII)
_FIRST_MARKER = b"\xf5STR"
"""Of segments whose names have none: before there were others."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the log."""

    path: Path
    base: int
    """Position of its first byte."""
    marker: bytes = _FIRST_MARKER
    """What each of its frames begins with."""

    def header(self) -> bytes:
        """What the file begins with."""
        return _HEADER.pack(_MAGIC, _VERSION, self.base)

    def check(self) -> None:
        """Refuse a segment that another version has written.

        Raises:
            LogError: naming the file and the cure.
        """
        with self.path.open("rb") as file:
            header = file.read(HEADER_BYTES)
        if len(header) == HEADER_BYTES and header[: len(_MAGIC)] == _MAGIC:
            version = _HEADER.unpack(header)[1]
            if version != _VERSION:
                raise LogError(
                    f"{self.path}: written in form {version} of the log, and this Sentric reads form "
                    f"{_VERSION}: use the version that wrote it, or move the file away"
                )


def segment_at(directory: Path, base: int, marker: bytes) -> Segment:
    """The segment that begins at a position, there or not."""
    return Segment(directory / f"{base:020d}-{marker.hex()}.segment", base, marker)


def segments_in(directory: Path) -> list[Segment]:
    """The segments of a directory, oldest first; none where it is not there. What is no file is no segment."""
    found: list[Segment] = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as entries:
        for entry in entries:
            name = _NAME.fullmatch(entry.name)
            if name and int(name[1]) <= FURTHEST and entry.is_file(follow_symlinks=False):
                marker = bytes.fromhex(name[2]) if name[2] else _FIRST_MARKER
                found.append(Segment(directory / entry.name, int(name[1]), marker))
    return sorted(found, key=lambda segment: segment.base)


class ActiveSegment:
    """The segment that is being written, made anew.

    Raises:
        OSError: its file cannot be made.
    """

    def __init__(self, segment: Segment) -> None:
        self._segment = segment
        self._file = os.open(segment.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, MODE)
        self.durable = 0
        """Bytes that are durable; none while not even the name is."""

    @property
    def base(self) -> int:
        """Position of its first byte."""
        return self._segment.base

    @property
    def header_room(self) -> int:
        """Bytes that the next append writes before what it is given."""
        return 0 if self.durable else HEADER_BYTES

    def append(self, buffers: list[bytes]) -> None:
        """Write and make durable.

        Raises:
            OSError: what of it is on the disk is not known; `abandon` the segment.
        """
        if not self.durable:
            buffers = [self._segment.header(), *buffers]
        _write_all(self._file, buffers)
        os.fdatasync(self._file)
        if not os.fstat(self._file).st_nlink:
            raise FileNotFoundError(errno.ENOENT, "its file was removed", str(self._segment.path))
        if not self.durable:
            sync_directory(self._segment.path.parent)
        self.durable += sum(map(len, buffers))

    def abandon(self) -> None:
        """Cut off what is not durable, and close.

        After a failed sync the kernel may hold pages for clean that never reached the disk, so a file that
        failed once is not written again. Where even cutting fails, the base of the next segment marks the end
        of this one.
        """
        with suppress(OSError):
            os.ftruncate(self._file, self.durable)
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _write_all(file: int, buffers: list[bytes]) -> None:
    """Write buffers one after another, whole.

    Raises:
        OSError: the file may hold a part of them.
    """
    most = os.sysconf("SC_IOV_MAX")
    for first in range(0, len(buffers), most):
        group = buffers[first : first + most]
        written = os.writev(file, group)
        if written < sum(map(len, group)):  # a disk about to be full writes short, and fails when asked again
            rest = memoryview(b"".join(group))[written:]
            while rest:
                rest = rest[os.write(file, rest) :]


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
