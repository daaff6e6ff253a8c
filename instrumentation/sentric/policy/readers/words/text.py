"""Text as the signals read it: without disguises, and argument by argument."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from sentric.events import JsonValue

EXCERPT_LIMIT = 200
"""Longest excerpt in a fact, in characters."""
LARGEST_NUMBER_BITS = 4096
"""Whole numbers beyond this are not written out: that would take quadratic time."""

SHORT = 512
"""Characters of a text that is read anew each time it is asked for: the long ones are remembered."""

TAGS = (0xE0020, 0xE007E)
"""Unicode tag characters: invisible twins of printable ASCII, first and last."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0001\U000e007f]"
)
_TAG = re.compile("[\U000e0020-\U000e007e]")
_GLUED = re.compile("(?<=\\w)(?=[\U000e0020-\U000e007e]{8})|(?<=[\U000e0020-\U000e007e]{8})(?=\\w)")
"""Where a text written in tag characters touches a word: it is a text of its own."""
_LONG_RUN = re.compile("[^\x00-\x7f]{257}")
_PIECE = re.compile("[\x00-\x7f]*[^\x00-\x7f]{1,256}|[\x00-\x7f]+")
_PLAIN = re.compile("[\x00-\x7f¡-§©«¬®°±¶·»¿-ÿ–—‘’“”„•€‹›]*")
"""Characters of most texts: none of them is a disguise, and none is changed by NFKC beside any of the others."""


def readable(text: str) -> str:
    """A text as a model reads it: compatibility forms folded (NFKC), invisible characters gone, tag ones shown.

    Lone surrogates become question marks, so that the result can always be encoded.
    """
    if text.isascii():
        return text
    return _undisguised(text) if len(text) <= SHORT else _long(text)


def _undisguised(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    shown = _TAG.sub(lambda tag: chr(ord(tag[0]) - 0xE0000), _GLUED.sub(" ", encodable))
    shown = _INVISIBLE.sub("", shown)
    if _LONG_RUN.search(shown) is None:
        return unicodedata.normalize("NFKC", shown)
    # To sort a run of combining marks takes quadratic time, so a long run is read in pieces.
    return "".join([unicodedata.normalize("NFKC", piece) for piece in _PIECE.findall(shown)])


_long = lru_cache(maxsize=16)(_undisguised)


def small(text: str) -> str:
    """A `readable` text with its ASCII letters in lower case: far faster than all of them where it has others."""
    return text.lower() if text.isascii() else text.encode().lower().decode()


def excerpt(text: str, start: int = 0, end: int | None = None) -> str:
    """The part of a text from `start` on, on one line, up to `EXCERPT_LIMIT` characters."""
    # Twice the limit is enough to collapse white space in without reading all of a long text.
    line = " ".join(text[start : len(text) if end is None else end][: 2 * EXCERPT_LIMIT].split())
    return line if len(line) <= EXCERPT_LIMIT else line[: EXCERPT_LIMIT - 1] + "…"


def leaves(arguments: Mapping[str, JsonValue]) -> "Iterator[tuple[str, str]]":
    """The texts and numbers in some arguments, in order, each with the nearest key above it in lower case.

    Works at any depth without recursion.
    """
    waiting: list[tuple[str, Any]] = [("", arguments)]
    while waiting:
        key, value = waiting.pop()
        match value:
            case str():
                yield key, value
            case bool() | None:
                pass
            case int():
                if value.bit_length() <= LARGEST_NUMBER_BITS:
                    yield key, str(value)
            case float():
                yield key, str(value)
            case dict() | Mapping():  # most are dicts, which are told far faster than other mappings
                waiting.extend((str(name).lower(), value[name]) for name in reversed(tuple(value)))
            case list() | tuple():
                waiting.extend((key, item) for item in reversed(value))
            case _:
                pass
