"""Server-sent events, read from bytes as they come, in bounded memory."""

from collections.abc import Iterator

LINE_LIMIT = 65_536
"""Most bytes of a line."""
EVENT_LIMIT = 131_072
"""Most bytes of the data of one event."""


class Events:
    """Takes bytes and gives whole events. A comment is nothing."""

    def __init__(self) -> None:
        self._line = b""
        self._name = ""
        self._data: list[bytes] = []
        self._length = 0

    def take(self, content: bytes) -> Iterator[tuple[str, bytes]]:
        """The names and data of the events that are whole by now.

        Raises:
            ValueError: a line or an event is too long, or a name is no text.
        """
        *lines, self._line = (self._line + content).split(b"\n")
        for line in lines:
            _check(len(line), LINE_LIMIT)
            event = self._of(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        _check(len(self._line), LINE_LIMIT)

    def _of(self, line: bytes) -> tuple[str, bytes] | None:
        if not line:
            event = (self._name, b"\n".join(self._data)) if self._data else None
            self._name, self._data, self._length = "", [], 0
            return event
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode()
        elif field == b"data":
            self._length += len(value) + 1
            _check(self._length, EVENT_LIMIT)
            self._data.append(value)
        return None


def _check(length: int, most: int) -> None:
    if length > most:
        raise ValueError(f"more than {most} bytes")
