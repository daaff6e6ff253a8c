from random import Random

import pytest

from sentric.redaction import patterns
from sentric.redaction.patterns import PatternSet, any_of


def test_a_set_says_which_patterns_are_in_a_text():
    found = PatternSet([b"one", b"two", rb"\d+"])
    assert found.present(b"two one") == [0, 1]
    assert found.present(b"7") == [2]
    assert found.present(b"") == []


def test_a_set_that_runs_out_of_memory_says_that_every_pattern_may_be_there(monkeypatch):
    monkeypatch.setattr(patterns, "_SET_MEMORY", 100_000)
    small = PatternSet([rb"[a-q][^u-z]{13}x", rb"[b-r][^u-z]{13}y"])
    text = Random(1).choices(b"abcdefghijklmnopqrstuvw", k=200_000)
    assert small.present(bytes(text)) == [0, 1]
    assert small.present(b"abc") == []


@pytest.mark.parametrize("text", [b"a.b|c", b"\x00\n", "ü‹".encode(), b"\\E"])
def test_literals_stand_for_themselves(text):
    assert PatternSet([any_of([text])]).present(b"x" + text + b"y") == [0]
    assert PatternSet([any_of([text])]).present(b"axb c") == []
