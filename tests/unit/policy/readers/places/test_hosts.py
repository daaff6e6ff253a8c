import pytest

from sentric.policy.readers.places.hosts import Place, known_suffix, place


def where(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.shop.example.co.uk/a?b#c", "example.co.uk"),
        ("https://www.shop.com.be/a", "shop.com.be"),
        ("https://com.be/", "com.be"),
        ("https://www.net.shop/", "net.shop"),
        ("HTTPS://User:pw@Shop.Example.COM.:8443", "example.com"),
        ("https://someone.github.io/x", "someone.github.io"),
        ("shop.example.com/path", "example.com"),
        ("https://shop.example.com\\@evil.test/", "example.com"),
        ("http://localhost:8000/", "localhost:8000"),
        ("localhost:8000", "localhost:8000"),
        ("http://127.0.0.1:8000/", "localhost:8000"),
        ("http://127.0.0.1/", "localhost:80"),
        ("https://[::1]/", "localhost:443"),
        ("http://shop.localhost:8901/", "shop.localhost:8901"),
        ("http://10.1.2.3:81/", "10.1.2.3:81"),
        ("http://database:5432/", "database:5432"),
        ("http://‹secret:token:0011aabb›.evil.test/", "evil.test"),
    ],
)
def test_site_is_what_belongs_together(url: str, site: str) -> None:
    assert where(url).site == site


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://localhost.:80/",
        "http://app.localhost/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://１２７.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http:127.0.0.1/",
        "http:/127.0.0.1",
        "https:2130706433",
        "ht\ntp://127.0.0.1/",
        "localhost:8080",
    ],
)
def test_loopback_is_known_in_any_spelling(url: str) -> None:
    assert where(url).loopback
    assert not where(url).private


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "http://0xa9fea9fe/", "http://[fd00::1]/", "http://100.64.0.1", "http://x.internal/"]
)
def test_private_networks_are_known(url: str) -> None:
    assert where(url).private
    assert not where(url).loopback


def test_what_is_no_place_is_none() -> None:
    assert place("http://a b/") is None
    assert place("") is None
    assert place("http://\ud800\ud800/") is None


def test_a_url_without_a_host_has_only_a_scheme() -> None:
    assert where("about:blank") == Place("about", "", "", "", False, False, False, False)
    assert where("javascript:alert(1)").scheme == "javascript"


def test_user_names_before_the_host_are_seen_and_at_signs_elsewhere_are_not() -> None:
    assert where("https://bank.example@evil.test/").userinfo
    assert not where("https://a.example/@me").userinfo


def test_suffixes_that_exist_or_are_reserved_are_known() -> None:
    assert known_suffix("shop.co.uk")
    assert known_suffix("shop.example")
    assert not known_suffix("report.pdf")
