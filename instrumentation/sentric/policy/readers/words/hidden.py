"""Parts of a text that people who look at the page do not see, but a model that reads its source does."""

import re

import re2

TEXT_LIMIT = 262_144
"""Characters of a text that are searched."""
PARTS_LIMIT = 32
"""Hidden parts told apart in one text."""

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.dot_nl = True
_HIDDEN = re2.compile(
    r"<!--.*?-->"
    r"|<[a-z][^<>]{0,400}(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0\d*)?\s*[;\"']"
    r"|font-size\s*:\s*[0-2](?:\.\d+)?(?:px|pt|em)?\s*[;\"']|(?:left|top|text-indent)\s*:\s*-\d{3,}"
    r"|\shidden\b|type\s*=\s*[\"']hidden|aria-hidden\s*=\s*[\"']true)[^<>]{0,400}>[^<]*"
    r"|\[//\]: # \(.{8,400}?\)"
    r"|\(?(?:white|transparent|invisible) (?:text|on white)\b.{8,400}",
    _OPTIONS,
)
_QUICK = ("<", "[//]: #", "white", "invisible", "transparent")
_MARKED = ("<!--", "[//]: #")
_STYLED = ("none", "hidden", "opacity", "font-size")
_OFF_SCREEN = re.compile(r":\s*-\d\d\d")
_SAID = re.compile(r"(?:white|transparent|invisible) (?:text|on white)")
"""Of each form of the pattern something that it does not do without, in lower case: most texts have none of them."""


def hidden_parts(text: str) -> list[tuple[int, int]]:
    """Where text stands that is not shown: in comments, and in elements made invisible, off-screen or tiny.

    Args:
        text: as `readable` returns it.

    Returns:
        Offsets of the first `PARTS_LIMIT` parts, in order.
    """
    text = text[:TEXT_LIMIT]
    if not any(mark in text for mark in _QUICK) or not _may_hide(text):
        return []
    found: list[tuple[int, int]] = []
    for part in _HIDDEN.finditer(text):
        found.append(part.span())
        if len(found) == PARTS_LIMIT:
            break
    return found


def _may_hide(text: str) -> bool:
    if any(mark in text for mark in _MARKED):
        return True
    lowered = text.lower()
    if "<" in text and (any(word in lowered for word in _STYLED) or _OFF_SCREEN.search(text)):
        return True
    return _SAID.search(lowered) is not None
