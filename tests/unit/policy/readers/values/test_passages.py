"""A long text is found again word for word, wherever it begins, and in bounded memory."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.policy.readers.values.passages import KEPT, LENGTH, QUOTE, Passages
from support.linear import assert_linear, repeated

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def chance(length: int, seed: int = 1) -> str:
    return "".join(random.Random(seed).choices(LETTERS, k=length))


TEXT = chance(3000)


def passages(*texts: tuple[str, str]) -> Passages:
    kept = Passages()
    for text, place in texts:
        kept.remember(text, (place,))
    return kept


@settings(deadline=None)
@given(st.integers(0, 2700), st.integers(0, 400), st.integers(0, 100))
def test_a_passage_is_found_wherever_it_stands(start: int, before: int, more: int) -> None:
    kept = passages((TEXT, "wiki"))
    piece = TEXT[start : start + LENGTH + more]
    (found,) = kept.carried("-" * before + piece + "-" * 50)
    assert found.places == ("wiki",)
    assert found.length == len(piece)
    assert found.start == piece[:QUOTE]


@settings(deadline=None)
@given(st.integers(0, 2700), st.integers(0, 400))
def test_a_shorter_stretch_is_no_passage(start: int, before: int) -> None:
    kept = passages((TEXT, "wiki"))
    assert not list(kept.carried("-" * before + TEXT[start : start + LENGTH - 1] + "-" * 100))


def test_white_space_case_and_invisible_characters_make_no_difference() -> None:
    kept = passages(("The Northern depot closes. " * 1 + TEXT, "wiki"))
    copied = "\u200b".join((" \n".join(TEXT[i : i + 7] for i in range(0, 600, 7))).upper())
    (found,) = kept.carried(copied)
    assert found.length >= LENGTH
    assert len(list(kept.carried(TEXT[:600].replace("q", "q\\n")))) == 1


def test_passages_of_several_texts_are_told_in_order() -> None:
    other = chance(1000, seed=2)
    kept = passages((TEXT, "wiki"), (other, "mail"))
    assert [found.places for found in kept.carried(other[100:400] + "--" + TEXT[:300])] == [("mail",), ("wiki",)]


def test_a_text_keeps_the_first_places_it_was_read_at() -> None:
    kept = passages((TEXT, "wiki"), (TEXT, "copy"))
    assert [found.places for found in kept.carried(TEXT)] == [("wiki",)]


def test_a_short_text_is_known_as_a_whole_only() -> None:
    kept = passages(("The lift is stuck between the third and the fourth floor.", "tickets"))
    assert kept.quoted("lift is stuck between the THIRD and the fourth") == ("tickets",)
    assert kept.quoted("lift is stuck between the third and the fifth") == ()
    assert kept.quoted("lift is stuck") == ()


def test_the_oldest_texts_are_forgotten_first_and_without_a_trace() -> None:
    kept = passages((TEXT, "wiki"))
    assert list(kept.carried(TEXT))
    for seed in range(2, KEPT // 3000 + 3):
        kept.remember(chance(3000, seed), ("mail",))
    assert not list(kept.carried(TEXT))
    assert [found.places for found in kept.carried(chance(3000, KEPT // 3000))] == [("mail",)]
    for seed in range(1000, 1200):
        kept.remember(chance(3000, seed), ("more",))
    assert not list(kept.carried(chance(3000, 2)))


@pytest.mark.parametrize("bait", ["a", "ab", " ", "\\n", "\ud800", "\ufdfa"])
def test_bait_costs_linear_time(bait: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        kept, text = Passages(), repeated(bait, size)
        for number in range(5):
            kept.remember(f"{number}{text}", ("page",))
        return lambda: (list(kept.carried(text)), kept.quoted(text))

    assert_linear(prepare, 8_000)


@given(st.text(st.characters(), min_size=150), st.text(st.characters(), min_size=150))
def test_nothing_raises(read: str, sent: str) -> None:
    kept = passages((read, "page"))
    list(kept.carried(sent + read + sent))
    kept.quoted(sent)
