"""A question on its page: what is whose words, whole lines again, and nothing that hides or moves."""

from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.approvals.screen import HEIGHT, LABEL, WIDTH, barred, beside, own
from sentric_analyzer.approvals.shown import Shown
from sentric_analyzer.console.html import render_notice, render_question
from sentric_analyzer.console.question import Question, Row, Words, read_question
from sentric_analyzer.control.approval import Approval, State

NOW = 1_800_000_000.0
APPROVAL = Approval(
    approval_id="ab" * 16,
    project="shop",
    agent_id="buyer",
    state=State.PENDING,
    tier="high",
    needed=1,
    binding="",
    requester="key:1",
    key_id="1",
    created=NOW,
    expires=NOW + 250,
    request={},
)
LONG = (
    "The task says that all open invoices are to be paid, and the page of the supplier says that this one is overdue."
)


def question(text: str, title: str = "May it?") -> Question:
    return read_question(Shown(title, text, ""), APPROVAL, person="ann", token="t", now=NOW)


def test_lines_stand_with_their_labels_and_what_was_broken_is_whole_again() -> None:
    screen = [
        "Sentric asks: may an agent pay?",
        "",
        *beside("RISK", own("high, 60 of 100")),
        *beside("WHY", barred(LONG, 3)),
        *beside("AGENT", [*barred("buyer", 1), *own("known for 2 hours")]),
        "Lines with a bar are words of the agent.",
    ]
    assert question("\n".join(screen)).rows == (
        Row("", (Words("Sentric asks: may an agent pay?", is_ours=True),)),
        Row("RISK", (Words("high, 60 of 100", is_ours=True),)),
        Row("WHY", (Words(LONG, is_ours=False),)),
        Row("AGENT", (Words("buyer", is_ours=False), Words("known for 2 hours", is_ours=True))),
        Row("", (Words("Lines with a bar are words of the agent.", is_ours=True),)),
    )


def test_it_says_who_is_asked_and_how_long_there_is() -> None:
    found = question("")
    assert (found.person, found.tier, found.left) == ("ann", "high", "4 min 10 s")
    assert found.until == "08:04:10"


def test_what_controls_the_direction_of_text_is_gone_or_named() -> None:
    found = question("WHY      | \u2066\u05d0\u05d1\u2069 \u202egnol", "a \u202e title")
    assert found.rows == (Row("WHY", (Words("\u05d0\u05d1 ‹U+202E›gnol", is_ours=False),)),)
    assert found.title == "a ‹U+202E› title"


@given(st.text(max_size=2000), st.integers(1, HEIGHT))
def test_no_word_of_theirs_is_ever_ours(text: str, most: int) -> None:
    screen = "\n".join(beside("WHY", barred(text, most)))
    rows = question(screen).rows
    assert all(not words.is_ours for row in rows for words in row.words)
    assert {row.label for row in rows} <= {"WHY"}


@given(st.text(max_size=500))
def test_no_text_is_markup(text: str) -> None:
    html = render_question(question("\n".join([text, *beside("WHY", [text])]), text))
    for tag in ("<form", "<button", "<script", "<input"):
        assert html.count(tag) == {"<form": 1, "<button": 2, "<input": 1}.get(tag, 0)


def test_a_screen_is_as_wide_as_it_is_taken_to_be() -> None:
    assert all(len(line) <= WIDTH for line in beside("WHY", barred(LONG, 3)))
    assert LABEL < WIDTH


def test_a_notice_is_text() -> None:
    html = render_notice("Denied <b>", "by \u202e<script>")
    assert "<b>" not in html
    assert "<script>" not in html
    assert "\u202e" not in html
    assert "form-action 'none'" in html
