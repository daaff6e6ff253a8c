from pathlib import Path

import pytest

from sentric_analyzer.storage import StoreError, embedded_url
from sentric_analyzer.storage.url import Embedded, Server, parse


def test_an_embedded_store_is_an_absolute_path() -> None:
    assert parse("chdb:///var/lib/sentric%20x/store") == Embedded(Path("/var/lib/sentric x/store"))


def test_the_url_of_a_data_directory_names_the_store_in_it(tmp_path: Path) -> None:
    assert parse(embedded_url(tmp_path)) == Embedded(tmp_path / "store")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://db", Server("http", "db", 8123)),
        ("https://db/", Server("https", "db", 8443)),
        ("http://u:p%40ss@db:9000/agents", Server("http", "db", 9000, "u", "p@ss", "agents")),
        ("http://[::1]:8123/x", Server("http", "::1", 8123, database="x")),
    ],
)
def test_a_server_is_given_by_host_port_user_and_database(url: str, server: Server) -> None:
    assert parse(url) == server


def test_a_server_never_shows_its_password() -> None:
    server = parse("https://agent:hunter2@db/agents")

    assert str(server) == "https://db:8443/agents"
    assert "hunter2" not in repr(server)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("", "no scheme"),
        ("store", "no scheme"),
        ("postgres://u:hunter2@db/x", "postgres:"),
        ("chdb://relative/path", "absolute path"),
        ("chdb:store", "absolute path"),
        ("chdb:///", "absolute path"),
        ("chdb:///a%3Fb", "'?'"),
        ("chdb:///a?config-file=x", "after ?"),
        ("http://u:hunter2@/x", "no host"),
        ("http://u:hunter2@db:port/x", "cannot be read"),
        ("http://u:hunter2@db/x;DROP", "database"),
        ("http://u:hunter2@db/a/b", "database"),
        ("http://u:hunter2@[db/x", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_line_without_its_password(url: str, named: str) -> None:
    with pytest.raises(StoreError) as caught:
        parse(url)

    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
