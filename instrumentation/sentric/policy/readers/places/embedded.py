"""URLs that a text carries for its reader's program: images, frames and styles, which are fetched unasked; links."""

import re
from dataclasses import dataclass

from sentric.policy.readers.places.hosts import URL_LIMIT
from sentric.policy.readers.words.lexicon import words

LIMIT = 64
"""URLs of one text that are read."""
TEXT_LIMIT = 65_536
"""Characters of one text that are read."""
_BEFORE = 256
"""Characters before a URL that say what it is for."""

_REST = re.compile(r"//[^\s\"'<>()\\\]]{4,}")
_SCHEME = re.compile(r"\bhttps?:\Z", re.IGNORECASE)
_SCHEME_LENGTH = 7
"""Characters of the longest scheme and its colon, and one before."""
_ATTRIBUTE = re.compile(r"([a-z:-]{1,20})\s*=\s*$", re.IGNORECASE)
_TAG = re.compile(r"<([a-z]{1,20})[^<>]{0,200}$", re.IGNORECASE)
_REFERENCE = re.compile(r"\[([^\[\]\n]{1,80})\]:\s*$")
_OPENING = "\"'\\< \t"
_FETCHED_ATTRIBUTES = words("src srcset poster background data url xlink:href data-src")
_FETCHED_TAGS = words("link image use script img iframe frame embed object source video audio track input")


@dataclass(frozen=True, slots=True)
class EmbeddedUrl:
    """A URL in a text."""

    url: str
    fetched: bool
    """A program that shows the text fetches it without being asked: an image, a frame, a style. Else it is a link."""


def embedded_urls(text: str) -> tuple[EmbeddedUrl, ...]:
    """The absolute URLs of a text in Markdown, HTML or neither, in order."""
    if "//" not in text:
        return ()
    text = text[:TEXT_LIMIT]
    found: list[EmbeddedUrl] = []
    for match in _REST.finditer(text):
        if len(found) == LIMIT:
            break
        scheme = _SCHEME.search(text, max(0, match.start() - _SCHEME_LENGTH), match.start())
        start = match.start() if scheme is None else scheme.start()
        before = text[max(0, start - _BEFORE) : start]
        url = _bracketed(text, start) if before.endswith("(<") else text[start : match.end()]
        url = url if not url.startswith("//") else "https:" + url
        if before[-1:] != ":":  # the rest of a URL of another scheme
            found.append(EmbeddedUrl(url[:URL_LIMIT], _is_fetched(before.rstrip(_OPENING), text)))
    return tuple(found)


def _bracketed(text: str, start: int) -> str:
    """A URL in Markdown's angle brackets, which may hold blanks."""
    return text[start : start + URL_LIMIT].partition(">")[0]


def _opening(text: str, closing: int) -> int:
    """Where the bracket opens that closes at a place; -1 if it does not."""
    depth = 0
    for position in range(closing, -1, -1):
        depth += {"]": 1, "[": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return -1


def _is_fetched(before: str, text: str) -> bool:
    if before.endswith("]("):
        opening = _opening(before, len(before) - 2)
        return opening > 0 and before[opening - 1] == "!"
    if before.lower().endswith(("url(", "@import")):
        return True
    if "]:" in before and (reference := _REFERENCE.search(before)):
        name = reference[1]
        return f"![{name}]" in text or ("![" in text and f"][{name}]" in text)
    if before.rstrip().endswith("=") and (attribute := _ATTRIBUTE.search(before)):
        tag = _TAG.search(before)
        if tag is not None and attribute[1].lower() == "href":
            return tag[1].lower() in _FETCHED_TAGS
        return tag is not None and attribute[1].lower() in _FETCHED_ATTRIBUTES
    return False
