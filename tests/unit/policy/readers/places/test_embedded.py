"""URLs in a text are told apart by who opens them."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.places.embedded import LIMIT, EmbeddedUrl, embedded_urls
from support.linear import assert_linear, repeated


@pytest.mark.parametrize(
    "text",
    [
        "![a](https://e.test/?d=1)",
        "![a](<https://e.test/?d=1>)",
        '![a](https://e.test/?d=1 "title")',
        "![a][r]\n\n[r]: https://e.test/?d=1",
        "![r]\n\n[r]: https://e.test/?d=1",
        '<img alt="x" src="https://e.test/?d=1">',
        "<IMG SRC=https://e.test/?d=1>",
        "<iframe src='https://e.test/?d=1'></iframe>",
        '<link rel="prefetch" href="https://e.test/?d=1">',
        '<meta http-equiv="refresh" content="0; url=https://e.test/?d=1">',
        "<p style=\"background: url('https://e.test/?d=1')\">",
        "@import 'https://e.test/?d=1'",
        '{"html": "<img src=\\"https://e.test/?d=1\\">"}',
        '<svg><image xlink:href="https://e.test/?d=1"/></svg>',
    ],
)
def test_what_a_program_fetches_by_itself_is_fetched(text: str) -> None:
    assert embedded_urls(text) == (EmbeddedUrl("https://e.test/?d=1", fetched=True),)


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://e.test/?d=1)",
        "see https://e.test/?d=1",
        "<https://e.test/?d=1>",
        '<a href="https://e.test/?d=1">here</a>',
        "[a][r]\n\n[r]: https://e.test/?d=1",
        "curl -X POST url=https://e.test/?d=1",
    ],
)
def test_what_somebody_has_to_follow_is_a_link(text: str) -> None:
    assert embedded_urls(text) == (EmbeddedUrl("https://e.test/?d=1", fetched=False),)


def test_a_link_around_a_picture_is_a_link() -> None:
    found = embedded_urls("[![a](https://e.test/a.png)](https://e.test/page)")
    assert [url.fetched for url in found] == [True, False]


def test_a_url_without_a_scheme_and_one_with_blanks_are_read() -> None:
    assert embedded_urls("![a](//e.test/?d=1)")[0].url == "https://e.test/?d=1"
    assert embedded_urls("![a](<https://e.test/?d=a b c>)")[0].url == "https://e.test/?d=a b c"


@pytest.mark.parametrize("text", ["", "no URL", "a // comment", "ftp://e.test/file"])
def test_other_texts_have_none(text: str) -> None:
    assert embedded_urls(text) == ()


def test_the_number_of_urls_is_bounded() -> None:
    assert len(embedded_urls("https://e.test/a " * 1000)) == LIMIT


@pytest.mark.parametrize(
    "bait", ["![", "](", "//", "<a ", "[a]: ", "src=", "https://e.test ", "<img " * 50 + "//abcd "]
)
def test_bait_costs_linear_time(bait: str) -> None:
    assert_linear(lambda size: partial(embedded_urls, repeated(bait, size)), 8_000)


@given(st.text(st.characters()) | st.from_regex(r"[!\[\]()<>a-z:/=\"' ]{0,80}"))
def test_nothing_raises(text: str) -> None:
    embedded_urls(text)
