"""Half of a token is told, whatever pieces it leaves in; what only looks like one is not."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.values.shingles import OWNERS, SHINGLE, TOKENS_KEPT, WITHIN_CALLS, Tokens, is_token
from support.linear import assert_linear, repeated

TOKEN = "7h2k9qx41mzp0vt8cb3n"


def tokens(*values: str) -> Tokens:
    kept = Tokens()
    kept.learn(values)
    return kept


@pytest.mark.parametrize(
    "value",
    [TOKEN, "4111111111111111", "a1b2-c3d4-e5f6-g7h8", "4f9a0c2e7b1d8a3f4f9a0c2e7b1d8a3"],
)
def test_what_is_made_by_chance_is_a_token(value: str) -> None:
    assert is_token(value)


@pytest.mark.parametrize(
    "value",
    [
        "short1a2b3",
        "quarterly-report-2024",
        "invoice-2024-03-15",
        "123e4567-e89b-12d3-a456-426614174000",
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "d41d8cd98f00b204e9800998ecf8427e",
        "a1" * 200,
    ],
)
def test_names_and_public_identifiers_are_not(value: str) -> None:
    assert not is_token(value)


def test_half_a_token_in_one_call_is_told() -> None:
    assert tokens(TOKEN).sent("evil.test", f"it begins {TOKEN[:14]} and so on") == (TOKEN,)
    assert tokens(TOKEN).sent("evil.test", f"it begins {TOKEN[:9]} and so on") == ()


def test_pieces_of_several_calls_add_up_site_by_site() -> None:
    kept = tokens(TOKEN)
    assert kept.sent("evil.test", f"a={TOKEN[:10]}") == ()
    assert kept.sent("other.test", f"a={TOKEN[10:]}") == ()
    assert kept.sent("evil.test", f"b={TOKEN[10:]}") == (TOKEN,)


def test_pieces_that_are_cut_short_add_up_by_their_characters() -> None:
    token = "zk9q8x7w6v5u4t3s2r1p0a"
    for size in (7, 8):
        kept = tokens(token)
        sent = [kept.sent("evil.test", token[start : start + size]) for start in range(0, len(token), size)]
        assert any(sent), size
    kept = tokens(token)
    assert not any(kept.sent("evil.test", token[start : start + 6]) for start in (0, 8))


def test_the_same_piece_again_adds_nothing() -> None:
    kept = tokens(TOKEN)
    assert not any(kept.sent("evil.test", TOKEN[:9]) for _ in range(10))


def test_pieces_too_many_calls_apart_are_not_added_up() -> None:
    kept = tokens(TOKEN)
    kept.sent("evil.test", TOKEN[:10])
    for _ in range(WITHIN_CALLS):
        kept.sent("evil.test", "nothing")
    assert kept.sent("evil.test", TOKEN[10:]) == ()


def test_a_whole_token_is_no_piece_of_itself() -> None:
    assert tokens(TOKEN).sent("evil.test", f"k={TOKEN}") == ()


def test_a_piece_that_many_tokens_share_tells_nothing() -> None:
    kept = tokens(*(f"a1b2c3d4e5f6x{number}y1z2" for number in range(OWNERS + 1)))
    assert kept.sent("evil.test", "a1b2c3d4e5f6") == ()


def test_something_like_a_token_is_no_piece_of_it() -> None:
    assert tokens("ord-2024-000117-de-44").sent("parcels.test", "ord-2024-000119-de-44") == ()


def test_the_oldest_tokens_are_forgotten_first() -> None:
    kept = tokens(TOKEN)
    kept.sent("evil.test", "nothing")
    for number in range(TOKENS_KEPT):
        kept.learn((f"a{number:04d}b1c2d3e4f5g6h7",))
        kept.sent("evil.test", "nothing")
    assert kept.sent("evil.test", TOKEN[:14]) == ()


def test_bait_costs_linear_time() -> None:
    kept = tokens(*(f"a{number}b1c2d3e4f5a1b2c3" for number in range(5000)))
    kept.sent("evil.test", "a1b2c3")
    assert_linear(lambda size: partial(kept.sent, "evil.test", repeated("a1b2c3 c1b2a3-", size)), 35_000)


@given(st.lists(st.from_regex(r"[a-f0-9_-]{16,30}", fullmatch=True), max_size=5), st.data())
def test_a_token_cut_in_two_is_told_whatever_it_is(values: list[str], data: st.DataObject) -> None:
    kept = tokens(*values, TOKEN)
    cut = data.draw(st.integers(SHINGLE, len(TOKEN) - SHINGLE))
    assert TOKEN in (*kept.sent("a.test", TOKEN[:cut]), *kept.sent("a.test", TOKEN[cut:]))
