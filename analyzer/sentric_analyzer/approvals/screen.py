"""Lines of one screen of plain text. Whatever others wrote stands behind a bar, on every line: it imitates nothing."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain, repeat

from rich.cells import cell_len

from sentric_analyzer.visible import visible

WIDTH = 80
"""Columns."""
HEIGHT = 40
"""Lines."""
LABEL = 9
"""Columns of the labels, which stand at the left."""
BAR = "| "
MANY = 4096
"""Characters at the beginning and at the end of a text of which any are shown."""
_BREAK = " ⏎ "
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3,}")
"""Marks heaped on a letter, which cover the lines above and below."""
_MENTION = re.compile(r"<(?=[!@#])|(?<![\w.])@(?=\w)")
"""What calls people in a chat."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END = "\u2066", "\u2069"


def beside(label: str, lines: Iterable[str]) -> list[str]:
    """Lines with a label at the left of the first."""
    return [f"{name:<{LABEL}}{line}".rstrip() for name, line in zip(chain((label,), repeat("")), lines, strict=False)]


def own(text: str, most: int = 2) -> list[str]:
    """Lines of Sentric's own words."""
    return fitted(text, WIDTH - LABEL, most)


def barred(text: str, most: int, indent: int = 0) -> list[str]:
    """Lines of somebody else's words. What is too long lacks its middle: no end hides behind a long beginning."""
    width = WIDTH - LABEL - len(BAR) - indent
    return [f"{BAR}{' ' * indent}{_isolated(line)}" for line in fitted(harmless(text), width, most)]


def named(name: str, width: int = 32) -> str:
    """Somebody else's name for something, in quotes that it cannot end."""
    inside = harmless(name).replace('"', "'")
    return f'"{_isolated(_shortened(inside, width))}"'


def harmless(text: str) -> str:
    """Any text as one line that acts on nothing: not on a terminal, nor in a chat.

    Line breaks are signs. A disguised link needs a scheme and a mention its sign: both are written apart from what
    follows.
    """
    left_out = len(text) - 2 * MANY
    if left_out > 0:
        text = f"{text[:MANY]} … {left_out:,} characters left out … {text[-MANY:]}"
    lines = (" ".join(line.split()) for line in visible(text).split("\n"))
    line = _BREAK.join(filter(None, lines)).replace("://", ": //")
    line = _MENTION.sub(r"\g<0> ", line)
    return _MARKS.sub(lambda found: f"‹{len(found[0])} marks›", line)


def fitted(line: str, width: int, most: int) -> list[str]:
    """A line as several, none longer than `width`, at most `most`; what is too long for that lacks its middle."""
    room = width * most
    while True:
        lines = _wrapped(_shortened(line, room), width)
        if len(lines) <= most:
            return lines
        room -= max(1, width // 8)


def shares(needs: Sequence[int], room: int) -> list[int]:
    """How many lines each of several texts gets, one at least: what one does not need, those behind it may have."""
    given: list[int] = []
    for index, need in enumerate(needs):
        share = max(1, (room - sum(given)) // (len(needs) - index))
        given.append(min(need, share))
    return given


def _wrapped(line: str, width: int) -> list[str]:
    lines, now = [""], 0
    for word in line.split(" "):
        pieces = [word] if cell_len(word) <= width else _pieces(word, width)
        for piece in pieces:
            length = cell_len(piece)
            if now and now + 1 + length > width:
                lines.append("")
                now = 0
            lines[-1] += f" {piece}" if now else piece
            now += length + (now > 0)
    return lines


def _pieces(word: str, width: int) -> list[str]:
    pieces, rest = [], word
    while rest:
        taken = _beginning(rest, width)
        pieces.append(taken)
        rest = rest[len(taken) :]
    return pieces


def _shortened(line: str, room: int) -> str:
    """A line without its middle, where it is too long."""
    if cell_len(line) <= room:
        return line
    mark = f" … {len(line):,} characters in all … " if room > WIDTH // 2 else "…"
    left = max(room - cell_len(mark), 2)
    head = _beginning(line, left - left // 3)
    tail = _beginning(line[: len(head) - 1 : -1], left // 3)[::-1]
    return f"{head}{mark}{tail}"


def _beginning(text: str, width: int) -> str:
    """As much of a text as has room, one character at least."""
    taken = min(len(text), width)
    while taken > 1 and cell_len(text[:taken]) > width:
        taken -= 1
    return text[:taken]


def _isolated(line: str) -> str:
    """A line whose direction ends with it: the bar stays at its left."""
    if line.isascii() or _RIGHT_TO_LEFT.isdisjoint(map(unicodedata.bidirectional, line)):
        return line
    return f"{_ISOLATE}{line}{_END}"
