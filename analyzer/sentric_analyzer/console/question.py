"""A question to a person, read for the page at which they answer it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.console.lines import time_left
from sentric_analyzer.console.text import one_line, plural, shortened, visible
from sentric_analyzer.control.approval import Approval, Said
from sentric_analyzer.control.keys import moment

LONGEST_NOTE = 500
"""Characters of what somebody may say with their answer."""
_LONGEST_TITLE = 300
_LONGEST_TEXT = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page says. Nothing in it can hide from a reader, or move what stands beside it."""

    title: str
    text: str
    person: str
    """Name of who is asked."""
    tier: str
    until: str
    """When it is denied without an answer, in UTC."""
    left: str
    """How long that is from now."""
    people: str
    """How many must approve, and how many have."""
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
        title=shortened(one_line(shown.title), _LONGEST_TITLE),
        text=shortened(visible(shown.text).expandtabs(4), _LONGEST_TEXT),
        person=one_line(person),
        tier=approval.tier,
        until=f"{datetime.fromtimestamp(approval.expires, UTC):%H:%M:%S}",
        left=time_left(moment(approval.expires), datetime.fromtimestamp(now, UTC)),
        people=_people(approval),
        token=token,
    )


def _people(approval: Approval) -> str:
    if approval.needed == 1:
        return "One person must approve, other than who asked"
    so_far = sum(given.said is Said.APPROVE for given in approval.answers)
    return f"{approval.needed} different people must approve, other than who asked; {plural(so_far, 'approval')} so far"
