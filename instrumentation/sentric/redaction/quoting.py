r"""Keeping JSON text JSON: a number that becomes a fingerprint needs quotes, and those the escapes of its depth."""

_BLANKS = b" \t\r\n"
_NEAR = 64
_DEEPEST = 6


class JsonDepth:
    """Tells in how many strings, one within the other, the positions of a JSON text lie, asked in ascending order.

    A string at depth d is opened and closed by a quote behind 2^(d-1) - 1 backslashes; one that closes may have
    escaped backslashes before it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._depth = 0

    def quote(self, start: int, end: int) -> bytes:
        r"""The quote that what replaces `data[start:end]` needs on both sides: `"`, `\"`, `\\\"` …, or none.

        Only whole numbers behind `":`, `,` or `[` and before `,`, `}` or `]` need one.
        """
        if not self._data[start:end].isdigit():
            return b""
        before = self._data[max(0, start - _NEAR) : start].rstrip(_BLANKS)
        after = self._data[end : end + _NEAR].lstrip(_BLANKS)
        member = before.endswith(b":") and before[:-1].rstrip(_BLANKS).endswith(b'"')
        if not (member or before.endswith((b",", b"["))) or not after.startswith((b",", b"}", b"]")):
            return b""
        self._advance(start)
        return _quote(self._depth)

    def closer(self, position: int) -> bytes:
        """The quote that ends the innermost string around a position; empty outside of strings."""
        self._advance(position)
        return _quote(self._depth - 1) if self._depth else b""

    def _advance(self, position: int) -> None:
        while (at := self._data.find(b'"', self._position, position)) >= 0:
            self._position = at + 1
            run = backslashes(self._data, 0, at)
            # The outermost string that it can end, it ends: of those within, it would be a part.
            ended = next((level for level in range(self._depth) if closes(run, (1 << level) - 1)), None)
            if ended is not None:
                self._depth = ended
            elif run == (1 << self._depth) - 1 and self._depth < _DEEPEST:
                self._depth += 1


def closes(run: int, opening: int) -> bool:
    """Whether a quote behind `run` backslashes ends a string that was opened by one behind `opening`.

    A quote within it has more of them, unless they are the end of the value; one with fewer ends a string around it.
    """
    return run < opening or (run - opening) % (2 * (opening + 1)) == 0


def backslashes(data: bytes, start: int, end: int) -> int:
    """How many backslashes stand before `end`; at most 64 are counted."""
    near = data[max(start, end - _NEAR) : end]
    return len(near) - len(near.rstrip(b"\\"))


def is_json(data: bytes) -> bool:
    """Whether a text may be a JSON document."""
    return data[:_NEAR].lstrip(_BLANKS).startswith((b"{", b"[", b'"'))


def _quote(depth: int) -> bytes:
    return b"\\" * ((1 << depth) - 1) + b'"'
