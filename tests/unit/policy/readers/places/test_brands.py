import pytest

from sentric.policy.readers.places.brands import brands, is_search_engine, plain_words
from sentric.policy.readers.places.hosts import place


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Search Amazon for ducks", {"amazon"}),
        ("search amazon for ducks", {"amazon"}),
        ("Buy a lamp at Lampenwelt", {"lampenwelt"}),
        ("Check my Order. Summarise it", set()),
        ("Log in to https://Shop.example/Lampenwelt as Jo@Corp.example", set()),
        ("the IT of Aldi, at OBI", {"aldi"}),
    ],
)
def test_brands_are_capitalised_within_a_sentence_or_well_known(text: str, found: set[str]) -> None:
    assert brands(text) == found


def test_words_of_addresses_and_common_words_are_no_names() -> None:
    assert plain_words("Send the report to dana, see https://shop.example/eve") == {"to", "dana", "the", "see"}


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://www.google.com/search", True),
        ("https://google.co.uk", True),
        ("https://google.tk", False),
        ("https://google.click", False),
        ("https://bing.com", True),
        ("https://bing.ru", False),
    ],
)
def test_search_engines_are_known_by_their_own_domains(url: str, is_one: bool) -> None:
    where = place(url)
    assert where is not None
    assert is_search_engine(where) is is_one
