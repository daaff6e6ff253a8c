import pytest

from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.places.landing import Landing, Landings


def at(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


def landed(asked: str, then: str, before: str = "https://start.example/") -> Landing | None:
    landings = Landings()
    landings.stands(at(before))
    landings.asks(at(asked))
    landings.stands(at(then))
    return landings.landing()


def test_landing_on_another_site_is_a_redirect() -> None:
    assert landed("https://a.example/", "https://b.test/") == Landing(at("https://a.example/"), at("https://b.test/"))


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ("https://a.example/", "https://www.a.example/home"),
        ("https://shop.com/", "https://shop.de/"),
        ("https://a.example/", "https://start.example/"),
        ("https://www.google.com/url?q=x", "https://b.test/"),
        ("https://a.example/", "about:blank"),
        ("mailto:dana@a.example", "https://b.test/"),
    ],
)
def test_the_same_brand_a_page_that_did_not_load_and_search_results_are_none(asked: str, then: str) -> None:
    assert landed(asked, then) is None


def test_a_redirect_lasts_until_the_agent_is_elsewhere() -> None:
    landings = Landings()
    landings.asks(at("https://a.example/"))
    landings.stands(at("https://b.test/"))
    landings.stands(at("https://b.test/next"))
    assert landings.landing() is not None
    landings.stands(at("https://c.test/"))
    assert landings.landing() is None


def test_a_redirect_is_over_when_the_agent_asks_again() -> None:
    landings = Landings()
    landings.asks(at("https://a.example/"))
    landings.stands(at("https://b.test/"))
    landings.asks(at("https://b.test/"))
    assert landings.landing() is None
