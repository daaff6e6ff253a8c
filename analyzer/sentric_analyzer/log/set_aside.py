"""Requests that could not be worked on, kept for a person to look into."""

import os
from pathlib import Path

from sentric_analyzer.log.errors import LogUnavailableError
from sentric_analyzer.log.record import Entry
from sentric_analyzer.log.segment import MODE, sync_directory

SET_ASIDE = "set-aside"
"""Name of the directory, beside that of the log."""
MOST_FILES = 1_000
MOST_BYTES = 256 << 20


class SetAside:
    """A directory with a file for each request, which is the request's body as it came: not redacted, mode 0600.

    A file is named by the request's position in the log, when it was received, and its signal. Nothing removes
    them. Safe from any thread, of one process.

    Args:
        directory: made when there is something to keep.
        most_files: after which no further request is kept.
        most_bytes: of all of them, likewise.
    """

    def __init__(self, directory: Path, *, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES) -> None:
        self.directory = directory
        self._most_files = most_files
        self._most_bytes = most_bytes

    def keep(self, entry: Entry) -> Path | None:
        """Keep a request; the same one again is kept once.

        Returns:
            Its file; None where there is no room for it.

        Raises:
            LogUnavailableError: the disk refused it.
        """
        record = entry.record
        path = self.directory / f"{entry.position}-{record.received}.{record.signal}.pb"
        try:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            if not path.exists():
                sizes = [file.stat().st_size for file in self.directory.glob("*.pb")]
                if len(sizes) >= self._most_files or sum(sizes) + len(record.body) > self._most_bytes:
                    return None
                self._write(path, record.body)
        except OSError as error:
            raise LogUnavailableError(f"{path}: a request cannot be set aside: {error.strerror}") from error
        return path

    def _write(self, path: Path, body: bytes) -> None:
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_directory(self.directory)
