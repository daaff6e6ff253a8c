from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.words.records import borders


def parts(text: str) -> list[str]:
    edges = borders(text)
    return [text[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("one text", ["one text"]),
        ("\n- id: 1\n  a: b\n- id: 2", ["", "\n- id: 1\n  a: b", "\n- id: 2"]),
        ('[{"a": 1}, {"a": 2}]', ['[{"a": 1', '}, {"a": 2}]']),
        ("[Mail(a=1), Mail(a=2)]", ["[Mail(a=1", "), Mail(a=2)]"]),
        ("From: a\nhello\nFrom: b\nhi", ["From: a\nhello", "\nFrom: b\nhi"]),
        ("one\n---\ntwo\n=====\nthree", ["one", "\n---\ntwo", "\n=====\nthree"]),
        ("<li>a</li><li>b</li>", ["<li>a", "</li><li>b", "</li>"]),
        ("- a list of words\n- without names", ["- a list of words\n- without names"]),
    ],
)
def test_records_are_told_apart(text: str, records: list[str]) -> None:
    assert parts(text) == records


@given(st.text(alphabet=" \n-=:{},()abc_</li>From\u2028\ud800", max_size=200))
def test_nothing_is_lost_between_records(text: str) -> None:
    assert "".join(parts(text)) == text
    assert borders(text) == sorted(borders(text))
