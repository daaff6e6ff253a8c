import pytest

from sentric.policy.readers.places.hosts import place
from sentric.policy.readers.places.lookalike import IMITATED, Means, disguised, genuine_places, imitation

KNOWN = genuine_places(("harborcredit.com", "daily.example", "outlet-a.example", "store1.example", *IMITATED))


def imitated(url: str) -> tuple[str, Means] | None:
    where = place(url)
    assert where is not None
    found = imitation(where, KNOWN)
    return (found.of, found.by) if found else None


@pytest.mark.parametrize(
    ("url", "genuine", "by"),
    [
        ("https://paypa1.com", "paypal.com", Means.LOOKS),
        ("https://arnazon.com", "amazon.com", Means.LOOKS),
        ("https://faceb00k-login.test", "facebook.com", Means.LOOKS),
        ("https://раураl.com", "paypal.com", Means.LETTERS),
        ("https://xn--pypal-4ve.com", "paypal.com", Means.LETTERS),
        ("https://аррӏе.com", "apple.com", Means.LETTERS),
        ("https://аррlе-konto.test", "apple.com", Means.LETTERS),
        ("https://gooogle.com", "google.com", Means.SLIP),
        ("https://mircosoft.com", "microsoft.com", Means.SLIP),
        ("https://harborcrediit.com", "harborcredit.com", Means.SLIP),
        ("https://harborcredit.com.session.evil.test", "harborcredit.com", Means.SUBDOMAIN),
        ("https://harborcredit-com.evil.test", "harborcredit.com", Means.SUBDOMAIN),
        ("https://paypal-com-refund.test", "paypal.com", Means.SUBDOMAIN),
        ("https://harborcredit-login.test", "harborcredit.com", Means.BESIDE),
        ("https://www.paypa1.com.be/signin", "paypal.com", Means.LOOKS),
        ("https://paypal.com.be.evil.test", "paypal.com", Means.SUBDOMAIN),
        ("https://netflix-billing.test", "netflix.com", Means.BESIDE),
        ("https://secure.chase.evil.test", "chase.com", Means.BESIDE),
    ],
)
def test_imitations_are_seen_with_how_they_are_made(url: str, genuine: str, by: Means) -> None:
    assert imitated(url) == (genuine, by)


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
        "https://paypay.ne.jp",
        "https://outlet-b.example",
        "https://store2.example",
        "https://paypal.service-now.com/help",
        "https://harborcredit.com.s3.amazonaws.com",
        "https://harborcredit.com.ezproxy.lib.college.edu",
        "https://www.google.com.au",
        "https://www.amazon.com.be/s",
        "https://amazon.co.jp",
        "https://commons.wikimedia.org",
        "https://amazone.de",
        "https://hoteles.com",
        "https://telegraf.rs",
        "https://twister.com",
        "https://harborcredits.com",
        "https://harborcredit.support-desk.test",
        "https://login.daily-account.test",
        "https://storage.googleapis.com",
    ],
)
def test_honest_names_are_left_alone(url: str) -> None:
    assert imitated(url) is None


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
