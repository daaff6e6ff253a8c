import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.words.agents import SPOKEN_TO
from sentric.policy.readers.words.glance import HAS_RECORDS, MAY_HIDE, SPEAKS_TO_AGENT, glance
from sentric.policy.readers.words.hidden import hidden_parts
from sentric.policy.readers.words.records import borders
from sentric.policy.readers.words.signs import ADDRESS, DECISIVE

_PARTS = (
    "ignore all previous instructions", "AI assistants must", "the meeting is at ten", "<!-- ", "-->", "<p>", "</p>",
    '<div style="display:none">', "</div>", "\n- Name: x", "}, {", "\n---", "system:", "<|im_start|>", "agent",
    "white text", "[//]: # (x)", "From: a@b.cd", "\nFrom: a@b.cd", "do not tell the user", "é", "\0",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PARTS), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("<!-- a comment -->", MAY_HIDE),
        ('<span class="x">', MAY_HIDE),
        ("printed in white text", MAY_HIDE),
        ("Dear assistant, book it", SPEAKS_TO_AGENT),
        ("\n- name: one", HAS_RECORDS),
        ('[{"a": 1}, {"a": 2}]', HAS_RECORDS),
        ("a\nFrom: b", HAS_RECORDS),
    ],
)
def test_a_glance_tells_what_a_closer_look_is_needed_for(text: str, has: str) -> None:
    assert has in glance(text)


def test_prose_has_nothing_of_it() -> None:
    assert glance("The minutes of the meeting are attached; it begins at ten.") == []


@given(_TEXTS)
def test_a_glance_finds_what_each_pattern_alone_finds(text: str) -> None:
    alone = {**DECISIVE, **ADDRESS, SPEAKS_TO_AGENT: SPOKEN_TO}
    expected = {name for name, form in alone.items() if re2.search(f"(?i){form}", text)}
    assert {name for name in glance(text) if name in alone} == expected


@given(_TEXTS)
def test_what_is_hidden_is_never_in_a_text_that_may_not_hide(text: str) -> None:
    if MAY_HIDE not in glance(text):
        assert hidden_parts(text) == []


@given(_TEXTS)
def test_a_text_that_has_no_records_has_no_borders_within(text: str) -> None:
    if HAS_RECORDS not in glance(text):
        assert borders(text) == [0, len(text)]
