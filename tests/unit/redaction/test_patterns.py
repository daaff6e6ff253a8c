import pytest

from sentric.redaction.patterns import PatternSet, any_of


def test_a_set_says_which_patterns_are_in_a_text():
    found = PatternSet([b"one", b"two", rb"\d+"])
    assert found.present(b"two one") == [0, 1]
    assert found.present(b"7") == [2]
    assert found.present(b"") == []


def test_a_set_that_runs_out_of_memory_says_that_every_pattern_may_be_there(monkeypatch):
    class Starved:
        """What RE2 does when its memory is used up, which no input of a reasonable size brings about."""

        def Match(self, data):  # noqa: N802 - RE2's name
            return None

    found = PatternSet([b"one", b"two"])
    monkeypatch.setattr(found, "_set", Starved())
    assert found.present(b"three") == [0, 1]


@pytest.mark.parametrize("text", [b"a.b|c", b"\x00\n", "ü‹".encode(), b"\\E"])
def test_literals_stand_for_themselves(text):
    assert PatternSet([any_of([text])]).present(b"x" + text + b"y") == [0]
    assert PatternSet([any_of([text])]).present(b"axb c") == []
