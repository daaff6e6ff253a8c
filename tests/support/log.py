"""Both sides of a log in one process."""

from collections.abc import Iterator
from pathlib import Path

from sentric_analyzer.log import Entry, Limits, LogReader, LogWriter, Receipt, Record
from sentric_analyzer.log.recovery import Recovery


class Log:
    """A `LogWriter` and its `LogReader`; each call goes to the one that has it."""

    def __init__(self, reader: LogReader, writer: LogWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    def open(cls, directory: Path, limits: Limits | None = None) -> "Log":
        """Open both sides of a directory.

        Raises:
            LogHeldError: another process holds one.
            LogError: it cannot be used; the message says why.
        """
        reader = LogReader.open(directory)
        try:
            return cls(reader, LogWriter.open(directory, reader.link, limits))
        except BaseException:
            reader.close()
            raise

    @property
    def recovery(self) -> Recovery:
        return self.writer.recovery

    @property
    def end(self) -> int:
        return self.reader.end

    @property
    def committed(self) -> int:
        return self.reader.committed

    @property
    def begun(self) -> int:
        return self.reader.begun

    def append(self, record: Record) -> Receipt:
        return self.writer.append(record)

    async def append_async(self, record: Record) -> Receipt:
        return await self.writer.append_async(record)

    def read(self, position: int, *, wait: float | None = 0.0) -> Iterator[Entry]:
        return self.reader.read(position, wait=wait)

    def release_readers(self) -> None:
        self.reader.release_readers()

    def begin(self, position: int) -> None:
        self.reader.begin(position)

    def commit(self, position: int) -> None:
        self.reader.commit(position)

    def close(self) -> None:
        """Close both sides."""
        self.reader.release_readers()
        self.writer.close()
        self.reader.close()

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
