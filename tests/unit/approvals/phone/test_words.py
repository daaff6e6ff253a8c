"""A spoken yes is one only where nothing else was said, and nothing else can be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric_analyzer.approvals.phone.words import Meant, meant


@pytest.mark.parametrize("said", ["yes", "Yes.", "Yes, please.", "um, yes", "I approve.", "Yes, I approve it.", "YES!"])
def test_yes(said: str) -> None:
    assert meant(said, 0.9) is Meant.YES
    assert meant(said, None) is Meant.YES


@pytest.mark.parametrize("said", ["no", "No, thanks.", "Deny it", "I don’t approve.", "do not approve", "Nope."])
def test_no(said: str) -> None:
    assert meant(said, 0.9) is Meant.NO


@pytest.mark.parametrize(
    "said",
    [
        *("", "yes?", "yes or no", "yes no", "no yes", "yes but who asked for it", "yesterday", "not yes", "yes not"),
        *("I would say yes if", "say yes", "do you approve say yes or no", "never approve", "ja", "y e s", "1"),
        *("did they say yes", "approve of what", "I do not say yes"),
    ],
)
def test_what_may_mean_something_else_is_unclear(said: str) -> None:
    assert meant(said, 0.99) is Meant.UNCLEAR


@pytest.mark.parametrize("confidence", [0.0, 0.59, -1.0, 1.01, float("nan"), float("inf")])
def test_what_was_badly_understood_is_unclear(confidence: float) -> None:
    assert meant("yes", confidence) is Meant.UNCLEAR
    assert meant("no", confidence) is Meant.UNCLEAR


@given(st.text(), st.sampled_from(["yes", "i approve", "approve it"]), st.text())
def test_a_yes_inside_something_is_no_yes(before: str, yes: str, after: str) -> None:
    if any(character.isalnum() for character in before + after):
        others = {"yes", "um", "uh", "erm", "well", "okay", "ok", "please", "thanks", "sentric", "i", "approve", "it"}
        words = f"{before} {yes} {after}".casefold().split()
        if not {word.strip(".,!?'") for word in words} <= others:
            assert meant(f"{before} {yes} {after}", None) is not Meant.YES
