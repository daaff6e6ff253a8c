"""A question to a person, read for the page at which they answer it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from rich.cells import cell_len

from sentric_analyzer.approvals.screen import BAR, LABEL, WIDTH
from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.console.lines import time_left
from sentric_analyzer.control.approval import Approval
from sentric_analyzer.control.keys import moment
from sentric_analyzer.visible import one_line

LONGEST_NOTE = 500
"""Characters of what somebody may say with their answer."""
_BAR = BAR.strip()  # of a line that holds nothing else, the blank is left out
_ISOLATES = re.compile("[\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of words, as wide as it gets: on a narrow screen it is broken anew."""

    text: str
    is_ours: bool
    """Whether Sentric says so; else the agent, its tools or pages do, and it stands behind a bar."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of one thing."""

    label: str
    """Empty: it is of the whole question."""
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page says. Nothing in it can hide from a reader, or move what stands beside it."""

    title: str
    rows: tuple[Row, ...]
    person: str
    """Name of who is asked."""
    tier: str
    until: str
    """When it is denied without an answer, in UTC."""
    left: str
    """How long that is from now."""
    token: str
    """What the form sends back."""
    longest_note: int = LONGEST_NOTE


def read_question(shown: Shown, approval: Approval, *, person: str, token: str, now: float) -> Question:
    """What the page of a question says.

    Args:
        shown: the question in words.
        approval: what it is about.
        person: name of who is asked.
        token: what the form sends back.
        now: Unix seconds.
    """
    return Question(
        title=_plain(shown.title),
        rows=tuple(_rows(shown.text)),
        person=one_line(person),
        tier=approval.tier,
        until=f"{datetime.fromtimestamp(approval.expires, UTC):%H:%M:%S}",
        left=time_left(moment(approval.expires), datetime.fromtimestamp(now, UTC)),
        token=token,
    )


def _rows(screen: str) -> Iterator[Row]:
    for label, lines in groupby(_labelled(screen), lambda labelled: labelled[0]):
        yield Row(label, tuple(_words([line for _, line in lines])))


def _labelled(screen: str) -> Iterator[tuple[str, str]]:
    """The lines of a screen, each with its label; those that have none are of the whole question."""
    label = ""
    for line in filter(None, screen.split("\n")):
        head, rest = line[:LABEL], line[LABEL:]
        if not head.isspace():
            label = head.strip() if head.endswith(" ") and head.strip().isupper() else ""
        yield label, rest if label else line


def _words(lines: list[str]) -> Iterator[Words]:
    """The lines of one thing; those that were broken for want of room are put together again."""
    whole, before = "", ""
    for line in lines:
        if before and _goes_on(before, line):
            whole += f" {line.removeprefix(_BAR).strip()}"
        else:
            if before:
                yield _one(whole)
            whole = line
        before = line
    yield _one(whole)


def _goes_on(before: str, line: str) -> bool:
    """Whether a line is what had no room on the one before."""
    if before.startswith(_BAR) is not line.startswith(_BAR) or _ISOLATES.search(before + line):
        return False
    first = line.removeprefix(_BAR).strip().partition(" ")[0]
    return LABEL + cell_len(before) + 1 + cell_len(first) > WIDTH


def _one(line: str) -> Words:
    return Words(_plain(line.removeprefix(_BAR)), not line.startswith(_BAR))


def _plain(text: str) -> str:
    """A text in one line: the page itself isolates directions."""
    return one_line(_ISOLATES.sub("", text))
