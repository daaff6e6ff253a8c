"""Parts of a text that people who look at the page do not see, but a model that reads its source does."""

import re
from collections.abc import Iterator
from itertools import islice

import re2

from sentric.policy.readers.words.glance import MAY_HIDE, glance

TEXT_LIMIT = 262_144
"""Characters of a text that are searched."""
PARTS_LIMIT = 32
"""Hidden parts told apart in one text."""
SAID_LENGTH = 8, 400
"""Characters of a text that says itself that it is not to be seen: at least, and at most."""
ATTRIBUTES_LENGTH = 400
"""Characters of an element's attributes before and after the one that hides it."""

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_HIDES = re2.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0\d*)?\s*[;\"']"
    r"|font-size\s*:\s*[0-2](?:\.\d+)?(?:px|pt|em)?\s*[;\"']|(?:left|top|text-indent)\s*:\s*-\d{3,}"
    r"|\shidden\b|type\s*=\s*[\"']hidden|aria-hidden\s*=\s*[\"']true",
    _OPTIONS,
)
"""What makes an element invisible, tiny, or puts it off-screen."""
_REMARK = re.compile(r"\[//\]: # \([\s\S]{8,400}?\)")
"""A comment of Markdown."""
_SAID = re2.compile(r"\(?(?:white|transparent|invisible) (?:text|on white)\b", _OPTIONS)
"""How a text says itself that it is not to be seen."""


def hidden_parts(text: str) -> list[tuple[int, int]]:
    """Where text stands that is not shown: in comments, and in elements made invisible, off-screen or tiny.

    Args:
        text: as `readable` returns it.

    Returns:
        Offsets of the first `PARTS_LIMIT` parts, in order; those that overlap are one.
    """
    if MAY_HIDE not in glance(text):
        return []
    text = text[:TEXT_LIMIT]
    remarks = (remark.span() for remark in _REMARK.finditer(text))
    forms = (_comments(text), _elements(text), remarks, _self_declared(text))
    return _joined([part for form in forms for part in islice(form, PARTS_LIMIT)])


def _comments(text: str) -> Iterator[tuple[int, int]]:
    end = 0
    while (start := text.find("<!--", end)) >= 0 and (closing := text.find("-->", start + 4)) >= 0:
        end = closing + 3
        yield start, end


def _elements(text: str) -> Iterator[tuple[int, int]]:
    """Elements that an attribute of theirs hides, up to the next one."""
    last = 0
    for mark in _HIDES.finditer(text):
        first, end = mark.span()
        if first < last:
            continue
        start = max(text.rfind(sign, max(0, first - ATTRIBUTES_LENGTH - 2), first) for sign in "<>")
        closing = text.find(">", end, end + ATTRIBUTES_LENGTH + 1)
        if start < 0 or closing < 0 or not _opens_element(text, start) or "<" in text[end:closing]:
            continue
        following = text.find("<", closing)
        last = following if following >= 0 else len(text)
        yield start, last


def _opens_element(text: str, at: int) -> bool:
    return text[at] == "<" and text[at + 1].isalpha() and text[at + 1].isascii()


def _self_declared(text: str) -> Iterator[tuple[int, int]]:
    least, most = SAID_LENGTH
    for words in _SAID.finditer(text):
        start, end = words.span()
        if end + least <= len(text):
            yield start, min(end + most, len(text))


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Some parts in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined[:PARTS_LIMIT]
