"""Texts inside a text: what is carried out percent-encoded, in base64, in hex, compressed, or in several of these."""

import base64
import binascii
import html
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote_plus

from sentric.policy.readers.values.groups import groups
from sentric.policy.readers.words.stretches import LONG, long_codes
from sentric.policy.readers.words.text import readable

DEPTH = 3
"""Encodings of one text that may lie around each other."""
BUDGET = 65_536
"""Characters that are decoded of one text and all that is inside it."""
CANDIDATES = 64
"""Stretches of one kind in one text that are tried, and texts that are found at most."""
AROUND = 256
"""Characters around escapes that are read with them."""
_HEAD = 256
"""Bytes by which a decoding is judged: a picture of a megabyte is left alone after these."""

# Each repeats single classes of characters, with separators that are not in them, so that matching takes linear time.
_HEX = re.compile(r"(?:[2-7][0-9A-Fa-f]|0[9AaDd]){8,}|(?:1[Ff]8[Bb]08|78(?:01|5[Ee]|9[Cc]|[Dd][Aa]))[0-9A-Fa-f]{16,}")
"""The hex of printable ASCII, or of something compressed: other hex is of no text."""
_PAIRS = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:[ :-][0-9A-Fa-f]{2}){5,}")
_LONGER = 16
_LONG = re.compile(rf"[0-9A-Za-z]{{{_LONGER}}}")
"""What no text in hex or base32 does without."""
_BASE32 = re.compile(r"[A-Z2-7]{16,}|[a-z2-7]{16,}")
_SPACED = re.compile(r"(?<![A-Za-z0-9@])[A-Za-z0-9@](?:[ .,:_-][A-Za-z0-9@.]){5,}")
_GROUPED = re.compile(r"\d\d{0,7}(?:[ .-]\d{1,8}){2,}")  # `re` is quick where a search begins with one class
_ESCAPE = re.compile(r"(?<!\\)\\{1,16}(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_PERCENT = re.compile("%[0-9a-fA-F]{2}")
_AUTHORITY = re.compile(r"://([^\s/?#\"'<>\\]{12,})")
_SEPARATORS = re.compile(r"[\s:.-]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e\t\r\n]{8,}")
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x78\x5e")
"""First bytes of gzip (RFC 1952) and of zlib at its usual levels (RFC 1950)."""
_ROT13 = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", b"NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)
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
    if len(text) < LONG:
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
    turned = joined.encode().translate(_ROT13).decode()
    found = dict.fromkeys(joined[::-1].split("\n"), "reversed")
    found |= dict.fromkeys(f"{turned}\n{turned[::-1]}".split("\n"), "rot13")
    return found


def _inside(text: str) -> Iterator[tuple[str, str]]:
    """Each text that one decoding gives, with the name of its encoding."""
    yield from _whole(text)
    if grouped := groups(text):
        yield from ((spaced[::2], "spaced") for spaced in _first(_SPACED, grouped))
        numbers = (_SEPARATORS.sub("", number) for number in _first(_GROUPED, grouped))
        yield from ((number, "spaced") for number in numbers if len(number) >= LONG)
        for pairs in _first(_PAIRS, grouped):
            yield from _text(_of_hex(pairs), "hex")
    yield from _of_runs(_capped(long_codes(text)))
    if "://" in text:  # data may be spread over the labels of a host
        joined = "\n".join(_first(_AUTHORITY, text)).replace(".", "").replace("-", "")
        yield from _of_runs(_capped([run for host in joined.split("\n") for run in long_codes(host)]))


def is_escaped(text: str) -> bool:
    """Whether a text has percent-encoded characters: most percent signs stand for per cent."""
    return "%" in text and _PERCENT.search(text) is not None


def _whole(text: str) -> Iterator[tuple[str, str]]:
    """The text with the escapes in it undone, from the first to the last."""
    for mark, name, undone in _ESCAPED:
        if mark in text and (mark != "%" or is_escaped(text)):
            escaped = _around(text, mark)
            if (plain := undone(escaped)) != escaped:
                yield plain, name


def _around(text: str, mark: str) -> str:
    """The part of a text that has all of a mark, and so much around it that a passage stays one."""
    first, last = max(text.find(mark) - AROUND, 0), text.rfind(mark) + AROUND
    end = text.find(" ", last)
    return text[text.rfind(" ", 0, first) + 1 : end if end >= 0 else len(text)]


def _first(pattern: re.Pattern[str], text: str) -> list[str]:
    return _capped(pattern.findall(text))


def _capped(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))[:CANDIDATES]


def _of_runs(runs: list[str]) -> Iterator[tuple[str, str]]:
    joined = "\n".join([run for run in runs if len(run) >= _LONGER])
    if _LONG.search(joined):
        for digits in _first(_HEX, joined):
            yield from _text(_of_hex(digits), "hex")
        for group in _first(_BASE32, joined):
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


_ESCAPED: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("%", "percent", partial(unquote_plus, errors="replace")),
    ("\\", "escaped", partial(_ESCAPE.sub, _character)),
    ("&#", "html", html.unescape),
)
"""What escapes begin with, what they are called, and what undoes them."""
