r"""Texts in which single characters are written as something else: `%41`, `\u0041`, `&#65;`, full-width, zero-width.

Each way is a pattern that tells whether a text is worth rewriting, and what its matches stand for. What ordinary
software escapes in JSON and HTML (quotes, slashes, brackets, letters of other languages) is no sign. Signs are a letter
or digit that nobody needs to escape, and the twins of letters and the characters without a width, which many writers
of JSON escape as all that is not ASCII. In URLs everything counts, because words and secrets stand right behind
escaped blanks there.
"""

import html
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
    match match.lastgroup:
        case "pair":
            return bytes.fromhex((match[2] + match[4]).decode()).decode("utf-16-be").encode()
        case "utf8":
            return bytes.fromhex(re.sub(rb"\\+x", b"", match["utf8"]).decode())
        case _:
            return _character(int(match[match.lastindex or 0], 16))


def _entity(match: "re.Match[bytes]") -> bytes:
    if match[3]:
        return html.unescape(match[0].decode()).encode()
    return _character(int(match[1], 16) if match[1] else int(match[2]))


def _character(code: int) -> bytes:
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
# The same characters by number: those of four hex digits, those of five, all of them in decimal.
_UNSEEN_POINT = (
    "(?:00[aA][dD]|034[fF]|180[bB-eE]|20(?:0[bB-fF]|2[aA-eE]|6[0-9A-Fa-f])|[fF][eE](?:[fF][fF]|0[0-9A-Fa-f]))"
)
_TWIN_POINT = "(?:[fF][fF](?:1[0-9]|[24][1-9A-Fa-f]|[35][0-9Aa])|24[4-9A-Fa-f][0-9A-Fa-f])"
_SHORT_POINT = f"(?:{_UNSEEN_POINT}|{_TWIN_POINT})"
_LONG_POINT = "(?:1[dD][4-7][0-9A-Fa-f]{2}|[eE]0[01][0-9A-Fa-f]{2})"
_UNSEEN_ENTITY = (
    rf"(?:#(?:[xX]0{{0,4}}(?:{_UNSEEN_POINT}|[aA][dD]|34[fF])|0{{0,4}}(?:173|847|615[5-8]|82(?:0[3-7]|3[4-8]|8[89]|9[0-9])"
    r"|830[0-3]))|shy|zwn?j|lrm|rlm|ZeroWidthSpace|NoBreak)"
)
_TWIN_ENTITY = (
    rf"#(?:[xX]0{{0,4}}(?:{_TWIN_POINT}|{_LONG_POINT})|0{{0,4}}(?:65[0-9]{{3}}|93[1-9][0-9]|94[0-7][0-9]"
    r"|1(?:19[89]|20[0-8])[0-9]{2}|91(?:7[5-9]|8[0-2])[0-9]{2}))"
)
# And behind a backslash, which may be written by an escape itself: in two units of UTF-16, in bytes of UTF-8.
_BACKSLASH = r"(?:\\|%5[cC]|&#(?:92|[xX]5[cC]);)"
_PAIRED = "(?:[dD]835|[dD][bB]40)"
_BYTES = (
    r"(?:[aA][dD]|[cC]2\\+x[aA][dD]|[cC][dD]\\+x8[fF]|[eE]1\\+x[aA]0|[eE]2\\+x(?:8[01]|9[1-3])"
    r"|[eE][fF]\\+x[bB][89bBcCdD]|[fF]0\\+x9[dD]|[fF]3\\+x[aA]0)"
)
# What is ASCII and not the end of an escape: of emoji and of other scripts, characters without a width are a part.
_OWN = (
    r"(?:[!-/:-@G-\[\]-`g-~]|[^0-9A-Fa-f][0-9A-Fa-f]{1,3}|[^u0-9A-Fa-f][0-9A-Fa-f]{4}|[^\\]u[0-9A-Fa-f]{4}"
    r"|[0-9A-Fa-f]{5})"
)
_BACKSLASH_SIGN = (
    rf"{_BACKSLASH}(?:(?:u00|x)[2-7][0-9A-Fa-f]|u{_TWIN_POINT}|u{_PAIRED}|u\{{|U000(?:{_LONG_POINT}|0{_SHORT_POINT})"
    rf"|x{_BYTES})|{_OWN}{_BACKSLASH}+u{_UNSEEN_POINT}"
)
# Characters that are no sign but stand among those that are one: Latin letters and marks, full-width punctuation.
_NEAR_POINT = "(?:00[2-9A-Fa-f]|0[123][0-9A-Fa-f]|180|20[0-6]|24[4-9A-Fa-f]|[fF][eE][0fF]|[fF][fF][0-5])[0-9A-Fa-f]"
_NEXT_BYTE = r"\\{1,16}x[89ABab][0-9A-Fa-f]"
_BACKSLASHED = re.compile(
    (
        r"[\\%&](?:(?<=\\)|(?<=%)5[cC]|(?<=&)#(?:92|[xX]5[cC]);)"  # a backslash, beginning with a class: that is fast
        rf"{_BACKSLASH}{{0,15}}(?:u({_NEAR_POINT})|u({_PAIRED})(?P<pair>{_BACKSLASH}{{1,16}}u([dD][C-Fc-f][0-9A-Fa-f]{{2}}))"
        rf"|u\{{([0-9A-Fa-f]{{1,6}})\}}|U([0-9A-Fa-f]{{8}})|x([2-7][0-9A-Fa-f])"
        rf"|x(?P<utf8>[CDcd][0-9A-Fa-f]{_NEXT_BYTE}|[Ee][0-9A-Fa-f](?:{_NEXT_BYTE}){{2}}|[Ff][0-4](?:{_NEXT_BYTE}){{3}})"
        rf"|x([89A-Fa-f][0-9A-Fa-f]))"
    ).encode()
)

ESCAPINGS = (
    Escaping(
        r"%[0-9A-Fa-f]{2}|=[A-Za-z0-9]+\+[A-Za-z0-9]",
        re.compile(rb"%([0-9A-Fa-f]{2})|(?<=[A-Za-z]{2})\+|\+(?=[A-Za-z])"),
        _percent,
    ),
    Escaping(_BACKSLASH_SIGN, _BACKSLASHED, _backslash),
    Escaping(
        rf"&(?:#(?:[xX]0{{0,4}}{_LETTER}|0{{0,4}}{_LETTER_CODE})|{_TWIN_ENTITY});|[!-:<-~]&{_UNSEEN_ENTITY};",
        re.compile(rb"&(?:#(?:[xX]([0-9A-Fa-f]{1,6})|([0-9]{1,7}))|(shy|zwn?j|lrm|rlm|ZeroWidthSpace|NoBreak));"),
        _entity,
    ),
    Escaping(rf"[!-~]{_UNSEEN}|{_TWINS}", _FOLDED, _folded),
)
