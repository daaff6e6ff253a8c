import pytest

from sentric.policy.signals.hosts import place
from sentric.policy.signals.lookalike import IMITATED, disguised, genuine_places, imitated

KNOWN = genuine_places(("harborcredit.com", *IMITATED))


def imitation(url: str) -> str:
    where = place(url)
    assert where is not None
    return imitated(where, KNOWN)


@pytest.mark.parametrize(
    ("url", "genuine"),
    [
        ("https://paypa1.com", "paypal.com"),
        ("https://arnazon.com", "amazon.com"),
        ("https://раураl.com", "paypal.com"),
        ("https://аррӏе.com", "apple.com"),
        ("https://gooogle.com", "google.com"),
        ("https://mircosoft.com", "microsoft.com"),
        ("https://harborcrediit.com", "harborcredit.com"),
        ("https://harborcredit.com.session.evil.test", "harborcredit.com"),
        ("https://netflix-billing.test", "netflix.com"),
        ("https://secure.chase.evil.test", "chase.com"),
    ],
)
def test_imitations_are_seen(url: str, genuine: str) -> None:
    assert imitation(url) == genuine


@pytest.mark.parametrize(
    "url",
    [
        "https://www.paypal.com",
        "https://accounts.google.com",
        "https://pay.amazon.de",
        "https://cooking.com",
        "https://apply.com",
        "https://apple.stackexchange.com",
        "https://google-analytics.com",
        "https://example.org",
        "http://127.0.0.1:8000",
        "https://bücher.de",
    ],
)
def test_honest_names_are_left_alone(url: str) -> None:
    assert imitation(url) == ""


def test_scripts_mixed_in_one_name_are_a_disguise() -> None:
    where = place("https://wikipеdia-artikel.example")
    assert where is not None
    assert disguised(where) == "mixes scripts in one name"


@pytest.mark.parametrize("url", ["https://日本語.jp", "https://сахар.ru", "https://müller.de", "https://ελλάδα.gr"])
def test_names_in_one_script_are_no_disguise(url: str) -> None:
    where = place(url)
    assert where is not None
    assert disguised(where) == ""


def test_punycode_that_cannot_be_decoded_is_taken_as_it_is() -> None:
    where = place("https://xn--a-0000000000000000.example")
    assert where is None or disguised(where) == ""
