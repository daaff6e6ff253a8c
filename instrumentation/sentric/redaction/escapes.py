r"""Texts in which single characters are written as something else: `%41`, `\u0041`, `&#65;`, full-width, zero-width.

Each way is a pattern that tells whether a text is worth rewriting, and what its matches stand for. What ordinary
software escapes in JSON and HTML (quotes, slashes, brackets) is no sign: only a letter or digit that nobody needs to
escape is. In URLs everything counts, because words and secrets stand right behind escaped blanks there.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from sentric.redaction.places import Decoded, Rewritten

_LETTER = "(?:[46][1-9A-Fa-f]|[57][0-9Aa]|3[0-9])"
_LETTER_CODE = "(?:4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[7-9]|1[01][0-9]|12[0-2])"
_KEPT = frozenset({b'"', b"\\"})
"""Unescaping these would break the strings of the JSON around them."""
_TAG = 0xE0000
_HIGHEST = 0x110000
_SURROGATES = range(0xD800, 0xE000)


def _percent(match: "re.Match[bytes]") -> bytes:
    return bytes((int(match[1], 16),)) if match[1] else b" "


def _backslash(match: "re.Match[bytes]") -> bytes:
    return bytes((int(match[1], 16),))


def _entity(match: "re.Match[bytes]") -> bytes:
    code = int(match[1], 16) if match[1] else int(match[2])
    return b"?" if not 0 < code < _HIGHEST or code in _SURROGATES else chr(code).encode()


def _folded(match: "re.Match[bytes]") -> bytes:
    try:
        char = match[0].decode()
    except UnicodeDecodeError:  # half of a character, in bytes that are no text
        return b"?"
    if _TAG < ord(char) < _TAG + 128:
        return bytes((ord(char) - _TAG,))
    if unicodedata.category(char) in {"Cf", "Mn"}:
        return b""
    return unicodedata.normalize("NFKC", char).encode()


@dataclass(frozen=True, slots=True)
class Escaping:
    """One way of writing characters as something else."""

    sign: str
    """RE2, as all patterns here: what is in every text that is worth rewriting."""
    escape: "re.Pattern[bytes]"
    """Takes linear time: it repeats nothing but a bounded number of backslashes."""
    stands_for: "Callable[[re.Match[bytes]], bytes]"

    def decode(self, data: bytes) -> Decoded:
        """The text with every match replaced."""
        return Decoded(self.escape.sub(self._replaced, data), Rewritten(data, self.escape, self._replaced))

    def _replaced(self, match: "re.Match[bytes]") -> bytes:
        plain = self.stands_for(match)
        return match[0] if plain in _KEPT else plain


# UTF-8 of characters without a width (soft hyphen, joiners, marks of direction, byte order mark, variation selectors).
_UNSEEN = (
    r"(?:\xc2\xad|\xcd\x8f|\xe1\xa0[\x8b-\x8e]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
    r"|\xef\xb8[\x80-\x8f]|\xf3\xa0[\x84-\x87][\x80-\xbf])"
)
# Twins of ASCII letters and digits: full-width, mathematical, circled, tags.
_TWINS = (
    r"(?:\xef\xbc[\x90-\x99\xa1-\xba]|\xef\xbd[\x81-\x9a]|\xf0\x9d[\x90-\x9f][\x80-\xbf]|\xe2(?:\x91|\x92|\x93)[\x80-\xbf]"
    r"|\xf3\xa0[\x80-\x81][\x80-\xbf])"
)
_FOLDED = re.compile(
    (
        _UNSEEN + r"|\xef[\xbc-\xbd][\x80-\xbf]|\xf0\x9d[\x90-\x9f][\x80-\xbf]|\xe2[\x91-\x93][\x80-\xbf]|" + _TWINS
    ).encode("latin-1")
)

ESCAPINGS = (
    Escaping(
        r"%[0-9A-Fa-f]{2}|=[A-Za-z0-9]+\+[A-Za-z0-9]",
        re.compile(rb"%([0-9A-Fa-f]{2})|(?<=[A-Za-z]{2})\+|\+(?=[A-Za-z])"),
        _percent,
    ),
    Escaping(r"\\(?:u00|x)[2-7][0-9A-Fa-f]", re.compile(rb"\\{1,16}(?:u00|x)([2-7][0-9A-Fa-f])"), _backslash),
    Escaping(
        rf"&#(?:[xX]0{{0,4}}(?:{_LETTER};|[fF][fF])|0{{0,4}}{_LETTER_CODE};|65[0-9]{{3}};)",
        re.compile(rb"&#(?:[xX]([0-9A-Fa-f]{1,6})|([0-9]{1,7}));"),
        _entity,
    ),
    Escaping(rf"[!-~]{_UNSEEN}|{_TWINS}", _FOLDED, _folded),
)
