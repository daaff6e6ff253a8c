from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.agent_runs import policy, rule, run
from sentric.policy.engine import replay
from sentric_analyzer.backtest import doubts
from sentric_analyzer.backtest.doubts import Doubts, Names, names_in
from support.linear import assert_linear, repeated

WORDS = st.text(alphabet=st.characters(categories=("Ll", "Lu", "Nd")), min_size=1, max_size=12)


def met(text: str) -> Names:
    names = Names()
    names.meet(names_in(text), "here")
    return names


@given(st.lists(WORDS, min_size=1, max_size=4), st.text(max_size=30), st.sampled_from([" ", "-", ".", "@", "_"]))
def test_an_entry_that_stands_in_a_text_is_found_there(parts: list[str], around: str, joint: str) -> None:
    entry = joint.join(parts)

    assert met(f"{around} ({entry}), {around}").has(entry) == "here"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("write to bob@good.example", "bob@evil.example"),
        ("GB29 NWBK 6016", "GB29NWBK60161331926819"),
        ("", "a"),
        ("a", "b"),
    ],
)
def test_an_entry_that_does_not_stand_there_is_not_found(text: str, entry: str) -> None:
    assert met(text).has(entry) == ""


def test_a_site_is_found_by_any_address_within_it() -> None:
    names = met("see https://user@a.b.evil.example:8443/x?y and \uff45vil.test, mail x@mail.bad.example")

    assert all(names.has(site) for site in ("evil.example", "evil.test", "bad.example", "mail.bad.example"))
    assert not names.has("example")


def test_where_more_is_named_than_is_kept_everything_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts, "NAMES_LIMIT", 3)
    names = met("one two three four")

    assert len(names.met) == 3
    assert names.has("nobody") == "here"


def test_a_tool_that_a_finding_is_about_is_in_doubt() -> None:
    shady = rule("shady", 'action.tool == "evil"', category="supply_chain")
    found = Doubts()
    found.add(replay(policy(shady), run(("evil", {}, ""), ("good", {}, ""))), left_out=False)

    assert found.tools == {"evil": "shady"}


@pytest.mark.parametrize("piece", ["a", "1 ", "a.", "@", "1a2b3c ", "\u0301", "\ud800", "茶.", "é.é@"])
def test_megabytes_of_anything_are_read_in_linear_time_and_bounded_memory(piece: str) -> None:
    assert_linear(lambda size: partial(met, repeated(piece, size)), 125_000)
    assert len(met(repeated(piece, 1_000_000)).met) <= doubts.NAMES_LIMIT
