"""Texts inside a text: what is carried out percent-encoded, in base64, in hex, compressed, or in several of these."""

import base64
import binascii
import codecs
import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from sentric.policy.readers.words.patterns import Patterns
from sentric.policy.readers.words.text import readable

DEPTH = 3
"""Encodings of one text that may lie around each other."""
BUDGET = 65_536
"""Characters that are decoded of one text and all that is inside it."""
CANDIDATES = 64
"""Stretches of one kind in one text that are tried, and texts that are found at most."""
SHORTEST_RUN = 12
"""Characters of the shortest stretch that is tried."""
_HEAD = 256
"""Bytes by which a decoding is judged: a picture of a megabyte is left alone after these."""

# Each repeats single classes of characters, with separators that are not in them, so that matching takes linear time.
_BASE64 = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST_RUN},}}(?:\r?\n[A-Za-z0-9+/_-]+)*")
_HEX = re.compile(r"(?:[2-7][0-9A-Fa-f]|0[9AaDd]){8,}|(?:1[Ff]8[Bb]08|78(?:01|5[Ee]|9[Cc]|[Dd][Aa]))[0-9A-Fa-f]{16,}")
"""The hex of printable ASCII, or of something compressed: other hex is of no text."""
_PAIRS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[ :-][0-9A-Fa-f]{2}){5,}")
_LONG = re.compile(r"[0-9A-Za-z]{16}")
"""What no text in hex or base32 does without."""
_BASE32 = re.compile(r"[A-Z2-7]{16,}|[a-z2-7]{16,}")
_SPACED = re.compile(r"(?<![A-Za-z0-9@])[A-Za-z0-9@](?:[ .,:_-][A-Za-z0-9@.]){5,}")
_GROUPED = re.compile(r"\d\d{0,7}(?:[ .-]\d{1,8}){2,}")  # `re` is quick where a search begins with one class
_ESCAPE = re.compile(r"(?<!\\)\\{1,16}(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_AUTHORITY = re.compile(r"://([^\s/?#\"'<>\\]+)")
_SEPARATORS = re.compile(r"[\s:.-]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e\t\r\n]{8,}")
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x78\x5e")
"""First bytes of gzip (RFC 1952) and of zlib at its usual levels (RFC 1950)."""
_FORMS = Patterns(
    {
        "spaced": r"\b[a-z0-9@](?:[ .,:_-][a-z0-9@.]){5}",
        "grouped": r"\b\d{1,8}[ .-]\d{1,8}[ .-]\d{1,8}",
        "pairs": r"\b[0-9a-f]{2}(?:[ :-][0-9a-f]{2}){5}",
        "run": rf"[a-z0-9+/_-]{{{SHORTEST_RUN}}}",
        "authority": r"://[^/\s]*[^/\s.]{12}",
    }
)
"""Tells in one pass which of the searches below can find anything."""
_URLSAFE = str.maketrans("-_", "+/", "\r\n")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text that was inside another."""

    text: str
    encodings: tuple[str, ...]
    """From the outermost in."""


def decoded(text: str) -> tuple[Decoded, ...]:
    """Find the texts inside a text, to `DEPTH` and within `BUDGET`; nothing where nothing is encoded.

    What is no text when decoded is left out, so that pictures and hashes give nothing. Disguises of single characters
    (full-width, zero-width) are undone first, see `readable`.
    """
    if len(text) < SHORTEST_RUN:
        return ()
    found: dict[str, tuple[str, ...]] = {}
    room = BUDGET
    layer: list[Decoded] = [Decoded(text[:BUDGET], ())]
    for _ in range(DEPTH):
        following: list[Decoded] = []
        for outer in layer:
            for raw, encoding in _inside(readable(outer.text)):
                inner = readable(raw)
                if inner in found or inner == text or len(inner) > room or len(found) >= CANDIDATES:
                    continue
                room -= len(inner)
                found[inner] = (*outer.encodings, encoding)
                following.append(Decoded(inner, found[inner]))
        layer = following
    return tuple(Decoded(inner, encodings) for inner, encodings in found.items())


def mirrored(values: tuple[str, ...]) -> dict[str, str]:
    """The values for which some values may stand, each with how it was changed: read backwards, or in rot13."""
    if not values:
        return {}
    joined = "\n".join(values)
    turned = codecs.decode(joined, "rot13")
    found = dict.fromkeys(joined[::-1].split("\n"), "reversed")
    for text in (turned, turned[::-1]):
        found.update(dict.fromkeys(text.split("\n"), "rot13"))
    return found


def _inside(text: str) -> Iterator[tuple[str, str]]:
    """Each text that one decoding gives, with the name of its encoding."""
    yield from ((plain, name) for plain, name in _whole(text) if plain != text)
    forms = _FORMS.matching(text)
    if "spaced" in forms:
        yield from ((spaced[::2], "spaced") for spaced in _first(_SPACED, text))
    if "grouped" in forms:
        digits = (_SEPARATORS.sub("", grouped) for grouped in _first(_GROUPED, text))
        yield from ((number, "spaced") for number in digits if len(number) >= SHORTEST_RUN)
    if "pairs" in forms:
        for pairs in _first(_PAIRS, text):
            yield from _text(_of_hex(pairs), "hex")
    if "run" in forms:
        # Only lines of base64 go on after white space, and splitting is far faster than searching.
        words = text if "\n" in text else " ".join([word for word in text.split() if len(word) >= SHORTEST_RUN])
        yield from _of_runs(_first(_BASE64, words))
    if "authority" in forms:
        joined = (authority.replace(".", "").replace("-", "") for authority in _first(_AUTHORITY, text))
        yield from _of_runs([run for authority in joined for run in _first(_BASE64, authority)])


def _whole(text: str) -> Iterator[tuple[str, str]]:
    """The text with the escapes in it undone."""
    if "%" in text:
        yield unquote_plus(text, errors="replace"), "percent"
    if "\\" in text:
        yield _ESCAPE.sub(_character, text), "escaped"
    if "&#" in text:
        yield html.unescape(text), "html"


def _first(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(text)))[:CANDIDATES]


def _of_runs(runs: list[str]) -> Iterator[tuple[str, str]]:
    joined = "\n".join(runs)
    has_long = _LONG.search(joined) is not None
    for digits in _first(_HEX, joined) if has_long else ():
        yield from _text(_of_hex(digits), "hex")
    for group in _first(_BASE32, joined) if has_long else ():
        if group.isupper() or not group.isalpha():  # a long run of small letters is a word
            yield from _text(_of_base32(group.upper()), "base32")
    for run in runs:
        if not (run.islower() or run.isupper() or run.isdigit()):  # the base64 of a text has letters of both cases
            yield from _of_base64(run.translate(_URLSAFE))


def _of_base64(run: str) -> tuple[tuple[str, str], ...]:
    """A run may begin with what is not part of it: the first of the four alignments that gives a text is taken."""
    for start in range(4):
        head = run[start : start + 4 * _HEAD]
        if _is_text(_base64(head)):
            return _text(_base64(run[start:BUDGET]), "base64")
    return ()


def _base64(run: str) -> bytes:
    whole = len(run) - (len(run) % 4 == 1)
    return binascii.a2b_base64(run[:whole] + "=" * (-whole % 4))


def _of_hex(run: str) -> bytes:
    digits = run if run.isalnum() else _SEPARATORS.sub("", run)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _of_base32(run: str) -> bytes:
    """Whole groups only: an encoder's last group may be shorter than eight characters in these lengths."""
    whole = len(run) - {1: 1, 3: 1, 6: 1}.get(len(run) % 8, 0)
    return base64.b32decode(run[:whole] + "=" * (-whole % 8))


def _text(data: bytes, encoding: str) -> tuple[tuple[str, str], ...]:
    if data.startswith(_COMPRESSED):
        plain = _decompressed(data)
        return ((plain.decode("utf-8", "replace"), f"{encoding} of gzip"),) if plain else ()
    return ((data.decode("utf-8", "replace"), encoding),) if _is_text(data) else ()


def _is_text(data: bytes) -> bool:
    if data.startswith(_COMPRESSED) or _PRINTABLE.search(data[:_HEAD]):
        return True
    try:
        return bool(data) and max(data[:_HEAD]) > 0x7F and data[:_HEAD].decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _decompressed(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=47).decompress(data, BUDGET)  # 32 + 15: either header
    except zlib.error:
        return b""


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1] or escape[2], 16))
