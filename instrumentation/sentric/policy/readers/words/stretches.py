"""The few stretches of a text that may be more than words, found in bulk.

Most of a text is prose, and to ask of each word what it is takes longer than all that is done with those that matter.
So a text is turned into one of the same length that says of each byte only what class it is of: a long run, and the end
of a word, are found in that like any other string.
"""

import re

LONG = 12
"""Characters of a run that may be a number, a token, or something encoded."""
_RUN = b"a" * LONG
_CODE_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/_-"
_BLANKS = b" \t\n\r\v\f\x1c\x1d\x1e\x1f\"'`<>(),;[]{}|\\"
"""What ends a word: white space, quotation marks, brackets, commas and semicolons."""
_WIDE_QUOTES = "‹›“”"
_OF_WORDS = bytes(b"a "[byte in _BLANKS] for byte in range(256))
_OF_CODES = bytes(b" a"[byte in _CODE_LETTERS] for byte in range(256))

_MARKS = (b"@", b"://")
"""What an address has in it."""
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_CODE = re.compile(rb"[A-Za-z0-9+/_-]+(?:\r?\n[A-Za-z0-9+/_-]+)*")


def telling_words(text: str) -> list[str]:
    """The words of a text that are long, or have the mark of an address or an escape, in order.

    Args:
        text: `readable`.
    """
    if not text.isascii():
        for quote in _WIDE_QUOTES:
            text = text.replace(quote, " ")
    raw = text.encode()
    kinds = raw.translate(_OF_WORDS)
    found = _long_words(kinds)

    def note(at: int) -> int:
        """Note the word that a mark stands in, and say where it ends."""
        end = kinds.find(b" ", at)
        end = end if end >= 0 else len(raw)
        found[kinds.rfind(b" ", 0, at) + 1] = end
        return end

    for mark in _MARKS:
        at = raw.find(mark)
        while at >= 0:
            at = raw.find(mark, note(at))
    escape = _ESCAPE.search(raw)
    while escape is not None:
        escape = _ESCAPE.search(raw, note(escape.start()))
    return b" ".join([raw[start:end] for start, end in sorted(found.items())]).decode().split()


def _long_words(kinds: bytes) -> dict[int, int]:
    """Where the long words begin and end."""
    found: dict[int, int] = {}
    start = kinds.find(_RUN)
    while start >= 0:
        end = kinds.find(b" ", start + LONG)
        found[start] = end if end >= 0 else len(kinds)
        start = kinds.find(_RUN, found[start])
    return found


def long_codes(text: str) -> list[str]:
    """The long runs of characters of base64, hex and the like; those in lines are one.

    Args:
        text: `readable`.
    """
    raw = text.encode()
    kinds = raw.translate(_OF_CODES)
    found: list[str] = []
    start = kinds.find(_RUN)
    while start >= 0 and (run := _CODE.match(raw, start)) is not None:
        found.append(run[0].decode())
        start = kinds.find(_RUN, run.end())
    return found
