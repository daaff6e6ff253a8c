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
_UNQUOTED = bytes(b" "[0] if byte in _BLANKS else byte for byte in range(256))

_MARKS = (b"@", b"://")
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_TELLING = re.compile(rb"[^ ]*(?:[@%]|://)[^ ]*|[^ ]{" + str(LONG).encode() + rb",}")
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
    words = b" ".join(_long_words(raw))
    if any(raw.count(mark) > words.count(mark) for mark in _MARKS) or _ESCAPE.search(raw):
        words = b" ".join(_TELLING.findall(raw.translate(_UNQUOTED)))
    return words.decode().split()


def _long_words(raw: bytes) -> list[bytes]:
    kinds = raw.translate(_OF_WORDS)
    found: list[bytes] = []
    start = kinds.find(_RUN)
    while start >= 0:
        end = kinds.find(b" ", start + LONG)
        end = end if end >= 0 else len(raw)
        found.append(raw[start:end])
        start = kinds.find(_RUN, end)
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
